/* table_column.h - the columns of a group of rows: what they show, in which unit, how wide.
 *
 * What it does: chooses the figures of a workload, and one unit and one number of decimals for all
 * rows of a column, so that the points stand below each other.
 * What it does not do: write. Called by table_group.c; any thread. */
#ifndef BENCH_TABLE_COLUMN_H
#define BENCH_TABLE_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/report/document_read.h"

enum { TABLE_COLUMNS = 8 };

struct table_column {
    enum figure figure;
    bool is_ratio;       /* over the reference */
    char title[40];      /* with the unit */
    bool has_own_units;  /* each number says its own: they are too far from each other for one */
    double divisor;      /* from the figure to what is shown */
    int decimals;        /* ignored for ratios */
    size_t width;        /* of the numbers and the title */
    size_t spread_width; /* of the interval, 0: there is none */
};

/* Rows of one table: cells with one heading. */
struct table_rows {
    const json_t *document;
    const json_t *cells[256];
    size_t count;
    const char *reference;
};

struct table_columns {
    struct table_column columns[TABLE_COLUMNS];
    size_t count;
    size_t target_width;
};

/* The figures that matter for this shape; ends with FIGURES. */
const enum figure *table_important_figures(const struct document_shape *shape);

/* Columns that fit in `room` columns of text; those without a figure in any row are left out, and
 * the less important ones where there is no room. */
void table_columns_choose(const struct table_rows *rows, size_t room,
                          struct table_columns *columns);

/* A row's text in a column: the number ("-": missing) and the interval ("": none). */
struct table_entry {
    char number[32];
    char spread[8];
    int better; /* ratios: 1 better than the reference, -1 worse, 0 cannot be told or none */
};
void table_entry(const struct table_rows *rows, const json_t *cell,
                 const struct table_column *column, struct table_entry *entry);

#endif
