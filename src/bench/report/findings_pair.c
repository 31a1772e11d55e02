/* findings_pair.c - see findings_pair.h. */
#include "bench/report/findings_pair.h"

#include <math.h>
#include <string.h>

enum { SHAPES = 64 }; /* more than a sweep has; what comes later is not looked at */

static bool is_candidate(const json_t *document, const json_t *cell, const char *workload,
                         bool open_loop)
{
    return strcmp(document_string(cell, "workload"), workload) == 0 &&
           strcmp(document_string(cell, "target"), document_reference(document)) == 0 &&
           isnan(document_number(cell, "rate_per_second")) != open_loop;
}

/* The least or the most of a number that tells these cells apart, as choose is fmin or fmax. */
static double extreme(const json_t *document, const char *workload, bool open_loop, const char *key,
                      double (*choose)(double, double))
{
    double found = NAN; /* which either leaves out */
    const json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell)
        if (is_candidate(document, cell, workload, open_loop))
            found = choose(found, document_number(cell, key));
    return found;
}

static bool is(const json_t *cell, const char *key, double value)
{
    return !islessgreater(document_number(cell, key), value);
}

static bool choose(const json_t *document, const char *workload, bool open_loop,
                   struct findings_choice *choice)
{
    struct document_shape shapes[SHAPES];
    bool is_memory = strcmp(workload, "hold") == 0;
    double ballast = extreme(document, workload, open_loop, "ballast_bytes", fmin);
    double held = extreme(document, workload, open_loop, "held", is_memory ? fmax : fmin);
    const json_t *cell;
    size_t i;
    choice->sweep = 0;
    json_array_foreach (json_object_get(document, "cells"), i, cell)
        if (is_candidate(document, cell, workload, open_loop) && choice->sweep < SHAPES &&
            is(cell, "ballast_bytes", ballast) && is(cell, "held", held))
            shapes[choice->sweep++] = document_shape(cell);
    if (choice->sweep > 0)
        choice->shape = shapes[(choice->sweep - 1) / 2];
    return choice->sweep > 0;
}

static const json_t *find_cell(const json_t *document, const struct document_shape *shape,
                               const char *target)
{
    const json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell) {
        struct document_shape other = document_shape(cell);
        if (document_shape_is_same(&other, shape) &&
            strcmp(document_string(cell, "target"), target) == 0)
            return cell;
    }
    return NULL;
}

void findings_for_each_pair(const json_t *document, const char *workload, bool open_loop,
                            findings_pair_fn *fn, struct findings *findings)
{
    struct findings_choice choice;
    const char *reference = document_reference(document);
    const json_t *cell;
    size_t i;
    if (!choose(document, workload, open_loop, &choice))
        return;
    json_array_foreach (json_object_get(document, "cells"), i, cell) {
        struct document_shape shape = document_shape(cell);
        struct findings_pair pair = {.choice = &choice,
                                     .target = document_string(cell, "target"),
                                     .reference_target = reference,
                                     .cell = cell,
                                     .reference = find_cell(document, &choice.shape, reference)};
        if (document_shape_is_same(&shape, &choice.shape) && cell != pair.reference &&
            strcmp(pair.target, "inline") != 0)
            fn(findings, &pair);
    }
}
