/* plot_data.c - see plot_data.h. */
#include "bench/report/plot_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double swept_value(const struct document_shape *shape, enum plot_swept swept)
{
    const double values[PLOT_SWEPT_KINDS] = {
        [PLOT_CONNECTIONS] = shape->connections,
        [PLOT_HELD] = shape->held,
        [PLOT_BALLAST] = shape->ballast_bytes,
    };
    return values[swept];
}

static bool is_same_target(const json_t *a, const json_t *b)
{
    return strcmp(document_string(a, "target"), document_string(b, "target")) == 0;
}

/* What differs between two cells of one server; inline, which has one cell where connections stay,
 * says nothing about that. */
static void find_swept(const json_t *cells, bool is_swept[PLOT_SWEPT_KINDS],
                       struct document_shape *example)
{
    const json_t *cell, *other;
    size_t i, j;
    json_array_foreach (cells, i, cell)
        json_array_foreach (cells, j, other) {
            struct document_shape a = document_shape(cell);
            struct document_shape b = document_shape(other);
            if (j <= i || !is_same_target(cell, other))
                continue;
            for (enum plot_swept swept = 0; swept < PLOT_SWEPT_KINDS; swept++)
                if (islessgreater(swept_value(&a, swept), swept_value(&b, swept))) {
                    if (!is_swept[PLOT_CONNECTIONS] && !is_swept[PLOT_HELD] &&
                        !is_swept[PLOT_BALLAST])
                        *example = a;
                    is_swept[swept] = true;
                }
        }
}

static bool has_one_workload(const json_t *cells)
{
    const char *first = document_string(json_array_get(cells, 0), "workload");
    const json_t *cell;
    size_t i;
    json_array_foreach (cells, i, cell)
        if (strcmp(document_string(cell, "workload"), first) != 0)
            return false;
    return true;
}

static struct plot_series *find_series(struct plot_data *data, const json_t *cell)
{
    const char *name = document_string(cell, "target");
    for (size_t i = 0; i < data->count; i++)
        if (strcmp(data->series[i].name, name) == 0)
            return &data->series[i];
    if (data->count == PLOT_SERIES_MAX)
        return NULL;
    data->series[data->count] = (struct plot_series){
        .name = name,
        .connections = document_shape(cell).connections,
    };
    return &data->series[data->count++];
}

static void add_point(struct plot_data *data, const json_t *cell)
{
    struct document_shape shape = document_shape(cell);
    struct plot_series *series = find_series(data, cell);
    double x = swept_value(&shape, data->swept);
    if (!series || series->count == PLOT_POINTS_MAX || !(x >= 0))
        return;
    struct plot_point *point = &series->points[series->count++];
    point->x = x;
    point->is_known = document_figure(cell, FIGURE_SERVER_CPU_US_PER_OPERATION, &point->estimate) &&
                      point->estimate.median > 0;
}

static int compare_points(const void *a, const void *b)
{
    double x = ((const struct plot_point *)a)->x;
    double y = ((const struct plot_point *)b)->x;
    return (x > y) - (x < y);
}

bool plot_data_read(const json_t *document, struct plot_data *data, const char **why)
{
    const json_t *cells = json_object_get(document, "cells");
    const json_t *cell;
    bool is_swept[PLOT_SWEPT_KINDS] = {false};
    size_t i;
    memset(data, 0, sizeof *data);
    find_swept(cells, is_swept, &data->shape);
    int kinds = is_swept[PLOT_CONNECTIONS] + is_swept[PLOT_HELD] + is_swept[PLOT_BALLAST];
    *why = !has_one_workload(cells) ? "The run has more than one workload: there is no one picture."
           : kinds > 1 ? "The run sweeps over more than one thing: there is no one picture."
           : kinds < 1 ? "The run sweeps over nothing: there is nothing to draw a line over."
                       : NULL;
    if (*why)
        return false;
    data->swept = is_swept[PLOT_CONNECTIONS] ? PLOT_CONNECTIONS
                  : is_swept[PLOT_HELD]      ? PLOT_HELD
                                             : PLOT_BALLAST;
    json_array_foreach (cells, i, cell)
        add_point(data, cell);
    for (i = 0; i < data->count; i++)
        qsort(data->series[i].points, data->series[i].count, sizeof data->series[i].points[0],
              compare_points);
    return true;
}

bool plot_data_has_points(const struct plot_data *data)
{
    for (size_t i = 0; i < data->count; i++)
        for (size_t j = 0; j < data->series[i].count; j++)
            if (data->series[i].points[j].is_known)
                return true;
    return false;
}
