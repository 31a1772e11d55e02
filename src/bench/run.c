/* run.c - see run.h. */
#include "bench/run.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/measure.h"
#include "bench/progress.h"
#include "client/monotonic.h"

/* ---- Signals ----------------------------------------------------------------------------- */

static volatile sig_atomic_t stop_requested;

static void on_stop_signal(int number)
{
    (void)number;
    stop_requested = 1;
}

/* Not SA_RESTART: what waits is to look at the flag. */
static void catch_signals(struct sigaction saved[2])
{
    struct sigaction action = {.sa_handler = on_stop_signal};
    sigemptyset(&action.sa_mask);
    stop_requested = 0;
    sigaction(SIGINT, &action, &saved[0]);
    sigaction(SIGTERM, &action, &saved[1]);
}

static void restore_signals(const struct sigaction saved[2])
{
    sigaction(SIGINT, &saved[0], NULL);
    sigaction(SIGTERM, &saved[1], NULL);
}

/* ---- Rounds ------------------------------------------------------------------------------ */

static void keep(struct result_cell *cell, const struct measurement *measurement)
{
    size_t round = cell->rounds++;
    for (int i = 0; i < LOAD_FAILURES; i++)
        cell->failures[i] += measurement->load.failures[i];
    const char *failure =
        measurement->failed ? measurement->failure : measurement->load.first_failure;
    if (cell->first_failure[0] == '\0')
        snprintf(cell->first_failure, sizeof cell->first_failure, "%s", failure);
    if (measurement->failed) {
        cell->failed_rounds++;
        return;
    }
    for (int i = 0; i < FIGURES; i++)
        cell->figures[i][round] = measurement->figures[i];
    cell->server_cpu_s[round] = measurement->server_cpu_s;
    histogram_merge(&cell->latency, &measurement->load.total);
    if (cell->cell.rate > 0)
        histogram_merge(&cell->uncorrected, &measurement->load.late);
}

/* Whether the cell is the same measurement as the one before it, of another server. Inline may have
 * fewer connections than the others, so these do not tell; but no server is measured twice. */
static bool is_of_group(const struct results *results, size_t begin, size_t index)
{
    const struct measure_cell *cell = &results->cells[index].cell;
    const struct measure_cell *first = &results->cells[begin].cell;
    for (size_t i = begin; i < index; i++)
        if (strcmp(results->cells[i].cell.target.name, cell->target.name) == 0)
            return false;
    return strcmp(cell->workload.name, first->workload.name) == 0 &&
           cell->ballast_bytes == first->ballast_bytes;
}

/* Cells that differ by their server alone stand beside each other in the plan. */
static size_t group_end(const struct results *results, size_t begin)
{
    size_t end = begin + 1;
    while (end < results->cell_count && is_of_group(results, begin, end))
        end++;
    return end;
}

/* A B C, then B C A, then C A B: nobody always comes first, or behind the same one. */
static int run_round(struct results *results, size_t round, struct progress *progress,
                     struct measurement *measurement)
{
    for (size_t begin = 0, end; begin < results->cell_count; begin = end) {
        end = group_end(results, begin);
        for (size_t i = 0; i < end - begin; i++) {
            struct result_cell *cell = &results->cells[begin + (i + round) % (end - begin)];
            progress_show(progress, round, &cell->cell);
            if (measure_run(&cell->cell, &stop_requested, measurement) < 0)
                return -1;
            keep(cell, measurement);
        }
    }
    return 0;
}

int run_rounds(struct results *results)
{
    struct sigaction saved[2];
    struct progress progress;
    struct measurement *measurement = malloc(sizeof *measurement);
    if (!measurement)
        return -1;
    catch_signals(saved);
    machine_describe(&results->machine);
    results->started = time(NULL);
    int64_t begin_ns = monotonic_ns();
    progress_init(&progress, results->cell_count, results->rounds);
    for (size_t round = 0; round < results->rounds && !results->interrupted; round++)
        results->interrupted = run_round(results, round, &progress, measurement) < 0;
    progress_clear(&progress);
    results->seconds = (double)(monotonic_ns() - begin_ns) / 1e9;
    restore_signals(saved);
    free(measurement);
    return 0;
}
