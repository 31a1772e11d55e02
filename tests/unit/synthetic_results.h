/* synthetic_results - results of a run that never took place, for the tests of the document and of
 * what is made of it. A check that fails ends the case, so what was made is kept here and given
 * back by synthetic_free(), which belongs in each case's teardown. */
#ifndef UNIT_SYNTHETIC_RESULTS_H
#define UNIT_SYNTHETIC_RESULTS_H

#include <jansson.h>

#include "bench/results.h"

enum { SYNTHETIC_ROUNDS = 5, SYNTHETIC_CELLS = 24 };

/* An empty run of SYNTHETIC_ROUNDS rounds. */
struct results *synthetic_results(void);

/* One more cell: of our mode `target`, or of another server where no mode has that name. */
struct result_cell *synthetic_cell(const char *workload, const char *target, unsigned connections);

/* In the rounds: 0.98, 0.99, 1.00, 1.01, 1.02 times value, so that this is the median. */
void synthetic_figure(struct result_cell *cell, enum figure figure, double value);

/* The same in each round, so that the interval has no width. */
void synthetic_constant(struct result_cell *cell, enum figure figure, double value);

/* count exchanges in all, of us microseconds each. */
void synthetic_latency(struct result_cell *cell, uint64_t count, int64_t us);

/* The usual run: rr, crr with ballast, stream, start and hold with thread, fork and inline. */
void synthetic_usual_run(void);

/* The document of the run; it lives until synthetic_free(). */
json_t *synthetic_document(void);

/* In the document: the cell of the workload, target and number of connections, without ballast; or
 * NULL. */
json_t *synthetic_find(const json_t *document, const char *workload, const char *target,
                       int connections);

/* The teardown of a case. */
int synthetic_free(void **state);

#endif
