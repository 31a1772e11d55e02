/* progress.h - what is being measured and how long it will still take, in one line of a terminal.
 *
 * Writes to stderr, and nothing at all where that is no terminal. On the thread of run.c. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/measure.h"

struct progress {
    bool is_shown;
    size_t cells; /* in a round */
    size_t rounds;
    size_t done; /* measurements */
    int64_t began_ns;
};

void progress_init(struct progress *progress, size_t cells, size_t rounds);

/* The next measurement begins: this cell, in round number round (from 0). */
void progress_show(struct progress *progress, size_t round, const struct measure_cell *cell);

/* Takes the line away. */
void progress_clear(struct progress *progress);

#endif
