/* statistics.h - the middle of a few rounds, and how sure it is.
 *
 * No assumption about how the figures are distributed: medians, and intervals between two of the
 * figures themselves (order statistics; Conover, Practical Nonparametric Statistics, 3.2). */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stddef.h>

struct estimate {
    size_t rounds; /* figures that there are */
    double median; /* NaN where there is none */
    double low;    /* the interval: with probability `coverage` the true median lies in it */
    double high;
    double coverage; /* 0 to 1; as many figures are left off at both ends as leave 0.9 or more;
                        where so few rounds cannot give that (below 5), low and high are the
                        smallest and the largest figure. 0 for a single one, which says nothing */
};

/* NaN figures are left out. values is not changed. */
struct estimate statistics_estimate(const double *values, size_t count);

/* Of numerator[i] / denominator[i], round by round: what drifts from round to round drops out.
 * Pairs with a NaN or a denominator that is not above 0 are left out. */
struct estimate statistics_ratio(const double *numerator, const double *denominator, size_t count);

#endif
