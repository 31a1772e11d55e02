/* document.c - the whole document of a run (document.md), from what was measured.
 *
 * Called by bench.c at the end of a run, on the thread of bench. BENCH_VERSION comes from CMake:
 * this layer knows nothing of the libraries' headers. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "bench/report/document_parts.h"
#include "bench/report/document_read.h"
#include "bench/report/views.h"

static json_t *time_text(time_t moment)
{
    struct tm tm;
    char text[40];
    if (!gmtime_r(&moment, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return json_null();
    return json_string(text);
}

static json_t *command_line(const struct results *results)
{
    json_t *command = json_array();
    for (int i = 0; i < results->argc; i++)
        if (json_array_append_new(command, document_text(results->argv[i])) < 0) {
            json_decref(command);
            return NULL;
        }
    return command;
}

static int put_known_text(json_t *object, const char *key, const char *text)
{
    return text[0] ? json_object_set_new(object, key, document_text(text)) : 0;
}

static int put_known_integer(json_t *object, const char *key, int64_t value)
{
    return value >= 0 ? json_object_set_new(object, key, json_integer(value)) : 0;
}

static json_t *machine_object(const struct machine_info *machine)
{
    json_t *object = json_object();
    int failed = put_known_text(object, "cpu", machine->cpu);
    failed |= json_object_set_new(object, "cpus", json_integer(machine->cpus));
    failed |= put_known_integer(object, "memory_bytes", machine->memory_bytes);
    failed |= put_known_text(object, "kernel", machine->kernel);
    failed |= put_known_text(object, "libc", machine->libc);
    failed |= put_known_integer(object, "address_randomization", machine->address_randomization);
    failed |= put_known_integer(object, "open_files_limit", machine->open_files_limit);
    failed |= put_known_text(object, "cpu_governor", machine->cpu_governor);
    if (machine->load_average >= 0)
        failed |= document_put_number(object, "load_average", machine->load_average);
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *settings_object(const struct results *results)
{
    json_t *object = json_object();
    int failed = json_object_set_new(object, "rounds", json_integer((json_int_t)results->rounds));
    if (!results->is_stevens) { /* which ends by number, not by time */
        failed |= document_put_number(object, "warmup_s", (double)results->warmup_ns / 1e9);
        failed |= document_put_number(object, "window_s", (double)results->window_ns / 1e9);
    }
    failed |= json_object_set_new(object, "load_threads", json_integer(results->load_threads));
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static bool has_failed(const json_t *cells)
{
    const json_t *cell;
    size_t i;
    json_array_foreach (cells, i, cell)
        if (document_has_failed(cell))
            return true;
    return false;
}

static int put_head(json_t *document, const struct results *results)
{
    int failed = json_object_set_new(document, "format", json_string(DOCUMENT_FORMAT));
    failed |= json_object_set_new(document, "version", json_string(BENCH_VERSION));
    failed |= json_object_set_new(document, "started", time_text(results->started));
    failed |= document_put_number(document, "seconds", results->seconds);
    failed |= json_object_set_new(document, "interrupted", json_boolean(results->interrupted));
    failed |= json_object_set_new(document, "command", command_line(results));
    failed |= json_object_set_new(document, "machine", machine_object(&results->machine));
    failed |= json_object_set_new(document, "settings", settings_object(results));
    return failed;
}

json_t *document_create(const struct results *results)
{
    json_t *document = json_object();
    int failed = document ? put_head(document, results) : -1;
    failed |= json_object_set_new(document, "cells", document_cells(results));
    failed |= json_object_set_new(document, "ratios", document_ratios(results));
    failed |= json_object_set_new(document, "stevens", document_stevens(results));
    if (failed == 0)
        failed |= json_object_set_new(document, "findings", document_findings(document));
    failed |= json_object_set_new(document, "not_measured", document_gaps(results));
    failed |= json_object_set_new(document, "failed",
                                  json_boolean(has_failed(json_object_get(document, "cells"))));
    if (failed == 0)
        return document;
    json_decref(document);
    return NULL;
}

int document_write(const json_t *document, FILE *stream)
{
    errno = 0;
    /* Twelve digits are more than any figure has, and 0.1 stays 0.1. */
    if (json_dumpf(document, stream, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) == 0 &&
        fputc('\n', stream) != EOF && fflush(stream) == 0)
        return 0;
    if (errno == 0)
        errno = EIO;
    return -1;
}
