/* statistics.c - medians and their intervals; see statistics.h.
 *
 * Nothing is sorted or stored: the r-th smallest figure is found by counting how many are smaller.
 * That is quadratic, which for the rounds of a run is nothing, and needs no memory that could be
 * refused. Pure; any thread. */
#include "bench/statistics.h"

#include <math.h>
#include <stdbool.h>

#define COVERAGE_WANTED 0.9

/* Figures, or pairs of them that stand for their ratio. */
struct series {
    const double *numerator;
    const double *denominator; /* NULL: the numerators are the figures */
    size_t count;
};

/* NaN: left out. */
static double figure_at(const struct series *series, size_t index)
{
    if (!series->denominator)
        return series->numerator[index];
    double below = series->denominator[index];
    return below > 0 ? series->numerator[index] / below : (double)NAN;
}

static size_t count_figures(const struct series *series)
{
    size_t figures = 0;
    for (size_t i = 0; i < series->count; i++)
        if (!isnan(figure_at(series, i)))
            figures++;
    return figures;
}

/* Whether this figure is the rank-th smallest, counted from 1; of equal ones each is. */
static bool has_rank(const struct series *series, double figure, size_t rank)
{
    size_t smaller = 0, equal = 0;
    for (size_t i = 0; i < series->count; i++) {
        double other = figure_at(series, i);
        smaller += other < figure;
        equal += other <= figure && other >= figure;
    }
    return smaller < rank && rank <= smaller + equal;
}

static double figure_of_rank(const struct series *series, size_t rank)
{
    for (size_t i = 0; i < series->count; i++) {
        double figure = figure_at(series, i);
        if (has_rank(series, figure, rank))
            return figure;
    }
    return (double)NAN;
}

/* The probability that the true median lies between the figure of this rank from below and that
 * of the same rank from above: that at least rank, and not more than figures - rank, are below it.
 * Each such count has a weight, which begins with 1 for the likeliest and is the same seen from
 * both ends; so no power of one half can underflow, and what does is nothing beside 1. */
static double coverage_of(size_t figures, size_t rank)
{
    double weight = 1, inside = 0, all = 0;
    for (size_t below = figures / 2 + 1; below-- > 0;) {
        double both_ends = below == figures - below ? weight : 2 * weight;
        all += both_ends;
        inside += below >= rank ? both_ends : 0;
        weight *= (double)below / (double)(figures - below + 1);
    }
    return inside / all;
}

/* The largest rank, from both ends, whose interval is still sure enough. */
static size_t interval_rank(size_t figures)
{
    size_t rank = 1;
    while (2 * (rank + 1) <= figures && coverage_of(figures, rank + 1) >= COVERAGE_WANTED)
        rank++;
    return rank;
}

static struct estimate estimate(const struct series *series)
{
    size_t figures = count_figures(series);
    struct estimate result = {figures, (double)NAN, (double)NAN, (double)NAN, 0};
    if (figures == 0)
        return result;
    double upper_middle = figure_of_rank(series, figures / 2 + 1);
    double lower_middle = figure_of_rank(series, (figures + 1) / 2);
    size_t rank = interval_rank(figures);
    result.median = lower_middle + (upper_middle - lower_middle) / 2;
    result.low = figure_of_rank(series, rank);
    result.high = figure_of_rank(series, figures + 1 - rank);
    /* A single figure is both ends: the true median is on one side of it or on the other. */
    result.coverage = figures > 1 ? coverage_of(figures, rank) : 0;
    return result;
}

struct estimate statistics_estimate(const double *values, size_t count)
{
    return estimate(&(struct series){values, NULL, count});
}

struct estimate statistics_ratio(const double *numerator, const double *denominator, size_t count)
{
    return estimate(&(struct series){numerator, denominator, count});
}
