/* test_run.c - bench/run.c and bench/progress.c: in which order servers are measured, what of a
 * round is kept and where, how a signal ends the rounds, and the line that tells how far they are.
 *
 * The servers are commands that note in a file that they were started. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/plan.h"
#include "bench/progress.h"
#include "bench/run.h"
#include "patience.h"

#define MS INT64_C(1000000)

static struct bench_config config;
static struct results results;
static char log_file[] = "/tmp/thrd-test-run-XXXXXX";
static char commands[BENCH_TARGETS_MAX][1500];

/* ---- The plan ---------------------------------------------------------------------------- */

/* A server called name that notes its start, and then does `first`, a piece of shell. */
static void add_target(const char *name, const char *first, const char *fault)
{
    char *text = commands[config.target_count];
    snprintf(text, sizeof commands[0], "echo %s >>%s; %s exec '%s' {port} %s", name, log_file,
             first, FAULTY_SERVER, fault);
    config.targets[config.target_count++] =
        (struct target){.kind = TARGET_COMMAND, .name = name, .command = text};
}

static int set_up(void **state)
{
    (void)state;
    config = (struct bench_config){.warmup_ns = 0, .window_ns = 150 * MS, .rounds = 3};
    config.workloads[config.workload_count++] = workload_find("rr");
    config.connections[config.connections_count++] = 2;
    return truncate(log_file, 0);
}

static int tear_down(void **state)
{
    (void)state;
    plan_destroy(&results);
    return 0;
}

static void run(void)
{
    char error[300];
    if (plan_create(&config, 2, &results, error, sizeof error) != 0)
        fail_msg("no plan: %s", error);
    assert_int_equal(run_rounds(&results), 0);
}

/* The servers as they were started, with a space behind each. */
static void read_log(char *text, size_t size)
{
    int fd = open(log_file, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, text, size - 1);
    close(fd);
    assert_true(length >= 0);
    text[length] = '\0';
    for (char *end = text; (end = strchr(end, '\n'));)
        *end = ' ';
}

static void expect_order(const char *expected)
{
    char text[1000];
    read_log(text, sizeof text);
    assert_string_equal(text, expected);
}

/* ---- The order --------------------------------------------------------------------------- */

static void test_order_rotates_in_each_group(void **state)
{
    (void)state;
    add_target("A", "", "none");
    add_target("B", "", "none");
    add_target("C", "", "none");
    config.workloads[config.workload_count++] = workload_find("crr");
    run();
    expect_order("A B C A B C "
                 "B C A B C A "
                 "C A B C A B ");
    assert_false(results.interrupted);
    assert_true(results.seconds > 18 * 0.15 && results.seconds < 1000);
    assert_true(results.machine.cpus > 0);
    assert_true(results.started > 1700000000);
}

/* Numbers of connections are groups too, in whatever order they were asked for. */
static void test_order_with_a_sweep(void **state)
{
    (void)state;
    add_target("A", "", "none");
    add_target("B", "", "none");
    config.connections[0] = 3;
    config.connections[1] = 1;
    config.connections[2] = 2;
    config.connections_count = 3;
    config.rounds = 2;
    run();
    expect_order("A B A B A B "
                 "B A B A B A ");
}

/* ---- What is kept ------------------------------------------------------------------------ */

static void test_rounds_are_kept_by_their_number(void **state)
{
    uint64_t samples = 0;
    (void)state;
    add_target("A", "", "none");
    run();
    const struct result_cell *cell = &results.cells[0];
    assert_int_equal(cell->rounds, 3);
    assert_int_equal(cell->failed_rounds, 0);
    assert_string_equal(cell->first_failure, "");
    for (size_t round = 0; round < 3; round++) {
        double seconds = (double)config.window_ns / 1e9;
        assert_true(cell->figures[FIGURE_OPERATIONS_PER_SECOND][round] > 0);
        assert_true(cell->server_cpu_s[round] >= 0);
        samples += (uint64_t)(cell->figures[FIGURE_OPERATIONS_PER_SECOND][round] * seconds);
    }
    assert_true(isnan(cell->figures[FIGURE_OPERATIONS_PER_SECOND][3]));
    assert_true(isnan(cell->server_cpu_s[3]));
    assert_true(cell->latency.count >= samples); /* of all rounds; windows may be a little longer */
    assert_int_equal(cell->uncorrected.count, 0);
}

static void test_schedule_has_both_latencies(void **state)
{
    (void)state;
    add_target("A", "", "none");
    config.rate = 2000;
    run();
    const struct result_cell *cell = &results.cells[0];
    assert_true(cell->latency.count > 0);
    assert_int_equal(cell->uncorrected.count, cell->latency.count);
}

/* A round that failed has its place, and nothing in it; others have theirs. */
static void test_failed_round_leaves_a_gap(void **state)
{
    char second[200];
    (void)state;
    snprintf(second, sizeof second, "[ $(grep -c A %s) = 2 ] && { echo broken >&2; exit 7; };",
             log_file);
    add_target("A", second, "none");
    add_target("B", "", "none");
    run();
    const struct result_cell *cell = &results.cells[0];
    assert_int_equal(cell->rounds, 3);
    assert_int_equal(cell->failed_rounds, 1);
    assert_non_null(strstr(cell->first_failure, "broken"));
    for (size_t round = 0; round < 3; round++) {
        bool is_missing = round == 1;
        assert_int_equal(isnan(cell->figures[FIGURE_OPERATIONS_PER_SECOND][round]), is_missing);
        assert_int_equal(isnan(cell->server_cpu_s[round]), is_missing);
    }
    assert_int_equal(results.cells[1].failed_rounds, 0);
    assert_int_equal(results.cells[1].rounds, 3);
}

/* What failed in a round that is left out of the figures is told all the same. */
static void test_failures_are_counted(void **state)
{
    char first[900];
    (void)state;
    snprintf(first, sizeof first, "[ $(grep -c A %s) = 1 ] && exec '%s' {port} early;", log_file,
             FAULTY_SERVER);
    add_target("A", first, "none");
    run();
    const struct result_cell *cell = &results.cells[0];
    assert_int_equal(cell->rounds, 3);
    assert_int_equal(cell->failed_rounds, 1);
    assert_true(cell->failures[LOAD_CLOSED_EARLY] + cell->failures[LOAD_RESET] > 0);
    assert_non_null(strstr(cell->first_failure, ": connection "));
}

/* ---- Signals ----------------------------------------------------------------------------- */

static volatile sig_atomic_t signals_of_ours;

static void count_signal(int number)
{
    (void)number;
    signals_of_ours++;
}

static pthread_t main_thread;

/* Waits for the second measurement of all. The signal is the main thread's, as in the program,
 * where all others block it. */
static void *interrupt_second(void *number)
{
    char text[1000];
    do {
        let_pass(5);
        read_log(text, sizeof text);
    } while (strlen(text) < strlen("A B "));
    pthread_kill(main_thread, *(const int *)number);
    return NULL;
}

static void test_signal_ends_the_rounds(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct sigaction mine = {.sa_handler = count_signal}, kept;
    (void)state;
    main_thread = pthread_self();
    add_target("A", "", "none");
    add_target("B", "[ $ROUNDS = 1 ] || sleep 1000;", "none");
    setenv("ROUNDS", "100", 1);
    config.rounds = 100;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        pthread_t thread;
        int number = numbers[i];
        assert_int_equal(truncate(log_file, 0), 0);
        sigaction(number, &mine, &kept);
        assert_int_equal(pthread_create(&thread, NULL, interrupt_second, &number), 0);
        run();
        pthread_join(thread, NULL);
        assert_true(results.interrupted);
        assert_int_equal(results.cells[0].rounds, 1);
        assert_int_equal(results.cells[0].failed_rounds, 0);
        assert_int_equal(results.cells[1].rounds, 0);
        expect_order("A B ");
        assert_int_equal(signals_of_ours, 0);
        raise(number); /* the handler is the caller's again */
        assert_int_equal(signals_of_ours, 1);
        signals_of_ours = 0;
        sigaction(number, &kept, NULL);
        plan_destroy(&results);
    }
    setenv("ROUNDS", "1", 1);
    config.rounds = 1;
    run(); /* what is over is over */
    assert_false(results.interrupted);
    assert_int_equal(results.cells[1].rounds, 1);
}

/* ---- The line that tells how far it is --------------------------------------------------- */

/* What comes out of a terminal that stands where stderr was; TERM is term. */
static void read_progress(const char *term, void (*show)(struct progress *progress), char *text,
                          size_t size)
{
    struct progress progress;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal) | unlockpt(terminal), 0);
    int end = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    int kept = dup(STDERR_FILENO);
    dup2(end, STDERR_FILENO);
    setenv("TERM", term, 1);
    progress_init(&progress, 4, 2);
    show(&progress);
    fputs("#", stderr); /* so that there is something */
    dup2(kept, STDERR_FILENO);
    close(kept);
    size_t used = 0;
    do {
        ssize_t length = read(terminal, text + used, size - 1 - used);
        assert_true(length > 0);
        used += (size_t)length;
    } while (text[used - 1] != '#');
    close(end);
    close(terminal);
    text[used] = '\0';
}

static const struct measure_cell shown = {
    .target = {.name = "thread"},
    .workload = {.name = "crr", .connections = 8},
    .warmup_ns = 1000 * MS,
    .window_ns = 4000 * MS,
};

static void show_first(struct progress *progress)
{
    progress_show(progress, 0, &shown);
}

/* Of eight measurements one is left, and a machine that is busy has time to come here. Of held
 * connections there is another number. */
static void show_last(struct progress *progress)
{
    struct measure_cell cell = shown;
    cell.workload = (struct workload){.name = "hold", .held = 500};
    progress->began_ns -= 67000 * MS;
    progress->done = 7;
    progress_show(progress, 1, &cell);
}

/* Before there is something to go by, and then. */
static void show_two(struct progress *progress)
{
    progress_show(progress, 0, &shown);
    progress->began_ns -= 1000 * MS;
    progress_show(progress, 0, &shown);
}

static void show_and_clear(struct progress *progress)
{
    progress_show(progress, 0, &shown);
    progress_clear(progress);
}

#define NEW_LINE "\r\033[K"

static void test_progress_on_a_terminal(void **state)
{
    char text[500];
    (void)state;
    read_progress("xterm", show_first, text, sizeof text);
    assert_string_equal(text, NEW_LINE "round 1 of 2: crr, 8 at once, thread   about 48 s left#");
    read_progress("xterm", show_two, text, sizeof text);
    int left_s = atoi(strstr(strstr(text, "48 s left"), "about ") + strlen("about "));
    assert_true(left_s >= 7 && left_s <= 14); /* seven of 1 s each, on a machine that is not slow */
    read_progress("xterm", show_last, text, sizeof text);
    assert_string_equal(text, NEW_LINE "round 2 of 2: hold 500, thread   about 10 s left#");
    read_progress("xterm", show_and_clear, text, sizeof text);
    assert_string_equal(text + strlen(text) - strlen(NEW_LINE "#"), NEW_LINE "#");
}

static void test_progress_elsewhere_is_silent(void **state)
{
    struct progress progress;
    char text[500];
    (void)state;
    read_progress("dumb", show_and_clear, text, sizeof text);
    assert_string_equal(text, "#");
    int kept = dup(STDERR_FILENO);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    setenv("TERM", "xterm", 1);
    progress_init(&progress, 4, 2);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(null);
    assert_false(progress.is_shown);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order_rotates_in_each_group),     TEST(test_order_with_a_sweep),
        TEST(test_rounds_are_kept_by_their_number), TEST(test_schedule_has_both_latencies),
        TEST(test_failed_round_leaves_a_gap),       TEST(test_failures_are_counted),
        TEST(test_signal_ends_the_rounds),          TEST(test_progress_on_a_terminal),
        TEST(test_progress_elsewhere_is_silent),
    };
    close(mkstemp(log_file));
    int failed = cmocka_run_group_tests_name("run", tests, NULL, NULL);
    unlink(log_file);
    return failed;
}
