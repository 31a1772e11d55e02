/* svg_servers.c - the servers in the picture: their lines, points and names; see svg_parts.h.
 *
 * Servers differ in colour, marker and dashes, so that print in grey tells them apart. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report/sentence.h"
#include "bench/report/svg_parts.h"
#include "bench/report/svg_text.h"

/* Pixels. */
#define NAMES_LEFT  536.0
#define NAME_HEIGHT 18.0
#define NOTE_HEIGHT 12.0 /* of a second line below a name */
#define CAP         3.5  /* half of the end of an interval's bar */

static const struct svg_style name_style = {12, SVG_INK, "start", "normal"};
static const struct svg_style small_style = {10, SVG_FAINT, "start", "normal"};

/* Each of the first eight has a colour, marker and dash of its own; the others have them again,
 * hollow. */
static const struct look {
    const char *colour;
    const char *dashes;
    const char *marker; /* a path around 0,0 */
} looks[] = {
    {"#0b62a8", "none", "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z"},
    {"#c2410c", "7 3", "M-4 -4h8v8h-8z"},
    {"#4b5563", "2 3", "M0 -5.4L5 3.8H-5z"},
    {"#0a7f5a", "9 3 2 3", "M0 -5.8L5.8 0L0 5.8L-5.8 0z"},
    {"#a3317f", "12 4", "M0 5.4L5 -3.8H-5z"},
    {"#8a6500", "4 4", "M-1.6 -5h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z"},
    {"#5b3fa8", "5 2 1 2 1 2", "M-4.5 -4.5h9L-4.5 4.5h9z"},
    {"#111111", "1 2", "M-4.5 -4.5v9L4.5 -4.5v9z"},
};
enum { LOOKS = sizeof looks / sizeof looks[0] };

/* ---- Lines and points -------------------------------------------------------------------- */

static double point_x(const struct picture *picture, size_t index, const struct plot_point *point)
{
    double middle = (double)(picture->data.count - 1) / 2;
    return plot_axis_at(&picture->x, point->x) + ((double)index - middle) * picture->step;
}

static double point_y(const struct picture *picture, const struct plot_point *point)
{
    return plot_axis_at(&picture->y, point->estimate.median);
}

static void write_marker(FILE *stream, const char *use, size_t index, double x, double y)
{
    const struct look *look = &looks[index % LOOKS];
    bool is_hollow = index >= LOOKS;
    fprintf(stream,
            "<path class=\"%s\" transform=\"translate(%.1f %.1f)\" d=\"%s\" fill=\"%s\" "
            "stroke=\"%s\" stroke-width=\"%s\"/>\n",
            use, x, y, look->marker, is_hollow ? SVG_GROUND : look->colour,
            is_hollow ? look->colour : SVG_GROUND, is_hollow ? "1.5" : "0.8");
}

/* Between two values that follow each other; through the gap behind 0 it is only hinted at. */
static void write_segments(const struct picture *picture, size_t index)
{
    const struct plot_series *series = &picture->data.series[index];
    const struct look *look = &looks[index % LOOKS];
    for (size_t i = 1; i < series->count; i++) {
        const struct plot_point *from = &series->points[i - 1];
        const struct plot_point *to = &series->points[i];
        if (!from->is_known || !to->is_known)
            continue;
        fprintf(picture->stream,
                "<path class=\"line\" d=\"M%.1f %.1fL%.1f %.1f\" fill=\"none\" stroke=\"%s\" "
                "stroke-width=\"1.8\" stroke-dasharray=\"%s\"%s/>\n",
                point_x(picture, index, from), point_y(picture, from), point_x(picture, index, to),
                point_y(picture, to), look->colour, look->dashes,
                from->x > 0 ? "" : " stroke-opacity=\"0.45\"");
    }
}

/* The interval, the marker, and the numbers for those who point at it. */
static void write_point(const struct picture *picture, size_t index, const struct plot_point *point)
{
    const struct plot_series *series = &picture->data.series[index];
    const struct estimate *estimate = &point->estimate;
    double x = point_x(picture, index, point);
    double low = plot_axis_at(&picture->y, estimate->low);
    double high = plot_axis_at(&picture->y, estimate->high);
    struct quantity at, median, from, to;
    fputs("<g><title>", picture->stream);
    svg_text_escape(picture->stream, series->name);
    fprintf(picture->stream, " at %s: %s (%s to %s)</title>\n", svg_x_text(picture, &at, point->x),
            quantity_time_exact(&median, estimate->median),
            quantity_time_exact(&from, estimate->low), quantity_time_exact(&to, estimate->high));
    fprintf(picture->stream,
            "<path class=\"interval\" d=\"M%.1f %.1fV%.1fM%.1f %.1fh%gM%.1f %.1fh%g\" "
            "fill=\"none\" stroke=\"%s\" stroke-width=\"1.2\"/>\n",
            x, low, high, x - CAP, low, 2 * CAP, x - CAP, high, 2 * CAP,
            looks[index % LOOKS].colour);
    write_marker(picture->stream, "point", index, x, point_y(picture, point));
    fputs("</g>\n", picture->stream);
}

static void write_all_series(const struct picture *picture)
{
    for (size_t i = 0; i < picture->data.count; i++)
        write_segments(picture, i);
    for (size_t i = 0; i < picture->data.count; i++)
        for (size_t j = 0; j < picture->data.series[i].count; j++)
            if (picture->data.series[i].points[j].is_known)
                write_point(picture, i, &picture->data.series[i].points[j]);
}

/* ---- Names ------------------------------------------------------------------------------- */

/* Where a server's name stands: as near to the end of its line as the others let it. */
struct name {
    size_t index; /* of the server */
    double wanted;
    double at;
    double height;
    const struct plot_point *end;
};

/* Inline is measured with one connection where the others have many that stay. */
static bool has_other_connections(const struct picture *picture, size_t index)
{
    return picture->data.swept != PLOT_CONNECTIONS &&
           islessgreater(picture->data.series[index].connections, picture->data.shape.connections);
}

static size_t collect_names(const struct picture *picture, struct name names[PLOT_SERIES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < picture->data.count; i++) {
        const struct plot_series *series = &picture->data.series[i];
        const struct plot_point *end = NULL;
        for (size_t j = 0; j < series->count; j++)
            if (series->points[j].is_known)
                end = &series->points[j];
        if (!end)
            continue;
        struct name name = {
            .index = i,
            .wanted = point_y(picture, end),
            .height = NAME_HEIGHT + (has_other_connections(picture, i) ? NOTE_HEIGHT : 0),
            .end = end,
        };
        size_t at = count++;
        for (; at > 0 && names[at - 1].wanted > name.wanted; at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
    return count;
}

/* Down from the top, each below the one before; what hangs over at the bottom pushes back up. */
static void spread(const struct picture *picture, struct name *names, size_t count)
{
    double free_from = picture->top;
    for (size_t i = 0; i < count; i++) {
        names[i].at = fmax(names[i].wanted, free_from);
        free_from = names[i].at + names[i].height;
    }
    double free_to = picture->bottom + NAME_HEIGHT;
    for (size_t i = count; i-- > 0;) {
        names[i].at = fmin(names[i].at, free_to - names[i].height);
        free_to = names[i].at;
    }
}

/* At most 20 letters, as the command line has it, and bytes that belong together. */
static void write_name(const struct picture *picture, const struct name *name, double x, double y)
{
    struct sentence text;
    const char *from = picture->data.series[name->index].name;
    size_t letters = 0, length = 0;
    for (; from[length]; length++) {
        letters += ((unsigned char)from[length] & 0xc0) != 0x80;
        if (letters > 20)
            break;
    }
    sentence_begin(&text);
    sentence_add(&text, "%.*s%s", (int)length, from, from[length] ? "..." : "");
    svg_text_write(picture->stream, x, y, &name_style, text.text);
    if (!has_other_connections(picture, name->index))
        return;
    double connections = picture->data.series[name->index].connections;
    sentence_begin(&text);
    sentence_add(&text, "with %.0f connection%s", connections, connections > 1 ? "s" : "");
    svg_text_write(picture->stream, x, y + NOTE_HEIGHT, &small_style, text.text);
}

static void write_names(const struct picture *picture)
{
    struct name names[PLOT_SERIES_MAX];
    size_t count = collect_names(picture, names);
    spread(picture, names, count);
    double last = plot_axis_at(&picture->x, picture->x.high) - SVG_PADDING;
    for (size_t i = 0; i < count; i++) {
        const struct look *look = &looks[names[i].index % LOOKS];
        double x = point_x(picture, names[i].index, names[i].end);
        double y = names[i].at;
        if (x > last) /* others' lines would lie between */
            fprintf(picture->stream,
                    "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"" SVG_FRAME
                    "\" stroke-width=\"0.7\"/>\n",
                    x + 9, names[i].wanted, NAMES_LEFT - 3, y);
        fprintf(picture->stream,
                "<path d=\"M%.1f %.1fh30\" stroke=\"%s\" stroke-width=\"1.8\" "
                "stroke-dasharray=\"%s\"/>\n",
                NAMES_LEFT, y, look->colour, look->dashes);
        write_marker(picture->stream, "key", names[i].index, NAMES_LEFT + 15, y);
        write_name(picture, &names[i], NAMES_LEFT + 36, y + 4);
    }
}

void svg_servers_write(const struct picture *picture)
{
    write_all_series(picture);
    write_names(picture);
}
