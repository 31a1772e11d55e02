/* document_ratios.c - each server compared with the first of its kind, round by round; see
 * document_parts.h. */
#include <string.h>

#include "bench/report/derived.h"
#include "bench/report/document_parts.h"

/* What people compare. */
static const enum figure compared[] = {
    FIGURE_SERVER_CPU_US_PER_OPERATION,
    FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION,
    FIGURE_OPERATIONS_PER_SECOND,
    FIGURE_MEGABYTES_PER_SECOND,
    FIGURE_LATENCY_P50_US,
    FIGURE_LATENCY_P99_US,
    FIGURE_LATENCY_P99_9_US,
    FIGURE_MEMORY_BYTES_PER_CONNECTION,
    FIGURE_PSS_BYTES_PER_CONNECTION,
    FIGURE_KERNEL_BYTES_PER_CONNECTION,
    FIGURE_START_P50_US,
    FIGURE_START_P99_US,
};

/* The name of the server that all others are compared with: mode thread, or the first there is. */
static const char *reference_name(const struct results *results)
{
    for (size_t i = 0; i < results->cell_count; i++)
        if (derived_is_mode(&results->cells[i], "thread"))
            return results->cells[i].cell.target.name;
    return results->cell_count > 0 ? results->cells[0].cell.target.name : "";
}

static const struct result_cell *find_reference(const struct results *results, const char *name,
                                                const struct result_cell *cell)
{
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *other = &results->cells[i];
        if (strcmp(other->cell.target.name, name) == 0 &&
            derived_is_same_shape(&other->cell, &cell->cell))
            return other;
    }
    return NULL;
}

static json_t *ratio_object(const struct result_cell *cell, const struct result_cell *reference,
                            enum figure figure, const struct estimate *ratio)
{
    json_t *object = json_object();
    int failed = document_put_shape(object, &cell->cell);
    failed |= json_object_set_new(object, "figure", json_string(figure_info(figure)->name));
    failed |= json_object_set_new(object, "numerator", document_text(cell->cell.target.name));
    failed |=
        json_object_set_new(object, "denominator", document_text(reference->cell.target.name));
    failed |= document_put_estimate(object, ratio);
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static int append_ratios(json_t *ratios, const struct results *results,
                         const struct result_cell *cell, const struct result_cell *reference)
{
    double over[RESULTS_ROUNDS_MAX];
    double under[RESULTS_ROUNDS_MAX];
    size_t rounds = cell->rounds < reference->rounds ? cell->rounds : reference->rounds;
    int failed = 0;
    for (size_t i = 0; i < sizeof compared / sizeof compared[0]; i++) {
        derived_rounds(results, cell, compared[i], over);
        derived_rounds(results, reference, compared[i], under);
        struct estimate ratio = statistics_ratio(over, under, rounds);
        if (ratio.rounds > 0)
            failed |=
                json_array_append_new(ratios, ratio_object(cell, reference, compared[i], &ratio));
    }
    return failed;
}

json_t *document_ratios(const struct results *results)
{
    json_t *ratios = json_array();
    const char *name = reference_name(results);
    int failed = ratios ? 0 : -1;
    for (size_t i = 0; i < results->cell_count && failed == 0; i++) {
        const struct result_cell *cell = &results->cells[i];
        const struct result_cell *reference = find_reference(results, name, cell);
        if (reference && reference != cell)
            failed = append_ratios(ratios, results, cell, reference);
    }
    if (failed == 0)
        return ratios;
    json_decref(ratios);
    return NULL;
}
