/* table_column.c - see table_column.h. */
#include "bench/report/table_column.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report/layout.h"
#include "bench/report/quantity.h"

enum { TARGET_WIDTH_MAX = 20, TARGET_WIDTH_MIN = 12, INDENT = 2, GAP = 2 };

/* How a figure's column is headed, and in which units it may be shown. */
enum unit { UNIT_RATE, UNIT_MEGABYTES, UNIT_TIME, UNIT_CPU, UNIT_KIB };

static const struct heading {
    enum figure figure;
    const char *title;
    enum unit unit;
    const char *ratio_title;
} headings[] = {
    {FIGURE_OPERATIONS_PER_SECOND, "ops/s", UNIT_RATE, "ops vs"},
    {FIGURE_MEGABYTES_PER_SECOND, "MB/s", UNIT_MEGABYTES, "MB/s vs"},
    {FIGURE_LATENCY_P50_US, "p50", UNIT_TIME, NULL},
    {FIGURE_LATENCY_P99_US, "p99", UNIT_TIME, NULL},
    {FIGURE_LATENCY_P99_9_US, "p99.9", UNIT_TIME, NULL},
    {FIGURE_UNCORRECTED_P99_9_US, "uncorr. p99.9", UNIT_TIME, NULL},
    {FIGURE_SERVER_CPU_US_PER_OPERATION, "CPU us/op", UNIT_CPU, "CPU vs"},
    {FIGURE_MEMORY_BYTES_PER_CONNECTION, "in all", UNIT_KIB, "vs"},
    {FIGURE_PSS_BYTES_PER_CONNECTION, "PSS", UNIT_KIB, "PSS vs"},
    {FIGURE_KERNEL_BYTES_PER_CONNECTION, "kernel", UNIT_KIB, "vs"},
    {FIGURE_KERNEL_STACK_BYTES_PER_CONNECTION, "stacks", UNIT_KIB, NULL},
    {FIGURE_PAGE_TABLE_BYTES_PER_CONNECTION, "tables", UNIT_KIB, NULL},
    {FIGURE_SLAB_BYTES_PER_CONNECTION, "slab", UNIT_KIB, NULL},
    {FIGURE_START_P50_US, "p50", UNIT_TIME, "p50 vs"},
    {FIGURE_START_P99_US, "p99", UNIT_TIME, NULL},
};

/* What is shown of a workload, in this order. Ratios are of the first of `compared` that there is.
 */
struct view {
    enum figure shown[TABLE_COLUMNS];
    enum figure compared[3];
};

static const struct view usual = {
    {FIGURE_OPERATIONS_PER_SECOND, FIGURE_LATENCY_P50_US, FIGURE_LATENCY_P99_US,
     FIGURE_LATENCY_P99_9_US, FIGURE_SERVER_CPU_US_PER_OPERATION, FIGURES},
    {FIGURE_SERVER_CPU_US_PER_OPERATION, FIGURE_OPERATIONS_PER_SECOND, FIGURES}};

static const struct view open_loop = {{FIGURE_OPERATIONS_PER_SECOND, FIGURE_LATENCY_P50_US,
                                       FIGURE_LATENCY_P99_9_US, FIGURE_UNCORRECTED_P99_9_US,
                                       FIGURE_SERVER_CPU_US_PER_OPERATION, FIGURES},
                                      {FIGURE_SERVER_CPU_US_PER_OPERATION, FIGURES}};

static const struct view stream = {{FIGURE_MEGABYTES_PER_SECOND, FIGURE_LATENCY_P50_US,
                                    FIGURE_LATENCY_P99_US, FIGURE_SERVER_CPU_US_PER_OPERATION,
                                    FIGURES},
                                   {FIGURE_MEGABYTES_PER_SECOND, FIGURES}};

static const struct view hold = {
    {FIGURE_MEMORY_BYTES_PER_CONNECTION, FIGURE_PSS_BYTES_PER_CONNECTION,
     FIGURE_KERNEL_BYTES_PER_CONNECTION, FIGURE_KERNEL_STACK_BYTES_PER_CONNECTION,
     FIGURE_PAGE_TABLE_BYTES_PER_CONNECTION, FIGURE_SLAB_BYTES_PER_CONNECTION, FIGURES},
    {FIGURE_MEMORY_BYTES_PER_CONNECTION, FIGURE_PSS_BYTES_PER_CONNECTION, FIGURES}};

static const struct view start = {{FIGURE_START_P50_US, FIGURE_START_P99_US, FIGURES},
                                  {FIGURE_START_P50_US, FIGURES}};

static const struct view *view_of(const struct document_shape *shape)
{
    if (!isnan(shape->rate))
        return &open_loop;
    if (strcmp(shape->workload, "stream") == 0 || strcmp(shape->workload, "rot13-stream") == 0)
        return &stream;
    if (strcmp(shape->workload, "hold") == 0)
        return &hold;
    return strcmp(shape->workload, "start") == 0 ? &start : &usual;
}

const enum figure *table_important_figures(const struct document_shape *shape)
{
    return view_of(shape)->shown;
}

static const struct heading *heading_of(enum figure figure)
{
    const struct heading *heading = headings;
    while (heading->figure != figure)
        heading++;
    return heading;
}

static bool estimate_of(const struct table_rows *rows, const json_t *cell,
                        const struct table_column *column, struct estimate *estimate)
{
    if (!column->is_ratio)
        return document_figure(cell, column->figure, estimate);
    struct document_shape shape = document_shape(cell);
    return document_ratio(rows->document, &shape, column->figure, document_string(cell, "target"),
                          rows->reference, estimate);
}

/* The smallest and the largest absolute median of a column. */
struct range {
    double least;
    double most; /* below least: there is none */
};

static struct range range_of(const struct table_rows *rows, const struct table_column *column)
{
    struct range range = {INFINITY, -1};
    struct estimate estimate;
    for (size_t i = 0; i < rows->count; i++)
        if (estimate_of(rows, rows->cells[i], column, &estimate)) {
            range.most = fmax(range.most, fabs(estimate.median));
            range.least = fmin(range.least, fabs(estimate.median));
        }
    return range;
}

/* Three digits of the largest number, and at least one of the smallest. */
static int choose_decimals(struct range range, double divisor)
{
    double most = range.most / divisor;
    double least = range.least / divisor;
    int decimals = most >= 999.5 ? 0 : most >= 9.995 ? 1 : most >= 0.9995 ? 2 : 3;
    if (least > 0 && least < 0.095 && decimals == 1)
        decimals = 2;
    return decimals;
}

static void choose_unit(struct table_column *column, const struct heading *heading,
                        struct range range)
{
    const char *before = "";
    const char *behind = "";
    double most = range.most;
    column->divisor = 1;
    /* In thousands a small rate beside a large one would have one digit. */
    bool is_wide = most < 1e6 && range.least < 1e3;
    if (heading->unit == UNIT_RATE && most >= 1e4 && !is_wide) {
        column->divisor = most >= 1e7 ? 1e6 : 1e3;
        before = most >= 1e7 ? "M " : "k ";
    } else if (heading->unit == UNIT_TIME && most >= 1e4 && range.least < 1e3) {
        column->has_own_units = true;
    } else if (heading->unit == UNIT_TIME) {
        column->divisor = most >= 1e7 ? 1e6 : most >= 1e4 ? 1e3 : 1;
        behind = most >= 1e7 ? " s" : most >= 1e4 ? " ms" : " us";
    } else if (heading->unit == UNIT_KIB) {
        column->divisor = 1024;
        behind = " KiB";
    }
    snprintf(column->title, sizeof column->title, "%s%s%s", before, heading->title, behind);
    column->decimals = choose_decimals(range, column->divisor);
}

static void measure(const struct table_rows *rows, struct table_column *column)
{
    struct table_entry entry;
    column->width = layout_columns(column->title);
    column->spread_width = 0;
    for (size_t i = 0; i < rows->count; i++) {
        table_entry(rows, rows->cells[i], column, &entry);
        size_t width = strlen(entry.number);
        size_t spread = strlen(entry.spread);
        column->width = width > column->width ? width : column->width;
        column->spread_width = spread > column->spread_width ? spread : column->spread_width;
    }
    /* The title of intervals is two columns wide. */
    if (column->spread_width == 1)
        column->spread_width = 2;
}

static bool add_column(const struct table_rows *rows, struct table_columns *columns,
                       enum figure figure, bool is_ratio)
{
    struct table_column *column = &columns->columns[columns->count];
    const struct heading *heading = heading_of(figure);
    *column = (struct table_column){.figure = figure, .is_ratio = is_ratio};
    struct range range = range_of(rows, column);
    if (range.most < range.least)
        return false;
    choose_unit(column, heading, range);
    if (is_ratio)
        snprintf(column->title, sizeof column->title, "%s %s", heading->ratio_title,
                 rows->reference);
    measure(rows, column);
    columns->count++;
    return true;
}

static size_t width_of(const struct table_columns *columns)
{
    size_t width = INDENT + columns->target_width;
    for (size_t i = 0; i < columns->count; i++) {
        const struct table_column *column = &columns->columns[i];
        width += GAP + column->width + (column->spread_width > 0 ? 1 + column->spread_width : 0);
    }
    return width;
}

static void drop_column(struct table_columns *columns, size_t index)
{
    columns->count--;
    memmove(&columns->columns[index], &columns->columns[index + 1],
            (columns->count - index) * sizeof columns->columns[0]);
}

/* Of two tails the longer one, which is the less sure; else the column before the last, which is
 * the comparison. */
static size_t least_important(const struct table_columns *columns)
{
    for (size_t i = 1; i < columns->count; i++)
        if (columns->columns[i].figure == FIGURE_LATENCY_P99_9_US &&
            columns->columns[i - 1].figure == FIGURE_LATENCY_P99_US)
            return i;
    return columns->count - 2;
}

/* Long names give way first, then columns. */
static void make_fit(struct table_columns *columns, size_t width)
{
    while (width_of(columns) > width && columns->target_width > TARGET_WIDTH_MIN)
        columns->target_width--;
    while (width_of(columns) > width && columns->count > 2)
        drop_column(columns, least_important(columns));
    while (width_of(columns) > width && columns->count > 1)
        drop_column(columns, columns->count - 1);
}

void table_columns_choose(const struct table_rows *rows, size_t room, struct table_columns *columns)
{
    struct document_shape shape = document_shape(rows->cells[0]);
    const struct view *view = view_of(&shape);
    *columns = (struct table_columns){.target_width = strlen("server")};
    for (size_t i = 0; i < rows->count; i++) {
        size_t width = layout_columns(document_string(rows->cells[i], "target"));
        width = width > TARGET_WIDTH_MAX ? TARGET_WIDTH_MAX : width;
        columns->target_width = width > columns->target_width ? width : columns->target_width;
    }
    for (const enum figure *figure = view->shown; *figure != FIGURES; figure++)
        add_column(rows, columns, *figure, false);
    for (const enum figure *figure = view->compared; *figure != FIGURES; figure++)
        if (add_column(rows, columns, *figure, true))
            break;
    make_fit(columns, room);
}

/* How far the interval reaches to its farther side, in percent of the median. */
static void format_spread(const struct estimate *estimate, char *text, size_t size)
{
    double reach = fmax(estimate->high - estimate->median, estimate->median - estimate->low);
    double percent = fabs(reach / estimate->median * 100);
    if (!(estimate->coverage > 0) || !isfinite(percent))
        text[0] = '\0';
    else if (percent > 999)
        snprintf(text, size, ">999%%");
    else
        snprintf(text, size, percent < 0.95 ? "<1%%" : "%.0f%%", percent);
}

static void format_ratio(enum figure figure, const struct estimate *ratio,
                         struct table_entry *entry)
{
    struct quantity number;
    bool is_high = ratio->low > 1;
    bool is_low = ratio->high < 1;
    bool wants_high = figure_info(figure)->better == FIGURE_HIGHER_IS_BETTER;
    snprintf(entry->number, sizeof entry->number, "%sx", quantity_ratio(&number, ratio->median));
    if (ratio->coverage > 0 && (is_high || is_low))
        entry->better = is_high == wants_high ? 1 : -1;
}

void table_entry(const struct table_rows *rows, const json_t *cell,
                 const struct table_column *column, struct table_entry *entry)
{
    struct estimate estimate;
    *entry = (struct table_entry){.number = "-"};
    if (!estimate_of(rows, cell, column, &estimate)) {
        if (column->is_ratio && strcmp(document_string(cell, "target"), rows->reference) == 0)
            strcpy(entry->number, "1");
        return;
    }
    format_spread(&estimate, entry->spread, sizeof entry->spread);
    if (column->is_ratio)
        format_ratio(column->figure, &estimate, entry);
    else if (column->has_own_units)
        snprintf(entry->number, sizeof entry->number, "%s",
                 quantity_time_exact(&(struct quantity){0}, estimate.median));
    else
        snprintf(entry->number, sizeof entry->number, "%.*f", column->decimals,
                 estimate.median / column->divisor);
}
