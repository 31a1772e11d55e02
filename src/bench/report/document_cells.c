/* document_cells.c - the document's list of measurements; see document_parts.h and document.md. */
#include <math.h>
#include <string.h>

#include "bench/report/derived.h"
#include "bench/report/document_parts.h"

/* Points of a percentile plot for each halving of what lies above: enough for a smooth line. */
enum { POINTS_FOR_HALVING = 4 };

int document_put_number(json_t *object, const char *key, double value)
{
    return isfinite(value) ? json_object_set_new(object, key, json_real(value)) : 0;
}

int document_put_estimate(json_t *object, const struct estimate *estimate)
{
    return document_put_number(object, "median", estimate->median) |
           document_put_number(object, "low", estimate->low) |
           document_put_number(object, "high", estimate->high) |
           document_put_number(object, "coverage", estimate->coverage);
}

static json_t *size_number(size_t value)
{
    return json_integer((json_int_t)value);
}

int document_put_shape(json_t *object, const struct measure_cell *cell)
{
    const struct workload *workload = &cell->workload;
    json_t *rate = cell->rate > 0 ? json_real(cell->rate) : json_null();
    return json_object_set_new(object, "workload", document_text(workload->name)) |
           json_object_set_new(object, "connections", json_integer(workload->connections)) |
           json_object_set_new(object, "held", json_integer(workload->held)) |
           json_object_set_new(object, "size_bytes", size_number(workload->size)) |
           json_object_set_new(object, "depth", json_integer(workload->depth)) |
           json_object_set_new(object, "ballast_bytes", json_integer(cell->ballast_bytes)) |
           json_object_set_new(object, "rate_per_second", rate);
}

static int put_target(json_t *object, const struct target *target)
{
    static const char *const kinds[] = {
        [TARGET_OURS] = "ours", [TARGET_COMMAND] = "command", [TARGET_RUNNING] = "running"};
    const char *command = target->kind == TARGET_COMMAND   ? target->command
                          : target->kind == TARGET_RUNNING ? target->address
                                                           : NULL;
    return json_object_set_new(object, "target", document_text(target->name)) |
           json_object_set_new(object, "target_kind", json_string(kinds[target->kind])) |
           json_object_set_new(object, "target_command", document_text(command));
}

static json_t *round_values(const double *values, size_t count)
{
    json_t *rounds = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(rounds,
                                  isfinite(values[i]) ? json_real(values[i]) : json_null()) < 0) {
            json_decref(rounds);
            return NULL;
        }
    return rounds;
}

static json_t *cell_figures(const struct results *results, const struct result_cell *cell)
{
    json_t *object = json_object();
    double values[RESULTS_ROUNDS_MAX];
    int failed = 0;
    for (enum figure figure = 0; figure < FIGURES; figure++) {
        derived_rounds(results, cell, figure, values);
        struct estimate estimate = statistics_estimate(values, cell->rounds);
        if (estimate.rounds == 0)
            continue;
        json_t *entry = json_object();
        failed |= document_put_estimate(entry, &estimate);
        failed |= json_object_set_new(entry, "rounds", round_values(values, cell->rounds));
        failed |= json_object_set_new(object, figure_info(figure)->name, entry);
    }
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static int put_point(json_t *points, double quantile, int64_t ns)
{
    json_t *point = json_object();
    int failed = document_put_number(point, "quantile", quantile) |
                 document_put_number(point, "us", (double)ns / 1000);
    return failed | json_array_append_new(points, point);
}

/* All quantiles that so many values can tell, and the largest value. */
static json_t *distribution(const struct histogram *histogram)
{
    json_t *points = json_array();
    if (histogram->count == 0)
        return points;
    int failed = put_point(points, 0, histogram->min_ns);
    for (int tenth = 1; tenth < 5; tenth++)
        if (derived_is_supported(histogram->count, tenth / 10.0))
            failed |= put_point(points, tenth / 10.0, histogram_quantile(histogram, tenth / 10.0));
    double rest = 0.5;
    for (int step = 0; derived_is_supported(histogram->count, 1 - rest); step++) {
        failed |= put_point(points, 1 - rest, histogram_quantile(histogram, 1 - rest));
        double whole = ldexp(0.5, -((step + 1) / POINTS_FOR_HALVING));
        rest = whole * (1 - 0.5 * ((step + 1) % POINTS_FOR_HALVING) / POINTS_FOR_HALVING);
    }
    failed |= put_point(points, 1, histogram->max_ns);
    if (failed == 0)
        return points;
    json_decref(points);
    return NULL;
}

static json_t *failure_counts(const struct result_cell *cell)
{
    json_t *object = json_object();
    int failed = 0;
    for (enum load_failure failure = 0; failure < LOAD_FAILURES; failure++)
        failed |= json_object_set_new(object, load_failure_name(failure),
                                      json_integer((json_int_t)cell->failures[failure]));
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *notes_of(const struct result_cell *cell)
{
    json_t *notes = json_array();
    for (size_t i = 0; i < RESULTS_NOTES_MAX && cell->notes[i][0]; i++)
        if (json_array_append_new(notes, document_text(cell->notes[i])) < 0) {
            json_decref(notes);
            return NULL;
        }
    return notes;
}

static json_t *cell_object(const struct results *results, const struct result_cell *cell)
{
    json_t *object = json_object();
    int failed = document_put_shape(object, &cell->cell) | put_target(object, &cell->cell.target);
    failed |= json_object_set_new(object, "rounds", size_number(cell->rounds));
    failed |= json_object_set_new(object, "failed_rounds", size_number(cell->failed_rounds));
    failed |= json_object_set_new(object, "figures", cell_figures(results, cell));
    failed |= json_object_set_new(object, "latency", distribution(&cell->latency));
    if (cell->cell.rate > 0)
        failed |=
            json_object_set_new(object, "uncorrected_latency", distribution(&cell->uncorrected));
    failed |= json_object_set_new(object, "samples", size_number(cell->latency.count));
    failed |= json_object_set_new(object, "failures", failure_counts(cell));
    failed |= json_object_set_new(object, "first_failure", document_text(cell->first_failure));
    failed |= json_object_set_new(object, "notes", notes_of(cell));
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

json_t *document_cells(const struct results *results)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < results->cell_count; i++)
        if (json_array_append_new(cells, cell_object(results, &results->cells[i])) < 0) {
            json_decref(cells);
            return NULL;
        }
    return cells;
}
