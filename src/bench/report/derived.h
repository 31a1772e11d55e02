/* derived.h - the figures of a cell by round, those that are made of others included.
 *
 * What it does: CPU time above mode inline, memory of server and kernel together; leaves out a
 * quantile that so few exchanges cannot tell.
 * What it does not do: measure, estimate. Called by the parts of the document; any thread. */
#ifndef BENCH_DERIVED_H
#define BENCH_DERIVED_H

#include <stdbool.h>

#include "bench/results.h"

/* A quantile is told when at least so many exchanges, of all rounds, took longer. */
#define DERIVED_ABOVE_QUANTILE 10

/* Whether count values can tell this quantile. */
bool derived_is_supported(uint64_t count, double quantile);

/* The figure in each round of the cell; NaN where it is missing. values holds
 * results->cells[].rounds of them. */
void derived_rounds(const struct results *results, const struct result_cell *cell,
                    enum figure figure, double values[RESULTS_ROUNDS_MAX]);

/* Whether this is our own server in that mode. */
bool derived_is_mode(const struct result_cell *cell, const char *mode);

/* Whether a and b were measured in the same shape: all but the target is the same. */
bool derived_is_same_shape(const struct measure_cell *a, const struct measure_cell *b);

/* Our server's mode inline with this cell's work, or NULL. It serves one connection, so on
 * connections that stay (rr, stream) it is measured with one; and it is not measured with ballast,
 * which it never copies. */
const struct result_cell *derived_inline(const struct results *results,
                                         const struct result_cell *cell);

#endif
