/* document_held.c - what idle connections take from a server that answers others; see
 * document_parts.h.
 *
 * The two cells compared are of one server and differ in how many connections are held, so none of
 * the document's ratios, which are between two servers, tells it: it is made of the rounds. */
#include <math.h>
#include <string.h>

#include "bench/report/document_parts.h"
#include "bench/report/document_read.h"
#include "bench/report/findings_words.h"
#include "bench/report/quantity.h"
#include "bench/report/sentence.h"

static bool is_same_but_held(const json_t *a, const json_t *b)
{
    struct document_shape first = document_shape(a);
    struct document_shape second = document_shape(b);
    second.held = first.held;
    return document_shape_is_same(&first, &second) &&
           strcmp(document_string(a, "target"), document_string(b, "target")) == 0;
}

/* At a fixed rate all servers do the same. Of several sizes of memory the first stands for all. */
static bool is_baseline(const json_t *cells, size_t index)
{
    const json_t *cell = json_array_get(cells, index);
    struct document_shape shape = document_shape(cell);
    if (shape.held > 0 || !isnan(shape.rate))
        return false;
    for (size_t i = 0; i < index; i++) {
        const json_t *other = json_array_get(cells, i);
        struct document_shape before = document_shape(other);
        before.ballast_bytes = shape.ballast_bytes;
        if (document_shape_is_same(&before, &shape) &&
            strcmp(document_string(other, "target"), document_string(cell, "target")) == 0)
            return false;
    }
    return true;
}

/* The cell that holds the most besides; NULL: none does. */
static const json_t *find_most_held(const json_t *cells, const json_t *baseline)
{
    const json_t *most = NULL;
    const json_t *cell;
    size_t i;
    json_array_foreach (cells, i, cell)
        if (is_same_but_held(cell, baseline) &&
            document_number(cell, "held") > document_number(most ? most : baseline, "held"))
            most = cell;
    return most;
}

static size_t read_rounds(const json_t *cell, enum figure figure, double values[RESULTS_ROUNDS_MAX])
{
    const json_t *figures = json_object_get(cell, "figures");
    const json_t *entry = json_object_get(figures, figure_info(figure)->name);
    const json_t *value;
    size_t i;
    json_array_foreach (json_object_get(entry, "rounds"), i, value) {
        if (i == RESULTS_ROUNDS_MAX)
            return i;
        values[i] = json_is_number(value) ? json_number_value(value) : NAN;
    }
    return i;
}

static struct estimate ratio_of(const json_t *over, const json_t *under, enum figure figure)
{
    double numerator[RESULTS_ROUNDS_MAX];
    double denominator[RESULTS_ROUNDS_MAX];
    size_t count = read_rounds(over, figure, numerator);
    size_t other = read_rounds(under, figure, denominator);
    return statistics_ratio(numerator, denominator, count < other ? count : other);
}

/* "With 10,000 connections held idle besides, thread does 0.90x (0.88 to 0.93) the requests a
 * second of the same with none." */
static int say(const json_t *cell, const json_t *baseline, json_t *sentences)
{
    struct estimate ratio = ratio_of(cell, baseline, FIGURE_OPERATIONS_PER_SECOND);
    double held = document_number(cell, "held");
    bool stays = strcmp(document_string(cell, "workload"), "rr") == 0;
    struct quantity number;
    struct sentence sentence;
    if (ratio.rounds == 0)
        return 0;
    sentence_begin(&sentence);
    sentence_add(&sentence, "With %s connection%s held idle besides, %s does ",
                 quantity_whole(&number, held), held > 1 ? "s" : "",
                 document_string(cell, "target"));
    findings_add_ratio(&sentence, &ratio);
    sentence_add(&sentence, " the %s a second of the same with none",
                 stays ? "requests" : "connections");
    if (findings_no_difference(&ratio))
        sentence_add(&sentence, ": no difference that can be seen");
    if (findings_is_load_busy(cell) || findings_is_load_busy(baseline))
        sentence_add(&sentence, "; but the load generator was the bottleneck, so the server may "
                                "differ in what it could do");
    sentence_add(&sentence, ".");
    return json_array_append_new(sentences, document_text(sentence.text));
}

int document_held_findings(const json_t *document, json_t *sentences)
{
    const json_t *cells = json_object_get(document, "cells");
    const json_t *cell;
    size_t i;
    int failed = 0;
    json_array_foreach (cells, i, cell) {
        const json_t *most = is_baseline(cells, i) ? find_most_held(cells, cell) : NULL;
        if (most)
            failed |= say(most, cell, sentences);
    }
    return failed;
}
