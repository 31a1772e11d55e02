/* document_read.h - looking things up in a document (document.md), wherever it came from: what is
 * missing or of another type reads as nothing. Strings belong to the document. Any thread. */
#ifndef BENCH_DOCUMENT_READ_H
#define BENCH_DOCUMENT_READ_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/figures.h"
#include "bench/statistics.h"

#define DOCUMENT_FORMAT "thrd-bench/1"

/* "" and NaN where there is no such thing. */
const char *document_string(const json_t *object, const char *key);
double document_number(const json_t *object, const char *key);

/* What tells one measurement from another, but for its target. */
struct document_shape {
    const char *workload;
    double connections;
    double held;
    double size_bytes;
    double depth;
    double ballast_bytes;
    double rate; /* NaN: closed loop */
};
struct document_shape document_shape(const json_t *object);
bool document_shape_is_same(const struct document_shape *a, const struct document_shape *b);

/* A figure of a cell; false where it is missing. */
bool document_figure(const json_t *cell, enum figure figure, struct estimate *estimate);

/* A ratio; false where it is missing. */
bool document_ratio(const json_t *document, const struct document_shape *shape, enum figure figure,
                    const char *numerator, const char *denominator, struct estimate *estimate);

/* The server that the ratios of this document have below the line; "" where there is no ratio. */
const char *document_reference(const json_t *document);

/* Whether a round of a cell failed. Failures in rounds that went on all the same (a late reply to
 * an open loop) are told by the cell's notes. */
bool document_has_failed(const json_t *cell);

#endif
