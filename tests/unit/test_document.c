/* test_document.c - bench/document*.c and bench/figures.c: that the document says what was
 * measured, what it makes of it (ratios, the time above inline, sentences), and that what is
 * missing stays missing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/report/derived.h"
#include "bench/report/document_read.h"
#include "bench/report/quantity.h"
#include "bench/report/views.h"

#include "synthetic_results.h"

#define MIB (INT64_C(1) << 20)

static void check_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9 * fabs(expected)))
        fail_msg("%.12g instead of %.12g", value, expected);
}

static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        fail_msg("there is no \"%s\"", key);
    return value;
}

static void check_text(const json_t *object, const char *key, const char *expected)
{
    assert_true(json_is_string(member(object, key)));
    assert_string_equal(json_string_value(member(object, key)), expected);
}

static void check_number(const json_t *object, const char *key, double expected)
{
    assert_true(json_is_number(member(object, key)));
    check_near(json_number_value(member(object, key)), expected);
}

static const json_t *figure_of(const json_t *cell, enum figure figure)
{
    return json_object_get(member(cell, "figures"), figure_info(figure)->name);
}

static double median_of(const json_t *cell, enum figure figure)
{
    return document_number(figure_of(cell, figure), "median");
}

/* ---- The list of figures ------------------------------------------------------------------ */

static void test_figures_have_names_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i < FIGURES; i++) {
        assert_int_equal(figure_find(figure_info((enum figure)i)->name), i);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(figure_info((enum figure)i)->name,
                                    figure_info((enum figure)j)->name);
    }
    assert_int_equal(figure_find("latency_p50"), -1);
    assert_int_equal(figure_find(""), -1);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void test_figures_end_in_their_unit(void **state)
{
    static const char *const units[] = {"_us",
                                        "_per_second",
                                        "_us_per_operation",
                                        "_cores",
                                        "_switches_per_operation",
                                        "_faults_per_operation",
                                        "_share",
                                        "_bytes_per_connection"};
    (void)state;
    for (enum figure figure = 0; figure < FIGURES; figure++) {
        const struct figure_info *info = figure_info(figure);
        bool has_unit = false;
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
            has_unit |= ends_with(info->name, units[i]);
        if (!has_unit)
            fail_msg("%s does not end in a unit", info->name);
        assert_true(strlen(info->meaning) > 10);
        assert_true(strlen(info->missing) > 5);
        assert_null(strchr(info->meaning, '\n'));
        assert_null(strchr(info->missing, '\n'));
    }
}

/* ---- What was measured -------------------------------------------------------------------- */

static void test_the_head_says_where_and_how(void **state)
{
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    check_text(document, "format", "thrd-bench/1");
    check_text(document, "started", "2026-11-21T16:30:00Z");
    check_number(document, "seconds", 47.1);
    assert_true(json_is_false(member(document, "failed")));
    assert_true(json_is_false(member(document, "interrupted")));
    assert_true(json_is_null(member(document, "stevens")));
    assert_int_equal(json_array_size(member(document, "command")), 2);
    check_text(member(document, "machine"), "cpu", "A CPU");
    check_number(member(document, "machine"), "memory_bytes", 8589934592.0);
    check_number(member(document, "machine"), "load_average", 0.25);
    assert_null(json_object_get(member(document, "machine"), "cpu_governor"));
    check_number(member(document, "settings"), "rounds", 5);
    check_number(member(document, "settings"), "warmup_s", 0.1);
    check_number(member(document, "settings"), "window_s", 0.5);
}

static void test_what_the_machine_does_not_tell_is_absent(void **state)
{
    (void)state;
    struct results *results = synthetic_results();
    results->machine = (struct machine_info){.cpus = 1,
                                             .memory_bytes = -1,
                                             .address_randomization = -1,
                                             .open_files_limit = -1,
                                             .load_average = -1};
    const json_t *machine = member(synthetic_document(), "machine");
    assert_int_equal(json_object_size(machine), 1);
    check_number(machine, "cpus", 1);
}

static void test_a_cell_holds_its_figures(void **state)
{
    (void)state;
    synthetic_usual_run();
    const json_t *cell = synthetic_find(synthetic_document(), "crr", "fork", 8);
    assert_non_null(cell);
    check_number(cell, "size_bytes", 64);
    check_number(cell, "depth", 1);
    check_text(cell, "target_kind", "ours");
    assert_true(json_is_null(member(cell, "rate_per_second")));
    check_number(cell, "samples", 2000);
    const json_t *figure = figure_of(cell, FIGURE_OPERATIONS_PER_SECOND);
    check_number(figure, "median", 5000);
    check_number(figure, "low", 4900);
    check_number(figure, "high", 5100);
    check_number(figure, "coverage", 0.9375);
    assert_int_equal(json_array_size(member(figure, "rounds")), 5);
    check_near(json_number_value(json_array_get(member(figure, "rounds"), 4)), 5100);
    assert_null(figure_of(cell, FIGURE_START_P50_US));
    assert_null(json_object_get(cell, "uncorrected_latency"));
    check_number(member(cell, "failures"), "closed early", 0);
    check_text(cell, "first_failure", "");
}

static void test_a_missing_round_is_null(void **state)
{
    (void)state;
    synthetic_results();
    struct result_cell *cell = synthetic_cell("crr", "thread", 8);
    synthetic_figure(cell, FIGURE_OPERATIONS_PER_SECOND, 100);
    cell->figures[FIGURE_OPERATIONS_PER_SECOND][2] = (double)NAN;
    cell->failed_rounds = 1;
    const json_t *figure = figure_of(synthetic_find(synthetic_document(), "crr", "thread", 8),
                                     FIGURE_OPERATIONS_PER_SECOND);
    assert_true(json_is_null(json_array_get(member(figure, "rounds"), 2)));
    assert_true(json_is_real(json_array_get(member(figure, "rounds"), 3)));
    check_number(figure, "median", 100);
}

static void test_a_quantile_takes_ten_exchanges_above_it(void **state)
{
    static const struct {
        enum figure figure;
        uint64_t enough;
    } rows[] = {{FIGURE_LATENCY_P50_US, 20},
                {FIGURE_LATENCY_P90_US, 100},
                {FIGURE_LATENCY_P99_US, 1000},
                {FIGURE_LATENCY_P99_9_US, 10000},
                {FIGURE_LATENCY_P99_99_US, 100000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint64_t missing = 0; missing <= 1; missing++) {
            struct results *results = synthetic_results();
            struct result_cell *cell = synthetic_cell("crr", "thread", 8);
            double values[RESULTS_ROUNDS_MAX];
            synthetic_figure(cell, rows[i].figure, 70);
            synthetic_latency(cell, rows[i].enough - missing, 70);
            derived_rounds(results, cell, rows[i].figure, values);
            assert_int_equal(isnan(values[0]), missing);
        }
}

static void test_the_distribution_rises_to_the_maximum(void **state)
{
    (void)state;
    synthetic_results();
    struct result_cell *cell = synthetic_cell("crr", "thread", 8);
    for (int64_t us = 1; us <= 10000; us++)
        histogram_record(&cell->latency, us * 1000);
    const json_t *points =
        member(synthetic_find(synthetic_document(), "crr", "thread", 8), "latency");
    double quantile = -1;
    double us = 0;
    const json_t *point;
    size_t i;
    json_array_foreach (points, i, point) {
        assert_true(document_number(point, "quantile") > quantile);
        assert_true(document_number(point, "us") >= us);
        quantile = document_number(point, "quantile");
        us = document_number(point, "us");
        /* The values are 1 to 10000 us, so each quantile is known. */
        assert_true(fabs(us - fmax(1, quantile * 10000)) <= 0.002 * us + 1);
        assert_true(i + 1 == json_array_size(points) || 10000 * (1 - quantile) >= 9.99);
    }
    check_near(quantile, 1);
    check_near(us, 10000);
    assert_true(json_array_size(points) > 30);
}

static void test_a_run_without_exchanges_has_no_distribution(void **state)
{
    (void)state;
    synthetic_results();
    synthetic_cell("crr", "thread", 8);
    const json_t *cell = synthetic_find(synthetic_document(), "crr", "thread", 8);
    assert_int_equal(json_array_size(member(cell, "latency")), 0);
    assert_int_equal(json_object_size(member(cell, "figures")), 0);
}

static void test_an_open_loop_has_both_distributions(void **state)
{
    (void)state;
    synthetic_results();
    struct result_cell *cell = synthetic_cell("rr", "thread", 8);
    cell->cell.rate = 1000;
    synthetic_latency(cell, 100, 50);
    histogram_record(&cell->uncorrected, 20000);
    const json_t *object = synthetic_find(synthetic_document(), "rr", "thread", 8);
    check_number(object, "rate_per_second", 1000);
    const json_t *points = member(object, "uncorrected_latency");
    check_number(json_array_get(points, json_array_size(points) - 1), "us", 20);
}

/* ---- What is made of it ------------------------------------------------------------------- */

static void test_the_time_above_inline(void **state)
{
    enum figure figure = FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION;
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    check_near(median_of(synthetic_find(document, "crr", "thread", 8), figure), 30);
    check_near(median_of(synthetic_find(document, "crr", "fork", 8), figure), 210);
    /* Inline serves one connection, so rr takes that measurement. */
    check_near(median_of(synthetic_find(document, "rr", "thread", 64), figure), 2);
    assert_null(figure_of(synthetic_find(document, "crr", "inline", 8), figure));
    /* With ballast: inline without it. */
    const json_t *cell = json_array_get(member(document, "cells"), 7);
    check_number(cell, "ballast_bytes", 64.0 * (double)MIB);
    check_near(median_of(cell, figure), 510);
}

static void test_above_inline_is_missing_without_the_same_work(void **state)
{
    enum figure figure = FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION;
    (void)state;
    synthetic_results();
    synthetic_constant(synthetic_cell("crr", "thread", 8), FIGURE_SERVER_CPU_US_PER_OPERATION, 60);
    synthetic_constant(synthetic_cell("crr", "inline", 4), FIGURE_SERVER_CPU_US_PER_OPERATION, 30);
    synthetic_constant(synthetic_cell("rr", "thread", 8), FIGURE_SERVER_CPU_US_PER_OPERATION, 9);
    struct result_cell *other_size = synthetic_cell("rr", "inline", 1);
    synthetic_constant(other_size, FIGURE_SERVER_CPU_US_PER_OPERATION, 5);
    other_size->cell.workload.size = 128;
    json_t *document = synthetic_document();
    assert_null(figure_of(synthetic_find(document, "crr", "thread", 8), figure));
    assert_null(figure_of(synthetic_find(document, "rr", "thread", 8), figure));
}

static void test_memory_is_the_sum_of_both(void **state)
{
    (void)state;
    const struct results *results = synthetic_results();
    struct result_cell *both = synthetic_cell("hold", "thread", 0);
    synthetic_figure(both, FIGURE_PSS_BYTES_PER_CONNECTION, 4000);
    synthetic_figure(both, FIGURE_KERNEL_BYTES_PER_CONNECTION, 12000);
    synthetic_figure(synthetic_cell("hold", "fork", 0), FIGURE_PSS_BYTES_PER_CONNECTION, 4000);
    json_t *document = synthetic_document();
    assert_int_equal(results->cell_count, 2);
    check_near(median_of(synthetic_find(document, "hold", "thread", 0),
                         FIGURE_MEMORY_BYTES_PER_CONNECTION),
               16000);
    assert_null(
        figure_of(synthetic_find(document, "hold", "fork", 0), FIGURE_MEMORY_BYTES_PER_CONNECTION));
}

static bool has_ratio(const json_t *document, const char *workload, enum figure figure,
                      const char *numerator, const char *denominator, struct estimate *ratio)
{
    const json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell) {
        struct document_shape shape = document_shape(cell);
        if (strcmp(shape.workload, workload) == 0 &&
            document_ratio(document, &shape, figure, numerator, denominator, ratio))
            return true;
    }
    return false;
}

static void test_ratios_are_over_thread(void **state)
{
    struct estimate ratio;
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    assert_true(
        has_ratio(document, "crr", FIGURE_SERVER_CPU_US_PER_OPERATION, "fork", "thread", &ratio));
    check_near(ratio.median, 4);
    check_near(ratio.low, 4);
    check_near(ratio.coverage, 0.9375);
    assert_true(
        has_ratio(document, "crr", FIGURE_SERVER_CPU_US_PER_OPERATION, "inline", "thread", &ratio));
    check_near(ratio.median, 0.5);
    /* Round by round what drifts in both drops out. */
    assert_true(
        has_ratio(document, "hold", FIGURE_PSS_BYTES_PER_CONNECTION, "fork", "thread", &ratio));
    check_near(ratio.low, 15);
    check_near(ratio.high, 15);
    assert_false(
        has_ratio(document, "crr", FIGURE_SERVER_CPU_US_PER_OPERATION, "thread", "thread", &ratio));
    /* One connection is not 64. */
    assert_false(
        has_ratio(document, "rr", FIGURE_OPERATIONS_PER_SECOND, "inline", "thread", &ratio));
}

static void test_without_thread_ratios_are_over_the_first(void **state)
{
    struct estimate ratio;
    (void)state;
    synthetic_results();
    synthetic_figure(synthetic_cell("crr", "mine", 8), FIGURE_OPERATIONS_PER_SECOND, 100);
    synthetic_figure(synthetic_cell("crr", "fork", 8), FIGURE_OPERATIONS_PER_SECOND, 50);
    json_t *document = synthetic_document();
    assert_true(has_ratio(document, "crr", FIGURE_OPERATIONS_PER_SECOND, "fork", "mine", &ratio));
    check_near(ratio.median, 0.5);
    assert_string_equal(document_reference(document), "mine");
}

static void test_thread_need_not_be_the_first(void **state)
{
    struct estimate ratio;
    (void)state;
    synthetic_results();
    synthetic_figure(synthetic_cell("crr", "fork", 8), FIGURE_OPERATIONS_PER_SECOND, 50);
    synthetic_figure(synthetic_cell("crr", "thread", 8), FIGURE_OPERATIONS_PER_SECOND, 100);
    json_t *document = synthetic_document();
    assert_true(has_ratio(document, "crr", FIGURE_OPERATIONS_PER_SECOND, "fork", "thread", &ratio));
    check_near(ratio.median, 0.5);
}

/* ---- Stevens' rows ------------------------------------------------------------------------ */

/* Needs more and more, and always so much above what the iterative server needs. */
static void stevens_cell(const char *target, double above)
{
    struct result_cell *cell = synthetic_cell("bytes", target, 10);
    for (size_t round = 0; round < SYNTHETIC_ROUNDS; round++)
        cell->server_cpu_s[round] = 1 + 0.1 * (double)round + above;
}

static void check_row(const json_t *row, const char *target, double cpu_s, double above)
{
    check_text(row, "target", target);
    check_near(document_number(member(row, "cpu_s"), "median"), cpu_s);
    check_near(document_number(member(row, "process_control_cpu_s"), "median"), above);
}

static void test_rows_of_stevens(void **state)
{
    struct results *results = synthetic_results();
    (void)state;
    results->is_stevens = true;
    stevens_cell("mine", 0.25);
    stevens_cell("fork", 2);
    stevens_cell("thread", 0.5);
    stevens_cell("inline", 0);
    results->cells[1].server_cpu_s[0] = (double)NAN; /* a round that failed is not one of 0 s */
    const json_t *stevens = member(synthetic_document(), "stevens");
    const json_t *rows = member(stevens, "rows");
    assert_int_equal(json_array_size(rows), 4);
    check_row(json_array_get(rows, 0), "inline", 1.2, 0);
    check_row(json_array_get(rows, 1), "fork", 3.25, 2);
    check_row(json_array_get(rows, 2), "thread", 1.7, 0.5);
    check_row(json_array_get(rows, 3), "mine", 1.45, 0.25);
    check_number(json_array_get(rows, 0), "row", 0);
    check_number(json_array_get(rows, 1), "row", 1);
    check_number(json_array_get(rows, 2), "row", 6);
    assert_true(json_is_null(member(json_array_get(rows, 3), "row")));
    check_text(json_array_get(rows, 3), "server", "mine");
    check_text(json_array_get(rows, 1), "server", "concurrent, one fork per client");
    check_number(stevens, "clients", 10);
    check_number(stevens, "connections_each", 500);
    check_number(stevens, "reply_bytes", 4000);
    assert_true(json_array_size(member(stevens, "differences")) > 0);
}

/* Without the iterative server nothing can be said of the price of a process. */
static void test_rows_of_stevens_without_a_baseline(void **state)
{
    (void)state;
    synthetic_results()->is_stevens = true;
    stevens_cell("fork", 2);
    const json_t *row = json_array_get(member(member(synthetic_document(), "stevens"), "rows"), 0);
    check_near(document_number(member(row, "cpu_s"), "median"), 3.2);
    assert_true(isnan(document_number(member(row, "process_control_cpu_s"), "median")));
}

/* ---- Sentences ---------------------------------------------------------------------------- */

static void check_findings(const json_t *document, const char *const *expected, size_t count)
{
    const json_t *findings = member(document, "findings");
    for (size_t i = 0; i < count; i++)
        assert_string_equal(json_string_value(json_array_get(findings, i)), expected[i]);
    assert_int_equal(json_array_size(findings), count);
}

static void test_findings_of_the_usual_run(void **state)
{
    static const char *const expected[] = {
        "A process costs 4.0x (within 1 %) the CPU of a thread per connection here; with 64 MiB of "
        "parent memory 9.0x (within 1 %).",
        "Above mode inline, which starts no worker, a connection costs 30 us of CPU with a thread "
        "and 210 us with a process: 7.0x (within 1 %).",
        "Once connected there is no difference that can be seen: 91k requests a second with "
        "threads, 90k with processes (ratio 0.99, 0.99 to 1.01).",
        "A held connection takes 17 KiB with a thread and 111 KiB with a process: 6.5x (within 1 "
        "%).",
        "The handler begins 17 us after its connection was accepted with a thread and 142 us with "
        "a process: 8.4x (within 1 %).",
    };
    (void)state;
    synthetic_usual_run();
    check_findings(synthetic_document(), expected, sizeof expected / sizeof expected[0]);
}

static void test_findings_about_another_server(void **state)
{
    static const char *const expected[] = {
        "epoll costs 0.50x (0.49 to 0.51) the CPU of a thread per connection here.",
        ("Once connected, epoll does 1.30x (1.27 to 1.33) as much as threads: 117k and 90k "
         "requests "
         "a second."),
        "In bulk, epoll carries 1.10x (1.08 to 1.12) as much as threads: 1.76 GB/s and 1.60 GB/s.",
    };
    (void)state;
    synthetic_results();
    synthetic_constant(synthetic_cell("crr", "thread", 8), FIGURE_SERVER_CPU_US_PER_OPERATION, 60);
    synthetic_figure(synthetic_cell("crr", "epoll", 8), FIGURE_SERVER_CPU_US_PER_OPERATION, 30);
    synthetic_constant(synthetic_cell("rr", "thread", 64), FIGURE_OPERATIONS_PER_SECOND, 90000);
    synthetic_figure(synthetic_cell("rr", "epoll", 64), FIGURE_OPERATIONS_PER_SECOND, 117000);
    synthetic_constant(synthetic_cell("stream", "thread", 4), FIGURE_MEGABYTES_PER_SECOND, 1600);
    synthetic_figure(synthetic_cell("stream", "epoll", 4), FIGURE_MEGABYTES_PER_SECOND, 1760);
    check_findings(synthetic_document(), expected, sizeof expected / sizeof expected[0]);
}

static void test_findings_of_other_connections(void **state)
{
    static const char *const expected[] = {
        "A process costs 6.0x (within 1 %) the CPU of a thread per connection here, while 500 "
        "others are held.",
        "A process costs 3.0x (within 1 %) the CPU of a thread per connection here.",
    };
    (void)state;
    synthetic_results();
    synthetic_constant(synthetic_cell("bytes", "thread", 10), FIGURE_SERVER_CPU_US_PER_OPERATION,
                       50);
    synthetic_constant(synthetic_cell("bytes", "fork", 10), FIGURE_SERVER_CPU_US_PER_OPERATION,
                       150);
    synthetic_constant(synthetic_cell("churn", "thread", 8), FIGURE_SERVER_CPU_US_PER_OPERATION,
                       50);
    synthetic_constant(synthetic_cell("churn", "fork", 8), FIGURE_SERVER_CPU_US_PER_OPERATION, 300);
    check_findings(synthetic_document(), expected, sizeof expected / sizeof expected[0]);
}

/* What is the machine's may be anybody's; what is the server's is not. */
static void test_memory_on_a_busy_machine(void **state)
{
    static const char *const expected[] = {
        "A held connection takes 20 KiB of the server's own memory with a thread and 80 KiB with a "
        "process: 4.0x (within 1 %)."};
    (void)state;
    synthetic_results();
    struct result_cell *cells[] = {synthetic_cell("hold", "thread", 0),
                                   synthetic_cell("hold", "fork", 0)};
    for (size_t i = 0; i < 2; i++) {
        synthetic_constant(cells[i], FIGURE_PSS_BYTES_PER_CONNECTION, i == 0 ? 20480 : 81920);
        synthetic_constant(cells[i], FIGURE_KERNEL_BYTES_PER_CONNECTION, 30000);
    }
    cells[0]->figures[FIGURE_KERNEL_BYTES_PER_CONNECTION][1] = 900000;
    check_findings(synthetic_document(), expected, 1);
}

static void held_cell(const char *workload, const char *target, unsigned held, double operations)
{
    struct result_cell *cell = synthetic_cell(workload, target, 8);
    cell->cell.workload.held = held;
    synthetic_constant(cell, FIGURE_OPERATIONS_PER_SECOND, operations);
}

/* Of several numbers the largest is told, and no difference is called none. */
static void test_what_held_connections_take(void **state)
{
    static const char *const expected[] = {
        "Once connected there is no difference that can be seen: 10k requests a second with "
        "threads, 10k with processes (ratio 1.00, within 1 %).",
        "With 10,000 connections held idle besides, thread does 0.90x (within 1 %) the requests a "
        "second of the same with none.",
        "With 10,000 connections held idle besides, fork does 0.97x (0.93 to 1.02) the requests a "
        "second of the same with none: no difference that can be seen.",
        "With 1 connection held idle besides, thread does 0.50x (within 1 %) the connections a "
        "second of the same with none.",
    };
    (void)state;
    struct results *results = synthetic_results();
    held_cell("rr", "thread", 0, 10000);
    held_cell("rr", "fork", 0, 10000);
    held_cell("rr", "thread", 10000, 9000);
    held_cell("rr", "fork", 10000, 9700);
    held_cell("rr", "thread", 100, 9900);
    held_cell("churn", "thread", 0, 1000);
    held_cell("churn", "thread", 1, 500);
    for (size_t round = 0; round < 2; round++) {
        results->cells[3].figures[FIGURE_OPERATIONS_PER_SECOND][round] = 9300;
        results->cells[3].figures[FIGURE_OPERATIONS_PER_SECOND][3 + round] = 10200;
    }
    check_findings(synthetic_document(), expected, sizeof expected / sizeof expected[0]);
}

/* Both cells of a round share what happened in it: throughputs that went up and down together. */
static void test_held_connections_round_by_round(void **state)
{
    static const char *const expected[] = {
        "With 500 connections held idle besides, thread does 0.50x (within 1 %) the requests a "
        "second of the same with none."};
    (void)state;
    struct results *results = synthetic_results();
    held_cell("rr", "thread", 0, 1);
    held_cell("rr", "thread", 500, 1);
    for (size_t round = 0; round < SYNTHETIC_ROUNDS; round++)
        for (size_t i = 0; i < 2; i++)
            results->cells[i].figures[FIGURE_OPERATIONS_PER_SECOND][round] =
                1000 * (double)(1 + round) / (double)(1 + i);
    results->cells[0].figures[FIGURE_OPERATIONS_PER_SECOND][1] = (double)NAN;
    check_findings(synthetic_document(), expected, 1);
}

/* Not at a fixed rate, which says how much is done; not of more memory once more; and where the
 * clients could not do more it is said. */
static void test_held_connections_that_say_nothing(void **state)
{
    (void)state;
    struct results *results = synthetic_results();
    for (size_t i = 0; i < 2; i++) {
        held_cell("rr", "thread", 500 * (unsigned)i, 1000);
        results->cells[i].cell.rate = 1000;
    }
    assert_int_equal(json_array_size(member(synthetic_document(), "findings")), 0);
    results = synthetic_results();
    for (size_t i = 0; i < 4; i++) {
        held_cell("rr", "thread", i < 2 ? 0 : 500, 1000);
        results->cells[i].cell.ballast_bytes = i % 2 ? MIB : 0;
        synthetic_constant(&results->cells[i], FIGURE_LOAD_BUSIEST_SHARE, 0.99);
        synthetic_constant(&results->cells[i], FIGURE_MACHINE_IDLE_SHARE, 0.5);
    }
    const json_t *findings = member(synthetic_document(), "findings");
    assert_int_equal(json_array_size(findings), 1);
    assert_non_null(strstr(json_string_value(json_array_get(findings, 0)),
                           "no difference that can be seen; but the load generator was the "
                           "bottleneck"));
}

/* Where all are held connections' servers, the least stands for the workload, of memory the most.
 */
static void test_which_held_number_stands_for_a_workload(void **state)
{
    static const char *const expected[] = {
        "A process costs 2.0x (within 1 %) the CPU of a thread per connection here, while no "
        "others are held.",
        "Once connected (with 7 others held), processes do 0.50x (within 1 %) as much as threads: "
        "500 and 1.00k requests a second.",
        "A held connection takes 20 KiB of the server's own memory with a thread and 80 KiB with a "
        "process: 4.0x (within 1 %)."};
    static const char *const targets[] = {"thread", "fork"};
    (void)state;
    struct results *results = synthetic_results();
    for (unsigned i = 0; i < 4; i++) {
        struct result_cell *cell = synthetic_cell("churn", targets[i % 2], 8);
        cell->cell.workload.held = i < 2 ? 0 : 500;
        synthetic_constant(cell, FIGURE_SERVER_CPU_US_PER_OPERATION, i < 2 ? 50 + 50 * i : 999);
    }
    held_cell("rr", "thread", 7, 1000);
    held_cell("rr", "fork", 7, 500);
    for (unsigned i = 0; i < 4; i++) {
        struct result_cell *cell = synthetic_cell("hold", targets[i % 2], 0);
        cell->cell.workload.held = i < 2 ? 5 : 500;
        synthetic_constant(cell, FIGURE_PSS_BYTES_PER_CONNECTION,
                           i < 2    ? 1e6
                           : i == 2 ? 20480
                                    : 81920);
    }
    assert_int_equal(results->cell_count, 10);
    check_findings(synthetic_document(), expected, sizeof expected / sizeof expected[0]);
}

static void test_a_finding_of_stevens(void **state)
{
    static const char *const expected[] = {
        "Starting and ending workers for Stevens' 5000 connections costs 250 ms of CPU with "
        "threads and 1.6 s with processes."};
    static const struct {
        const char *target;
        double cpu_s;
    } servers[] = {{"thread", 0.40}, {"fork", 1.75}, {"inline", 0.15}};
    (void)state;
    struct results *results = synthetic_results();
    results->is_stevens = true;
    for (size_t i = 0; i < 3; i++) {
        struct result_cell *cell = synthetic_cell("bytes", servers[i].target, 10);
        for (size_t round = 0; round < SYNTHETIC_ROUNDS; round++)
            cell->server_cpu_s[round] = servers[i].cpu_s;
    }
    check_findings(synthetic_document(), expected, 1);
}

static void test_a_sweep_is_told_by_its_middle(void **state)
{
    static const char *const expected[] = {
        "A process costs 3.0x (within 1 %) the CPU of a thread per connection here (8 at once).",
    };
    static const unsigned connections[] = {1, 8, 64, 512};
    (void)state;
    synthetic_results();
    for (unsigned i = 0; i < 4; i++) {
        synthetic_constant(synthetic_cell("crr", "thread", connections[i]),
                           FIGURE_SERVER_CPU_US_PER_OPERATION, 50);
        synthetic_constant(synthetic_cell("crr", "fork", connections[i]),
                           FIGURE_SERVER_CPU_US_PER_OPERATION, 100 + 50 * i);
    }
    check_findings(synthetic_document(), expected, 1);
}

static void test_one_round_has_no_interval(void **state)
{
    static const char *const expected[] = {
        "A process costs 4.0x (one round) the CPU of a thread per connection here."};
    (void)state;
    synthetic_results();
    struct result_cell *thread = synthetic_cell("crr", "thread", 8);
    struct result_cell *fork = synthetic_cell("crr", "fork", 8);
    synthetic_constant(thread, FIGURE_SERVER_CPU_US_PER_OPERATION, 50);
    synthetic_constant(fork, FIGURE_SERVER_CPU_US_PER_OPERATION, 200);
    thread->rounds = 1;
    fork->rounds = 1;
    check_findings(synthetic_document(), expected, 1);
}

/* A throughput that the clients held down is no finding about the servers. */
static void test_a_bottleneck_is_told(void **state)
{
    (void)state;
    synthetic_results();
    struct result_cell *cells[] = {synthetic_cell("rr", "thread", 64),
                                   synthetic_cell("rr", "fork", 64)};
    for (size_t i = 0; i < 2; i++) {
        synthetic_figure(cells[i], FIGURE_OPERATIONS_PER_SECOND, 90000);
        synthetic_figure(cells[i], FIGURE_MACHINE_IDLE_SHARE, 0.4);
    }
    synthetic_figure(cells[1], FIGURE_LOAD_BUSIEST_SHARE, 0.97);
    const json_t *findings = member(synthetic_document(), "findings");
    assert_non_null(strstr(json_string_value(json_array_get(findings, 0)), "bottleneck"));
    synthetic_figure(cells[1], FIGURE_LOAD_BUSIEST_SHARE, 0.5);
    findings = member(synthetic_document(), "findings");
    assert_null(strstr(json_string_value(json_array_get(findings, 0)), "bottleneck"));
}

static void test_failure_comes_first(void **state)
{
    (void)state;
    struct results *results = synthetic_results();
    for (size_t i = 0; i < 5; i++) {
        struct result_cell *cell = synthetic_cell("rr", "fork", 1 + (unsigned)i);
        cell->failed_rounds = 2;
        strcpy(cell->first_failure, "connection 17, exchange 5, byte 31: 0x43 instead of 0x41");
    }
    strcpy(results->cells[1].first_failure, "cannot connect; does the server run?");
    results->interrupted = true;
    results->cells[0].rounds = 3;
    json_t *document = synthetic_document();
    static const char *const expected[] = {
        "This run has failed: fork in rr, 2 of 3 rounds: connection 17, exchange 5, byte 31: 0x43 "
        "instead of 0x41.",
        "This run has failed: fork in rr, 2 of 5 rounds: cannot connect; does the server run?",
        "This run has failed: fork in rr, 2 of 5 rounds: connection 17, exchange 5, byte 31: 0x43 "
        "instead of 0x41.",
        "2 more measurements failed: see each.",
        "This run was interrupted: some measurements have 3 of 5 rounds, and intervals are wider "
        "for it or missing.",
    };
    assert_true(json_is_true(member(document, "failed")));
    assert_true(json_is_true(member(document, "interrupted")));
    check_findings(document, expected, sizeof expected / sizeof expected[0]);
}

static void test_quantities_read_well(void **state)
{
    struct quantity quantity;
    (void)state;
    assert_string_equal(quantity_count(&quantity, 912.4), "912");
    assert_string_equal(quantity_count(&quantity, 999.6), "1.00k");
    assert_string_equal(quantity_count(&quantity, 9124), "9.12k");
    assert_string_equal(quantity_count(&quantity, 9996), "10k");
    assert_string_equal(quantity_count(&quantity, 91234), "91k");
    assert_string_equal(quantity_time(&quantity, 0.85), "0.85 us");
    assert_string_equal(quantity_time(&quantity, 8.44), "8.4 us");
    assert_string_equal(quantity_time(&quantity, 9.96), "10 us");
    assert_string_equal(quantity_time(&quantity, 999.7), "1.0 ms");
    assert_string_equal(quantity_time(&quantity, 3.4e6), "3.4 s");
    assert_string_equal(quantity_bytes(&quantity, 812), "812 bytes");
    assert_string_equal(quantity_bytes(&quantity, 1023.8), "1.0 KiB");
    assert_string_equal(quantity_bytes(&quantity, 4300), "4.2 KiB");
    assert_string_equal(quantity_bytes(&quantity, 1.5 * 1048576), "1.5 MiB");
    assert_string_equal(quantity_whole(&quantity, 0), "0");
    assert_string_equal(quantity_whole(&quantity, 512), "512");
    assert_string_equal(quantity_whole(&quantity, 1000), "1,000");
    assert_string_equal(quantity_whole(&quantity, 1234567), "1,234,567");
    assert_string_equal(quantity_size(&quantity, 1), "1 byte");
    assert_string_equal(quantity_size(&quantity, 64), "64 bytes");
    assert_string_equal(quantity_size(&quantity, 4000), "4000 bytes");
    assert_string_equal(quantity_size(&quantity, 65536), "64 KiB");
    assert_string_equal(quantity_size(&quantity, 1073741824), "1 GiB");
    assert_string_equal(quantity_ratio(&quantity, 0.009), "0.009");
    assert_string_equal(quantity_ratio(&quantity, 0.52), "0.52");
    assert_string_equal(quantity_ratio(&quantity, 0.997), "1.00");
    assert_string_equal(quantity_ratio(&quantity, 1.996), "2.0");
    assert_string_equal(quantity_ratio(&quantity, 3.14), "3.1");
    assert_string_equal(quantity_ratio(&quantity, 9.96), "10");
    assert_string_equal(quantity_ratio(&quantity, 82.4), "82");
    assert_string_equal(quantity_megabytes_rate(&quantity, 650), "650 MB/s");
    assert_string_equal(quantity_megabytes_rate(&quantity, 1684), "1.68 GB/s");
}

/* ---- What could not be measured ------------------------------------------------------------ */

static const json_t *find_gap(const json_t *document, enum figure figure, const char *target)
{
    const json_t *gap;
    size_t i;
    json_array_foreach (member(document, "not_measured"), i, gap) {
        const char *of = json_string_value(json_object_get(gap, "target"));
        bool is_target = of && target ? strcmp(of, target) == 0 : of == target;
        if (is_target && strcmp(document_string(gap, "figure"), figure_info(figure)->name) == 0)
            return gap;
    }
    return NULL;
}

static void test_gaps(void **state)
{
    (void)state;
    synthetic_usual_run();
    synthetic_figure(synthetic_cell("rr", "epoll", 64), FIGURE_OPERATIONS_PER_SECOND, 118000);
    json_t *document = synthetic_document();
    /* Only our servers have the handler; all others of the run have the figure. */
    assert_non_null(find_gap(document, FIGURE_START_P50_US, "epoll"));
    assert_null(find_gap(document, FIGURE_START_P50_US, "thread"));
    assert_non_null(find_gap(document, FIGURE_SERVER_CPU_US_PER_OPERATION, "epoll"));
    /* 2,000 exchanges are too few for anybody. */
    assert_non_null(find_gap(document, FIGURE_LATENCY_P99_9_US, NULL));
    assert_null(find_gap(document, FIGURE_LATENCY_P99_9_US, "thread"));
    /* No workload of the run was to give these. */
    assert_null(find_gap(document, FIGURE_UNCORRECTED_P50_US, NULL));
    /* With a schedule it is not for want of one that a quantile is missing. */
    assert_null(strstr(figure_info(FIGURE_UNCORRECTED_P99_99_US)->missing, "rate"));
    /* Inline is the baseline itself. */
    assert_null(find_gap(document, FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION, "inline"));
    assert_non_null(find_gap(document, FIGURE_SLAB_BYTES_PER_CONNECTION, NULL));
}

static void test_a_failed_cell_is_no_gap(void **state)
{
    (void)state;
    struct results *results = synthetic_results();
    synthetic_cell("crr", "thread", 8)->failed_rounds = SYNTHETIC_ROUNDS;
    assert_int_equal(results->cell_count, 1);
    assert_int_equal(json_array_size(member(synthetic_document(), "not_measured")), 0);
}

/* ---- Odd input ---------------------------------------------------------------------------- */

static void test_bytes_that_are_no_text(void **state)
{
    (void)state;
    synthetic_results();
    synthetic_cell("crr", "a\xff\xc3\xa9\xf0\x9f", 8);
    const json_t *cell = json_array_get(member(synthetic_document(), "cells"), 0);
    check_text(cell, "target", "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_json_reads_back_the_same(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(document_write(document, stream), 0);
    fclose(stream);
    json_t *copy = json_loadb(text, size, 0, NULL);
    free(text);
    assert_non_null(copy);
    const json_t *latency = member(synthetic_find(document, "crr", "fork", 8), "latency");
    const json_t *again = member(synthetic_find(copy, "crr", "fork", 8), "latency");
    size_t count = json_array_size(latency);
    assert_int_equal(json_array_size(again), count);
    for (size_t i = 0; i < count; i++)
        check_near(document_number(json_array_get(again, i), "quantile"),
                   document_number(json_array_get(latency, i), "quantile"));
    json_decref(copy);
}

static void test_a_full_disk_is_told(void **state)
{
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(document_write(document, full), -1);
    fclose(full);
}

static size_t allocations_left;

static void *scarce_malloc(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return malloc(size);
}

/* Wherever memory ends, there is no document; never half of one. */
static void test_no_memory(void **state)
{
    size_t tries = 0;
    json_t *document = NULL;
    (void)state;
    const struct results *results = synthetic_results();
    synthetic_constant(synthetic_cell("crr", "thread", 8), FIGURE_SERVER_CPU_US_PER_OPERATION, 50);
    synthetic_constant(synthetic_cell("crr", "fork", 8), FIGURE_SERVER_CPU_US_PER_OPERATION, 99);
    json_set_alloc_funcs(scarce_malloc, free);
    for (; !document; tries++) {
        allocations_left = tries;
        document = document_create(results);
    }
    json_decref(document);
    json_set_alloc_funcs(malloc, free);
    assert_true(tries > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_have_names_of_their_own),
        cmocka_unit_test(test_figures_end_in_their_unit),
        cmocka_unit_test_teardown(test_the_head_says_where_and_how, synthetic_free),
        cmocka_unit_test_teardown(test_what_the_machine_does_not_tell_is_absent, synthetic_free),
        cmocka_unit_test_teardown(test_a_cell_holds_its_figures, synthetic_free),
        cmocka_unit_test_teardown(test_a_missing_round_is_null, synthetic_free),
        cmocka_unit_test_teardown(test_a_quantile_takes_ten_exchanges_above_it, synthetic_free),
        cmocka_unit_test_teardown(test_the_distribution_rises_to_the_maximum, synthetic_free),
        cmocka_unit_test_teardown(test_a_run_without_exchanges_has_no_distribution, synthetic_free),
        cmocka_unit_test_teardown(test_an_open_loop_has_both_distributions, synthetic_free),
        cmocka_unit_test_teardown(test_the_time_above_inline, synthetic_free),
        cmocka_unit_test_teardown(test_above_inline_is_missing_without_the_same_work,
                                  synthetic_free),
        cmocka_unit_test_teardown(test_memory_is_the_sum_of_both, synthetic_free),
        cmocka_unit_test_teardown(test_ratios_are_over_thread, synthetic_free),
        cmocka_unit_test_teardown(test_without_thread_ratios_are_over_the_first, synthetic_free),
        cmocka_unit_test_teardown(test_thread_need_not_be_the_first, synthetic_free),
        cmocka_unit_test_teardown(test_rows_of_stevens, synthetic_free),
        cmocka_unit_test_teardown(test_rows_of_stevens_without_a_baseline, synthetic_free),
        cmocka_unit_test_teardown(test_findings_of_the_usual_run, synthetic_free),
        cmocka_unit_test_teardown(test_findings_about_another_server, synthetic_free),
        cmocka_unit_test_teardown(test_findings_of_other_connections, synthetic_free),
        cmocka_unit_test_teardown(test_memory_on_a_busy_machine, synthetic_free),
        cmocka_unit_test_teardown(test_what_held_connections_take, synthetic_free),
        cmocka_unit_test_teardown(test_held_connections_round_by_round, synthetic_free),
        cmocka_unit_test_teardown(test_held_connections_that_say_nothing, synthetic_free),
        cmocka_unit_test_teardown(test_which_held_number_stands_for_a_workload, synthetic_free),
        cmocka_unit_test_teardown(test_a_finding_of_stevens, synthetic_free),
        cmocka_unit_test_teardown(test_a_sweep_is_told_by_its_middle, synthetic_free),
        cmocka_unit_test_teardown(test_one_round_has_no_interval, synthetic_free),
        cmocka_unit_test_teardown(test_a_bottleneck_is_told, synthetic_free),
        cmocka_unit_test_teardown(test_failure_comes_first, synthetic_free),
        cmocka_unit_test(test_quantities_read_well),
        cmocka_unit_test_teardown(test_gaps, synthetic_free),
        cmocka_unit_test_teardown(test_a_failed_cell_is_no_gap, synthetic_free),
        cmocka_unit_test_teardown(test_bytes_that_are_no_text, synthetic_free),
        cmocka_unit_test_teardown(test_json_reads_back_the_same, synthetic_free),
        cmocka_unit_test_teardown(test_a_full_disk_is_told, synthetic_free),
        cmocka_unit_test_teardown(test_no_memory, synthetic_free),
    };
    return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
