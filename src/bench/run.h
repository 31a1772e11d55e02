/* run.h - the rounds: every cell of the plan once in each, so that a machine that drifts does so
 * for all of them.
 *
 * Called by bench.c on its thread; blocks until all rounds are done or a signal ends them. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench/results.h"

/* Measures all cells in results->rounds rounds; what is being done and how long it will take is
 * shown on stderr where that is a terminal. SIGINT and SIGTERM end it early: results->interrupted
 * is set, the rounds that there are stay. Returns 0, or -1 when there is no memory. */
int run_rounds(struct results *results);

#endif
