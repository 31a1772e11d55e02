/* plan.h - from what the command line asks for to the list of measurements.
 *
 * Pure: starts nothing, asks nobody. Called by bench.c. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stddef.h>

#include "bench/bench.h"
#include "bench/results.h"

/* Fills in results: the cells in the order in which they are shown, and the settings. Returns 0, or
 * -1 with the reason in error; plan_destroy() in either case. config must live as long as results.
 */
int plan_create(const struct bench_config *config, unsigned cpus, struct results *results,
                char *error, size_t size);
void plan_destroy(struct results *results);

#endif
