/* document_read.c - see document_read.h. */
#include "bench/report/document_read.h"

#include <math.h>
#include <string.h>

const char *document_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

double document_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

struct document_shape document_shape(const json_t *object)
{
    return (struct document_shape){
        .workload = document_string(object, "workload"),
        .connections = document_number(object, "connections"),
        .held = document_number(object, "held"),
        .size_bytes = document_number(object, "size_bytes"),
        .depth = document_number(object, "depth"),
        .ballast_bytes = document_number(object, "ballast_bytes"),
        .rate = document_number(object, "rate_per_second"),
    };
}

/* Missing on both sides is the same too. */
static bool is_same(double a, double b)
{
    return isnan(a) ? isnan(b) : !isnan(b) && !islessgreater(a, b);
}

bool document_shape_is_same(const struct document_shape *a, const struct document_shape *b)
{
    return strcmp(a->workload, b->workload) == 0 && is_same(a->connections, b->connections) &&
           is_same(a->held, b->held) && is_same(a->size_bytes, b->size_bytes) &&
           is_same(a->depth, b->depth) && is_same(a->ballast_bytes, b->ballast_bytes) &&
           is_same(a->rate, b->rate);
}

/* Without an interval (another program's document) it is as wide as it can be narrow. */
static bool read_estimate(const json_t *object, struct estimate *estimate)
{
    *estimate = (struct estimate){
        .rounds = json_array_size(json_object_get(object, "rounds")),
        .median = document_number(object, "median"),
        .low = document_number(object, "low"),
        .high = document_number(object, "high"),
        .coverage = document_number(object, "coverage"),
    };
    if (isnan(estimate->low) || estimate->low > estimate->median)
        estimate->low = estimate->median;
    if (isnan(estimate->high) || estimate->high < estimate->median)
        estimate->high = estimate->median;
    return !isnan(estimate->median);
}

bool document_figure(const json_t *cell, enum figure figure, struct estimate *estimate)
{
    const json_t *figures = json_object_get(cell, "figures");
    return read_estimate(json_object_get(figures, figure_info(figure)->name), estimate);
}

bool document_ratio(const json_t *document, const struct document_shape *shape, enum figure figure,
                    const char *numerator, const char *denominator, struct estimate *estimate)
{
    const json_t *ratio;
    size_t i;
    json_array_foreach (json_object_get(document, "ratios"), i, ratio) {
        struct document_shape other = document_shape(ratio);
        /* A ratio is of one depth, but need not say so. */
        if (isnan(other.depth))
            other.depth = shape->depth;
        if (strcmp(document_string(ratio, "figure"), figure_info(figure)->name) == 0 &&
            strcmp(document_string(ratio, "numerator"), numerator) == 0 &&
            strcmp(document_string(ratio, "denominator"), denominator) == 0 &&
            document_shape_is_same(&other, shape))
            return read_estimate(ratio, estimate);
    }
    return false;
}

const char *document_reference(const json_t *document)
{
    const json_t *ratios = json_object_get(document, "ratios");
    return document_string(json_array_get(ratios, 0), "denominator");
}

bool document_has_failed(const json_t *cell)
{
    return document_number(cell, "failed_rounds") > 0;
}
