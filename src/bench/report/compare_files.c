/* compare_files.c - `thrd bench --compare`: the files, and what the shell is told; see bench.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "bench/bench.h"
#include "bench/report/compare.h"
#include "bench/report/document_read.h"
#include "bench/report/layout.h"
#include "bench/report/views.h"

static enum bench_status complain(enum bench_status status, const char *file, const char *reason)
{
    fprintf(stderr, "thrd: bench: --compare: %s: %s\n", file, reason);
    return status;
}

static enum bench_status check_format(const json_t *document, const char *file)
{
    static const char family[] = "thrd-bench/";
    const char *format = document_string(document, "format");
    char reason[160];
    if (strncmp(format, family, strlen(family)) != 0 ||
        !json_is_array(json_object_get(document, "cells")))
        return complain(BENCH_USAGE, file, "is JSON, but not what thrd bench --json writes");
    if (strcmp(format, DOCUMENT_FORMAT) == 0)
        return BENCH_OK;
    snprintf(reason, sizeof reason,
             "has the format %.60s of another version of thrd; this one reads " DOCUMENT_FORMAT,
             format);
    return complain(BENCH_USAGE, file, reason);
}

static enum bench_status load(const char *file, json_t **document)
{
    json_error_t error;
    char reason[300];
    FILE *stream = fopen(file, "re");
    if (!stream)
        return complain(BENCH_SYSTEM, file, strerror(errno));
    errno = 0;
    *document = json_loadf(stream, 0, &error);
    int read_error = ferror(stream) ? errno : 0;
    fclose(stream);
    if (!*document && read_error != 0)
        return complain(BENCH_SYSTEM, file, strerror(read_error));
    if (!*document) {
        snprintf(reason, sizeof reason, "is not JSON: line %d, column %d: %s", error.line,
                 error.column, error.text);
        return complain(BENCH_USAGE, file, reason);
    }
    return check_format(*document, file);
}

static enum bench_status compare(const json_t *old_document, const json_t *new_document,
                                 double fail_over)
{
    unsigned worse = 0;
    if (compare_write(old_document, new_document, fail_over, stdout, layout_wants_colour(stdout),
                      &worse) < 0) {
        fprintf(stderr, "thrd: bench: --compare: cannot write to standard output: %s\n",
                strerror(errno));
        return BENCH_SYSTEM;
    }
    if (!compare_has_common(old_document, new_document)) {
        fputs("thrd: bench: --compare: the two runs have no measurement in common, so nothing was "
              "compared\n",
              stderr);
        return BENCH_USAGE;
    }
    return fail_over >= 0 && worse > 0 ? BENCH_REGRESSION : BENCH_OK;
}

enum bench_status bench_compare(const char *old_file, const char *new_file, double fail_over)
{
    json_t *old_document = NULL;
    json_t *new_document = NULL;
    enum bench_status status = load(old_file, &old_document);
    if (status == BENCH_OK)
        status = load(new_file, &new_document);
    if (status == BENCH_OK)
        status = compare(old_document, new_document, fail_over);
    json_decref(old_document);
    json_decref(new_document);
    return status;
}
