/* test_bench - "thrd bench" as its users run it: what it finds in servers with planted faults, its
 * figures against what the operating system says of the same servers, its files and its ends.
 * What its parts do by themselves is tested in tests/unit. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { STATUS_SYSTEM = 1, STATUS_USAGE = 2, STATUS_FAILED = 3, STATUS_WORSE = 4 };

static char output[65536];

/* ---- Documents --------------------------------------------------------------------------- */

/* Freed by the next case's first report, because a check that fails jumps. */
static json_t *document;

/* A name in the case's scratch directory, which is there as soon as its process is. */
static const char *path_of(const struct process *thrd, const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", thrd->dir, name);
    return path;
}

static const char *option_with(const char *option, const char *value)
{
    static char options[4][400];
    static unsigned next;
    char *text = options[next++ % 4];
    snprintf(text, sizeof options[0], "--%s=%s", option, value);
    return text;
}

static void load_document(const char *path)
{
    json_error_t error;
    json_decref(document);
    document = json_load_file(path, 0, &error);
    if (!document)
        suite_fail("%s:%d: %s", path, error.line, error.text);
    assert_string_equal(json_string_value(json_object_get(document, "format")), "thrd-bench/1");
}

/* Runs "thrd bench ARGUMENTS" and reads its document. */
#define BENCH(thrd, status, ...)                                                                   \
    do {                                                                                           \
        const char *bench_report = path_of(thrd, "report.json");                                   \
        int got = process_run(thrd, output, sizeof output, "bench",                                \
                              option_with("json", bench_report), __VA_ARGS__, NULL);               \
        if (got != (status))                                                                       \
            suite_fail("bench ended with status %d: %s%s", got, process_log_text(thrd), output);   \
        load_document(bench_report);                                                               \
    } while (0)

static json_t *cell_of(const char *workload, const char *target)
{
    json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell) {
        const char *name = json_string_value(json_object_get(cell, "workload"));
        if (strcmp(name, workload) == 0 &&
            strcmp(json_string_value(json_object_get(cell, "target")), target) == 0)
            return cell;
    }
    suite_fail("no cell for %s, %s", workload, target);
}

/* The median of a figure; NaN where it is missing. */
static double figure_of(const char *workload, const char *target, const char *figure)
{
    json_t *figures = json_object_get(cell_of(workload, target), "figures");
    json_t *median = json_object_get(json_object_get(figures, figure), "median");
    return json_is_number(median) ? json_number_value(median) : NAN;
}

static double checked_figure(const char *workload, const char *target, const char *figure)
{
    double value = figure_of(workload, target, figure);
    if (isnan(value))
        suite_fail("%s, %s: no %s", workload, target, figure);
    return value;
}

static json_int_t failures_of(const char *workload, const char *target, const char *kind)
{
    json_t *failures = json_object_get(cell_of(workload, target), "failures");
    return json_integer_value(json_object_get(failures, kind));
}

static double ratio_of(const char *workload, const char *figure, const char *numerator)
{
    json_t *ratio;
    size_t i;
    json_array_foreach (json_object_get(document, "ratios"), i, ratio) {
        if (strcmp(json_string_value(json_object_get(ratio, "workload")), workload) == 0 &&
            strcmp(json_string_value(json_object_get(ratio, "figure")), figure) == 0 &&
            strcmp(json_string_value(json_object_get(ratio, "numerator")), numerator) == 0)
            return json_number_value(json_object_get(ratio, "median"));
    }
    suite_fail("no ratio of %s for %s", figure, workload);
}

/* "--against=faulty=exec PROGRAM {port} FAULT" */
static const char *faulty(const char *fault)
{
    static char option[400];
    snprintf(option, sizeof option, "--against=faulty=exec '%s' {port} %s", FAULTY_SERVER, fault);
    return option;
}

/* ---- What is measured -------------------------------------------------------------------- */

#define QUICK "--rounds=2", "--duration=150ms", "--warmup=30ms"

static void every_workload_has_its_figures(struct process *thrd)
{
    static const char *const with_exchanges[] = {"rr",    "crr",   "stream",      "bytes",
                                                 "churn", "rot13", "rot13-stream"};
    BENCH(thrd, 0, QUICK, "--workload=rr,crr,stream,start,hold,churn,bytes,rot13,rot13-stream",
          "--modes=thread", "--held=50", "--connections=4");
    for (size_t i = 0; i < sizeof with_exchanges / sizeof with_exchanges[0]; i++) {
        const char *workload = with_exchanges[i];
        assert_true(checked_figure(workload, "thread", "operations_per_second") > 10);
        assert_true(checked_figure(workload, "thread", "latency_p50_us") > 1);
        assert_true(checked_figure(workload, "thread", "server_cpu_us_per_operation") > 0.5);
        assert_true(checked_figure(workload, "thread", "load_cpu_us_per_operation") > 0.5);
        assert_true(checked_figure(workload, "thread", "context_switches_per_operation") > 0);
        assert_true(checked_figure(workload, "thread", "connect_p50_us") > 1);
    }
    assert_true(checked_figure("stream", "thread", "megabytes_per_second") > 1);
    assert_true(checked_figure("rot13-stream", "thread", "megabytes_per_second") > 1);
    assert_true(checked_figure("start", "thread", "start_p50_us") > 1);
    assert_true(checked_figure("hold", "thread", "pss_bytes_per_connection") > 1000);
    assert_true(checked_figure("hold", "thread", "kernel_stack_bytes_per_connection") > 4000);
    /* The server's own: what the rest of the machine gives back meanwhile is not in it. */
    assert_true(checked_figure("hold", "thread", "page_table_bytes_per_connection") >= 0);
    assert_true(isnan(figure_of("hold", "thread", "operations_per_second")));
}

static void usual_run_compares_all_modes(struct process *thrd)
{
    BENCH(thrd, 0, "--rounds=1", "--duration=100ms", "--warmup=20ms", "--held=50");
    static const char *const workloads[] = {"rr", "crr", "stream", "start"};
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        cell_of(workloads[i], "thread");
        if (i > 0) /* in rr others are held, which inline cannot */
            cell_of(workloads[i], "inline");
        if (WITH_FORK)
            cell_of(workloads[i], "fork");
    }
    assert_non_null(strstr(output, "crr"));
    if (WITH_FORK) /* nothing is said of inline, to which both are compared */
        assert_true(json_array_size(json_object_get(document, "findings")) > 0);
    assert_true(json_is_false(json_object_get(document, "failed")));
}

static void skip_under_sanitizer(void)
{
    if (suite_has_sanitizer())
        suite_skip("the figures would be the sanitizer's");
}

/* That is what the tool is for, so it must come out on any machine; but when a worker starts is a
 * matter of who else wants the processors. */
static void process_costs_more_than_a_thread(struct process *thrd)
{
    skip_under_sanitizer();
    if (!WITH_FORK)
        suite_skip("this build has no fork");
    BENCH(thrd, 0, "--rounds=3", "--duration=200ms", "--workload=crr,start,hold", "--held=100");
    assert_true(ratio_of("crr", "server_cpu_us_per_operation", "fork") > 1.2);
    /* On a busy machine a thread may wait as long as a child does; mode inline starts neither. */
    double inline_us = checked_figure("start", "inline", "start_p50_us");
    assert_true(checked_figure("start", "thread", "start_p50_us") > 2 * inline_us);
    assert_true(checked_figure("start", "fork", "start_p50_us") > 5 * inline_us);
    assert_true(ratio_of("hold", "pss_bytes_per_connection", "fork") > 1.2);
    assert_true(checked_figure("crr", "fork", "page_faults_per_operation") > 10);
    /* The kernel's clock ticks miss most of such short processes, so it is not known. */
    assert_true(isnan(figure_of("crr", "fork", "server_user_us_per_operation")));
    assert_true(isnan(figure_of("crr", "fork", "server_system_us_per_operation")));
    assert_true(checked_figure("crr", "thread", "server_system_us_per_operation") > 0);
}

static void ballast_makes_fork_dearer(struct process *thrd)
{
    skip_under_sanitizer();
    if (!WITH_FORK)
        suite_skip("this build has no fork");
    BENCH(thrd, 0, "--rounds=3", "--duration=200ms", "--workload=crr", "--modes=thread,fork",
          "--ballast=0,128m");
    double cost[2] = {0};
    json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(document, "cells"), i, cell) {
        if (strcmp(json_string_value(json_object_get(cell, "target")), "fork") != 0)
            continue;
        bool has_ballast = json_integer_value(json_object_get(cell, "ballast_bytes")) > 0;
        cost[has_ballast] = json_number_value(json_object_get(
            json_object_get(json_object_get(cell, "figures"), "server_cpu_us_per_operation"),
            "median"));
    }
    assert_true(cost[0] > 0);
    assert_true(cost[1] > cost[0] * 1.3);
}

/* Other connections stay open and silent, and are all there at the end; of what that costs there is
 * a sentence and a picture. */
static void held_connections_are_swept_and_drawn(struct process *thrd)
{
    static const int held[] = {0, 0, 40}; /* thread, inline, thread */
    char line[100] = "";
    char picture[128];
    snprintf(picture, sizeof picture, "%s", path_of(thrd, "picture.svg"));
    BENCH(thrd, 0, "--rounds=1", "--duration=60ms", "--warmup=10ms", "--workload=rr",
          "--connections=2", "--modes=thread,inline", "--sweep=held=0,40",
          option_with("svg", picture));
    json_t *cells = json_object_get(document, "cells");
    assert_int_equal(json_array_size(cells), 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *cell = json_array_get(cells, i);
        json_t *figures = json_object_get(cell, "figures");
        assert_int_equal(json_integer_value(json_object_get(cell, "held")), held[i]);
        assert_non_null(json_object_get(figures, "operations_per_second"));
    }
    assert_non_null(strstr(output, "2 connections, while 40 others stay idle"));
    assert_non_null(strstr(output, "With 40 connections held idle besides, thread does "));
    FILE *file = fopen(picture, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    assert_string_equal(line, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

static void stevens_rows_are_there(struct process *thrd)
{
    skip_under_sanitizer(); /* 15,000 processes */
    BENCH(thrd, 0, "--stevens", "--rounds=1");
    json_t *stevens = json_object_get(document, "stevens");
    json_t *rows = json_object_get(stevens, "rows");
    size_t expected = WITH_FORK ? 3 : 2;
    assert_int_equal(json_array_size(rows), expected);
    double control = json_number_value(json_object_get(
        json_object_get(json_array_get(rows, 1), "process_control_cpu_s"), "median"));
    assert_true(control > 0);
    assert_true(json_array_size(json_object_get(stevens, "differences")) > 0);
    assert_non_null(strstr(output, "Figure 30.1"));
}

/* ---- The truth of it --------------------------------------------------------------------- */

static void delay_is_found(struct process *thrd)
{
    BENCH(thrd, 0, QUICK, "--workload=rr", "--modes=thread", "--connections=1", faulty("delay"));
    assert_true(checked_figure("rr", "faulty", "latency_p50_us") >= 2000);
    assert_true(checked_figure("rr", "faulty", "first_byte_p50_us") >= 2000);
    assert_true(checked_figure("rr", "faulty", "latency_p50_us") < 20000);
    assert_true(checked_figure("rr", "faulty", "operations_per_second") <=
                520); /* 500, and the edges */
    assert_true(checked_figure("rr", "thread", "latency_p50_us") < 2000);
}

/* 200 ms in each second: at 6000 requests a second 1200 of 6000 are late, but only one in each
 * stall was made while the server stood still. In two seconds there are enough of them for a p99.9.
 */
static void stall_shows_in_the_corrected_latency_only(struct process *thrd)
{
    skip_under_sanitizer();
    BENCH(thrd, 0, "--rounds=1", "--duration=2s", "--workload=rr", "--modes=thread",
          "--connections=1", "--rate=6000", faulty("stall"));
    assert_true(checked_figure("rr", "faulty", "latency_p99_9_us") > 150000);
    assert_true(checked_figure("rr", "faulty", "latency_p90_us") > 20000);
    assert_true(checked_figure("rr", "faulty", "uncorrected_p99_9_us") < 100000);
    assert_true(checked_figure("rr", "faulty", "uncorrected_max_us") > 150000);
    assert_true(checked_figure("rr", "thread", "latency_p90_us") < 50000);
    assert_true(fabs(checked_figure("rr", "thread", "operations_per_second") - 6000) < 600);
}

/* A server that takes 50 us for each request does less than 40,000 a second: what it catches up on
 * when the window is over is no part of what it did in it, nor of what that cost. */
static void rate_beyond_the_server_shows_what_it_does(struct process *thrd)
{
    skip_under_sanitizer();
    BENCH(thrd, 0, "--rounds=1", "--duration=300ms", "--workload=rr", "--modes=none",
          "--connections=4", "--rate=40000", faulty("slow"));
    assert_true(checked_figure("rr", "faulty", "operations_per_second") <= 21000);
    assert_true(checked_figure("rr", "faulty", "server_cpu_us_per_operation") >= 40);
    assert_true(checked_figure("rr", "faulty", "latency_max_us") > 100000);
    json_t *notes = json_object_get(cell_of("rr", "faulty"), "notes");
    assert_non_null(strstr(json_string_value(json_array_get(notes, 0)), "were reached"));
}

static void wrong_byte_fails_the_run(struct process *thrd)
{
    BENCH(thrd, STATUS_FAILED, QUICK, "--workload=rr", "--modes=thread", "--connections=8",
          "--size=1000", faulty("flip"));
    assert_true(failures_of("rr", "faulty", "wrong byte") > 0);
    assert_int_equal(failures_of("rr", "thread", "wrong byte"), 0);
    const char *words =
        json_string_value(json_object_get(cell_of("rr", "faulty"), "first_failure"));
    assert_non_null(strstr(words, "byte"));
    assert_true(json_is_true(json_object_get(document, "failed")));
    assert_true(isnan(figure_of("rr", "faulty", "operations_per_second")));
    checked_figure("rr", "thread", "operations_per_second");
    assert_non_null(strstr(output, "wrong byte"));
}

static void early_end_fails_the_run(struct process *thrd)
{
    static const char *const faults[] = {"close", "early"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        BENCH(thrd, STATUS_FAILED, QUICK, "--workload=rr", "--modes=thread", "--connections=4",
              faulty(faults[i]));
        assert_true(
            failures_of("rr", "faulty", "closed early") + failures_of("rr", "faulty", "reset") > 0);
        assert_int_equal(
            json_integer_value(json_object_get(cell_of("rr", "faulty"), "failed_rounds")), 2);
        process_renew(thrd);
    }
}

static void death_of_a_server_fails_the_run(struct process *thrd)
{
    BENCH(thrd, STATUS_FAILED, QUICK, "--workload=rr", "--modes=thread", "--connections=4",
          faulty("die"));
    assert_true(json_is_true(json_object_get(document, "failed")));
    assert_int_equal(json_integer_value(json_object_get(cell_of("rr", "faulty"), "failed_rounds")),
                     2);
}

static void server_that_does_not_start_is_named_with_its_words(struct process *thrd)
{
    BENCH(thrd, STATUS_FAILED, QUICK, "--workload=rr", "--modes=thread",
          "--against=broken=echo no such configuration {port} >&2; exit 7");
    const char *words =
        json_string_value(json_object_get(cell_of("rr", "broken"), "first_failure"));
    assert_non_null(strstr(words, "no such configuration"));
    assert_non_null(strstr(words, "7"));
}

/* A daemon's descendants are nobody's that the server's accounts tell of: their CPU would be told
 * as 0. */
static void server_in_the_background_has_no_figures(struct process *thrd)
{
    char option[500];
    snprintf(option, sizeof option,
             "--against=daemon=('%s' {port} none &); trap 'exit 0' TERM; while :; do sleep 1; done",
             FAULTY_SERVER);
    BENCH(thrd, STATUS_FAILED, "--rounds=1", "--duration=100ms", "--workload=rr", "--modes=none",
          option);
    const char *words =
        json_string_value(json_object_get(cell_of("rr", "daemon"), "first_failure"));
    assert_non_null(strstr(words, "foreground"));
}

/* 16 TiB: were they taken, the kernel would end some process or other. */
static void ballast_beyond_the_machine_is_not_begun(struct process *thrd)
{
    BENCH(thrd, STATUS_FAILED, "--rounds=1", "--duration=100ms", "--workload=crr", "--modes=thread",
          "--ballast=0,16384g");
    json_t *cells = json_object_get(document, "cells");
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(cells, 0), "first_failure")), "");
    const char *words =
        json_string_value(json_object_get(json_array_get(cells, 1), "first_failure"));
    assert_non_null(strstr(words, "there is no memory for it"));
    assert_non_null(strstr(words, "16416")); /* with the page tables */
}

/* ---- Against the operating system -------------------------------------------------------- */

static double seconds_in(const char *text)
{
    char *end;
    double minutes = strtod(text, &end);
    return minutes * 60 + strtod(end + 1, NULL); /* "0m0.120000s" */
}

/* The CPU time of all children that the shell has waited for, as times(1) of POSIX tells it in the
 * second of its lines. */
static double read_times(const char *path)
{
    char line[2][100];
    char user[32];
    char system[32];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line[0], sizeof line[0], file));
    assert_non_null(fgets(line[1], sizeof line[1], file));
    fclose(file);
    assert_int_equal(sscanf(line[1], "%31s %31s", user, system), 2);
    return seconds_in(user) + seconds_in(system);
}

/* The same server, in a shell that has its CPU time from the kernel when it has ended. */
static void cpu_time_is_the_kernels(struct process *thrd, const char *mode)
{
    skip_under_sanitizer();
    char option[600];
    const char *times = path_of(thrd, "times");
    snprintf(option, sizeof option,
             "--against=shell=trap : TERM; '%s' --mode=%s --listen=127.0.0.1:{port} --slots=100 "
             "--drain=1s --log=error; times >%s",
             THRD_PROGRAM, mode, times);
    BENCH(thrd, 0, "--rounds=1", "--duration=1s", "--warmup=1ms", "--workload=crr", "--modes=none",
          option);
    double each_us = checked_figure("crr", "shell", "server_cpu_us_per_operation");
    double samples = json_number_value(json_object_get(cell_of("crr", "shell"), "samples"));
    double told_s = each_us * samples / 1e6;
    double kernel_s = read_times(times);
    printf("%s: bench %.3f s, kernel %.3f s\n", mode, told_s, kernel_s);
    assert_true(fabs(told_s - kernel_s) <= kernel_s * 0.05 + 0.03);
}

static void cpu_time_of_threads_is_the_kernels(struct process *thrd)
{
    cpu_time_is_the_kernels(thrd, "thread");
}

static void cpu_time_of_processes_is_the_kernels(struct process *thrd)
{
    if (!WITH_FORK)
        suite_skip("this build has no fork");
    cpu_time_is_the_kernels(thrd, "fork");
}

/* ---- Files and ends ---------------------------------------------------------------------- */

static void running_server_is_measured_from_outside(struct process *thrd)
{
    struct process *server = suite_another_process();
    process_start(server, NULL);
    BENCH(thrd, 0, QUICK, "--workload=rr,crr", "--modes=thread",
          option_with("target", process_address(server)));
    const char *address = process_address(server);
    checked_figure("rr", address, "operations_per_second");
    assert_true(isnan(figure_of("rr", address, "server_cpu_us_per_operation")));
    assert_true(json_array_size(json_object_get(document, "not_measured")) > 0);
}

static void every_file_is_written(struct process *thrd)
{
    struct stat file;
    const char *html = path_of(thrd, "report.html");
    const char *csv = path_of(thrd, "report.csv");
    BENCH(thrd, 0, QUICK, "--workload=crr", option_with("html", html), option_with("csv", csv));
    assert_int_equal(stat(html, &file), 0);
    assert_true(file.st_size > 10000);
    assert_int_equal(stat(csv, &file), 0);
    assert_true(file.st_size > 500);
    assert_non_null(strstr(output, "crr"));
}

static void json_goes_to_standard_output(struct process *thrd)
{
    json_error_t error;
    assert_int_equal(process_run(thrd, output, sizeof output, "bench", QUICK, "--workload=crr",
                                 "--modes=thread", "--json", NULL),
                     0);
    json_decref(document);
    document = json_loads(output, 0, &error);
    if (!document)
        suite_fail("no JSON: %s", error.text);
    assert_string_equal(process_log_text(thrd), "");
}

/* What was measured before stays where it is until there is something new. */
static void old_report_outlives_a_run_that_fails(struct process *thrd)
{
    char text[100] = "";
    const char *path = path_of(thrd, "old.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("old", file);
    fclose(file);
    assert_int_equal(process_run(thrd, output, sizeof output, "bench", "--modes=inline",
                                 "--workload=hold", option_with("json", path), NULL),
                     STATUS_USAGE);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "old");
}

static void file_that_cannot_be_written_is_known_at_once(struct process *thrd)
{
    int64_t begin_ms = now_ms();
    assert_int_equal(
        process_run(thrd, output, sizeof output, "bench", "--html=/nowhere/x.html", NULL),
        STATUS_SYSTEM);
    assert_string_equal(process_log_text(thrd),
                        "thrd: bench: /nowhere/x.html: No such file or directory\n");
    assert_in_range(now_ms() - begin_ms, 0, allow_ms(5000));
    assert_string_equal(output, "");
    process_renew(thrd);
    assert_int_equal(process_run(thrd, output, sizeof output, "bench", "--workload=rr",
                                 "--sweep=held=0,1", "--svg=/nowhere/x.svg", NULL),
                     STATUS_SYSTEM);
    assert_string_equal(process_log_text(thrd),
                        "thrd: bench: /nowhere/x.svg: No such file or directory\n");
}

/* The run that the document holds, with one figure as many times as large. */
static const char *changed_report(const struct process *thrd, const char *figure, double factor)
{
    static const char *const members[] = {"median", "low", "high"};
    const char *path = path_of(thrd, "changed.json");
    json_t *copy = json_deep_copy(document);
    json_t *cell = json_array_get(json_object_get(copy, "cells"), 0);
    json_t *estimate = json_object_get(json_object_get(cell, "figures"), figure);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        double value = json_number_value(json_object_get(estimate, members[i]));
        json_object_set_new(estimate, members[i], json_real(value * factor));
    }
    int written = json_dump_file(copy, path, 0);
    json_decref(copy);
    assert_int_equal(written, 0);
    return path;
}

static void two_runs_are_compared(struct process *thrd)
{
    static const struct {
        const char *figure;
        double factor;
        int status;
    } changes[] = {{"latency_p50_us", 1, 0},
                   {"latency_p50_us", 10, STATUS_WORSE},
                   {"latency_p50_us", 0.1, 0},
                   {"operations_per_second", 0.1, STATUS_WORSE}};
    BENCH(thrd, 0, QUICK, "--workload=crr", "--modes=thread");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        process_renew(thrd); /* with a new scratch directory */
        const char *changed = changed_report(thrd, changes[i].figure, changes[i].factor);
        const char *report = path_of(thrd, "report.json");
        assert_int_equal(json_dump_file(document, report, 0), 0);
        assert_int_equal(process_run(thrd, output, sizeof output, "bench", "--compare", report,
                                     changed, "--fail-over=20%", NULL),
                         changes[i].status);
        assert_non_null(strstr(output, "crr"));
    }
}

/* Servers that somebody started with our group would outlive us otherwise. */
static void interrupt_ends_servers_and_shows_what_there_is(struct process *thrd)
{
    pid_t servers[4];
    process_command(thrd, "bench", "--workload=crr", "--modes=thread", "--rounds=100",
                    "--duration=100ms", NULL);
    int64_t deadline = patience();
    while (proc_children(thrd->pid, 0, servers, 4) == 0)
        if (!look_again(deadline))
            suite_fail("no server was started");
    pid_t server = servers[0];
    process_signal(thrd, SIGINT);
    thrd->expect_exit = process_wait_exit(thrd);
    assert_int_equal(thrd->expect_exit, 130);
    assert_true(read(thrd->out, output, sizeof output) > 0);
    assert_non_null(memmem(output, sizeof output, "interrupted", strlen("interrupted")));
    assert_int_equal(kill(server, 0), -1);
    assert_int_equal(errno, ESRCH);
}

/* It would be waited for 10 s. */
static void interrupt_ends_a_start_that_hangs(struct process *thrd)
{
    pid_t servers[4];
    process_command(thrd, "bench", "--workload=rr", "--modes=none",
                    "--against=silent=exec sleep 300 # {port}", NULL);
    int64_t deadline = patience();
    while (proc_children(thrd->pid, 0, servers, 4) == 0)
        if (!look_again(deadline))
            suite_fail("no server was started");
    int64_t begin_ms = now_ms();
    process_signal(thrd, SIGINT);
    thrd->expect_exit = process_wait_exit(thrd);
    assert_int_equal(thrd->expect_exit, 130);
    assert_in_range(now_ms() - begin_ms, 0, allow_ms(5000));
    assert_true(read(thrd->out, output, sizeof output) > 0);
    assert_int_equal(kill(servers[0], 0), -1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(every_workload_has_its_figures),
        CASE(usual_run_compares_all_modes),
        CASE(process_costs_more_than_a_thread),
        CASE(ballast_makes_fork_dearer),
        CASE(held_connections_are_swept_and_drawn),
        CASE(stevens_rows_are_there),
        CASE(delay_is_found),
        CASE(stall_shows_in_the_corrected_latency_only),
        CASE(rate_beyond_the_server_shows_what_it_does),
        CASE(wrong_byte_fails_the_run),
        CASE(early_end_fails_the_run),
        CASE(death_of_a_server_fails_the_run),
        CASE(server_that_does_not_start_is_named_with_its_words),
        CASE(server_in_the_background_has_no_figures),
        CASE(ballast_beyond_the_machine_is_not_begun),
        CASE(cpu_time_of_threads_is_the_kernels),
        CASE(cpu_time_of_processes_is_the_kernels),
        CASE(running_server_is_measured_from_outside),
        CASE(every_file_is_written),
        CASE(json_goes_to_standard_output),
        CASE(old_report_outlives_a_run_that_fails),
        CASE(file_that_cannot_be_written_is_known_at_once),
        CASE(two_runs_are_compared),
        CASE(interrupt_ends_servers_and_shows_what_there_is),
        CASE(interrupt_ends_a_start_that_hangs),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("bench", cases, NULL, NULL);
}
