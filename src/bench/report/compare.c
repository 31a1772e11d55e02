/* compare.c - what changed from one run to another, on a terminal. Called by compare_files.c; any
 * thread.
 *
 * Of every measurement that both runs have: the figures that matter for its workload, and those
 * that changed. The others are counted. */
#include "bench/report/compare.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/report/compare_conditions.h"
#include "bench/report/compare_judge.h"
#include "bench/report/document_read.h"
#include "bench/report/layout.h"
#include "bench/report/quantity.h"
#include "bench/report/sentence.h"
#include "bench/report/shape_text.h"
#include "bench/report/table_column.h"
#include "bench/report/views.h"

enum { FIGURE_WIDTH = 41, NUMBER_WIDTH = 10, SPREAD_WIDTH = 5, CHANGE_WIDTH = 10 };

struct comparison {
    struct layout layout;
    const json_t *old_document;
    const json_t *new_document;
    double fail_over;
    unsigned worse;
    unsigned better;
    unsigned same;
    unsigned failing; /* measurements that fail and did not */
};

static const json_t *find_cell(const json_t *document, const json_t *like)
{
    struct document_shape shape = document_shape(like);
    const json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell) {
        struct document_shape other = document_shape(cell);
        if (document_shape_is_same(&other, &shape) &&
            strcmp(document_string(cell, "target"), document_string(like, "target")) == 0)
            return cell;
    }
    return NULL;
}

static bool is_important(const json_t *cell, enum figure figure)
{
    struct document_shape shape = document_shape(cell);
    for (const enum figure *shown = table_important_figures(&shape); *shown != FIGURES; shown++)
        if (*shown == figure)
            return true;
    return false;
}

/* Four or five digits in the figure's own unit, which its name tells. */
static void write_estimate(const struct layout *layout, const struct estimate *estimate)
{
    char number[64];
    char spread[16] = "";
    double size = fabs(estimate->median);
    double reach = fmax(estimate->high - estimate->median, estimate->median - estimate->low);
    double percent = fabs(reach / estimate->median) * 100;
    int digits = size >= 999.95 ? 0 : size >= 99.995 ? 1 : size >= 9.9995 ? 2 : 3;
    if (size < 1e9)
        snprintf(number, sizeof number, "%.*f", digits, estimate->median);
    else
        snprintf(number, sizeof number, "%.3g", estimate->median);
    if (estimate->coverage > 0 && isfinite(percent))
        snprintf(spread, sizeof spread,
                 percent > 999    ? ">999%%"
                 : percent < 0.95 ? "<1%%"
                                  : "%.0f%%",
                 percent);
    layout_right(layout, number, NUMBER_WIDTH, LAYOUT_PLAIN);
    layout_right(layout, spread, 1 + SPREAD_WIDTH, LAYOUT_DIM);
}

static void write_change(const struct layout *layout, const struct compare_change *change)
{
    static const char *const words[] = {
        [COMPARE_SAME] = "same", [COMPARE_BETTER] = "better", [COMPARE_WORSE] = "worse"};
    enum layout_colour colour = change->verdict == COMPARE_WORSE    ? LAYOUT_BAD
                                : change->verdict == COMPARE_BETTER ? LAYOUT_GOOD
                                                                    : LAYOUT_PLAIN;
    char text[32] = "-";
    if (change->share > 9.99)
        snprintf(text, sizeof text, ">+999 %%");
    else if (!isnan(change->share))
        snprintf(text, sizeof text, "%+.1f %%", change->share * 100);
    layout_right(layout, text, CHANGE_WIDTH, colour);
    layout_left(layout, "", 2, LAYOUT_PLAIN);
    layout_right(layout, words[change->verdict], strlen(words[change->verdict]), colour);
    fputc('\n', layout->stream);
}

static void count(struct comparison *comparison, enum compare_verdict verdict)
{
    comparison->worse += verdict == COMPARE_WORSE;
    comparison->better += verdict == COMPARE_BETTER;
    comparison->same += verdict == COMPARE_SAME;
}

/* Returns whether a line was written. */
static bool compare_figure(struct comparison *comparison, const json_t *old_cell,
                           const json_t *new_cell, enum figure figure)
{
    const struct layout *layout = &comparison->layout;
    struct estimate old_figure, new_figure;
    bool had = document_figure(old_cell, figure, &old_figure);
    bool has = document_figure(new_cell, figure, &new_figure);
    if (!had || !has) {
        if (had == has || !is_important(old_cell, figure))
            return had == has;
        layout_left(layout, "", 4, LAYOUT_PLAIN);
        layout_left(layout, figure_info(figure)->name, FIGURE_WIDTH, LAYOUT_PLAIN);
        fprintf(layout->stream, " %s\n", had ? "only in the old run" : "only in the new run");
        return true;
    }
    struct compare_change change =
        compare_judge(figure, &old_figure, &new_figure, comparison->fail_over);
    count(comparison, change.verdict);
    if (change.verdict == COMPARE_SAME && !is_important(new_cell, figure))
        return false;
    layout_left(layout, "", 4, LAYOUT_PLAIN);
    layout_left(layout, figure_info(figure)->name, FIGURE_WIDTH, LAYOUT_PLAIN);
    write_estimate(layout, &old_figure);
    write_estimate(layout, &new_figure);
    write_change(layout, &change);
    return true;
}

/* A server that failed and did not before is worse, whatever its figures. */
static void compare_failures(struct comparison *comparison, const json_t *old_cell,
                             const json_t *new_cell)
{
    struct sentence line;
    if (!document_has_failed(new_cell))
        return;
    sentence_begin(&line);
    sentence_add(&line, "%.0f of %.0f rounds failed (%.0f of %.0f before): %s",
                 document_number(new_cell, "failed_rounds"), document_number(new_cell, "rounds"),
                 document_number(old_cell, "failed_rounds"), document_number(old_cell, "rounds"),
                 document_string(new_cell, "first_failure"));
    layout_paragraph(&comparison->layout, "    ! ", line.text, LAYOUT_BAD);
    if (!document_has_failed(old_cell))
        comparison->failing++;
}

static void compare_cells(struct comparison *comparison, const json_t *old_cell,
                          const json_t *new_cell)
{
    const struct layout *layout = &comparison->layout;
    unsigned hidden = 0;
    layout_paragraph(layout, "  ", document_string(old_cell, "target"), LAYOUT_PLAIN);
    for (enum figure figure = 0; figure < FIGURES; figure++)
        if (figure_info(figure)->better != FIGURE_NEITHER &&
            !compare_figure(comparison, old_cell, new_cell, figure))
            hidden++;
    compare_failures(comparison, old_cell, new_cell);
    if (hidden > 0)
        fprintf(layout->stream, "    and %u other%s, the same\n", hidden, hidden > 1 ? "s" : "");
}

static void write_shape(const struct layout *layout, const json_t *cell)
{
    struct document_shape shape = document_shape(cell);
    struct sentence amount;
    struct sentence work;
    char lead[40];
    sentence_begin(&amount);
    sentence_begin(&work);
    shape_text_add_work(&work, &shape);
    shape_text_add_amount(&amount, &shape);
    if (amount.length > 0)
        sentence_add(&work, "; %s", amount.text);
    snprintf(lead, sizeof lead, "%-7.30s ", shape.workload);
    fputc('\n', layout->stream);
    layout_paragraph(layout, lead, work.text, LAYOUT_BOLD);
    layout_left(layout, "    figure", 4 + FIGURE_WIDTH, LAYOUT_DIM);
    layout_right(layout, "old", NUMBER_WIDTH, LAYOUT_DIM);
    layout_right(layout, "+-", 1 + SPREAD_WIDTH, LAYOUT_DIM);
    layout_right(layout, "new", NUMBER_WIDTH, LAYOUT_DIM);
    layout_right(layout, "+-", 1 + SPREAD_WIDTH, LAYOUT_DIM);
    layout_right(layout, "change", CHANGE_WIDTH, LAYOUT_DIM);
    fputc('\n', layout->stream);
    layout_rule(layout,
                4 + FIGURE_WIDTH + 2 * (NUMBER_WIDTH + 1 + SPREAD_WIDTH) + CHANGE_WIDTH + 8);
}

static void compare_all(struct comparison *comparison)
{
    const json_t *old_cell;
    const json_t *last = NULL;
    size_t i;
    json_array_foreach (json_object_get(comparison->old_document, "cells"), i, old_cell) {
        const json_t *new_cell = find_cell(comparison->new_document, old_cell);
        struct document_shape shape = document_shape(old_cell);
        struct document_shape before = document_shape(last);
        if (!new_cell)
            continue;
        if (!last || !document_shape_is_same(&shape, &before))
            write_shape(&comparison->layout, old_cell);
        compare_cells(comparison, old_cell, new_cell);
        last = old_cell;
    }
}

/* The measurements of one document that the other has not. */
static void write_single(const struct layout *layout, const json_t *document, const json_t *other,
                         const char *heading)
{
    const json_t *cell;
    size_t i;
    bool is_first = true;
    json_array_foreach (json_object_get(document, "cells"), i, cell) {
        struct document_shape shape = document_shape(cell);
        struct sentence line;
        if (find_cell(other, cell))
            continue;
        if (is_first)
            fprintf(layout->stream, "\n%s\n", heading);
        is_first = false;
        sentence_begin(&line);
        sentence_add(&line, "%s in %s: ", document_string(cell, "target"), shape.workload);
        shape_text_add_work(&line, &shape);
        sentence_add(&line, shape.connections > 0 || shape.ballast_bytes > 0 ? "; " : "");
        shape_text_add_amount(&line, &shape);
        layout_paragraph(layout, "  ", line.text, LAYOUT_PLAIN);
    }
}

static void write_summary(const struct comparison *comparison)
{
    struct sentence line;
    char by[40] = "";
    if (comparison->fail_over >= 0)
        snprintf(by, sizeof by, " by more than %.4g %%", comparison->fail_over * 100);
    sentence_begin(&line);
    sentence_add(&line, "%u figure%s worse%s, %u better, %u the same", comparison->worse,
                 comparison->worse == 1 ? " is" : "s are", by, comparison->better,
                 comparison->same);
    if (comparison->failing > 0)
        sentence_add(&line, "; %u measurement%s that did not", comparison->failing,
                     comparison->failing == 1 ? " fails" : "s fail");
    sentence_add(
        &line, ". Worse and better are those only whose intervals of old and new do not overlap.");
    fputc('\n', comparison->layout.stream);
    bool is_bad = comparison->worse > 0 || comparison->failing > 0;
    layout_paragraph(&comparison->layout, "", line.text, is_bad ? LAYOUT_BAD : LAYOUT_BOLD);
}

bool compare_has_common(const json_t *old_document, const json_t *new_document)
{
    const json_t *cell;
    struct estimate unused;
    size_t i;
    json_array_foreach (json_object_get(old_document, "cells"), i, cell) {
        const json_t *other = find_cell(new_document, cell);
        for (enum figure figure = 0; other && figure < FIGURES; figure++)
            if (figure_info(figure)->better != FIGURE_NEITHER &&
                document_figure(cell, figure, &unused) && document_figure(other, figure, &unused))
                return true;
    }
    return false;
}

int compare_write(const json_t *old_document, const json_t *new_document, double fail_over,
                  FILE *stream, bool colour, unsigned *worse)
{
    struct comparison comparison = {.layout = {stream, colour, layout_width(stream)},
                                    .old_document = old_document,
                                    .new_document = new_document,
                                    .fail_over = fail_over};
    errno = 0;
    compare_conditions_write(&comparison.layout, old_document, new_document);
    compare_all(&comparison);
    write_single(&comparison.layout, old_document, new_document, "Only in the old run:");
    write_single(&comparison.layout, new_document, old_document, "Only in the new run:");
    write_summary(&comparison);
    *worse = comparison.worse + comparison.failing;
    if (fflush(stream) == 0 && !ferror(stream))
        return 0;
    if (errno == 0)
        errno = EIO;
    return -1;
}
