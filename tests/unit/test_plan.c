/* test_plan - what is measured for what is asked: which cells, in which order, and which
 * combinations make no sense; and what has to be said beside figures. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bench/notes.h"
#include "bench/plan.h"

#define MIB (INT64_C(1) << 20)

static struct bench_config config;
static struct results results;
static char error[300];

static const struct target thread_target = {TARGET_OURS, "thread", "thread", NULL, NULL};
static const struct target fork_target = {TARGET_OURS, "fork", "fork", NULL, NULL};
static const struct target inline_target = {TARGET_OURS, "inline", "inline", NULL, NULL};
static const struct target other_target = {TARGET_COMMAND, "other", NULL, "other {port}", NULL};

static int set_up(void **state)
{
    (void)state;
    config = (struct bench_config){.warmup_ns = -1};
    config.targets[0] = thread_target;
    config.targets[1] = fork_target;
    config.targets[2] = inline_target;
    config.target_count = 3;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    plan_destroy(&results);
    assert_null(results.cells);
    return 0;
}

static void plan(void)
{
    assert_int_equal(plan_create(&config, 2, &results, error, sizeof error), 0);
}

/* "rr/thread/64" as the plan has it: workload, server, connections; held ones where a number of
 * them was asked for, and MiB of ballast if any. */
static void expect_cells(const char *const *expected, size_t count)
{
    for (size_t i = 0; i < count && i < results.cell_count; i++) {
        const struct measure_cell *cell = &results.cells[i].cell;
        char text[100];
        int used = snprintf(text, sizeof text, "%s/%s/%u", cell->workload.name, cell->target.name,
                            cell->workload.connections);
        if (config.held_count > 0)
            used += snprintf(text + used, sizeof text - (size_t)used, "+%u", cell->workload.held);
        if (cell->ballast_bytes > 0)
            snprintf(text + used, sizeof text - (size_t)used, "/%jdm",
                     (intmax_t)(cell->ballast_bytes / MIB));
        assert_string_equal(text, expected[i]);
    }
    assert_int_equal(results.cell_count, count);
}

#define EXPECT_CELLS(...)                                                                          \
    do {                                                                                           \
        static const char *const expected[] = {__VA_ARGS__};                                       \
        expect_cells(expected, sizeof expected / sizeof expected[0]);                              \
    } while (0)

static void choose(const char *workload)
{
    config.workloads[config.workload_count++] = workload_find(workload);
    assert_non_null(config.workloads[config.workload_count - 1]);
}

static void test_usual(void **state)
{
    (void)state;
    plan();
    EXPECT_CELLS("rr/thread/64", "rr/fork/64", "rr/inline/1", "crr/thread/8", "crr/fork/8",
                 "crr/inline/8", "crr/thread/8/64m", "crr/fork/8/64m", "stream/thread/4",
                 "stream/fork/4", "stream/inline/1", "start/thread/1", "start/fork/1",
                 "start/inline/1", "hold/thread/0", "hold/fork/0");
    for (size_t i = 0; i < results.cell_count; i++) {
        const struct workload *workload = &results.cells[i].cell.workload;
        bool is_bulk = strcmp(workload->name, "stream") == 0;
        assert_int_equal(workload->depth, is_bulk ? 4 : 1);
        if (workload->service == LOAD_ECHO)
            assert_int_equal(workload->size, is_bulk ? 65536 : 64);
    }
    /* The promise of a whole answer within a minute, with a fifth again for starting and
     * stopping each server. */
    int64_t each_ns = results.warmup_ns + results.window_ns;
    assert_true((double)each_ns * (double)(results.cell_count * results.rounds) * 1.2 < 60e9);
}

static void test_usual_with_ballast_of_the_users(void **state)
{
    (void)state;
    config.ballast_bytes[0] = 7 * MIB;
    config.ballast_count = 1;
    config.target_count = 1;
    plan();
    EXPECT_CELLS("rr/thread/64/7m", "crr/thread/8/7m", "stream/thread/4/7m", "start/thread/1/7m",
                 "hold/thread/0/7m");
}

static void test_sweep(void **state)
{
    (void)state;
    choose("rr");
    choose("crr");
    config.connections[0] = 1;
    config.connections[1] = 512;
    config.connections_count = 2;
    plan();
    EXPECT_CELLS("rr/thread/1", "rr/fork/1", "rr/inline/1", "rr/thread/512", "rr/fork/512",
                 "crr/thread/1", "crr/fork/1", "crr/inline/1", "crr/thread/512", "crr/fork/512",
                 "crr/inline/512");
}

/* Inline serves one client at a time, which a held one must not be; of none held there is no
 * memory; crr knows nothing of held ones. */
static void test_sweep_of_held_connections(void **state)
{
    (void)state;
    choose("rr");
    choose("churn");
    choose("hold");
    choose("crr");
    config.held[0] = 0;
    config.held[1] = 10000;
    config.held_count = 2;
    plan();
    EXPECT_CELLS("rr/thread/64+0", "rr/fork/64+0", "rr/inline/1+0", "rr/thread/64+10000",
                 "rr/fork/64+10000", "churn/thread/8+0", "churn/fork/8+0", "churn/inline/8+0",
                 "churn/thread/8+10000", "churn/fork/8+10000", "hold/thread/0+10000",
                 "hold/fork/0+10000", "crr/thread/8+0", "crr/fork/8+0", "crr/inline/8+0");
}

static void test_held_stands_between_connections_and_ballast(void **state)
{
    (void)state;
    choose("rr");
    config.target_count = 1;
    config.connections[0] = 1;
    config.connections[1] = 8;
    config.connections_count = 2;
    config.held[0] = 5;
    config.held[1] = 0;
    config.held_count = 2;
    config.ballast_bytes[1] = MIB;
    config.ballast_count = 2;
    plan();
    EXPECT_CELLS("rr/thread/1+5", "rr/thread/1+5/1m", "rr/thread/1+0", "rr/thread/1+0/1m",
                 "rr/thread/8+5", "rr/thread/8+5/1m", "rr/thread/8+0", "rr/thread/8+0/1m");
}

static void test_none_held_unless_asked_for(void **state)
{
    (void)state;
    choose("rr");
    choose("churn");
    config.target_count = 1;
    plan();
    assert_int_equal(results.cells[0].cell.workload.held, 0);
    assert_int_equal(results.cells[1].cell.workload.held, 500);
}

static void test_ballast(void **state)
{
    (void)state;
    choose("crr");
    config.ballast_bytes[1] = 1024 * MIB;
    config.ballast_count = 2;
    config.targets[3] = other_target;
    config.target_count = 4;
    plan();
    EXPECT_CELLS("crr/thread/8", "crr/fork/8", "crr/inline/8", "crr/other/8", "crr/thread/8/1024m",
                 "crr/fork/8/1024m");
}

static void test_other_servers_take_no_part_in_ours_alone(void **state)
{
    (void)state;
    choose("start");
    choose("churn");
    config.targets[0] = other_target;
    config.targets[1] = inline_target;
    config.target_count = 2;
    plan();
    EXPECT_CELLS("start/inline/1", "churn/other/8");
}

static void test_nothing_to_measure(void **state)
{
    (void)state;
    choose("start");
    config.targets[0] = other_target;
    config.target_count = 1;
    assert_int_equal(plan_create(&config, 2, &results, error, sizeof error), -1);
    assert_non_null(strstr(error, "nothing to measure"));
    config.workload_count = 0;
    choose("hold");
    config.held_count = 1; /* of none */
    config.targets[0] = thread_target;
    assert_int_equal(plan_create(&config, 2, &results, error, sizeof error), -1);
    assert_non_null(strstr(error, "hold not with none held"));
}

static void test_what_was_asked_for_is_taken(void **state)
{
    (void)state;
    choose("churn");
    choose("hold");
    choose("start");
    config.target_count = 1;
    config.held[0] = 17;
    config.held_count = 1;
    config.size_bytes = 1000;
    config.rate = 250;
    config.rounds = 3;
    config.threads = 2;
    config.warmup_ns = 0;
    config.window_ns = 1000;
    plan();
    assert_int_equal(results.cell_count, 3);
    for (size_t i = 0; i < 2; i++) {
        const struct measure_cell *cell = &results.cells[i].cell;
        assert_int_equal(cell->workload.held, 17);
        assert_int_equal(cell->workload.size, 1000);
        assert_int_equal(cell->threads, 2);
        assert_int_equal(cell->warmup_ns, 0);
        assert_int_equal(cell->window_ns, 1000);
        assert_int_equal(cell->limit, 0);
    }
    assert_true(results.cells[0].cell.rate == 250);
    assert_true(results.cells[1].cell.rate == 0); /* nothing is asked of held connections */
    assert_int_equal(results.cells[2].cell.workload.held, 0);
    assert_int_equal(results.cells[2].cell.workload.size, 1); /* its reply is a number */
    assert_int_equal(results.rounds, 3);
}

static void test_load_threads_go_with_the_processors(void **state)
{
    static const struct {
        unsigned cpus;
        unsigned threads;
    } cases[] = {{1, 1}, {2, 1}, {7, 1}, {16, 4}, {4096, LOAD_THREADS_MAX}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(plan_create(&config, cases[i].cpus, &results, error, sizeof error), 0);
        assert_int_equal(results.load_threads, cases[i].threads);
        plan_destroy(&results);
    }
}

/* 10 clients, 500 connections each, 4000 bytes on each. */
static void test_stevens(void **state)
{
    (void)state;
    config.stevens = true;
    config.warmup_ns = 99;
    plan();
    EXPECT_CELLS("bytes/thread/10", "bytes/fork/10", "bytes/inline/10");
    assert_int_equal(results.cells[0].cell.workload.size, 4000);
    assert_int_equal(results.cells[0].cell.limit, 5000);
    assert_int_equal(results.cells[0].cell.warmup_ns, 0);
    assert_true(results.is_stevens);
}

/* ---- Notes ------------------------------------------------------------------------------- */

static struct result_cell *noted_cell(enum figure figure, double value)
{
    struct result_cell *cell = &results.cells[0];
    cell->rounds = 1;
    cell->figures[figure][0] = value;
    return cell;
}

static void expect_note(const char *words)
{
    notes_add(&results);
    assert_non_null(strstr(results.cells[0].notes[0], words));
    assert_string_equal(results.cells[0].notes[1], "");
}

static void test_no_notes(void **state)
{
    (void)state;
    plan();
    noted_cell(FIGURE_LOAD_BUSIEST_SHARE, 0.99);
    noted_cell(FIGURE_MACHINE_IDLE_SHARE, 0.01); /* the machine had no more to give */
    notes_add(&results);
    assert_string_equal(results.cells[0].notes[0], "");
    noted_cell(FIGURE_LOAD_BUSIEST_SHARE, 0.89);
    noted_cell(FIGURE_MACHINE_IDLE_SHARE, 0.5);
    notes_add(&results);
    assert_string_equal(results.cells[0].notes[0], "");
}

static void test_load_was_the_bottleneck(void **state)
{
    (void)state;
    plan();
    noted_cell(FIGURE_LOAD_BUSIEST_SHARE, 0.97);
    noted_cell(FIGURE_MACHINE_IDLE_SHARE, 0.4);
    expect_note("the load generator was the bottleneck: its busiest thread used 97 % of a core "
                "while the machine was 40 % idle");
    results.cells[0].notes[0][0] = '\0';
    noted_cell(FIGURE_MACHINE_IDLE_SHARE, 0.11);
    expect_note("11 % idle");
}

static void test_rate_was_not_reached(void **state)
{
    (void)state;
    config.rate = 1000;
    plan();
    noted_cell(FIGURE_OPERATIONS_PER_SECOND, 990);
    notes_add(&results);
    assert_string_equal(results.cells[0].notes[0], "");
    noted_cell(FIGURE_OPERATIONS_PER_SECOND, 970);
    expect_note("970 of 1000 exchanges a second were reached");
}

static void test_trouble_is_told(void **state)
{
    (void)state;
    plan();
    noted_cell(FIGURE_OPERATIONS_PER_SECOND, 1)->failures[LOAD_UNANSWERED] = 3;
    expect_note(
        "3 exchanges got no reply within 5 s, and no latency tells of them: not all clients "
        "were served");
    results.cells[0].notes[0][0] = '\0';
    results.cells[0].cell.rate = 1;
    expect_note("3 exchanges got no reply within 5 s; their latency is the time that they waited");
    results.cells[0].cell.rate = 0;
    results.cells[0].failures[LOAD_UNANSWERED] = 0;
    results.cells[0].notes[0][0] = '\0';
    results.cells[0].rounds = 5;
    results.cells[0].failed_rounds = 2;
    expect_note("2 of 5 rounds failed");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_usual),
        TEST(test_usual_with_ballast_of_the_users),
        TEST(test_sweep),
        TEST(test_sweep_of_held_connections),
        TEST(test_held_stands_between_connections_and_ballast),
        TEST(test_none_held_unless_asked_for),
        TEST(test_ballast),
        TEST(test_other_servers_take_no_part_in_ours_alone),
        TEST(test_nothing_to_measure),
        TEST(test_what_was_asked_for_is_taken),
        TEST(test_load_threads_go_with_the_processors),
        TEST(test_stevens),
        TEST(test_no_notes),
        TEST(test_load_was_the_bottleneck),
        TEST(test_rate_was_not_reached),
        TEST(test_trouble_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
