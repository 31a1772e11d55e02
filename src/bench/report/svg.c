/* svg.c - a run as one picture for a README or a paper: what an operation costs the server over
 * what was swept; see views.h.
 *
 * What it does: lays out and writes SVG 1.1 that needs nothing else and does nothing: no script, no
 * font, no style sheet, a ground of its own. The same document makes the same bytes.
 * What it does not do: find what was swept (plot_data.c), draw the plot (svg_axes.c,
 * svg_servers.c). Called by bench.c; any thread. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/sentence.h"
#include "bench/report/shape_text.h"
#include "bench/report/svg_parts.h"
#include "bench/report/svg_text.h"
#include "bench/report/views.h"

static const struct svg_style title_style = {16, SVG_INK, "start", "bold"};
static const struct svg_style text_style = {12, SVG_FAINT, "start", "normal"};
static const struct svg_style message_style = {12, SVG_INK, "start", "normal"};
static const struct svg_style caption_style = {10.5, SVG_FAINT, "start", "normal"};

/* ---- Words ------------------------------------------------------------------------------- */

static void add_title(const struct picture *picture, struct sentence *sentence)
{
    sentence_add(sentence, "%s: ", picture->data.shape.workload);
    shape_text_add_work(sentence, &picture->data.shape);
}

/* What does not change in the picture: the shape without what is swept. */
static void add_subtitle(const struct picture *picture, struct sentence *sentence)
{
    struct document_shape shape = picture->data.shape;
    struct sentence amount;
    sentence_begin(&amount);
    shape.connections = picture->data.swept == PLOT_CONNECTIONS ? 0 : shape.connections;
    shape.held = picture->data.swept == PLOT_HELD ? 0 : shape.held;
    shape.ballast_bytes = picture->data.swept == PLOT_BALLAST ? 0 : shape.ballast_bytes;
    shape_text_add_amount(&amount, &shape);
    sentence_add(sentence, "CPU time of the server per operation over %s", svg_swept_text(picture));
    if (amount.length > 0)
        sentence_add(sentence, "; %s", amount.text);
}

static void add_comma_text(struct sentence *sentence, const char *text)
{
    if (text[0])
        sentence_add(sentence, ", %s", text);
}

/* "2 CPUs, AMD EPYC 7R13, Linux 6.18 x86_64, glibc 2.36; 2026-11-21, thrd 0.1.0" */
static void add_machine(const struct picture *picture, struct sentence *sentence)
{
    const json_t *machine = json_object_get(picture->document, "machine");
    double cpus = document_number(machine, "cpus");
    if (cpus > 0)
        sentence_add(sentence, "%.0f CPU%s", cpus, cpus > 1 ? "s" : "");
    add_comma_text(sentence, document_string(machine, "cpu"));
    add_comma_text(sentence, document_string(machine, "kernel"));
    add_comma_text(sentence, document_string(machine, "libc"));
    sentence_add(sentence, "; %.10s, thrd %s.", document_string(picture->document, "started"),
                 document_string(picture->document, "version"));
}

/* Of the points that have an interval, the least sure: where rounds have failed it is less sure
 * than elsewhere. 0: there is none. */
static double coverage_of(const struct plot_data *data, bool *differs)
{
    double least = 0;
    *differs = false;
    for (size_t i = 0; i < data->count; i++)
        for (size_t j = 0; j < data->series[i].count; j++) {
            const struct plot_point *point = &data->series[i].points[j];
            if (!point->is_known || !(point->estimate.coverage > 0))
                continue;
            *differs = *differs || (least > 0 && islessgreater(least, point->estimate.coverage));
            least = least > 0 ? fmin(least, point->estimate.coverage) : point->estimate.coverage;
        }
    return least;
}

static void add_rounds(const struct picture *picture, struct sentence *sentence)
{
    const json_t *settings = json_object_get(picture->document, "settings");
    double rounds = document_number(settings, "rounds");
    double window = document_number(settings, "window_s");
    bool differs;
    double coverage = coverage_of(&picture->data, &differs);
    sentence_add(sentence, rounds > 1 ? "Medians of %.0f rounds" : "%.0f round", rounds);
    if (window > 0)
        sentence_add(sentence, " of %.3g s", window);
    if (!plot_data_has_points(&picture->data))
        sentence_add(sentence, ".");
    else if (coverage > 0)
        sentence_add(sentence,
                     "; the true median lies within the bar with a probability of %.0f %%%s.",
                     coverage * 100, differs ? " or more" : "");
    else
        sentence_add(sentence, "; without intervals, which take more rounds than one.");
    if (picture->data.count > 1)
        sentence_add(sentence, " At each value the servers stand side by side.");
    if (json_is_true(json_object_get(picture->document, "interrupted")))
        sentence_add(sentence, " The run was interrupted.");
}

/* "Not known: fork at 4,096, 10,000; other at 1." Whoever sees no point is told that it is not
 * behind another one. */
static void add_unknown(const struct picture *picture, struct sentence *sentence)
{
    bool is_first = true;
    for (size_t i = 0; i < picture->data.count; i++) {
        const struct plot_series *series = &picture->data.series[i];
        bool is_named = false;
        for (size_t j = 0; j < series->count; j++) {
            struct quantity quantity;
            if (series->points[j].is_known)
                continue;
            if (!is_named)
                sentence_add(sentence, "%s%s at ", is_first ? "Not known: " : "; ", series->name);
            sentence_add(sentence, "%s%s", is_named ? ", " : "",
                         svg_x_text(picture, &quantity, series->points[j].x));
            is_named = true;
            is_first = false;
        }
    }
    if (!is_first)
        sentence_add(sentence, ".");
}

/* ---- The picture ------------------------------------------------------------------------- */

/* What somebody hears who does not see it. */
static void write_description(const struct picture *picture)
{
    fputs("<desc>", picture->stream);
    for (size_t i = 0; i < picture->data.count; i++) {
        const struct plot_series *series = &picture->data.series[i];
        const char *separator = ": ";
        fputs(i > 0 ? "; " : "", picture->stream);
        svg_text_escape(picture->stream, series->name);
        for (size_t j = 0; j < series->count; j++) {
            struct quantity us, at;
            fprintf(picture->stream, "%s%s at %s", separator,
                    series->points[j].is_known
                        ? quantity_time_exact(&us, series->points[j].estimate.median)
                        : "not known",
                    svg_x_text(picture, &at, series->points[j].x));
            separator = ", ";
        }
    }
    fputs(".</desc>\n", picture->stream);
}

static double write_caption(const struct picture *picture, double y)
{
    struct sentence lines[3];
    for (size_t i = 0; i < 3; i++)
        sentence_begin(&lines[i]);
    add_rounds(picture, &lines[0]);
    add_unknown(picture, &lines[1]);
    add_machine(picture, &lines[2]);
    for (size_t i = 0; i < 3; i++)
        y = svg_text_wrap(picture->stream, SVG_MARGIN, y, SVG_WIDTH - 2 * SVG_MARGIN,
                          &caption_style, lines[i].text);
    return y;
}

static double write_plot(struct picture *picture, double y)
{
    picture->top = y + 8;
    picture->bottom = picture->top + SVG_PLOT_HEIGHT;
    svg_axes_place(picture);
    svg_axes_write(picture);
    svg_servers_write(picture);
    return write_caption(picture, picture->bottom + SVG_AXIS_HEIGHT + 28);
}

/* Everything inside of the <svg>; returns how high it is. */
static double write_inside(struct picture *picture, const char *why)
{
    struct sentence title, subtitle;
    sentence_begin(&title);
    sentence_begin(&subtitle);
    sentence_add(&title, "%s", why ? "No picture" : "");
    sentence_add(&subtitle, "%s", why ? why : "");
    if (!why) {
        add_title(picture, &title);
        add_subtitle(picture, &subtitle);
    }
    fputs("<title>", picture->stream);
    svg_text_escape(picture->stream, title.text);
    fputs("</title>\n", picture->stream);
    if (!why)
        write_description(picture);
    double y = svg_text_wrap(picture->stream, SVG_MARGIN, 32, SVG_WIDTH - 2 * SVG_MARGIN,
                             &title_style, title.text);
    y = svg_text_wrap(picture->stream, SVG_MARGIN, y, SVG_WIDTH - 2 * SVG_MARGIN, &text_style,
                      subtitle.text);
    if (!why && plot_data_has_points(&picture->data))
        return write_plot(picture, y);
    if (!why)
        y = svg_text_wrap(picture->stream, SVG_MARGIN, y + 24, SVG_WIDTH - 2 * SVG_MARGIN,
                          &message_style,
                          "No CPU time was measured: each measurement failed, or was of a server "
                          "that bench did not start.");
    return why ? y : write_caption(picture, y + 24);
}

/* The ground has to be as high as what stands on it, so that is written first, and aside. */
static int write_all(struct picture *picture, const char *why, FILE *stream)
{
    char *inside = NULL;
    size_t size = 0;
    picture->stream = open_memstream(&inside, &size);
    if (!picture->stream)
        return -1;
    double height = ceil(write_inside(picture, why) + 6);
    if (fclose(picture->stream) != 0) {
        free(inside);
        return -1;
    }
    fprintf(stream,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
            "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n"
            "<rect width=\"%.0f\" height=\"%.0f\" rx=\"6\" fill=\"" SVG_GROUND "\"/>\n%s</svg>\n",
            SVG_WIDTH, height, SVG_WIDTH, height, SVG_WIDTH, height, inside);
    free(inside);
    return 0;
}

int svg_write(const json_t *document, FILE *stream)
{
    struct picture *picture = calloc(1, sizeof *picture);
    const char *why = NULL;
    errno = 0;
    if (!picture)
        return -1;
    picture->document = document;
    plot_data_read(document, &picture->data, &why);
    int result = write_all(picture, why, stream);
    free(picture);
    if (result == 0 && fflush(stream) == 0 && !ferror(stream))
        return 0;
    if (errno == 0)
        errno = EIO;
    return -1;
}
