/* document_gaps.c - which figures this run could not give, and why; see document_parts.h.
 *
 * A figure is told of when some cell should have given it and, for one server or for all, none has.
 */
#include <math.h>
#include <string.h>

#include "bench/report/derived.h"
#include "bench/report/document_parts.h"

static bool is_about_memory(enum figure figure)
{
    return figure >= FIGURE_MEMORY_BYTES_PER_CONNECTION &&
           figure <= FIGURE_SLAB_BYTES_PER_CONNECTION;
}

static bool is_about_start(enum figure figure)
{
    return figure == FIGURE_START_P50_US || figure == FIGURE_START_P99_US;
}

static bool is_uncorrected(enum figure figure)
{
    return figure >= FIGURE_UNCORRECTED_P50_US && figure <= FIGURE_UNCORRECTED_MAX_US;
}

/* Whether this cell is there to give this figure. */
static bool should_give(const struct result_cell *cell, enum figure figure)
{
    const struct workload *workload = &cell->cell.workload;
    if (is_about_memory(figure))
        return workload->measures_memory;
    if (is_about_start(figure))
        return workload->service == LOAD_AGE;
    if (workload->connections == 0 || workload->service == LOAD_AGE)
        return false;
    if (is_uncorrected(figure))
        return cell->cell.rate > 0;
    if (figure == FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION)
        return workload->runs_inline && !derived_is_mode(cell, "inline");
    if (figure == FIGURE_CONNECT_P50_US || figure == FIGURE_CONNECT_P99_US)
        return workload->reconnect;
    return true;
}

static bool gives(const struct results *results, const struct result_cell *cell, enum figure figure)
{
    double values[RESULTS_ROUNDS_MAX];
    derived_rounds(results, cell, figure, values);
    for (size_t round = 0; round < cell->rounds; round++)
        if (isfinite(values[round]))
            return true;
    return false;
}

/* What the cells of one server (NULL: of all) have to say about a figure. */
struct finding {
    bool is_wanted; /* a cell should have given it; one all of whose rounds failed does not count,
                       its failure is told elsewhere */
    bool is_given;
    bool is_foreign; /* the server is not ours, and cells that ours have were not measured for it */
};

static struct finding look_at(const struct results *results, const char *target, enum figure figure)
{
    struct finding finding = {0};
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *cell = &results->cells[i];
        bool is_its = !target || strcmp(cell->cell.target.name, target) == 0;
        if (is_its && cell->cell.target.kind != TARGET_OURS)
            finding.is_foreign = true;
        if (!is_its || !should_give(cell, figure) || cell->rounds == cell->failed_rounds)
            continue;
        finding.is_wanted = true;
        if (gives(results, cell, figure))
            finding.is_given = true;
    }
    return finding;
}

static int put_gap(json_t *gaps, enum figure figure, const char *target, const char *why)
{
    json_t *gap = json_object();
    int failed = json_object_set_new(gap, "figure", json_string(figure_info(figure)->name)) |
                 json_object_set_new(gap, "target", document_text(target)) |
                 json_object_set_new(gap, "why", document_text(why));
    return json_array_append_new(gaps, gap) | failed;
}

static bool is_first_of_target(const struct results *results, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(results->cells[i].cell.target.name, results->cells[index].cell.target.name) == 0)
            return false;
    return true;
}

/* The servers that lack what others have given. */
static int put_single_gaps(json_t *gaps, const struct results *results, enum figure figure)
{
    int failed = 0;
    for (size_t i = 0; i < results->cell_count; i++) {
        const char *target = results->cells[i].cell.target.name;
        if (!is_first_of_target(results, i))
            continue;
        struct finding finding = look_at(results, target, figure);
        if (finding.is_wanted && !finding.is_given)
            failed |= put_gap(gaps, figure, target, figure_info(figure)->missing);
        else if (!finding.is_wanted && finding.is_foreign && is_about_start(figure))
            failed |= put_gap(gaps, figure, target, figure_info(figure)->missing);
    }
    return failed;
}

static int put_gaps(json_t *gaps, const struct results *results, enum figure figure)
{
    struct finding all = look_at(results, NULL, figure);
    if (!all.is_wanted)
        return 0;
    if (all.is_given)
        return put_single_gaps(gaps, results, figure);
    return put_gap(gaps, figure, NULL, figure_info(figure)->missing);
}

json_t *document_gaps(const struct results *results)
{
    json_t *gaps = json_array();
    int failed = gaps ? 0 : -1;
    for (enum figure figure = 0; figure < FIGURES && failed == 0; figure++)
        failed = put_gaps(gaps, results, figure);
    if (failed == 0)
        return gaps;
    json_decref(gaps);
    return NULL;
}
