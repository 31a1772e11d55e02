/* document_parts.h - the parts that document.c puts together (document.md says what they hold).
 *
 * Everything here returns a new reference that is the caller's, or NULL where there is no memory;
 * the put functions return 0 or -1, so that many can be added up and looked at once. */
#ifndef BENCH_DOCUMENT_PARTS_H
#define BENCH_DOCUMENT_PARTS_H

#include <stddef.h>

#include <jansson.h>

#include "bench/results.h"
#include "bench/statistics.h"

/* Text from outside: bytes that are not UTF-8 become U+FFFD, which JSON can hold. NULL: null. */
json_t *document_text(const char *text);

/* A number; nothing is put where it is NaN. */
int document_put_number(json_t *object, const char *key, double value);

/* median, low, high, coverage. */
int document_put_estimate(json_t *object, const struct estimate *estimate);

/* What tells one measurement from another: workload, connections, … rate_per_second. */
int document_put_shape(json_t *object, const struct measure_cell *cell);

json_t *document_cells(const struct results *results);
json_t *document_ratios(const struct results *results);
json_t *document_gaps(const struct results *results);

/* The rows of Figure 30.1, or null where they were not asked for. */
json_t *document_stevens(const struct results *results);

/* Sentences, both by what the document holds so far: cells, ratios, interrupted, settings. The
 * findings begin with the trouble: what failed, and that the run was interrupted. */
json_t *document_trouble(const json_t *document);
json_t *document_findings(const json_t *document);

/* Adds what the figure shows, where it was asked for. 0, or -1: no memory. */
int document_stevens_finding(const json_t *document, json_t *sentences);

/* Adds what held connections take from each server that was measured with some and with none: its
 * throughput with the most over that with none, round by round. 0, or -1: no memory. */
int document_held_findings(const json_t *document, json_t *sentences);

#endif
