/* measure.h - one measurement: one server, one workload, one round.
 *
 * What it does: starts the server, puts the load on it, reads what it cost in the window, stops it.
 * What it does not do: repeat, compare, print.
 * On the thread of bench; blocks for as long as the measurement takes. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/figures.h"
#include "bench/target.h"
#include "bench/workload.h"
#include "client/load.h"

/* One cell of the plan: everything that tells one set of figures from another. */
struct measure_cell {
    struct target target;
    struct workload workload;   /* with connections, size … as they are to be */
    int64_t ballast_bytes;      /* of the server's memory; 0: none */
    int64_t memory_limit_bytes; /* that we and our servers may have besides; 0: no limit */
    double rate;                /* exchanges a second; 0: closed loop */
    unsigned threads;           /* of the load */
    uint64_t limit;             /* exchanges, 0: by time */
    int64_t warmup_ns;
    int64_t window_ns;
};

/* What one round of a cell gave. Large: not on a stack. */
struct measurement {
    double figures[FIGURES]; /* NaN: missing */
    struct load_result load;
    double server_cpu_s; /* of all the server's life, start and stop included; NaN: not known */
    bool failed;         /* something went wrong that makes the figures worthless: see failure */
    char failure[400];   /* one line */
};

/* Returns 0 with *result (which may have failed), or -1 when a signal asked us to end (the server
 * is stopped then too). stop_requested is polled while waiting. */
int measure_run(const struct measure_cell *cell, const volatile sig_atomic_t *stop_requested,
                struct measurement *result);

#endif
