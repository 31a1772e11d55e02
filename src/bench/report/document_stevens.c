/* document_stevens.c - the rows of Figure 30.1 of UNIX Network Programming; see document_parts.h.
 *
 * Stevens, Fenner, Rudoff: volume 1, third edition, sections 30.1 and 30.2: the clients' pattern
 * and the servers by row. No figure of the book is given: its machines are not ours. */
#include <math.h>
#include <string.h>

#include "bench/report/document_parts.h"
#include "bench/report/document_read.h"
#include "bench/report/quantity.h"
#include "bench/report/sentence.h"
#include "bench/statistics.h"

#define CONNECTIONS_EACH 500

/* The book's rows, by what we call the server. */
static const struct {
    int row;
    const char *target;
    const char *server;
} rows[] = {
    {0, "inline", "iterative, the baseline"},
    {1, "fork", "concurrent, one fork per client"},
    {6, "thread", "concurrent, one thread per client"},
};

#define ROWS (sizeof rows / sizeof rows[0])

static const char *const differences[] = {
    "Clients and server share one machine and its loopback interface; the book's clients ran on "
    "two "
    "other hosts. So there is no network, and what clients need is not there for the server.",
    "The ten clients are ten connections of one event-driven program, each of which makes its next "
    "connection as soon as the last has ended, not ten processes.",
    "The servers are the modes of thrd, with slots, timeouts and counters, not the book's "
    "programs. "
    "The iterative one also looks after its listener while it waits for its client.",
    "The time is the kernel's for the server's whole life and that of all its children (wait4), as "
    "in "
    "the book, and so includes starting and stopping the program.",
    "The other rows of the figure, servers that make their processes or threads in advance, are "
    "not "
    "here: thrd has no such modes.",
};

static json_t *estimate_object(const struct estimate *estimate)
{
    json_t *object = json_object();
    if (document_put_estimate(object, estimate) == 0)
        return object;
    json_decref(object);
    return NULL;
}

static const struct result_cell *find_cell(const struct results *results, const char *target)
{
    for (size_t i = 0; i < results->cell_count; i++)
        if (strcmp(results->cells[i].cell.target.name, target) == 0)
            return &results->cells[i];
    return NULL;
}

/* What the cell needed above the baseline, round by round. */
static struct estimate above(const struct result_cell *cell, const struct result_cell *baseline)
{
    double control[RESULTS_ROUNDS_MAX];
    size_t count = 0;
    if (baseline)
        for (; count < cell->rounds && count < baseline->rounds; count++)
            control[count] = cell->server_cpu_s[count] - baseline->server_cpu_s[count];
    return statistics_estimate(control, count);
}

static json_t *row_object(const struct results *results, const struct result_cell *cell)
{
    struct estimate cpu = statistics_estimate(cell->server_cpu_s, cell->rounds);
    struct estimate control = above(cell, find_cell(results, "inline"));
    const char *target = cell->cell.target.name;
    size_t known = 0;
    while (known < ROWS && strcmp(rows[known].target, target) != 0)
        known++;
    json_t *row = json_object();
    int failed =
        json_object_set_new(row, "row", known < ROWS ? json_integer(rows[known].row) : json_null());
    failed |= json_object_set_new(row, "server",
                                  document_text(known < ROWS ? rows[known].server : target));
    failed |= json_object_set_new(row, "target", document_text(target));
    failed |= json_object_set_new(row, "cpu_s", estimate_object(&cpu));
    failed |= json_object_set_new(row, "process_control_cpu_s", estimate_object(&control));
    if (failed == 0)
        return row;
    json_decref(row);
    return NULL;
}

static bool is_in_book(const struct result_cell *cell)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].target, cell->cell.target.name) == 0)
            return true;
    return false;
}

/* The book's in its order, then others. */
static json_t *row_array(const struct results *results)
{
    json_t *array = json_array();
    int failed = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const struct result_cell *cell = find_cell(results, rows[i].target);
        if (cell)
            failed |= json_array_append_new(array, row_object(results, cell));
    }
    for (size_t i = 0; i < results->cell_count; i++)
        if (!is_in_book(&results->cells[i]))
            failed |= json_array_append_new(array, row_object(results, &results->cells[i]));
    if (failed == 0)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *difference_array(void)
{
    json_t *array = json_array();
    int failed = 0;
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
        failed |= json_array_append_new(array, json_string(differences[i]));
    if (failed == 0)
        return array;
    json_decref(array);
    return NULL;
}

json_t *document_stevens(const struct results *results)
{
    if (!results->is_stevens)
        return json_null();
    const struct workload *workload = &results->cells[0].cell.workload;
    json_t *object = json_object();
    int failed = json_object_set_new(object, "clients", json_integer(workload->connections));
    failed |= json_object_set_new(object, "connections_each", json_integer(CONNECTIONS_EACH));
    failed |= json_object_set_new(object, "reply_bytes", json_integer((json_int_t)workload->size));
    failed |= json_object_set_new(object, "rows", row_array(results));
    failed |= json_object_set_new(object, "differences", difference_array());
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

/* The figure's own column: what workers cost above a server that has none. */
static double control_us(const json_t *stevens, const char *target)
{
    const json_t *row;
    size_t i;
    json_array_foreach (json_object_get(stevens, "rows"), i, row)
        if (strcmp(document_string(row, "target"), target) == 0)
            return document_number(json_object_get(row, "process_control_cpu_s"), "median") * 1e6;
    return NAN;
}

int document_stevens_finding(const json_t *document, json_t *sentences)
{
    const json_t *stevens = json_object_get(document, "stevens");
    double connections =
        document_number(stevens, "clients") * document_number(stevens, "connections_each");
    double thread = control_us(stevens, "thread");
    double process = control_us(stevens, "fork");
    struct quantity first, second;
    struct sentence sentence;
    if (isnan(thread) || isnan(process))
        return 0;
    sentence_begin(&sentence);
    sentence_add(&sentence,
                 "Starting and ending workers for Stevens' %.0f connections costs %s of CPU with "
                 "threads and %s with processes.",
                 connections, quantity_time(&first, thread), quantity_time(&second, process));
    return json_array_append_new(sentences, document_text(sentence.text));
}
