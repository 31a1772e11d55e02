/* table_stevens.c - see table_stevens.h. */
#include "bench/report/table_stevens.h"

#include <math.h>
#include <stdio.h>

#include "bench/report/document_read.h"
#include "bench/report/sentence.h"

enum { NAME_WIDTH = 34, NUMBER_WIDTH = 28, NARROW = 18 };

/* "1.234 (1.201 to 1.260)" takes more room than a narrow terminal has. */
static size_t number_width(const struct layout *layout)
{
    return layout->width < 5 + 2 + NAME_WIDTH + 2 * NUMBER_WIDTH ? NARROW : NUMBER_WIDTH;
}

/* "-": missing */
static void format_seconds(const struct layout *layout, const json_t *seconds, char *text,
                           size_t size)
{
    double median = document_number(seconds, "median");
    double low = document_number(seconds, "low");
    double high = document_number(seconds, "high");
    if (isnan(median))
        snprintf(text, size, "-");
    else if (isnan(low) || isnan(high) || document_number(seconds, "coverage") <= 0 ||
             number_width(layout) == NARROW)
        snprintf(text, size, "%.3f", median);
    else
        snprintf(text, size, "%.3f (%.3f to %.3f)", median, low, high);
}

static void write_row(const struct layout *layout, const json_t *row)
{
    char number[32] = "-"; /* a server that the book does not have */
    double in_book = document_number(row, "row");
    char cpu[64];
    char control[64];
    if (!isnan(in_book))
        snprintf(number, sizeof number, "%.0f", in_book);
    format_seconds(layout, json_object_get(row, "cpu_s"), cpu, sizeof cpu);
    format_seconds(layout, json_object_get(row, "process_control_cpu_s"), control, sizeof control);
    layout_right(layout, number, 5, LAYOUT_PLAIN);
    layout_left(layout, "", 2, LAYOUT_PLAIN);
    layout_left(layout, document_string(row, "server"), NAME_WIDTH, LAYOUT_PLAIN);
    layout_right(layout, cpu, number_width(layout), LAYOUT_PLAIN);
    layout_right(layout, control, number_width(layout), LAYOUT_PLAIN);
    fputc('\n', layout->stream);
}

static void write_heading(const struct layout *layout, const json_t *stevens)
{
    struct sentence work;
    sentence_begin(&work);
    sentence_add(
        &work,
        "Figure 30.1 of UNIX Network Programming: %.0f clients, %.0f connections each, %.0f "
        "bytes on each; seconds of the server's CPU",
        document_number(stevens, "clients"), document_number(stevens, "connections_each"),
        document_number(stevens, "reply_bytes"));
    layout_paragraph(layout, "stevens ", work.text, LAYOUT_BOLD);
    layout_right(layout, "row", 5, LAYOUT_DIM);
    layout_left(layout, "  server", 2 + NAME_WIDTH, LAYOUT_DIM);
    layout_right(layout, "CPU s", number_width(layout), LAYOUT_DIM);
    layout_right(layout, "process control s", number_width(layout), LAYOUT_DIM);
    fputc('\n', layout->stream);
    layout_rule(layout, 5 + 2 + NAME_WIDTH + 2 * number_width(layout));
}

void table_stevens_write(const struct layout *layout, const json_t *document)
{
    const json_t *stevens = json_object_get(document, "stevens");
    const json_t *row;
    const json_t *difference;
    size_t i;
    if (!json_is_object(stevens))
        return;
    write_heading(layout, stevens);
    json_array_foreach (json_object_get(stevens, "rows"), i, row)
        write_row(layout, row);
    if (json_array_size(json_object_get(stevens, "differences")) > 0)
        fputs("Not as in the book:\n", layout->stream);
    json_array_foreach (json_object_get(stevens, "differences"), i, difference)
        if (json_is_string(difference))
            layout_paragraph(layout, "  - ", json_string_value(difference), LAYOUT_PLAIN);
    fputc('\n', layout->stream);
}
