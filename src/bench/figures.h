/* figures.h - every figure that is measured: its name with its unit, what it means, when it is
 * missing. The document, the CSV, the table, the comparison and the manual go by this list.
 * Constant data; any thread. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

enum figure {
    FIGURE_OPERATIONS_PER_SECOND = 0,
    FIGURE_MEGABYTES_PER_SECOND,
    FIGURE_LATENCY_P50_US,
    FIGURE_LATENCY_P90_US,
    FIGURE_LATENCY_P99_US,
    FIGURE_LATENCY_P99_9_US,
    FIGURE_LATENCY_P99_99_US,
    FIGURE_LATENCY_MAX_US,
    FIGURE_UNCORRECTED_P50_US,
    FIGURE_UNCORRECTED_P90_US,
    FIGURE_UNCORRECTED_P99_US,
    FIGURE_UNCORRECTED_P99_9_US,
    FIGURE_UNCORRECTED_P99_99_US,
    FIGURE_UNCORRECTED_MAX_US,
    FIGURE_CONNECT_P50_US,
    FIGURE_CONNECT_P99_US,
    FIGURE_FIRST_BYTE_P50_US,
    FIGURE_FIRST_BYTE_P99_US,
    FIGURE_START_P50_US,
    FIGURE_START_P99_US,
    FIGURE_SERVER_CPU_US_PER_OPERATION,
    FIGURE_SERVER_USER_US_PER_OPERATION,
    FIGURE_SERVER_SYSTEM_US_PER_OPERATION,
    FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION,
    FIGURE_SERVER_CORES,
    FIGURE_CONTEXT_SWITCHES_PER_OPERATION,
    FIGURE_PAGE_FAULTS_PER_OPERATION,
    FIGURE_MEMORY_BYTES_PER_CONNECTION, /* the next two together */
    FIGURE_PSS_BYTES_PER_CONNECTION,
    FIGURE_KERNEL_BYTES_PER_CONNECTION,
    FIGURE_KERNEL_STACK_BYTES_PER_CONNECTION,
    FIGURE_PAGE_TABLE_BYTES_PER_CONNECTION,
    FIGURE_SLAB_BYTES_PER_CONNECTION,
    FIGURE_LOAD_CPU_US_PER_OPERATION,
    FIGURE_LOAD_BUSIEST_SHARE,
    FIGURE_MACHINE_IDLE_SHARE,
    FIGURES, /* how many there are */
};

/* Which way is better, for ratios in words and for --compare. */
enum figure_better {
    FIGURE_LOWER_IS_BETTER = 0,
    FIGURE_HIGHER_IS_BETTER,
    FIGURE_NEITHER, /* says how the measurement went, not how good the server is */
};

struct figure_info {
    const char *name;    /* "latency_p50_us": the field's name in JSON and CSV; last the unit */
    const char *meaning; /* one line, for the manual and the page */
    const char *missing; /* why it may be missing, one line */
    enum figure_better better;
};

const struct figure_info *figure_info(enum figure figure); /* never NULL below FIGURES */

/* The figure called name, or -1. */
int figure_find(const char *name);

#endif
