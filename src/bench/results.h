/* results.h - what a run of bench found, in memory: what the document is made of. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "bench/figures.h"
#include "bench/machine.h"
#include "bench/measure.h"
#include "client/histogram.h"

#define RESULTS_ROUNDS_MAX 101
#define RESULTS_NOTES_MAX  8

/* One cell of the plan, all its rounds. */
struct result_cell {
    struct measure_cell cell;
    size_t rounds;                               /* measured so far, failed ones included */
    size_t failed_rounds;                        /* theirs are all NaN */
    double figures[FIGURES][RESULTS_ROUNDS_MAX]; /* by figure, then round; NaN: missing */
    double server_cpu_s[RESULTS_ROUNDS_MAX];     /* of the server's whole life; NaN: missing */
    struct histogram latency;                    /* of all rounds that did not fail */
    struct histogram uncorrected;                /* open loop only, else empty */
    uint64_t failures[LOAD_FAILURES];
    char first_failure[400];            /* in words; "" */
    char notes[RESULTS_NOTES_MAX][200]; /* sentences; "" ends the list */
};

struct results {
    struct machine_info machine; /* as it was before the first server was started */
    time_t started;
    double seconds;
    int argc;
    char *const *argv;
    struct result_cell *cells; /* in the order of the plan */
    size_t cell_count;
    size_t rounds; /* asked for */
    int64_t warmup_ns;
    int64_t window_ns;
    unsigned load_threads;
    bool is_stevens;
    bool interrupted; /* Ctrl-C: the rounds are fewer than asked for */
};

#endif
