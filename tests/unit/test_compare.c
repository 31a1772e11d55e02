/* test_compare.c - bench/compare*.c: what counts as worse, what is said of two runs, and what the
 * shell is told of files that are none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/bench.h"
#include "bench/report/compare.h"
#include "bench/report/compare_judge.h"
#include "bench/report/layout.h"
#include "bench/report/views.h"

#include "synthetic_results.h"

/* ---- One figure --------------------------------------------------------------------------- */

static struct estimate around(double median, double reach, double coverage)
{
    return (struct estimate){5, median, median * (1 - reach), median * (1 + reach), coverage};
}

static void test_judge(void **state)
{
    static const struct {
        enum figure figure;
        double was, is, reach, fail_over;
        enum compare_verdict verdict;
    } rows[] = {
        {FIGURE_LATENCY_P50_US, 100, 120, 0.02, 0.10, COMPARE_WORSE},
        {FIGURE_LATENCY_P50_US, 100, 80, 0.02, 0.10, COMPARE_BETTER},
        {FIGURE_OPERATIONS_PER_SECOND, 100, 80, 0.02, 0.10, COMPARE_WORSE},
        {FIGURE_OPERATIONS_PER_SECOND, 100, 120, 0.02, 0.10, COMPARE_BETTER},
        /* Within the threshold, although the intervals are apart. */
        {FIGURE_LATENCY_P50_US, 100, 109, 0.02, 0.10, COMPARE_SAME},
        {FIGURE_LATENCY_P50_US, 100, 111, 0.02, 0.10, COMPARE_WORSE},
        {FIGURE_LATENCY_P50_US, 100, 109, 0.02, 0.05, COMPARE_WORSE},
        {FIGURE_LATENCY_P50_US, 100, 104.5, 0.02, 0, COMPARE_WORSE},
        /* Beyond it, although the intervals overlap. */
        {FIGURE_LATENCY_P50_US, 100, 120, 0.10, 0.10, COMPARE_SAME},
        {FIGURE_LATENCY_P50_US, 100, 80, 0.12, 0.10, COMPARE_SAME},
        /* Without a threshold the intervals decide. */
        {FIGURE_LATENCY_P50_US, 100, 105, 0.02, -1, COMPARE_WORSE},
        {FIGURE_LATENCY_P50_US, 100, 103, 0.02, -1, COMPARE_SAME},
        /* Not how good the server is. */
        {FIGURE_SERVER_CORES, 1, 2, 0.02, 0.10, COMPARE_SAME},
        /* No share can be told of nothing. */
        {FIGURE_PAGE_TABLE_BYTES_PER_CONNECTION, 0, 100, 0.02, 0.10, COMPARE_SAME},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct estimate was = around(rows[i].was, rows[i].reach, 0.94);
        struct estimate is = around(rows[i].is, rows[i].reach, 0.94);
        struct compare_change change = compare_judge(rows[i].figure, &was, &is, rows[i].fail_over);
        if (change.verdict != rows[i].verdict)
            fail_msg("row %zu: verdict %d", i, (int)change.verdict);
        assert_true(rows[i].was > 0 ? fabs(change.share - (rows[i].is / rows[i].was - 1)) < 1e-12
                                    : isnan(change.share));
    }
}

static void test_judge_single_rounds(void **state)
{
    struct estimate was = around(100, 0, 0);
    struct estimate is = around(120, 0, 0);
    (void)state;
    assert_int_equal(compare_judge(FIGURE_LATENCY_P50_US, &was, &is, 0.1).verdict, COMPARE_WORSE);
    assert_int_equal(compare_judge(FIGURE_LATENCY_P50_US, &was, &is, -1).verdict, COMPARE_SAME);
}

/* ---- Two documents ------------------------------------------------------------------------ */

static char *text;

static const char *compare(const json_t *was, const json_t *is, double fail_over, unsigned *worse)
{
    size_t size = 0;
    free(text);
    text = NULL;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    assert_int_equal(compare_write(was, is, fail_over, stream, false, worse), 0);
    fclose(stream);
    return text;
}

/* The run again, with one figure of crr, thread multiplied. */
static json_t *usual_document_with(enum figure figure, double factor)
{
    synthetic_usual_run();
    json_t *document = synthetic_document();
    json_t *cell = synthetic_find(document, "crr", "thread", 8);
    json_t *entry = json_object_get(json_object_get(cell, "figures"), figure_info(figure)->name);
    static const char *const keys[] = {"median", "low", "high"};
    for (size_t i = 0; i < 3; i++) {
        double value = json_number_value(json_object_get(entry, keys[i]));
        json_object_set_new(entry, keys[i], json_real(value * factor));
    }
    return document;
}

static void test_nothing_changed(void **state)
{
    unsigned worse = 99;
    (void)state;
    const char *said = compare(usual_document_with(FIGURE_LATENCY_P50_US, 1),
                               usual_document_with(FIGURE_LATENCY_P50_US, 1), 0.1, &worse);
    assert_int_equal(worse, 0);
    assert_null(strstr(said, "differ"));
    assert_null(strstr(said, "Only in"));
    assert_non_null(strstr(said, "0 figures are worse by more than 10 %, 0 better,"));
}

static void test_a_regression_is_found(void **state)
{
    unsigned worse = 99;
    (void)state;
    const char *said =
        compare(usual_document_with(FIGURE_LATENCY_P50_US, 1),
                usual_document_with(FIGURE_SERVER_CPU_US_PER_OPERATION, 1.2), 0.1, &worse);
    assert_int_equal(worse, 1);
    assert_non_null(strstr(said, "\n1 figure is worse by more than 10 %, 0 better,"));
    assert_non_null(strstr(
        said, "    server_cpu_us_per_operation                   60.00   <1%     72.00   <1%   "
              "+20.0 %  worse\n"));
}

static void test_an_improvement_is_none(void **state)
{
    unsigned worse = 99;
    (void)state;
    const char *said = compare(usual_document_with(FIGURE_LATENCY_P50_US, 1),
                               usual_document_with(FIGURE_OPERATIONS_PER_SECOND, 1.5), 0.1, &worse);
    assert_int_equal(worse, 0);
    assert_non_null(strstr(said, "+50.0 %  better\n"));
    assert_non_null(strstr(said, ", 1 better,"));
}

/* A figure that does not belong to the few is shown when it has changed. */
static void test_what_changed_is_shown(void **state)
{
    unsigned worse = 99;
    (void)state;
    json_t *was = usual_document_with(FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION, 1);
    assert_null(strstr(compare(was, was, 0.1, &worse), "server_cpu_above_inline"));
    const char *said = compare(
        was, usual_document_with(FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION, 2), 0.1, &worse);
    assert_non_null(strstr(said, "server_cpu_above_inline"));
    assert_int_equal(worse, 1);
}

static void test_other_conditions_are_told(void **state)
{
    unsigned worse = 99;
    (void)state;
    synthetic_usual_run();
    json_t *was = synthetic_document();
    json_t *is = synthetic_document();
    json_t *machine = json_object_get(is, "machine");
    json_object_set_new(machine, "memory_bytes",
                        json_integer(8589000000)); /* as good as the same */
    json_object_set_new(machine, "load_average", json_real(7));
    assert_null(strstr(compare(was, is, 0.1, &worse), "differ"));
    json_object_set_new(machine, "cpu", json_string("Another CPU"));
    json_object_set_new(json_object_get(is, "settings"), "rounds", json_integer(3));
    const char *said = compare(was, is, 0.1, &worse);
    assert_non_null(strstr(said, "! the machines differ (cpu A CPU, now Another CPU): a comparison "
                                 "across machines proves nothing"));
    assert_non_null(strstr(said, "! the settings differ (rounds 5, now 3):"));
}

static void test_single_cells_are_told(void **state)
{
    unsigned worse = 99;
    (void)state;
    synthetic_results();
    synthetic_figure(synthetic_cell("crr", "thread", 8), FIGURE_LATENCY_MAX_US, 1);
    synthetic_figure(synthetic_cell("crr", "fork", 8), FIGURE_OPERATIONS_PER_SECOND, 1);
    json_t *was = synthetic_document();
    synthetic_results();
    synthetic_figure(synthetic_cell("crr", "thread", 8), FIGURE_LATENCY_MAX_US, 1);
    synthetic_figure(synthetic_cell("crr", "fork", 9), FIGURE_OPERATIONS_PER_SECOND, 1);
    json_t *is = synthetic_document();
    const char *said = compare(was, is, 0.1, &worse);
    assert_non_null(strstr(said, "Only in the old run:\n  fork in crr: connect, one exchange of 64 "
                                 "bytes, close; 8 at once\n"));
    assert_non_null(strstr(said, "Only in the new run:\n  fork in crr: connect, one exchange of 64 "
                                 "bytes, close; 9 at once\n"));
    assert_false(compare_has_common(was, is));
    assert_true(compare_has_common(is, is));
}

static void test_a_figure_that_is_gone_is_told(void **state)
{
    unsigned worse = 99;
    (void)state;
    synthetic_usual_run();
    json_t *was = synthetic_document();
    json_t *is = synthetic_document();
    json_object_del(json_object_get(synthetic_find(is, "crr", "fork", 8), "figures"),
                    "server_cpu_us_per_operation");
    assert_non_null(strstr(compare(was, is, 0.1, &worse), "only in the old run\n"));
    assert_int_equal(worse, 0);
}

static void test_a_new_failure_is_worse(void **state)
{
    unsigned worse = 99;
    (void)state;
    synthetic_usual_run();
    json_t *was = synthetic_document();
    json_t *is = synthetic_document();
    json_t *cell = synthetic_find(is, "crr", "fork", 8);
    json_object_set_new(cell, "failed_rounds", json_integer(2));
    json_object_set_new(cell, "first_failure", json_string("the server died"));
    const char *said = compare(was, is, 0.1, &worse);
    assert_int_equal(worse, 1);
    assert_non_null(strstr(said, "! 2 of 5 rounds failed (0 of 5 before): the server died\n"));
    assert_non_null(strstr(said, "; 1 measurement fails that did not"));
    compare(is, is, 0.1, &worse);
    assert_int_equal(worse, 0);
}

static void test_it_fits_in_100_columns(void **state)
{
    unsigned worse;
    (void)state;
    synthetic_usual_run();
    struct result_cell *wide = synthetic_cell("crr", "a server with quite a long name", 100000);
    wide->latency.count = 1000000;
    for (enum figure figure = 0; figure < FIGURES; figure++)
        synthetic_figure(wide, figure, 1e12);
    json_t *was = synthetic_document();
    json_t *is = json_deep_copy(was);
    const json_t *cell;
    size_t i;
    json_array_foreach (json_object_get(is, "cells"), i, cell) {
        const char *key;
        json_t *figure;
        json_object_foreach (json_object_get(cell, "figures"), key, figure) {
            json_object_set_new(figure, "median", json_real(1e9));
            json_object_set_new(figure, "low", json_real(0));
            json_object_set_new(figure, "high", json_real(1e15));
        }
    }
    const char *line = compare(was, is, -1, &worse);
    json_decref(is);
    while (*line) {
        size_t length = strcspn(line, "\n");
        char *copy = strndup(line, length);
        size_t columns = layout_columns(copy);
        free(copy);
        if (columns > 100)
            fail_msg("%zu columns: %.*s", columns, (int)length, line);
        line += length + 1;
    }
}

/* ---- Files -------------------------------------------------------------------------------- */

static char directory[] = "/tmp/thrd-test-compare.XXXXXX";
static char said[4000]; /* on stdout and stderr */

static const char *write_text(const char *name, const char *content)
{
    static char paths[2][200];
    static unsigned next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(content, stream);
    assert_int_equal(fclose(stream), 0);
    return path;
}

static const char *write_document(const char *name, json_t *document)
{
    char *content = json_dumps(document, 0);
    const char *path = write_text(name, content);
    free(content);
    return path;
}

/* Catches both streams in a file while bench_compare() runs. */
static enum bench_status compare_files(const char *was, const char *is, double fail_over)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(NULL);
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    enum bench_status status = bench_compare(was, is, fail_over);
    fflush(NULL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
    return status;
}

static void test_statuses(void **state)
{
    (void)state;
    json_t *slower = usual_document_with(FIGURE_SERVER_CPU_US_PER_OPERATION, 1.2);
    const char *is = write_document("slow.json", slower);
    const char *was =
        write_document("old.json", usual_document_with(FIGURE_SERVER_CPU_US_PER_OPERATION, 1));
    assert_int_equal(compare_files(was, is, 0.1), BENCH_REGRESSION);
    assert_int_equal(compare_files(was, is, 0.3), BENCH_OK);
    assert_int_equal(compare_files(was, is, -1), BENCH_OK);
    assert_int_equal(compare_files(is, was, 0.1), BENCH_OK);
    assert_int_equal(compare_files(was, was, 0), BENCH_OK);
}

static void check_refused(const char *was, const char *is, enum bench_status status,
                          const char *words)
{
    assert_int_equal(compare_files(was, is, 0.1), status);
    if (!strstr(said, words))
        fail_msg("\"%s\" is not in: %s", words, said);
}

static void test_bad_files(void **state)
{
    (void)state;
    synthetic_usual_run();
    char good[200];
    snprintf(good, sizeof good, "%s", write_document("good.json", synthetic_document()));
    check_refused("/nowhere/at/all.json", good, BENCH_SYSTEM,
                  "--compare: /nowhere/at/all.json: No such file or directory");
    check_refused(good, "/tmp", BENCH_SYSTEM, "--compare: /tmp: Is a directory");
    check_refused(good, write_text("a", "{\n \"format\": thrd"), BENCH_USAGE,
                  "is not JSON: line 2, column 15");
    check_refused(write_text("b", ""), good, BENCH_USAGE, "is not JSON");
    check_refused(good, write_text("c", "{\"a\": 1}"), BENCH_USAGE,
                  "not what thrd bench --json writes");
    check_refused(good, write_text("d", "[1]"), BENCH_USAGE, "not what thrd bench --json writes");
    check_refused(good, write_text("e", "{\"format\": \"thrd-bench/2\", \"cells\": []}"),
                  BENCH_USAGE, "has the format thrd-bench/2 of another version of thrd");
    check_refused(good, write_text("f", "{\"format\": \"thrd-bench/1\", \"cells\": []}"),
                  BENCH_USAGE, "no measurement in common");
}

static int tear_down(void **state)
{
    free(text);
    text = NULL;
    return synthetic_free(state);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {"slow.json", "old.json", "good.json", "a", "b",
                                        "c",         "d",        "e",         "f"};
    char path[200];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_judge_single_rounds),
        cmocka_unit_test_teardown(test_nothing_changed, tear_down),
        cmocka_unit_test_teardown(test_a_regression_is_found, tear_down),
        cmocka_unit_test_teardown(test_an_improvement_is_none, tear_down),
        cmocka_unit_test_teardown(test_what_changed_is_shown, tear_down),
        cmocka_unit_test_teardown(test_other_conditions_are_told, tear_down),
        cmocka_unit_test_teardown(test_single_cells_are_told, tear_down),
        cmocka_unit_test_teardown(test_a_figure_that_is_gone_is_told, tear_down),
        cmocka_unit_test_teardown(test_a_new_failure_is_worse, tear_down),
        cmocka_unit_test_teardown(test_it_fits_in_100_columns, tear_down),
        cmocka_unit_test_teardown(test_statuses, tear_down),
        cmocka_unit_test_teardown(test_bad_files, tear_down),
    };
    return cmocka_run_group_tests_name("compare", tests, make_directory, remove_directory);
}
