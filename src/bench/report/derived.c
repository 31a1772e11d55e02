/* derived.c - see derived.h. */
#include "bench/report/derived.h"

#include <math.h>
#include <string.h>

/* The quantiles among the figures, and of which histogram of the cell they are. */
static const struct {
    enum figure figure;
    double quantile;
    bool is_uncorrected;
} quantiles[] = {
    {FIGURE_LATENCY_P50_US, 0.5, false},        {FIGURE_LATENCY_P90_US, 0.9, false},
    {FIGURE_LATENCY_P99_US, 0.99, false},       {FIGURE_LATENCY_P99_9_US, 0.999, false},
    {FIGURE_LATENCY_P99_99_US, 0.9999, false},  {FIGURE_UNCORRECTED_P50_US, 0.5, true},
    {FIGURE_UNCORRECTED_P90_US, 0.9, true},     {FIGURE_UNCORRECTED_P99_US, 0.99, true},
    {FIGURE_UNCORRECTED_P99_9_US, 0.999, true}, {FIGURE_UNCORRECTED_P99_99_US, 0.9999, true},
};

bool derived_is_supported(uint64_t count, double quantile)
{
    /* 1 - 0.999 is a little more or less than a thousandth: count what is nearest to it. */
    return floor((double)count * (1 - quantile) + 1e-6) >= DERIVED_ABOVE_QUANTILE;
}

static bool has_too_few(const struct result_cell *cell, enum figure figure)
{
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
        if (quantiles[i].figure == figure) {
            const struct histogram *histogram =
                quantiles[i].is_uncorrected ? &cell->uncorrected : &cell->latency;
            return !derived_is_supported(histogram->count, quantiles[i].quantile);
        }
    return false;
}

bool derived_is_mode(const struct result_cell *cell, const char *mode)
{
    const struct target *target = &cell->cell.target;
    return target->kind == TARGET_OURS && target->mode && strcmp(target->mode, mode) == 0;
}

static bool is_same_work(const struct measure_cell *a, const struct measure_cell *b)
{
    return strcmp(a->workload.name, b->workload.name) == 0 &&
           a->workload.size == b->workload.size && a->workload.depth == b->workload.depth &&
           a->workload.held == b->workload.held && !islessgreater(a->rate, b->rate);
}

bool derived_is_same_shape(const struct measure_cell *a, const struct measure_cell *b)
{
    return is_same_work(a, b) && a->workload.connections == b->workload.connections &&
           a->ballast_bytes == b->ballast_bytes;
}

const struct result_cell *derived_inline(const struct results *results,
                                         const struct result_cell *cell)
{
    const struct workload *workload = &cell->cell.workload;
    const struct result_cell *best = NULL;
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *other = &results->cells[i];
        if (!derived_is_mode(other, "inline") || !is_same_work(&other->cell, &cell->cell))
            continue;
        if (workload->reconnect && other->cell.workload.connections != workload->connections)
            continue;
        if (other->cell.ballast_bytes == cell->cell.ballast_bytes)
            return other;
        if (other->cell.ballast_bytes == 0)
            best = other;
    }
    return best;
}

static void subtract_inline(const struct results *results, const struct result_cell *cell,
                            double values[RESULTS_ROUNDS_MAX])
{
    const double *own = cell->figures[FIGURE_SERVER_CPU_US_PER_OPERATION];
    const struct result_cell *baseline = derived_inline(results, cell);
    if (!baseline || derived_is_mode(cell, "inline"))
        return;
    const double *above = baseline->figures[FIGURE_SERVER_CPU_US_PER_OPERATION];
    for (size_t round = 0; round < cell->rounds && round < baseline->rounds; round++)
        values[round] = own[round] - above[round];
}

void derived_rounds(const struct results *results, const struct result_cell *cell,
                    enum figure figure, double values[RESULTS_ROUNDS_MAX])
{
    const double *pss = cell->figures[FIGURE_PSS_BYTES_PER_CONNECTION];
    const double *kernel = cell->figures[FIGURE_KERNEL_BYTES_PER_CONNECTION];
    for (size_t round = 0; round < cell->rounds; round++)
        values[round] = NAN;
    if (figure == FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION)
        subtract_inline(results, cell, values);
    else if (figure == FIGURE_MEMORY_BYTES_PER_CONNECTION)
        for (size_t round = 0; round < cell->rounds; round++)
            values[round] = pss[round] + kernel[round];
    else if (!has_too_few(cell, figure))
        memcpy(values, cell->figures[figure], cell->rounds * sizeof *values);
}
