/* document_trouble.c - what went wrong in a run, in sentences; see document_parts.h. */
#include <stdbool.h>
#include <string.h>

#include "bench/report/document_parts.h"
#include "bench/report/document_read.h"
#include "bench/report/sentence.h"

enum { CELLS_TOLD = 3 }; /* the others are counted; each cell holds its own failure */

static int say(json_t *sentences, const struct sentence *sentence)
{
    return json_array_append_new(sentences, document_text(sentence->text));
}

/* "This run has failed: fork in crr, 2 of 5 rounds: connection 17 …" */
static int say_failure(json_t *sentences, const json_t *cell)
{
    struct sentence sentence;
    double failed = document_number(cell, "failed_rounds");
    const char *failure = document_string(cell, "first_failure");
    sentence_begin(&sentence);
    sentence_add(&sentence, "This run has failed: %s in %s", document_string(cell, "target"),
                 document_string(cell, "workload"));
    if (failed > 0)
        sentence_add(&sentence, ", %.0f of %.0f rounds", failed, document_number(cell, "rounds"));
    if (failure[0])
        sentence_add(&sentence, ": %s", failure);
    /* The reason may be a question, or words of the server's own. */
    if (!strchr(".?!", sentence.text[sentence.length - 1]))
        sentence_add(&sentence, ".");
    return say(sentences, &sentence);
}

static int say_failures(json_t *sentences, const json_t *document)
{
    const json_t *cell;
    size_t i;
    size_t failures = 0;
    int failed = 0;
    json_array_foreach (json_object_get(document, "cells"), i, cell)
        if (document_has_failed(cell) && failures++ < CELLS_TOLD)
            failed |= say_failure(sentences, cell);
    if (failures > CELLS_TOLD) {
        struct sentence sentence;
        size_t more = failures - CELLS_TOLD;
        sentence_begin(&sentence);
        sentence_add(&sentence, "%zu more measurement%s failed: see each.", more,
                     more == 1 ? "" : "s");
        failed |= say(sentences, &sentence);
    }
    return failed;
}

/* The fewest and the most rounds that a cell has. */
static int say_interrupted(json_t *sentences, const json_t *document)
{
    const json_t *settings = json_object_get(document, "settings");
    double wanted = document_number(settings, "rounds");
    double least = wanted;
    struct sentence sentence;
    const json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell) {
        double rounds = document_number(cell, "rounds");
        least = rounds < least ? rounds : least;
    }
    sentence_begin(&sentence);
    sentence_add(&sentence,
                 "This run was interrupted: some measurements have %.0f of %.0f rounds, and "
                 "intervals are wider for it or missing.",
                 least, wanted);
    return say(sentences, &sentence);
}

json_t *document_trouble(const json_t *document)
{
    json_t *sentences = json_array();
    int failed = sentences ? say_failures(sentences, document) : -1;
    if (json_is_true(json_object_get(document, "interrupted")))
        failed |= say_interrupted(sentences, document);
    if (failed == 0)
        return sentences;
    json_decref(sentences);
    return NULL;
}
