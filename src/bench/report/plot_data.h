/* plot_data.h - what a picture over one swept variable is drawn from.
 *
 * What it does: finds in a document (document.md) what was swept, and each server's CPU time per
 * operation at each value of it. What it does not do: draw. Texts belong to the document. Any
 * thread. */
#ifndef BENCH_PLOT_DATA_H
#define BENCH_PLOT_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/report/document_read.h"

enum { PLOT_SERIES_MAX = 16, PLOT_POINTS_MAX = 32 }; /* as many as bench.h lets one ask for */

enum plot_swept { PLOT_CONNECTIONS = 0, PLOT_HELD, PLOT_BALLAST, PLOT_SWEPT_KINDS };

struct plot_point {
    double x;
    bool is_known; /* and above 0: a logarithm has no 0 */
    struct estimate estimate;
};

struct plot_series {
    const char *name;                          /* of the server */
    double connections;                        /* busy ones; where they are swept, of no meaning */
    struct plot_point points[PLOT_POINTS_MAX]; /* x rises */
    size_t count;
};

struct plot_data {
    enum plot_swept swept;
    struct document_shape shape; /* of a server that was measured at several values */
    struct plot_series series[PLOT_SERIES_MAX]; /* in the order of the document */
    size_t count;
};

/* Returns true, or false with what the document lacks in *why. Large: not on a small stack. */
bool plot_data_read(const json_t *document, struct plot_data *data, const char **why);

/* Whether the picture would have a point at all. */
bool plot_data_has_points(const struct plot_data *data);

#endif
