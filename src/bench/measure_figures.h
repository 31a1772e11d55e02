/* measure_figures.h - the figures of one measurement, made of what was read in its course.
 *
 * Pure: reads nothing, waits for nothing. Called by measure.c. */
#ifndef BENCH_MEASURE_FIGURES_H
#define BENCH_MEASURE_FIGURES_H

#include <stdbool.h>
#include <sys/resource.h>

#include "bench/accounting.h"
#include "bench/measure.h"

/* What was read of the server and of the machine. */
struct readings {
    bool is_known;                /* we have started the server: its processes are known */
    struct accounting_cpu idle;   /* before there was any client */
    struct accounting_cpu cpu[2]; /* at the beginning and at the end of the window */
    struct accounting_machine machine[2];
    struct accounting_memory memory[2]; /* before and while connections are held */
    struct accounting_machine memory_machine[2];
    struct rusage usage; /* of the server's whole life */
};

/* Fills in result->figures and ->server_cpu_s, by result->load and the readings. Those that are not
 * known stay as they are. */
void measure_figures(const struct measure_cell *cell, const struct readings *readings,
                     struct measurement *result);

#endif
