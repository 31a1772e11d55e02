/* csv.c - a run for spreadsheets and scripts: RFC 4180, a line for each cell and figure. Called by
 * bench.c; any thread. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/report/document_read.h"
#include "bench/report/views.h"

#define LINE_END "\r\n"

/* Quoted where it has to be. */
static void write_text(FILE *stream, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

/* Nothing where there is no number. */
static void write_number(FILE *stream, double value)
{
    if (!isnan(value))
        fprintf(stream, "%.12g", value);
}

static void write_line(FILE *stream, const json_t *cell, enum figure figure,
                       const struct estimate *estimate)
{
    struct document_shape shape = document_shape(cell);
    const double sizes[] = {shape.connections, shape.held,          shape.size_bytes,
                            shape.depth,       shape.ballast_bytes, shape.rate};
    const double values[] = {estimate->median, estimate->low, estimate->high, estimate->coverage};
    write_text(stream, shape.workload);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fputc(',', stream);
        write_number(stream, sizes[i]);
    }
    fputc(',', stream);
    write_text(stream, document_string(cell, "target"));
    fprintf(stream, ",%s", figure_info(figure)->name);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        fputc(',', stream);
        write_number(stream, values[i]);
    }
    fprintf(stream, ",%zu" LINE_END, estimate->rounds);
}

int csv_write(const json_t *document, FILE *stream)
{
    const json_t *cell;
    struct estimate estimate;
    size_t i;
    errno = 0;
    fputs("workload,connections,held,size_bytes,depth,ballast_bytes,rate_per_second,target,figure,"
          "median,low,high,coverage,rounds" LINE_END,
          stream);
    json_array_foreach (json_object_get(document, "cells"), i, cell)
        for (enum figure figure = 0; figure < FIGURES; figure++)
            if (document_figure(cell, figure, &estimate))
                write_line(stream, cell, figure, &estimate);
    if (fflush(stream) == 0 && !ferror(stream))
        return 0;
    if (errno == 0)
        errno = EIO;
    return -1;
}
