/* svg_axes.c - the scales of the picture, their ticks and titles; see svg_parts.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report/sentence.h"
#include "bench/report/svg_parts.h"
#include "bench/report/svg_text.h"

/* Pixels. */
#define ZERO_GAP  64.0 /* from 0 to where the logarithm begins */
#define STEP      4.0  /* where there is room */
#define LABEL_GAP 3.0

#define GRID      "#e4e7eb"

static const struct svg_style centred_style = {12, SVG_FAINT, "middle", "normal"};
static const struct svg_style x_tick_style = {11, SVG_FAINT, "middle", "normal"};
static const struct svg_style y_tick_style = {11, SVG_FAINT, "end", "normal"};

/* ---- Words ------------------------------------------------------------------------------- */

const char *svg_swept_text(const struct picture *picture)
{
    static const char *const texts[] = {
        [PLOT_CONNECTIONS] = "connections at once",
        [PLOT_HELD] = "connections held idle besides",
        [PLOT_BALLAST] = "memory that the server holds besides",
    };
    return texts[picture->data.swept];
}

const char *svg_x_text(const struct picture *picture, struct quantity *quantity, double x)
{
    if (picture->data.swept != PLOT_BALLAST)
        return quantity_whole(quantity, x);
    if (!(x > 0))
        return "0";
    /* "64 MiB"; what is no round number of anything would be long. */
    quantity_size(quantity, x);
    return strlen(quantity->text) <= strlen("1000 KiB") ? quantity->text
                                                        : quantity_bytes(quantity, x);
}

static const char *y_text(struct quantity *quantity, double us)
{
    if (us >= 1000)
        return quantity_whole(quantity, us);
    snprintf(quantity->text, sizeof quantity->text, "%.4g", us);
    return quantity->text;
}

/* ---- Places ------------------------------------------------------------------------------ */

/* All values of x, rising. */
static size_t collect_x(const struct plot_data *data, double values[PLOT_TICKS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < data->count; i++)
        for (size_t j = 0; j < data->series[i].count; j++) {
            double x = data->series[i].points[j].x;
            size_t at = 0;
            while (at < count && values[at] < x)
                at++;
            if (count == PLOT_TICKS_MAX || (at < count && !(values[at] > x)))
                continue;
            memmove(&values[at + 1], &values[at], (count - at) * sizeof *values);
            values[at] = x;
            count++;
        }
    return count;
}

/* No more than what leaves room between one value and the next. */
static double find_step(const struct picture *picture)
{
    double values[PLOT_TICKS_MAX];
    size_t count = collect_x(&picture->data, values);
    double room = 4 * SVG_PADDING;
    for (size_t i = 1; i < count; i++)
        room = fmin(room, plot_axis_at(&picture->x, values[i]) -
                              plot_axis_at(&picture->x, values[i - 1]));
    return fmin(STEP, room / 2 / (double)picture->data.count);
}

/* The largest and the smallest values that have to have a place on the axes. */
static void find_range(const struct plot_data *data, struct plot_axis *x, struct plot_axis *y,
                       bool *has_zero)
{
    *x = (struct plot_axis){.low = INFINITY};
    *y = (struct plot_axis){.low = INFINITY};
    *has_zero = false;
    for (size_t i = 0; i < data->count; i++)
        for (size_t j = 0; j < data->series[i].count; j++) {
            const struct plot_point *point = &data->series[i].points[j];
            const struct estimate *estimate = &point->estimate;
            *has_zero = *has_zero || !(point->x > 0);
            if (point->x > 0) {
                x->low = fmin(x->low, point->x);
                x->high = fmax(x->high, point->x);
            }
            if (!point->is_known)
                continue;
            y->low = fmin(y->low, estimate->low > 0 ? estimate->low : estimate->median);
            y->high = fmax(y->high, estimate->high);
        }
}

void svg_axes_place(struct picture *picture)
{
    struct plot_axis *x = &picture->x;
    struct plot_axis *y = &picture->y;
    find_range(&picture->data, x, y, &picture->has_zero);
    picture->y_tick_count = plot_axis_ticks(y->low, y->high, picture->y_ticks);
    y->low = picture->y_ticks[0];
    y->high = picture->y_ticks[picture->y_tick_count - 1];
    y->from = picture->bottom;
    y->to = picture->top;
    y->zero = picture->bottom; /* the end of an interval that reaches to 0 */
    x->zero = SVG_PLOT_LEFT + SVG_PADDING;
    x->from = x->zero + (picture->has_zero ? ZERO_GAP : 0);
    x->to = SVG_PLOT_RIGHT - SVG_PADDING;
    picture->step = find_step(picture);
}

/* ---- What is seen ------------------------------------------------------------------------ */

static void write_line(FILE *stream, double x1, double y1, double x2, double y2, const char *colour,
                       const char *more)
{
    fprintf(stream, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\"%s/>\n", x1, y1, x2, y2, colour,
            more);
}

static void write_y_axis(const struct picture *picture)
{
    FILE *stream = picture->stream;
    for (size_t i = 0; i < picture->y_tick_count; i++) {
        struct quantity quantity;
        double y = plot_axis_at(&picture->y, picture->y_ticks[i]);
        write_line(stream, SVG_PLOT_LEFT, y, SVG_PLOT_RIGHT, y, GRID, "");
        svg_text_write(stream, SVG_PLOT_LEFT - 8, y + 4, &y_tick_style,
                       y_text(&quantity, picture->y_ticks[i]));
    }
    fprintf(stream, "<g transform=\"translate(%.1f %.1f) rotate(-90)\">\n", SVG_MARGIN + 10,
            (picture->top + picture->bottom) / 2);
    svg_text_write(stream, 0, 0, &centred_style, "microseconds of CPU per operation");
    fputs("</g>\n", stream);
}

/* Two strokes through the frame say that the axis is not one piece. */
static void write_gap(const struct picture *picture)
{
    double x = picture->x.zero + ZERO_GAP / 2;
    double y = picture->bottom;
    fprintf(picture->stream,
            "<path d=\"M%.1f %.1fh8\" stroke=\"" SVG_GROUND "\" stroke-width=\"3\"/>\n"
            "<path d=\"M%.1f %.1fl4 -10M%.1f %.1fl4 -10\" stroke=\"" SVG_FRAME
            "\" fill=\"none\"/>\n",
            x - 4, y, x - 6, y + 5, x + 2, y + 5);
}

static void write_x_axis(const struct picture *picture)
{
    double values[PLOT_TICKS_MAX];
    double at[PLOT_TICKS_MAX];
    double width[PLOT_TICKS_MAX];
    bool is_shown[PLOT_TICKS_MAX];
    struct quantity texts[PLOT_TICKS_MAX];
    struct sentence title;
    double y = picture->bottom;
    size_t count = collect_x(&picture->data, values);
    for (size_t i = 0; i < count; i++) {
        snprintf(texts[i].text, sizeof texts[i].text, "%s",
                 svg_x_text(picture, &(struct quantity){""}, values[i]));
        at[i] = plot_axis_at(&picture->x, values[i]);
        width[i] = svg_text_width(texts[i].text, x_tick_style.size);
    }
    plot_axis_choose(at, width, count, LABEL_GAP, is_shown);
    for (size_t i = 0; i < count; i++) {
        write_line(picture->stream, at[i], y, at[i], y + (is_shown[i] ? 6 : 4), SVG_FRAME, "");
        if (is_shown[i])
            svg_text_write(picture->stream, at[i], y + 19, &x_tick_style, texts[i].text);
    }
    sentence_begin(&title);
    sentence_add(&title, "%s (both scales are logarithmic%s)", svg_swept_text(picture),
                 picture->has_zero ? ", 0 apart" : "");
    svg_text_write(picture->stream, (SVG_PLOT_LEFT + SVG_PLOT_RIGHT) / 2, y + SVG_AXIS_HEIGHT,
                   &centred_style, title.text);
}

void svg_axes_write(const struct picture *picture)
{
    write_y_axis(picture);
    fprintf(picture->stream,
            "<path d=\"M%.1f %.1fV%.1fH%.1f\" fill=\"none\" stroke=\"" SVG_FRAME "\"/>\n",
            SVG_PLOT_LEFT, picture->top, picture->bottom, SVG_PLOT_RIGHT);
    if (picture->has_zero && isfinite(picture->x.low))
        write_gap(picture);
    write_x_axis(picture);
}
