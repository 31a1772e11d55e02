/* notes.c - see notes.h. */
#include "bench/notes.h"

#include <stdarg.h>
#include <stdio.h>

#include "bench/statistics.h"

/* A load thread that has less of a core than this to spare decides how fast the server looks, as
 * long as the machine itself had something to spare. */
#define BUSY_SHARE 0.9
#define IDLE_SHARE 0.1

/* A schedule is kept when so much of it took place, but for one exchange: where few are due, the
 * window's edges make that much of a difference. */
#define RATE_KEPT 0.98

static void say(struct result_cell *cell, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct result_cell *cell, const char *format, ...)
{
    va_list args;
    size_t count = 0;
    while (count < RESULTS_NOTES_MAX && cell->notes[count][0] != '\0')
        count++;
    if (count == RESULTS_NOTES_MAX)
        return; /* there are more than twice as many places as sentences below */
    va_start(args, format);
    vsnprintf(cell->notes[count], sizeof cell->notes[count], format, args);
    va_end(args);
}

static double median(const struct result_cell *cell, enum figure figure)
{
    return statistics_estimate(cell->figures[figure], cell->rounds).median;
}

static void note_bottleneck(struct result_cell *cell)
{
    double busiest = median(cell, FIGURE_LOAD_BUSIEST_SHARE);
    double idle = median(cell, FIGURE_MACHINE_IDLE_SHARE);
    if (busiest >= BUSY_SHARE && idle >= IDLE_SHARE)
        say(cell,
            "the load generator was the bottleneck: its busiest thread used %.0f %% of a core "
            "while "
            "the machine was %.0f %% idle; give it more with --threads",
            busiest * 100, idle * 100);
}

static void note_rate(struct result_cell *cell)
{
    double reached = median(cell, FIGURE_OPERATIONS_PER_SECOND);
    double one = 1e9 / (double)cell->cell.window_ns;
    if (cell->cell.rate > 0 && reached + one < cell->cell.rate * RATE_KEPT)
        say(cell,
            "%.0f of %.0f exchanges a second were reached: the corrected latencies grow with "
            "the length of the run",
            reached, cell->cell.rate);
}

static void note_unanswered(struct result_cell *cell)
{
    if (cell->failures[LOAD_UNANSWERED] > 0)
        say(cell, "%ju exchanges got no reply within 5 s%s",
            (uintmax_t)cell->failures[LOAD_UNANSWERED],
            cell->cell.rate > 0 ? "; their latency is the time that they waited"
                                : ", and no latency tells of them: not all clients were served");
}

static void note_rounds(struct result_cell *cell)
{
    if (cell->failed_rounds > 0)
        say(cell, "%zu of %zu rounds failed and are left out of the figures", cell->failed_rounds,
            cell->rounds);
}

void notes_add(struct results *results)
{
    for (size_t i = 0; i < results->cell_count; i++) {
        struct result_cell *cell = &results->cells[i];
        note_rounds(cell);
        note_unanswered(cell);
        note_rate(cell);
        note_bottleneck(cell);
    }
}
