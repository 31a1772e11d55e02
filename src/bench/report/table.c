/* table.c - a run on a terminal: the machine, a group of rows for each workload, what was found,
 * what could not be measured. ASCII but for names from outside. Called by bench.c; any thread. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/report/document_read.h"
#include "bench/report/layout.h"
#include "bench/report/quantity.h"
#include "bench/report/sentence.h"
#include "bench/report/shape_text.h"
#include "bench/report/table_group.h"
#include "bench/report/table_stevens.h"
#include "bench/report/views.h"

static void add_comma_text(struct sentence *sentence, const char *text)
{
    if (text[0])
        sentence_add(sentence, ", %s", text);
}

static void add_seconds(struct sentence *sentence, double seconds)
{
    if (seconds >= 99.5)
        sentence_add(sentence, "%.0f min %02.0f s", floor(seconds / 60), fmod(seconds, 60));
    else
        sentence_add(sentence, "%.3g s", seconds);
}

static void write_title(const struct layout *layout, const json_t *document)
{
    const char *started = document_string(document, "started"); /* 2026-11-21T16:30:00Z */
    struct sentence line;
    sentence_begin(&line);
    sentence_add(&line, "thrd %s bench", document_string(document, "version"));
    if (strlen(started) > strlen("2026-11-21T16:30"))
        sentence_add(&line, ", %.10s %.5s UTC", started, started + strlen("2026-11-21T"));
    layout_paragraph(layout, "", line.text, LAYOUT_BOLD);
}

static void write_machine(const struct layout *layout, const json_t *document)
{
    const json_t *machine = json_object_get(document, "machine");
    const char *governor = document_string(machine, "cpu_governor");
    double cpus = document_number(machine, "cpus");
    double memory = document_number(machine, "memory_bytes");
    double load = document_number(machine, "load_average");
    struct quantity size;
    struct sentence line;
    sentence_begin(&line);
    sentence_add(&line, "%.0f CPU%s", cpus, cpus > 1 ? "s" : "");
    add_comma_text(&line, document_string(machine, "cpu"));
    if (governor[0])
        sentence_add(&line, " (%s)", governor);
    if (memory > 0)
        add_comma_text(&line, quantity_bytes(&size, memory));
    add_comma_text(&line, document_string(machine, "kernel"));
    add_comma_text(&line, document_string(machine, "libc"));
    if (load >= 0)
        sentence_add(&line, ", load average %.2f before", load);
    layout_paragraph(layout, "", line.text, LAYOUT_PLAIN);
}

static void write_settings(const struct layout *layout, const json_t *document)
{
    const json_t *settings = json_object_get(document, "settings");
    double rounds = document_number(settings, "rounds");
    double window = document_number(settings, "window_s");
    double threads = document_number(settings, "load_threads");
    struct sentence line;
    sentence_begin(&line);
    sentence_add(&line, "%.0f round%s", rounds, rounds > 1 ? "s" : "");
    if (window > 0) {
        sentence_add(&line, " of ");
        add_seconds(&line, window);
        sentence_add(&line, " after ");
        add_seconds(&line, document_number(settings, "warmup_s"));
        sentence_add(&line, " of warm-up");
    }
    sentence_add(&line, ", %.0f load thread%s; ", threads, threads > 1 ? "s" : "");
    add_seconds(&line, document_number(document, "seconds"));
    sentence_add(&line, " in all");
    layout_paragraph(layout, "", line.text, LAYOUT_PLAIN);
    fputc('\n', layout->stream);
}

/* Cells that stand together under one heading, from index on; returns the index behind. */
static size_t collect(const json_t *cells, size_t index, struct table_rows *rows)
{
    struct document_shape first = document_shape(json_array_get(cells, index));
    rows->count = 0;
    while (index < json_array_size(cells) &&
           rows->count < sizeof rows->cells / sizeof rows->cells[0]) {
        const json_t *cell = json_array_get(cells, index);
        struct document_shape shape = document_shape(cell);
        if (!shape_text_is_same_group(&first, &shape))
            break;
        rows->cells[rows->count++] = cell;
        index++;
    }
    return index;
}

static void write_groups(const struct layout *layout, const json_t *document)
{
    const json_t *cells = json_object_get(document, "cells");
    struct table_rows rows = {.document = document, .reference = document_reference(document)};
    for (size_t index = 0; index < json_array_size(cells);) {
        index = collect(cells, index, &rows);
        table_group_write(layout, &rows);
    }
}

/* The cells do not all have as many rounds, when some failed; the settings say what was wanted. */
static double coverage_of(const json_t *document)
{
    const json_t *cell;
    size_t i;
    struct estimate estimate;
    json_array_foreach (json_object_get(document, "cells"), i, cell)
        for (enum figure figure = 0; figure < FIGURES; figure++)
            if (document_figure(cell, figure, &estimate) && estimate.coverage > 0)
                return estimate.coverage;
    return 0;
}

static bool has_schedule(const json_t *document)
{
    const json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell)
        if (!isnan(document_number(cell, "rate_per_second")))
            return true;
    return false;
}

static void write_legend(const struct layout *layout, const json_t *document)
{
    double coverage = coverage_of(document);
    const char *reference = document_reference(document);
    struct sentence line;
    sentence_begin(&line);
    if (coverage > 0)
        sentence_add(
            &line,
            "how far the interval around the median of the rounds reaches; the true median "
            "lies in it with a probability of %.0f %%.",
            coverage * 100);
    else
        sentence_add(&line, "there is no interval: it takes more rounds than one.");
    layout_paragraph(layout, "+-    ", line.text, LAYOUT_DIM);
    sentence_begin(&line);
    sentence_add(&line, "the server's figure over that of %s, round by round.", reference);
    if (reference[0])
        layout_paragraph(layout, "vs    ", line.text, LAYOUT_DIM);
    if (has_schedule(document))
        layout_paragraph(layout, "uncorr. ",
                         "from when a request was sent, not from when it was due: hides how long "
                         "requests waited for a server that stalled. Not to be quoted.",
                         LAYOUT_DIM);
    fputc('\n', layout->stream);
}

static void write_findings(const struct layout *layout, const json_t *document)
{
    bool has_failed = json_is_true(json_object_get(document, "failed"));
    const json_t *finding;
    size_t i;
    json_array_foreach (json_object_get(document, "findings"), i, finding) {
        const char *text = json_string_value(finding);
        bool is_bad = has_failed && text && strncmp(text, "This run has failed", 19) == 0;
        if (text)
            layout_paragraph(layout, "* ", text, is_bad ? LAYOUT_BAD : LAYOUT_PLAIN);
    }
}

/* Whether this gap's target and reason stand in the list before it. */
static bool is_told(const json_t *gaps, size_t index)
{
    const json_t *gap = json_array_get(gaps, index);
    for (size_t i = 0; i < index; i++) {
        const json_t *other = json_array_get(gaps, i);
        if (strcmp(document_string(other, "target"), document_string(gap, "target")) == 0 &&
            strcmp(document_string(other, "why"), document_string(gap, "why")) == 0)
            return true;
    }
    return false;
}

/* All figures with the same reason, in one sentence: "a, b of epoll: because …" */
static void write_gap(const struct layout *layout, const json_t *gaps, size_t index)
{
    const json_t *gap = json_array_get(gaps, index);
    const json_t *other;
    const char *target = document_string(gap, "target");
    struct sentence line;
    size_t i;
    sentence_begin(&line);
    json_array_foreach (gaps, i, other)
        if (strcmp(document_string(other, "target"), target) == 0 &&
            strcmp(document_string(other, "why"), document_string(gap, "why")) == 0)
            sentence_add(&line, "%s%s", i == index ? "" : ", ", document_string(other, "figure"));
    if (target[0])
        sentence_add(&line, " of %s", target);
    sentence_add(&line, ": %s", document_string(gap, "why"));
    layout_paragraph(layout, "  ", line.text, LAYOUT_PLAIN);
}

static void write_gaps(const struct layout *layout, const json_t *document)
{
    const json_t *gaps = json_object_get(document, "not_measured");
    if (json_array_size(gaps) == 0)
        return;
    fputs("\nNot measured here:\n", layout->stream);
    for (size_t i = 0; i < json_array_size(gaps); i++)
        if (!is_told(gaps, i))
            write_gap(layout, gaps, i);
}

int table_write(const json_t *document, FILE *stream, bool colour)
{
    struct layout layout = {stream, colour, layout_width(stream)};
    errno = 0;
    write_title(&layout, document);
    write_machine(&layout, document);
    write_settings(&layout, document);
    write_groups(&layout, document);
    table_stevens_write(&layout, document);
    write_legend(&layout, document);
    write_findings(&layout, document);
    write_gaps(&layout, document);
    if (fflush(stream) == 0 && !ferror(stream))
        return 0;
    if (errno == 0)
        errno = EIO;
    return -1;
}
