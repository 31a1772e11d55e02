/* views.h - the document of a run (document.md) in each form in which people want it.
 *
 * Everything here reads the document and nothing else. Returns 0, or -1 with errno (writing). */
#ifndef BENCH_VIEWS_H
#define BENCH_VIEWS_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "bench/results.h"

/* The document; the caller's to json_decref(). NULL: no memory. */
json_t *document_create(const struct results *results);

/* As JSON, with enough digits for the quantiles. */
int document_write(const json_t *document, FILE *stream);

/* At most 100 columns, or as many as the terminal has; with ANSI colours where colour says so. */
int table_write(const json_t *document, FILE *stream, bool colour);

/* RFC 4180, one line for each cell and figure. */
int csv_write(const json_t *document, FILE *stream);

/* One page that needs nothing else. */
int html_write(const json_t *document, FILE *stream);

/* One picture, SVG: the CPU time per operation over what was swept, where the run has one workload
 * and one thing swept; otherwise a picture that says what it lacks. The same document makes the
 * same bytes. */
int svg_write(const json_t *document, FILE *stream);

/* What changed from one document to another. Sets *worse to how many figures became worse (see
 * bench_compare()), and measurements fail that did not. */
int compare_write(const json_t *old_document, const json_t *new_document, double fail_over,
                  FILE *stream, bool colour, unsigned *worse);

#endif
