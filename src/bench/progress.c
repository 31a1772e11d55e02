/* progress.c - see progress.h. */
#include "bench/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/monotonic.h"

#define MIB (1024.0 * 1024)

/* ECMA-48: to the first column, erase to the end of the line. */
#define NEW_LINE "\r\033[K"

void progress_init(struct progress *progress, size_t cells, size_t rounds)
{
    const char *terminal = getenv("TERM");
    *progress = (struct progress){
        .is_shown = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0,
        .cells = cells,
        .rounds = rounds,
        .began_ns = monotonic_ns(),
    };
}

/* Seconds that what is left will take, when it takes as long as what was done; for the first
 * measurement, as long as its windows say. */
static double seconds_left(const struct progress *progress, const struct measure_cell *cell)
{
    size_t left = progress->cells * progress->rounds - progress->done;
    double each = progress->done > 0
                      ? (double)(monotonic_ns() - progress->began_ns) / (double)progress->done
                      : (double)(cell->warmup_ns + cell->window_ns) * 1.2;
    return (double)left * each / 1e9;
}

void progress_show(struct progress *progress, size_t round, const struct measure_cell *cell)
{
    if (progress->is_shown) {
        char shape[48] = "";
        char held[32] = "";
        char ballast[32] = "";
        if (cell->workload.connections > 0)
            snprintf(shape, sizeof shape, ", %u at once", cell->workload.connections);
        else
            snprintf(shape, sizeof shape, " %u", cell->workload.held);
        if (cell->workload.connections > 0 && cell->workload.held > 0)
            snprintf(held, sizeof held, ", %u held", cell->workload.held);
        if (cell->ballast_bytes > 0)
            snprintf(ballast, sizeof ballast, " with %.4g MiB", (double)cell->ballast_bytes / MIB);
        fprintf(stderr, NEW_LINE "round %zu of %zu: %s%s%s, %.30s%s   about %.0f s left", round + 1,
                progress->rounds, cell->workload.name, shape, held, cell->target.name, ballast,
                seconds_left(progress, cell));
        fflush(stderr);
    }
    progress->done++;
}

void progress_clear(struct progress *progress)
{
    if (progress->is_shown)
        fputs(NEW_LINE, stderr);
}
