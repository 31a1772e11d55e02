/* table_group.c - see table_group.h. */
#include "bench/report/table_group.h"

#include <stdio.h>
#include <string.h>

#include "bench/report/sentence.h"
#include "bench/report/shape_text.h"

static bool has_one_shape(const struct table_rows *rows)
{
    struct document_shape first = document_shape(rows->cells[0]);
    for (size_t i = 1; i < rows->count; i++) {
        struct document_shape shape = document_shape(rows->cells[i]);
        if (!document_shape_is_same(&first, &shape))
            return false;
    }
    return true;
}

static void write_heading(const struct layout *layout, const struct table_rows *rows)
{
    struct document_shape shape = document_shape(rows->cells[0]);
    struct sentence amount;
    struct sentence work;
    char lead[40];
    sentence_begin(&amount);
    sentence_begin(&work);
    shape_text_add_amount(&amount, &shape);
    shape_text_add_work(&work, &shape);
    if (has_one_shape(rows) && amount.length > 0)
        sentence_add(&work, "; %s", amount.text);
    snprintf(lead, sizeof lead, "%-7.30s ", shape.workload);
    layout_paragraph(layout, lead, work.text, LAYOUT_BOLD);
}

static void write_titles(const struct layout *layout, const struct table_columns *columns)
{
    size_t width = 2 + columns->target_width;
    layout_left(layout, "  server", columns->count > 0 ? width : strlen("  server"), LAYOUT_DIM);
    for (size_t i = 0; i < columns->count; i++) {
        const struct table_column *column = &columns->columns[i];
        layout_right(layout, column->title, 2 + column->width, LAYOUT_DIM);
        width += 2 + column->width;
        if (column->spread_width > 0) {
            layout_right(layout, "+-", 1 + column->spread_width, LAYOUT_DIM);
            width += 1 + column->spread_width;
        }
    }
    fputc('\n', layout->stream);
    layout_rule(layout, width);
}

static enum layout_colour colour_of(const struct table_entry *entry)
{
    if (entry->better == 0)
        return LAYOUT_PLAIN;
    return entry->better > 0 ? LAYOUT_GOOD : LAYOUT_BAD;
}

static void write_row(const struct layout *layout, const struct table_rows *rows,
                      const struct table_columns *columns, const json_t *cell)
{
    struct table_entry entry;
    const char *target = document_string(cell, "target");
    enum layout_colour colour = document_has_failed(cell) ? LAYOUT_BAD : LAYOUT_PLAIN;
    if (columns->count == 0) {
        layout_paragraph(layout, "  ", target, colour);
        return;
    }
    layout_left(layout, "", 2, LAYOUT_PLAIN);
    layout_left(layout, target, columns->target_width, colour);
    for (size_t i = 0; i < columns->count; i++) {
        const struct table_column *column = &columns->columns[i];
        table_entry(rows, cell, column, &entry);
        layout_right(layout, entry.number, 2 + column->width, colour_of(&entry));
        if (column->spread_width > 0 && (entry.spread[0] || i + 1 < columns->count))
            layout_right(layout, entry.spread, 1 + column->spread_width, LAYOUT_DIM);
    }
    fputc('\n', layout->stream);
}

static bool is_first_of_shape(const struct table_rows *rows, size_t index)
{
    struct document_shape shape = document_shape(rows->cells[index]);
    for (size_t i = 0; i < index; i++) {
        struct document_shape other = document_shape(rows->cells[i]);
        if (document_shape_is_same(&other, &shape))
            return false;
    }
    return true;
}

/* Rows of one shape stand together, below a line that says which. */
static void write_rows(const struct layout *layout, const struct table_rows *rows,
                       const struct table_columns *columns)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct document_shape shape = document_shape(rows->cells[i]);
        struct sentence amount;
        if (!is_first_of_shape(rows, i))
            continue;
        sentence_begin(&amount);
        shape_text_add_amount(&amount, &shape);
        if (!has_one_shape(rows))
            layout_paragraph(layout, "", amount.text, LAYOUT_PLAIN);
        for (size_t j = i; j < rows->count; j++) {
            struct document_shape other = document_shape(rows->cells[j]);
            if (document_shape_is_same(&shape, &other))
                write_row(layout, rows, columns, rows->cells[j]);
        }
    }
}

/* "fork, 8 at once: …" */
static void write_remark(const struct layout *layout, const struct table_rows *rows,
                         const json_t *cell, const char *text, enum layout_colour colour)
{
    struct sentence remark;
    sentence_begin(&remark);
    sentence_add(&remark, "%s", document_string(cell, "target"));
    if (!has_one_shape(rows)) {
        struct document_shape shape = document_shape(cell);
        sentence_add(&remark, ", ");
        shape_text_add_amount(&remark, &shape);
    }
    sentence_add(&remark, ": %s", text);
    layout_paragraph(layout, "  ! ", remark.text, colour);
}

static void write_remarks(const struct layout *layout, const struct table_rows *rows,
                          const json_t *cell)
{
    const json_t *note;
    size_t i;
    const char *failure = document_string(cell, "first_failure");
    if (failure[0])
        write_remark(layout, rows, cell, failure, LAYOUT_BAD);
    json_array_foreach (json_object_get(cell, "notes"), i, note)
        if (json_is_string(note))
            write_remark(layout, rows, cell, json_string_value(note), LAYOUT_PLAIN);
}

void table_group_write(const struct layout *layout, const struct table_rows *rows)
{
    struct table_columns columns;
    table_columns_choose(rows, layout->width, &columns);
    write_heading(layout, rows);
    write_titles(layout, &columns);
    write_rows(layout, rows, &columns);
    for (size_t i = 0; i < rows->count; i++)
        write_remarks(layout, rows, rows->cells[i]);
    fputc('\n', layout->stream);
}
