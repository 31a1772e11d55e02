/* bench.h - `thrd bench` as the command line asks for it: what there is to choose, and the run.
 *
 * On the main thread of a program that does nothing else. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/target.h"
#include "bench/workload.h"

enum { BENCH_WORKLOADS_MAX = 12, BENCH_TARGETS_MAX = 16, BENCH_LIST_MAX = 32 };

/* A zeroed one is valid: every 0 means "as is right for the workload". Strings belong to the caller
 * and must live as long. */
struct bench_config {
    const struct workload *workloads[BENCH_WORKLOADS_MAX]; /* none: the default set */
    size_t workload_count;
    struct target targets[BENCH_TARGETS_MAX]; /* none: ours in every mode that was built */
    size_t target_count;
    unsigned connections[BENCH_LIST_MAX]; /* busy connections, several to sweep over */
    size_t connections_count;
    unsigned held[BENCH_LIST_MAX]; /* idle connections besides, several to sweep over */
    size_t held_count;             /* 0: the workload's own */
    int64_t ballast_bytes[BENCH_LIST_MAX];
    size_t ballast_count;
    size_t size_bytes;
    double rate;                /* exchanges a second; 0: closed loop */
    unsigned rounds;            /* 0: 5 */
    unsigned threads;           /* of the load; 0: one for each four CPUs, at least one */
    int64_t warmup_ns;          /* -1: default */
    int64_t window_ns;          /* 0: default */
    int64_t memory_limit_bytes; /* that a control group leaves us; 0: as much as there is */
    bool stevens;               /* the rows of Figure 30.1 instead of workloads */
    const char *json;           /* file names; "-" is standard output; NULL: not wanted */
    const char *csv;
    const char *html;
    const char *svg; /* one workload, with one thing swept: bench_options looks after that */
    int argc;        /* as typed, for the document */
    char *const *argv;
};

/* What bench returns to the shell. */
enum bench_status {
    BENCH_OK = 0,
    BENCH_SYSTEM = 1, /* the system refused, a file cannot be written; the reason is on stderr */
    BENCH_USAGE = 2,
    BENCH_FAILED = 3,        /* a wrong byte, a server that died or refused: see the report */
    BENCH_REGRESSION = 4,    /* --compare found one */
    BENCH_INTERRUPTED = 130, /* Ctrl-C; what was measured until then has been shown */
};

/* Runs it all: progress on stderr where that is a terminal, the table (or what --json=- and --csv=-
 * ask for) on stdout. Every server that it started is stopped when it returns. */
enum bench_status bench_run(const struct bench_config *config);

/* Compares two documents written by --json. A figure is worse when its median is worse by more than
 * fail_over (0.10 is 10 %) and the intervals of old and new do not overlap. fail_over < 0: only
 * shows. Returns BENCH_OK, BENCH_REGRESSION, BENCH_SYSTEM, BENCH_USAGE (not such a document). */
enum bench_status bench_compare(const char *old_file, const char *new_file, double fail_over);

#endif
