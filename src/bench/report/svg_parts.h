/* svg_parts.h - for the files that make the picture (svg.c): what they know of it, and its parts.
 * On the thread of their caller. */
#ifndef BENCH_SVG_PARTS_H
#define BENCH_SVG_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "bench/report/plot_axis.h"
#include "bench/report/plot_data.h"
#include "bench/report/quantity.h"

/* Pixels. */
#define SVG_WIDTH       720.0
#define SVG_MARGIN      20.0
#define SVG_PLOT_LEFT   84.0
#define SVG_PLOT_RIGHT  524.0
#define SVG_PLOT_HEIGHT 300.0
#define SVG_PADDING     18.0 /* so that no marker stands on the frame */
#define SVG_AXIS_HEIGHT 40.0 /* of what stands below the plot */

#define SVG_INK         "#1f2328"
#define SVG_FAINT       "#57606a"
#define SVG_FRAME       "#8c959f"
#define SVG_GROUND      "#ffffff"

struct picture {
    FILE *stream;
    const json_t *document;
    struct plot_data data;
    double top; /* of the plot */
    double bottom;
    struct plot_axis x;
    struct plot_axis y;
    bool has_zero; /* on the axis of x */
    double step;   /* from one server's points to the next one's: intervals stand side by side */
    double y_ticks[PLOT_TICKS_MAX];
    size_t y_tick_count;
};

/* "connections at once", and what else can be swept. */
const char *svg_swept_text(const struct picture *picture);

/* A value of what was swept: "8", "10,000", "64 MiB". */
const char *svg_x_text(const struct picture *picture, struct quantity *quantity, double x);

/* Gives everything between top and bottom its place. There is a point at least. */
void svg_axes_place(struct picture *picture);
void svg_axes_write(const struct picture *picture);

/* Lines, points with their intervals, and names; svg_axes_place() has been. */
void svg_servers_write(const struct picture *picture);

#endif
