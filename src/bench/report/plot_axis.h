/* plot_axis.h - logarithmic axes: where a value stands, and which values have a tick.
 *
 * A logarithm has no 0: where an axis has one, it stands by itself before the others, which begin
 * behind a gap. Pure; any thread. */
#ifndef BENCH_PLOT_AXIS_H
#define BENCH_PLOT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { PLOT_TICKS_MAX = 64 };

struct plot_axis {
    double low; /* values, above 0; low == high: one value, in the middle */
    double high;
    double from; /* where low stands, in pixels */
    double to;   /* where high stands; less than from on an axis that goes up */
    double zero; /* where 0 stands */
};

/* Where a value stands: 0 and less at zero. */
double plot_axis_at(const struct plot_axis *axis, double value);

/* Round values from the last one not above low to the first not below high (0 < low <= high), a
 * handful of them: 1, 2, 5, 10 …, finer or coarser as the range is. At least two. Returns how many.
 */
size_t plot_axis_ticks(double low, double high, double ticks[PLOT_TICKS_MAX]);

/* Which of the labels, centred at rising places, can be shown without touching each other: the
 * first and the last always (the last alone where those two touch), of the others as many as fit.
 */
void plot_axis_choose(const double *at, const double *width, size_t count, double gap,
                      bool *is_shown);

#endif
