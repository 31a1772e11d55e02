/* test_views.c - bench/table*.c, bench/layout.c and bench/csv.c: that what is shown is what the
 * document says, fits, and cannot do anything to a terminal or a spreadsheet's columns. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/report/document_read.h"
#include "bench/report/layout.h"
#include "bench/report/views.h"

#include "synthetic_results.h"

#define MIB (INT64_C(1) << 20)

static char *text; /* what was written last */
static json_t *loaded;

static int tear_down(void **state)
{
    free(text);
    text = NULL;
    json_decref(loaded);
    loaded = NULL;
    return synthetic_free(state);
}

static const char *table_of(const json_t *document, bool colour)
{
    size_t size = 0;
    free(text);
    text = NULL;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    assert_int_equal(table_write(document, stream, colour), 0);
    fclose(stream);
    return text;
}

static const char *csv_of(const json_t *document)
{
    size_t size = 0;
    free(text);
    text = NULL;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    assert_int_equal(csv_write(document, stream), 0);
    fclose(stream);
    return text;
}

/* ---- The table ---------------------------------------------------------------------------- */

/* Escape sequences take no column. Returns the widest line. */
static size_t widest_line(const char *table)
{
    char line[4096];
    size_t widest = 0;
    size_t length = 0;
    for (; *table; table++) {
        if (*table == '\033') {
            table = strchr(table, 'm');
            assert_non_null(table);
            continue;
        }
        assert_true(length < sizeof line - 1);
        line[length++] = *table;
        if (*table != '\n')
            continue;
        line[length - 1] = '\0';
        if (length > 1 && line[length - 2] == ' ')
            fail_msg("a line ends in a space: \"%s\"", line);
        size_t columns = layout_columns(line);
        widest = columns > widest ? columns : widest;
        length = 0;
    }
    return widest;
}

static void check_width(const json_t *document)
{
    size_t plain = widest_line(table_of(document, false));
    if (plain > 100)
        fail_msg("%zu columns:\n%s", plain, text);
    assert_int_equal(widest_line(table_of(document, true)), plain);
}

static void test_the_usual_run(void **state)
{
    static const char expected[] =
        "crr     connect, one exchange of 64 bytes, close\n"
        "  server  k ops/s +-  p50 us +-  p99 us +-  CPU us/op  +-  CPU vs thread  +-\n"
        "----------------------------------------------------------------------------\n"
        "8 at once\n"
        "  thread     14.0 2%     571 2%    1143 2%       60.0 <1%              1\n"
        "  fork        5.0 2%    1600 2%    3200 2%      240.0 <1%           4.0x <1%\n"
        "  inline     17.0 2%     471 2%     941 2%       30.0 <1%          0.50x <1%\n"
        "8 at once, with 64 MiB of parent memory\n"
        "  thread     14.0 2%     571 2%    1143 2%       60.0 <1%              1\n"
        "  fork        2.5 2%    3200 2%    6400 2%      540.0 <1%           9.0x <1%\n"
        "\n";
    (void)state;
    synthetic_usual_run();
    const char *table = table_of(synthetic_document(), false);
    if (!strstr(table, expected))
        fail_msg("not as it should be:\n%s", table);
    assert_non_null(strstr(table, "\n* A process costs 4.0x"));
    assert_non_null(strstr(table, "hold    500 idle connections: the memory of each\n"));
    assert_non_null(strstr(table, "2 CPUs, A CPU, 8.0 GiB, Linux 6.1 x86_64, glibc 2.36"));
    assert_null(strchr(table, '\033'));
    assert_true(widest_line(table) <= 100);
}

static void test_colours_add_nothing_else(void **state)
{
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    char *plain = strdup(table_of(document, false));
    const char *from = table_of(document, true);
    char *to = text;
    assert_non_null(strstr(from, "\033[1;31m4.0x\033[0m"));
    assert_non_null(strstr(from, "\033[32m0.50x\033[0m"));
    for (; *from; from++)
        if (*from == '\033')
            from = strchr(from, 'm');
        else
            *to++ = *from;
    *to = '\0';
    bool is_same = strcmp(plain, text) == 0;
    free(plain);
    assert_true(is_same);
}

/* All sorts of sizes, names and gaps: a fixed sequence of pseudo-random runs. */
static void test_any_run_fits_in_100_columns(void **state)
{
    static const char *const names[] = {
        "thread",
        "fork",
        "inline",
        "x",
        "a server with a name that goes on and on and never ends",
        ("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
         "\xa9")};
    static const char *const workloads[] = {"rr",    "crr",   "stream", "start",       "hold",
                                            "churn", "bytes", "rot13",  "rot13-stream"};
    uint64_t seed = 4711;
    (void)state;
    for (int run = 0; run < 150; run++) {
        synthetic_free(NULL);
        struct results *results = synthetic_results();
        for (int i = 0; i < 8; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            unsigned chance = (unsigned)(seed >> 33);
            struct result_cell *cell = synthetic_cell(workloads[chance % 9], names[chance / 9 % 6],
                                                      chance / 42 % 2 ? chance % 100000 : 8);
            cell->cell.rate = chance / 84 % 3 ? 0 : 12345678;
            cell->cell.ballast_bytes = chance / 252 % 2 ? (int64_t)(chance % 5) * 333 * MIB : 0;
            for (enum figure figure = 0; figure < FIGURES; figure++)
                if ((chance >> figure % 29 & 3) > 0)
                    synthetic_figure(cell, figure,
                                     (double)(chance % 997 + 1) * (figure % 3 ? 1e7 : 1e-4));
            cell->latency.buckets[1] = cell->latency.count = 1000000;
            cell->uncorrected.buckets[1] = cell->uncorrected.count = 1000000;
            cell->failed_rounds = chance % 11 == 0;
            snprintf(cell->first_failure, sizeof cell->first_failure, "%0*d", (int)(chance % 300),
                     0);
            snprintf(cell->notes[0], sizeof cell->notes[0], "a note of %u words or so", chance);
        }
        results->interrupted = run % 2;
        check_width(synthetic_document());
    }
}

/* A terminal of so many columns; returns its other end, from which what is written can be read. */
static int open_terminal(unsigned short columns, FILE **stream)
{
    const struct winsize size = {.ws_row = 25, .ws_col = columns};
    int reader = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(reader >= 0 && grantpt(reader) == 0 && unlockpt(reader) == 0);
    int terminal = open(ptsname(reader), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    *stream = fdopen(terminal, "w");
    assert_non_null(*stream);
    return reader;
}

/* The longer tail goes first, and what is compared stays. */
static void test_a_narrow_terminal(void **state)
{
    static const char *const names[] = {"thread", "fork"};
    char got[4000] = "";
    FILE *stream;
    (void)state;
    synthetic_results();
    for (size_t i = 0; i < 2; i++) {
        struct result_cell *cell = synthetic_cell("crr", names[i], 8);
        synthetic_latency(cell, 100000, 600);
        for (enum figure figure = 0; figure < FIGURES; figure++)
            synthetic_figure(cell, figure, 500);
    }
    json_t *document = synthetic_document();
    assert_non_null(strstr(table_of(document, false), "  p99.9 us +-  "));
    int reader = open_terminal(80, &stream);
    assert_int_equal(table_write(document, stream, false), 0);
    fclose(stream); /* what was written stays readable, then the end comes as an error */
    size_t length = 0;
    ssize_t count;
    while ((count = read(reader, got + length, sizeof got - 1 - length)) > 0)
        length += (size_t)count;
    close(reader);
    assert_non_null(strstr(got, "\n  server "));
    for (char *line = strtok(got, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        assert_true(strlen(line) <= 80);
        if (strncmp(line, "  server ", 9) == 0) {
            assert_non_null(strstr(line, "p99 us"));
            assert_null(strstr(line, "p99.9"));
            assert_non_null(strstr(line, "CPU vs thread"));
        }
    }
}

/* Where there is no room, names are cut first and middle columns go next: never the comparison. */
static void test_what_gives_way(void **state)
{
    static const char *const names[] = {"thread", "a server with a long name"};
    (void)state;
    synthetic_results();
    for (size_t i = 0; i < 2; i++) {
        struct result_cell *cell = synthetic_cell("hold", names[i], 0);
        for (enum figure figure = FIGURE_PSS_BYTES_PER_CONNECTION;
             figure <= FIGURE_SLAB_BYTES_PER_CONNECTION; figure++)
            synthetic_figure(cell, figure, i == 0 ? 4096 : 1e13);
    }
    const char *table = table_of(synthetic_document(), false);
    assert_true(widest_line(table) <= 100);
    assert_non_null(strstr(table, "in all KiB"));
    assert_non_null(strstr(table, "vs thread"));
    assert_null(strstr(table, "slab KiB"));
    assert_non_null(strstr(table, "  a server w..  "));
}

/* Names come from the command line, or from somebody else's file. */
static void test_a_terminal_obeys_nothing(void **state)
{
    (void)state;
    synthetic_results();
    struct result_cell *cell = synthetic_cell("crr",
                                              "a\033[2Jb\rc\xc2\x9b"
                                              "d",
                                              8);
    synthetic_figure(cell, FIGURE_OPERATIONS_PER_SECOND, 14000);
    strcpy(cell->notes[0], "bell \a and\ttab");
    const char *table = table_of(synthetic_document(), false);
    for (const char *byte = table; *byte; byte++)
        assert_true(*byte == '\n' || (unsigned char)*byte >= ' ');
    assert_null(strstr(table, "\xc2\x9b"));
    assert_non_null(strstr(table, "a?[2Jb?c?d"));
}

static void test_failures_stand_below_their_rows(void **state)
{
    (void)state;
    synthetic_results();
    struct result_cell *cell = synthetic_cell("crr", "fork", 8);
    cell->failed_rounds = SYNTHETIC_ROUNDS;
    strcpy(cell->first_failure, "the server died");
    strcpy(cell->notes[0], "5 of 5 rounds failed");
    const char *table = table_of(synthetic_document(), true);
    assert_non_null(strstr(table, "\033[1;31mfork: the server died\033[0m\n"));
    assert_non_null(strstr(table, "\033[1;31mThis run has failed: fork in crr, 5 of 5 rounds"));
    assert_non_null(strstr(table, "  ! fork: 5 of 5 rounds failed\n"));
}

static void test_an_open_loop_shows_both_tails(void **state)
{
    (void)state;
    synthetic_results();
    struct result_cell *cell = synthetic_cell("rr", "thread", 8);
    cell->cell.rate = 1000;
    cell->latency.buckets[1] = cell->latency.count = 10000;
    cell->uncorrected.buckets[1] = cell->uncorrected.count = 10000;
    synthetic_constant(cell, FIGURE_LATENCY_P99_9_US, 198000);
    synthetic_constant(cell, FIGURE_UNCORRECTED_P99_9_US, 140);
    const char *table = table_of(synthetic_document(), false);
    assert_non_null(strstr(table, "p99.9 ms  +-  uncorr. p99.9 us  +-\n"));
    assert_non_null(strstr(table, "   198.0 <1%             140.0 <1%\n"));
    assert_non_null(strstr(table, "8 connections, 1000 a second on a schedule\n"));
    assert_non_null(strstr(table, "\nuncorr. "));
}

/* One heading for all numbers of a sweep, with those of the held ones above their rows. */
static void test_held_connections_stand_above_their_rows(void **state)
{
    (void)state;
    synthetic_results();
    for (unsigned i = 0; i < 3; i++) {
        struct result_cell *cell = synthetic_cell("rr", "thread", 8);
        cell->cell.workload.held = i * i;
        synthetic_figure(cell, FIGURE_OPERATIONS_PER_SECOND, 14000);
    }
    const char *table = table_of(synthetic_document(), false);
    const char *heading = strstr(table, "rr      exchanges of 64 bytes on connections that stay\n");
    assert_non_null(heading);
    assert_null(strstr(heading + 1, "rr  "));
    assert_non_null(strstr(table, "\n8 connections\n"));
    assert_non_null(strstr(table, "\n8 connections, while 1 other stays idle\n"));
    assert_non_null(strstr(table, "\n8 connections, while 4 others stay idle\n"));
}

static void test_rates_of_a_wide_column(void **state)
{
    (void)state;
    synthetic_results();
    synthetic_figure(synthetic_cell("crr", "thread", 8), FIGURE_OPERATIONS_PER_SECOND, 12013);
    synthetic_figure(synthetic_cell("crr", "fork", 8), FIGURE_OPERATIONS_PER_SECOND, 138);
    assert_non_null(strstr(table_of(synthetic_document(), false), "\n  fork      138 2%"));
}

static void test_times_of_a_wide_column(void **state)
{
    (void)state;
    synthetic_results();
    synthetic_figure(synthetic_cell("start", "thread", 1), FIGURE_START_P50_US, 25);
    synthetic_figure(synthetic_cell("start", "fork", 1), FIGURE_START_P50_US, 102800);
    const char *table = table_of(synthetic_document(), false);
    assert_non_null(strstr(table, "  thread  25.0 us 2%"));
    assert_non_null(strstr(table, "  fork     103 ms 2%"));
}

static void test_rows_of_stevens(void **state)
{
    (void)state;
    loaded = json_loads(
        "{\"cells\": [], \"stevens\": {\"clients\": 10, \"connections_each\": 500, "
        "\"reply_bytes\": "
        "4000, \"rows\": [{\"row\": 1, \"server\": \"one fork per client\", \"target\": \"fork\", "
        "\"cpu_s\": {\"median\": 1.5, \"low\": 1.4, \"high\": 1.6}, \"process_control_cpu_s\": "
        "{\"median\": 1.3, \"low\": 1.3, \"high\": 1.3, \"coverage\": 0}}, {\"row\": null, "
        "\"server\": "
        "\"mine\", \"target\": \"mine\", \"cpu_s\": {}}], \"differences\": [\"The "
        "clients run on the same machine.\"]}}",
        0, NULL);
    assert_non_null(loaded);
    const char *table = table_of(loaded, false);
    assert_non_null(strstr(table, "    1  one fork per client"));
    assert_non_null(strstr(table, "1.500 (1.400 to 1.600)"));
    assert_non_null(strstr(table, "\n    -  mine "));
    assert_non_null(strstr(table, "  1.300\n")); /* one round: no interval */
    assert_non_null(strstr(table, "  - The clients run on the same machine.\n"));
    assert_true(widest_line(table) <= 100);
}

/* Whatever JSON it is, it is shown or not, but nothing breaks. */
static void test_odd_documents(void **state)
{
    static const char *const documents[] = {
        "{}",
        "[]",
        "{\"cells\": {}}",
        "{\"cells\": [1, null, \"x\", {}, {\"workload\": 1, \"figures\": []}]}",
        "{\"cells\": [{\"workload\": \"\", \"target\": \"\", \"figures\": {\"latency_p50_us\": "
        "1}}]}",
        "{\"cells\": [{\"workload\": \"rr\", \"connections\": -1e308, \"held\": 1e308, "
        "\"size_bytes\": 1e308, \"ballast_bytes\": 1e308, \"rate_per_second\": 1e308, \"target\": "
        "\"t\", \"figures\": {\"latency_p50_us\": {\"median\": 1e308, \"low\": -1e308, \"high\": "
        "0, "
        "\"coverage\": 7}}}], \"ratios\": [{}], \"findings\": [1, {}], \"not_measured\": [1, {}]}",
        "{\"stevens\": {\"rows\": [1, {\"row\": 1e308, \"cpu_s\": 1}], \"differences\": [1]}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        json_decref(loaded);
        loaded = json_loads(documents[i], 0, NULL);
        assert_non_null(loaded);
        table_of(loaded, true);
        csv_of(loaded);
    }
}

/* ---- CSV ---------------------------------------------------------------------------------- */

enum { FIELDS = 14, FIELD_SIZE = 100 };

/* The next record of RFC 4180 at *next; returns how many fields it has, 0 at the end. */
static size_t read_record(const char **next, char fields[FIELDS][FIELD_SIZE])
{
    const char *at = *next;
    size_t count = 0;
    if (*at == '\0')
        return 0;
    for (;;) {
        bool is_quoted = *at == '"';
        size_t length = 0;
        assert_true(count < FIELDS);
        at += is_quoted;
        while (is_quoted ? *at != '"' || at[1] == '"' : *at != ',' && *at != '\r') {
            assert_true(*at != '\0' && length < FIELD_SIZE - 1);
            at += is_quoted && *at == '"';
            fields[count][length++] = *at++;
        }
        fields[count++][length] = '\0';
        at += is_quoted;
        if (*at != ',')
            break;
        at++;
    }
    assert_memory_equal(at, "\r\n", 2);
    *next = at + 2;
    return count;
}

static void test_csv_has_a_line_for_each_figure(void **state)
{
    char fields[FIELDS][FIELD_SIZE];
    size_t lines = 0;
    size_t figures = 0;
    const json_t *cell;
    size_t i;
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    const char *next = csv_of(document);
    assert_int_equal(read_record(&next, fields), FIELDS);
    assert_string_equal(fields[0], "workload");
    assert_string_equal(fields[6], "rate_per_second");
    assert_string_equal(fields[13], "rounds");
    while (read_record(&next, fields) > 0) {
        lines++;
        assert_true(figure_find(fields[8]) >= 0);
        if (strcmp(fields[0], "crr") == 0 && strcmp(fields[7], "fork") == 0 &&
            strcmp(fields[5], "0") == 0 && strcmp(fields[8], "operations_per_second") == 0) {
            assert_string_equal(fields[1], "8");
            assert_string_equal(fields[6], "");
            assert_string_equal(fields[9], "5000");
            assert_string_equal(fields[10], "4900");
            assert_string_equal(fields[12], "0.9375");
            assert_string_equal(fields[13], "5");
        }
    }
    json_array_foreach (json_object_get(document, "cells"), i, cell)
        figures += json_object_size(json_object_get(cell, "figures"));
    assert_true(figures > 30);
    assert_int_equal(lines, figures);
}

static void test_csv_quotes(void **state)
{
    static const char *const names[] = {"a,\"b", "\"", "line\r\nend", "a\rb", ",", "plain"};
    char fields[FIELDS][FIELD_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        synthetic_results();
        synthetic_figure(synthetic_cell("crr", names[i], 8), FIGURE_OPERATIONS_PER_SECOND, 1);
        const char *next = csv_of(synthetic_document());
        read_record(&next, fields);
        assert_int_equal(read_record(&next, fields), FIELDS);
        assert_string_equal(fields[7], names[i]);
        assert_int_equal(read_record(&next, fields), 0);
    }
}

static void test_a_full_disk_is_told(void **state)
{
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(table_write(document, full, false), -1);
    fclose(full);
    full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(csv_write(document, full), -1);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_the_usual_run, tear_down),
        cmocka_unit_test_teardown(test_colours_add_nothing_else, tear_down),
        cmocka_unit_test_teardown(test_any_run_fits_in_100_columns, tear_down),
        cmocka_unit_test_teardown(test_a_narrow_terminal, tear_down),
        cmocka_unit_test_teardown(test_what_gives_way, tear_down),
        cmocka_unit_test_teardown(test_a_terminal_obeys_nothing, tear_down),
        cmocka_unit_test_teardown(test_failures_stand_below_their_rows, tear_down),
        cmocka_unit_test_teardown(test_an_open_loop_shows_both_tails, tear_down),
        cmocka_unit_test_teardown(test_held_connections_stand_above_their_rows, tear_down),
        cmocka_unit_test_teardown(test_rates_of_a_wide_column, tear_down),
        cmocka_unit_test_teardown(test_times_of_a_wide_column, tear_down),
        cmocka_unit_test_teardown(test_rows_of_stevens, tear_down),
        cmocka_unit_test_teardown(test_odd_documents, tear_down),
        cmocka_unit_test_teardown(test_csv_has_a_line_for_each_figure, tear_down),
        cmocka_unit_test_teardown(test_csv_quotes, tear_down),
        cmocka_unit_test_teardown(test_a_full_disk_is_told, tear_down),
    };
    return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
