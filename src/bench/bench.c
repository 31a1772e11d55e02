/* bench.c - a run from the plan to what is shown; see bench.h. */
#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/notes.h"
#include "bench/plan.h"
#include "bench/results.h"
#include "bench/run.h"
#include "bench/report/views.h"

static enum bench_status fail(const char *what, const char *reason)
{
    fprintf(stderr, "thrd: bench: %s: %s\n", what, reason);
    return BENCH_SYSTEM;
}

/* ---- Output ------------------------------------------------------------------------------ */

static int write_table(const json_t *document, FILE *stream)
{
    bool colour = isatty(fileno(stream)) && !getenv("NO_COLOR");
    return table_write(document, stream, colour);
}

/* Name "-" is standard output. */
static int write_file(const json_t *document, const char *name,
                      int (*write)(const json_t *, FILE *))
{
    bool is_stdout = strcmp(name, "-") == 0;
    FILE *stream = is_stdout ? stdout : fopen(name, "we");
    if (!stream)
        return -1;
    int result = write(document, stream);
    if (fflush(stream) != 0 || ferror(stream))
        result = -1;
    int error = errno;
    if (!is_stdout && fclose(stream) != 0 && result == 0)
        return -1;
    errno = error;
    return result;
}

/* A report that cannot be written is to be known before a minute has gone into it. What is in the
 * files stays there until there is something new. */
static enum bench_status check_files(const struct bench_config *config)
{
    const char *const names[] = {config->json, config->csv, config->html, config->svg};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!names[i] || strcmp(names[i], "-") == 0)
            continue;
        FILE *stream = fopen(names[i], "ae");
        if (!stream)
            return fail(names[i], strerror(errno));
        fclose(stream);
    }
    return BENCH_OK;
}

static enum bench_status show(const json_t *document, const struct bench_config *config)
{
    const struct {
        const char *name;
        int (*write)(const json_t *, FILE *);
    } outputs[] = {{config->json, document_write},
                   {config->csv, csv_write},
                   {config->html, html_write},
                   {config->svg, svg_write}};
    bool is_stdout_taken = false;
    enum bench_status status = BENCH_OK;
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        if (!outputs[i].name)
            continue;
        is_stdout_taken |= strcmp(outputs[i].name, "-") == 0;
        if (write_file(document, outputs[i].name, outputs[i].write) < 0)
            status = fail(outputs[i].name, strerror(errno)); /* the others may still succeed */
    }
    if (!is_stdout_taken && write_file(document, "-", write_table) < 0)
        status = fail("standard output", strerror(errno));
    return status;
}

/* ---- The run ----------------------------------------------------------------------------- */

static bool has_failed(const struct results *results)
{
    for (size_t i = 0; i < results->cell_count; i++)
        if (results->cells[i].failed_rounds > 0)
            return true;
    return false;
}

static enum bench_status run_plan(struct results *results, const struct bench_config *config)
{
    if (run_rounds(results) < 0)
        return fail("cannot measure", "no memory");
    notes_add(results);
    json_t *document = document_create(results);
    if (!document)
        return fail("cannot make the report", "no memory");
    enum bench_status status = show(document, config);
    json_decref(document);
    if (status != BENCH_OK)
        return status;
    if (results->interrupted)
        return BENCH_INTERRUPTED;
    return has_failed(results) ? BENCH_FAILED : BENCH_OK;
}

enum bench_status bench_run(const struct bench_config *config)
{
    struct results results = {0};
    char error[300];
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    enum bench_status status = check_files(config);
    if (status != BENCH_OK)
        return status;
    status = BENCH_USAGE;
    if (plan_create(config, cpus > 0 ? (unsigned)cpus : 1, &results, error, sizeof error) < 0)
        fail("cannot make a plan", error);
    else
        status = run_plan(&results, config);
    plan_destroy(&results);
    return status;
}
