/* synthetic_results - see synthetic_results.h. */
#include "synthetic_results.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/report/views.h"

#define MIB (INT64_C(1) << 20)

static struct results results;
static json_t *documents[8];
static size_t document_count;

/* As bench/workload.c has them, as far as the document looks. */
static const struct workload workloads[] = {
    {.name = "rr", .size = 64, .depth = 1, .runs_inline = true},
    {.name = "crr", .size = 64, .depth = 1, .reconnect = true, .runs_inline = true},
    {.name = "stream", .size = 65536, .depth = 4, .runs_inline = true},
    {.name = "start",
     .service = LOAD_AGE,
     .size = 1,
     .depth = 1,
     .reconnect = true,
     .is_for_ours_only = true,
     .runs_inline = true},
    {.name = "hold", .size = 64, .depth = 1, .held = 500, .measures_memory = true},
    {.name = "churn", .size = 64, .depth = 1, .held = 500, .reconnect = true},
    {.name = "bytes", .service = LOAD_BYTES, .size = 4000, .depth = 1, .reconnect = true},
    {.name = "rot13", .service = LOAD_ROT13, .size = 64, .depth = 1, .runs_inline = true},
    {.name = "rot13-stream", .service = LOAD_ROT13, .size = 65536, .depth = 4, .runs_inline = true},
};

struct results *synthetic_results(void)
{
    static char program[] = "thrd";
    static char command[] = "bench";
    static char *arguments[] = {program, command, NULL};
    free(results.cells);
    results = (struct results){
        .machine = {.cpu = "A CPU",
                    .cpus = 2,
                    .memory_bytes = INT64_C(8) << 30,
                    .kernel = "Linux 6.1 x86_64",
                    .libc = "glibc 2.36",
                    .address_randomization = 2,
                    .open_files_limit = 20000,
                    .load_average = 0.25},
        .started = 1795278600,
        .seconds = 47.1,
        .argc = 2,
        .argv = arguments,
        .rounds = SYNTHETIC_ROUNDS,
        .warmup_ns = 100000000,
        .window_ns = 500000000,
        .load_threads = 1,
    };
    results.cells = calloc(SYNTHETIC_CELLS, sizeof *results.cells);
    assert_non_null(results.cells);
    return &results;
}

static struct target target_named(const char *name)
{
    static const char *const modes[] = {"thread", "fork", "inline"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(name, modes[i]) == 0)
            return (struct target){.kind = TARGET_OURS, .name = name, .mode = name};
    return (struct target){.kind = TARGET_COMMAND, .name = name, .command = "server {port}"};
}

struct result_cell *synthetic_cell(const char *workload, const char *target, unsigned connections)
{
    assert_true(results.cell_count < SYNTHETIC_CELLS);
    struct result_cell *cell = &results.cells[results.cell_count++];
    size_t i = 0;
    while (strcmp(workloads[i].name, workload) != 0)
        i++;
    cell->cell.target = target_named(target);
    cell->cell.workload = workloads[i];
    cell->cell.workload.connections = connections;
    cell->rounds = SYNTHETIC_ROUNDS;
    histogram_init(&cell->latency);
    histogram_init(&cell->uncorrected);
    for (enum figure figure = 0; figure < FIGURES; figure++)
        for (size_t round = 0; round < RESULTS_ROUNDS_MAX; round++)
            cell->figures[figure][round] = (double)NAN;
    for (size_t round = 0; round < RESULTS_ROUNDS_MAX; round++)
        cell->server_cpu_s[round] = (double)NAN;
    return cell;
}

void synthetic_figure(struct result_cell *cell, enum figure figure, double value)
{
    for (size_t round = 0; round < SYNTHETIC_ROUNDS; round++)
        cell->figures[figure][round] = value * (0.98 + 0.01 * (double)round);
}

void synthetic_constant(struct result_cell *cell, enum figure figure, double value)
{
    for (size_t round = 0; round < SYNTHETIC_ROUNDS; round++)
        cell->figures[figure][round] = value;
}

void synthetic_latency(struct result_cell *cell, uint64_t count, int64_t us)
{
    for (uint64_t i = 0; i < count; i++)
        histogram_record(&cell->latency, us * 1000);
}

static struct result_cell *busy_cell(const char *workload, const char *target, unsigned connections,
                                     double operations, double cpu)
{
    struct result_cell *cell = synthetic_cell(workload, target, connections);
    synthetic_figure(cell, FIGURE_OPERATIONS_PER_SECOND, operations);
    synthetic_constant(cell, FIGURE_SERVER_CPU_US_PER_OPERATION, cpu);
    synthetic_figure(cell, FIGURE_LATENCY_P50_US, 1e6 * connections / operations);
    synthetic_figure(cell, FIGURE_LATENCY_P99_US, 2e6 * connections / operations);
    synthetic_latency(cell, 2000, (int64_t)(1e6 * connections / operations));
    return cell;
}

static void memory_cell(const char *target, double pss, double kernel)
{
    struct result_cell *cell = synthetic_cell("hold", target, 0);
    synthetic_figure(cell, FIGURE_PSS_BYTES_PER_CONNECTION, pss);
    synthetic_figure(cell, FIGURE_KERNEL_BYTES_PER_CONNECTION, kernel);
}

void synthetic_usual_run(void)
{
    static const char *const targets[] = {"thread", "fork", "inline"};
    static const double start[] = {17, 142, 2};
    synthetic_results();
    busy_cell("rr", "thread", 64, 91000, 10.8);
    busy_cell("rr", "fork", 64, 90000, 11.0);
    busy_cell("rr", "inline", 1, 40000, 8.8);
    /* So that the interval of the ratio has 1 in it. */
    results.cells[1].figures[FIGURE_OPERATIONS_PER_SECOND][0] = 89900;
    busy_cell("crr", "thread", 8, 14000, 60);
    busy_cell("crr", "fork", 8, 5000, 240);
    busy_cell("crr", "inline", 8, 17000, 30);
    busy_cell("crr", "thread", 8, 14000, 60)->cell.ballast_bytes = 64 * MIB;
    busy_cell("crr", "fork", 8, 2500, 540)->cell.ballast_bytes = 64 * MIB;
    for (size_t i = 0; i < 3; i++)
        synthetic_figure(synthetic_cell("start", targets[i], 1), FIGURE_START_P50_US, start[i]);
    memory_cell("thread", 4096, 13312);
    memory_cell("fork", 61440, 52224);
}

json_t *synthetic_document(void)
{
    assert_true(document_count < sizeof documents / sizeof documents[0]);
    json_t *document = document_create(&results);
    assert_non_null(document);
    documents[document_count++] = document;
    return document;
}

json_t *synthetic_find(const json_t *document, const char *workload, const char *target,
                       int connections)
{
    json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell)
        if (strcmp(json_string_value(json_object_get(cell, "workload")), workload) == 0 &&
            strcmp(json_string_value(json_object_get(cell, "target")), target) == 0 &&
            json_integer_value(json_object_get(cell, "connections")) == connections &&
            json_integer_value(json_object_get(cell, "ballast_bytes")) == 0)
            return cell;
    return NULL;
}

int synthetic_free(void **state)
{
    (void)state;
    while (document_count > 0)
        json_decref(documents[--document_count]);
    free(results.cells);
    results = (struct results){.cell_count = 0};
    return 0;
}
