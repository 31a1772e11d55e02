/* html.c - the document of a run as one HTML page that needs nothing else; see views.h.
 *
 * What it does: fills in the template bench/report/page/page.html. The document goes into the page
 * as JSON, and bench/report/page/page.js draws from it; what must be readable without JavaScript is
 * written here. What it does not do: draw, or trust a name: targets, notes and commands are the
 * user's texts. On the thread of its caller. */
#include "bench/report/views.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bench/report/page.h"

/* What a decimal number may have and still be the same number after a double: a document that was
 * read from a file goes into the page unchanged, without the noise of 17 digits. */
#define REAL_DIGITS 15

/* Text where HTML is expected, also inside of quotes. */
static void write_piece(FILE *stream, const char *text, size_t length)
{
    for (const char *end = text + length; text < end; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", stream);
            break;
        case '<':
            fputs("&lt;", stream);
            break;
        case '>':
            fputs("&gt;", stream);
            break;
        case '"':
            fputs("&quot;", stream);
            break;
        case '\'':
            fputs("&#39;", stream);
            break;
        default:
            fputc(*text, stream);
        }
    }
}

/* A text of the document. */
static void write_text(FILE *stream, const char *text)
{
    if (text)
        write_piece(stream, text, strlen(text));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The targets of a list that are not in seen, each behind a comma but the first of all. */
static void write_new_targets(const json_t *list, json_t *seen, FILE *stream)
{
    size_t index;
    json_t *entry;
    json_array_foreach (list, index, entry) {
        const char *name = text_of(entry, "target");
        if (json_object_get(seen, name))
            continue;
        if (json_object_size(seen) > 0)
            fputs(", ", stream);
        write_text(stream, name);
        json_object_set_new(seen, name, json_true());
    }
}

/* The names of the targets, each once, in the order of the plan. */
static int write_targets(const json_t *document, FILE *stream)
{
    json_t *seen = json_object();
    if (!seen) {
        errno = ENOMEM;
        return -1;
    }
    write_new_targets(json_object_get(document, "cells"), seen, stream);
    write_new_targets(json_object_get(json_object_get(document, "stevens"), "rows"), seen, stream);
    json_decref(seen);
    return 0;
}

/* "2026-11-21T16:30:00Z" as "2026-11-21 16:30 UTC"; anything else as it is. */
static void write_started(const json_t *document, FILE *stream)
{
    const char *started = text_of(document, "started");
    if (strlen(started) == strlen("2026-11-21T16:30:00Z") && started[10] == 'T')
        fprintf(stream, "%.10s %.5s UTC", started, started + 11);
    else
        write_text(stream, started);
}

/* When and where, one line. */
static int write_where(const json_t *document, FILE *stream)
{
    const json_t *machine = json_object_get(document, "machine");
    json_int_t cpus = json_integer_value(json_object_get(machine, "cpus"));
    write_started(document, stream);
    if (*text_of(machine, "cpu")) {
        fputs(" · ", stream);
        write_text(stream, text_of(machine, "cpu"));
    }
    if (cpus > 0)
        fprintf(stream, " · %" JSON_INTEGER_FORMAT " CPU%s", cpus, cpus == 1 ? "" : "s");
    if (*text_of(machine, "kernel")) {
        fputs(" · ", stream);
        write_text(stream, text_of(machine, "kernel"));
    }
    return 0;
}

static int write_version(const json_t *document, FILE *stream)
{
    write_text(stream, text_of(document, "version"));
    return 0;
}

/* What went wrong, where something did. */
static int write_failure(const json_t *document, FILE *stream)
{
    size_t index;
    json_t *cell;
    if (json_is_true(json_object_get(document, "interrupted")))
        fputs("<p class=\"failed\" role=\"alert\">This run was interrupted: some of it was "
              "measured in "
              "fewer rounds than asked for, or not at all.</p>\n",
              stream);
    if (!json_is_true(json_object_get(document, "failed")))
        return 0;
    fputs("<div class=\"failed\" role=\"alert\"><strong>This run has failed: do not use its "
          "figures.</strong>\n<ul>\n",
          stream);
    json_array_foreach (json_object_get(document, "cells"), index, cell) {
        if (!*text_of(cell, "first_failure"))
            continue;
        fputs("<li>", stream);
        write_text(stream, text_of(cell, "target"));
        fputs(", ", stream);
        write_text(stream, text_of(cell, "workload"));
        fputs(": ", stream);
        write_text(stream, text_of(cell, "first_failure"));
        fputs("</li>\n", stream);
    }
    fputs("</ul></div>\n", stream);
    return 0;
}

/* A sentence, in which a terminal's "17 us" becomes "17 µs". */
static void write_sentence(FILE *stream, const char *text)
{
    static const char unit[] = " us";
    const char *at;
    while (text && (at = strstr(text, unit))) {
        char before = at > text ? at[-1] : ' ';
        bool is_unit = before >= '0' && before <= '9' && !isalnum((unsigned char)at[strlen(unit)]);
        write_piece(stream, text, (size_t)(at - text));
        fputs(is_unit ? "\u00a0µs" : unit, stream);
        text = at + strlen(unit);
    }
    write_text(stream, text);
}

static int write_findings(const json_t *document, FILE *stream)
{
    const json_t *findings = json_object_get(document, "findings");
    size_t index;
    json_t *finding;
    json_array_foreach (findings, index, finding) {
        fputs("<li>", stream);
        write_sentence(stream, json_string_value(finding));
        fputs("</li>\n", stream);
    }
    if (json_array_size(findings) == 0)
        fputs("<li>No two servers were compared here that a sentence could be about: the figures "
              "stand below.</li>\n",
              stream);
    return 0;
}

/* The heading of a cell's rows: everything that tells it from others. */
static void write_cell_heading(const json_t *cell, FILE *stream)
{
    static const char *const numbers[] = {"connections", "held",          "size_bytes",
                                          "depth",       "ballast_bytes", "rate_per_second"};
    fputs("<tr><th colspan=\"3\">", stream);
    write_text(stream, text_of(cell, "target"));
    fputs(": ", stream);
    write_text(stream, text_of(cell, "workload"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const json_t *value = json_object_get(cell, numbers[i]);
        if (json_is_number(value))
            fprintf(stream, ", %s %.10g", numbers[i], json_number_value(value));
    }
    fputs("</th></tr>\n", stream);
}

/* To four digits, and never as a power of ten. */
static void write_number(const json_t *number, FILE *stream)
{
    double value = json_number_value(number);
    fprintf(stream, value >= 1000 || value <= -1000 ? "%.0f" : "%.4g", value);
}

static void write_estimate(const char *name, const json_t *estimate, FILE *stream)
{
    const json_t *median = json_object_get(estimate, "median");
    const json_t *low = json_object_get(estimate, "low");
    const json_t *high = json_object_get(estimate, "high");
    if (!json_is_number(median))
        return;
    fputs("<tr><td>", stream);
    write_text(stream, name);
    fputs("<td>", stream);
    write_number(median, stream);
    fputs("<td>", stream);
    if (json_is_number(low) && json_is_number(high)) {
        write_number(low, stream);
        fputs(" to ", stream);
        write_number(high, stream);
    }
    fputc('\n', stream);
}

/* All figures, for a reader without JavaScript; the script makes a better table. */
static int write_figures(const json_t *document, FILE *stream)
{
    size_t index;
    json_t *cell;
    json_array_foreach (json_object_get(document, "cells"), index, cell) {
        const char *name;
        json_t *estimate;
        write_cell_heading(cell, stream);
        json_object_foreach (json_object_get(cell, "figures"), name, estimate)
            write_estimate(name, estimate, stream);
    }
    return 0;
}

/* JSON inside of a script element: the HTML parser must see neither "</script" nor "<!--", so no
 * '<';
 * '>' and '&' for old parsers. Outside of strings JSON has none of them. */
static int write_json_piece(const char *piece, size_t size, void *stream)
{
    for (size_t i = 0; i < size; i++) {
        if (piece[i] == '<' || piece[i] == '>' || piece[i] == '&')
            fprintf(stream, "\\u%04x", (unsigned)piece[i]);
        else
            fputc(piece[i], stream);
    }
    return 0;
}

/* In ASCII, so that U+2028 is no line end in any reader's eyes. */
static int write_json(const json_t *json, FILE *stream)
{
    size_t flags = JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(REAL_DIGITS);
    if (json_dump_callback(json, write_json_piece, stream, flags) == 0)
        return 0;
    errno = ENOMEM;
    return -1;
}

/* What each figure means, by its name. */
static int write_meanings(const json_t *document, FILE *stream)
{
    json_t *meanings = json_object();
    int status = 0;
    (void)document;
    for (enum figure i = 0; i < FIGURES && status == 0; i++)
        status = json_object_set_new(meanings, figure_info(i)->name,
                                     json_string(figure_info(i)->meaning));
    if (status < 0)
        errno = ENOMEM;
    else
        status = write_json(meanings, stream);
    json_decref(meanings);
    return status;
}

/* What stands in the template as {{name}}, besides the files of bench/report/page. */
static const struct part {
    const char *name;
    int (*write)(const json_t *document, FILE *stream);
} parts[] = {
    {"document", write_json},     {"failure", write_failure},   {"figures", write_figures},
    {"findings", write_findings}, {"meanings", write_meanings}, {"targets", write_targets},
    {"version", write_version},   {"where", write_where},
};

static const struct page_file *find_file(const char *name, size_t length)
{
    const struct page_file *file = page_files;
    while (file->name && (strlen(file->name) != length || memcmp(file->name, name, length) != 0))
        file++;
    return file->name ? file : NULL;
}

static int write_part(const char *name, size_t length, const json_t *document, FILE *stream)
{
    const struct page_file *file = find_file(name, length);
    if (file) {
        fwrite(file->bytes, 1, file->size, stream);
        return 0;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strlen(parts[i].name) == length && memcmp(parts[i].name, name, length) == 0)
            return parts[i].write(document, stream);
    errno = EINVAL; /* the template asks for what there is not */
    return -1;
}

int html_write(const json_t *document, FILE *stream)
{
    const char template_name[] = "page.html";
    const char *rest = (const char *)find_file(template_name, strlen(template_name))->bytes;
    const char *begin;
    const char *end;
    while ((begin = strstr(rest, "{{")) && (end = strstr(begin, "}}"))) {
        fwrite(rest, 1, (size_t)(begin - rest), stream);
        begin += strlen("{{");
        if (write_part(begin, (size_t)(end - begin), document, stream) < 0)
            return -1;
        rest = end + strlen("}}");
    }
    fputs(rest, stream);
    return fflush(stream) == EOF || ferror(stream) ? -1 : 0;
}
