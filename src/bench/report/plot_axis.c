/* plot_axis.c - see plot_axis.h. */
#include "bench/report/plot_axis.h"

#include <math.h>

enum { TICKS_WANTED = 8, STEPS_MAX = 16 };

/* Of a decade, from fine to coarse. */
static const double ladders[][STEPS_MAX] = {
    {1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9},
    {1, 1.5, 2, 3, 4, 5, 6, 8},
    {1, 2, 5},
    {1},
};

double plot_axis_at(const struct plot_axis *axis, double value)
{
    if (!(value > 0))
        return axis->zero;
    if (!(axis->high > axis->low))
        return (axis->from + axis->to) / 2;
    return axis->from +
           (axis->to - axis->from) * log(value / axis->low) / log(axis->high / axis->low);
}

/* A power of ten times a step may be off by the last bit. */
static bool is_above(double a, double b)
{
    return a > b * (1 + 1e-9);
}

static size_t climb(const double *ladder, double low, double high, double ticks[PLOT_TICKS_MAX])
{
    size_t count = 0;
    for (int exponent = (int)floor(log10(low)) - 1;; exponent++)
        for (size_t i = 0; i < STEPS_MAX && ladder[i] > 0; i++) {
            double tick = ladder[i] * pow(10, exponent);
            if (!is_above(tick, low))
                count = 0; /* a later one is the last not above low */
            if (count == PLOT_TICKS_MAX)
                return count;
            ticks[count++] = tick;
            if (count > 1 && !is_above(high, tick))
                return count;
        }
}

size_t plot_axis_ticks(double low, double high, double ticks[PLOT_TICKS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof ladders / sizeof ladders[0]; i++) {
        count = climb(ladders[i], low, high, ticks);
        if (count <= TICKS_WANTED)
            break;
    }
    return count;
}

static bool touch(const double *at, const double *width, size_t left, size_t right, double gap)
{
    return at[left] + width[left] / 2 + gap > at[right] - width[right] / 2;
}

void plot_axis_choose(const double *at, const double *width, size_t count, double gap,
                      bool *is_shown)
{
    size_t before = 0; /* the last one that is shown */
    for (size_t i = 0; i < count; i++) {
        bool is_last = i + 1 == count;
        is_shown[i] = i == 0 || is_last ||
                      (!touch(at, width, before, i, gap) && !touch(at, width, i, count - 1, gap));
        if (is_last && i > 0 && touch(at, width, before, i, gap))
            is_shown[before] = false;
        if (is_shown[i])
            before = i;
    }
}
