/* test_measure.c - bench/measure.c: one measurement of a server of ours, of one with a planted
 * fault, and of one that runs already: what it tells, what makes it fail, and how it is ended.
 *
 * Started as "thrd" this program notes its arguments and becomes the real one. */
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/measure.h"
#include "patience.h"
#include "planted_server.h"
#include "suite.h"

#define MS INT64_C(1000000)

/* One at a time; both are too large for a stack. */
static struct measurement result;
static struct planted_server planted;

static volatile sig_atomic_t stop;

/* A file that our server's arguments go to. */
static char arguments_file[] = "/tmp/thrd-test-measure-XXXXXX";

/* ---- Cells ------------------------------------------------------------------------------- */

static const struct target thread_target = {.name = "thread", .mode = "thread"};
static const struct target fork_target = {.name = "fork", .mode = "fork"};

static struct target command(const char *text)
{
    return (struct target){.kind = TARGET_COMMAND, .name = "other", .command = text};
}

static struct target faulty(const char *fault)
{
    static char text[400];
    snprintf(text, sizeof text, "exec '%s' {port} %s", FAULTY_SERVER, fault);
    return command(text);
}

/* The planted server in this program, as one that runs already. */
static struct target running(planted_answer *answer)
{
    static char address[40];
    struct sockaddr_in ip;
    planted_server_start(&planted, AF_INET, answer, NULL);
    memcpy(&ip, &planted.address, sizeof ip);
    snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(ip.sin_port));
    return (struct target){.kind = TARGET_RUNNING, .name = "running", .address = address};
}

static struct measure_cell cell_of(struct target target, const char *workload)
{
    struct measure_cell cell = {
        .target = target,
        .workload = *workload_find(workload),
        .threads = 1,
        .warmup_ns = 20 * MS,
        .window_ns = 200 * MS,
    };
    if (cell.workload.connections > 4)
        cell.workload.connections = 4;
    return cell;
}

/* Whatever happens, nothing of the server is left. */
static int run(const struct measure_cell *cell)
{
    int status = measure_run(cell, &stop, &result);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return status;
}

static void measure(const struct measure_cell *cell)
{
    assert_int_equal(run(cell), 0);
    if (result.failed)
        fail_msg("failed: %s", result.failure);
    assert_string_equal(result.failure, "");
}

static void expect_failure(const struct measure_cell *cell, const char *words)
{
    assert_int_equal(run(cell), 0);
    assert_true(result.failed);
    if (!strstr(result.failure, words))
        fail_msg("the failure is \"%s\" and not \"%s\"", result.failure, words);
    assert_null(strchr(result.failure, '\n'));
    for (int i = 0; i < FIGURES; i++)
        assert_true(isnan(result.figures[i]));
    assert_true(isnan(result.server_cpu_s));
}

static double figure(enum figure which)
{
    if (isnan(result.figures[which]))
        fail_msg("no %s", figure_info(which)->name);
    return result.figures[which];
}

static void expect_missing(enum figure first, enum figure last)
{
    for (int i = (int)first; i <= (int)last; i++)
        if (!isnan(result.figures[i]))
            fail_msg("%s is %g", figure_info((enum figure)i)->name, result.figures[i]);
}

static void expect_equal(double value, double expected)
{
    if (fabs(value - expected) > fabs(expected) * 1e-9)
        fail_msg("%.12g instead of %.12g", value, expected);
}

static void expect_between(double value, double low, double high)
{
    if (!(value >= low && value <= high))
        fail_msg("%g is not between %g and %g", value, low, high);
}

/* ---- What is told ------------------------------------------------------------------------ */

static void expect_quantiles(const struct histogram *histogram, enum figure first)
{
    static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
    for (int i = 0; i < 5; i++)
        expect_equal(figure((enum figure)((int)first + i)),
                     (double)histogram_quantile(histogram, quantiles[i]) / 1e3);
    expect_equal(figure((enum figure)((int)first + 5)), (double)histogram->max_ns / 1e3);
}

/* Each figure from what it is made of, as far as that can be seen. */
static void test_figures_go_together(void **state)
{
    struct measure_cell cell = cell_of(thread_target, "rr");
    const struct load_result *load = &result.load;
    (void)state;
    measure(&cell);
    double seconds = (double)load->window_ns / 1e9;
    double rate = figure(FIGURE_OPERATIONS_PER_SECOND);
    double cpu_us = figure(FIGURE_SERVER_CPU_US_PER_OPERATION);
    assert_true(load->window_ns >= cell.window_ns);
    assert_true(load->all_exchanges > load->exchanges); /* the warm-up */
    expect_equal(rate, (double)load->exchanges / seconds);
    expect_equal(figure(FIGURE_MEGABYTES_PER_SECOND), (double)load->bytes_in / 1e6 / seconds);
    expect_equal(figure(FIGURE_LOAD_CPU_US_PER_OPERATION),
                 load->load_cpu_s * 1e6 / (double)load->exchanges);
    expect_equal(figure(FIGURE_LOAD_BUSIEST_SHARE), load->load_busiest);
    expect_equal(figure(FIGURE_SERVER_CORES), cpu_us * rate / 1e6);
    expect_equal(figure(FIGURE_SERVER_USER_US_PER_OPERATION) +
                     figure(FIGURE_SERVER_SYSTEM_US_PER_OPERATION),
                 cpu_us);
    expect_quantiles(&load->total, FIGURE_LATENCY_P50_US);
    expect_between(figure(FIGURE_MACHINE_IDLE_SHARE), 0, 1);
    assert_true(figure(FIGURE_CONTEXT_SWITCHES_PER_OPERATION) > 0);
    assert_true(figure(FIGURE_PAGE_FAULTS_PER_OPERATION) >= 0);
    expect_missing(FIGURE_UNCORRECTED_P50_US, FIGURE_UNCORRECTED_MAX_US);
    expect_missing(FIGURE_START_P50_US, FIGURE_START_P99_US);
    expect_missing(FIGURE_MEMORY_BYTES_PER_CONNECTION, FIGURE_SLAB_BYTES_PER_CONNECTION);
}

/* The whole life has the window in it; of the window, threads cannot use more than there are. */
static void test_cpu_is_the_servers(void **state)
{
    struct measure_cell cell = cell_of(faulty("slow"), "rr");
    (void)state;
    measure(&cell);
    double cores = figure(FIGURE_SERVER_CORES);
    expect_between(cores, 0.05, 1.1); /* it has one thread, which computes nearly all the time */
    expect_between(figure(FIGURE_SERVER_CPU_US_PER_OPERATION), 20, 500);
    assert_true(figure(FIGURE_SERVER_USER_US_PER_OPERATION) >
                figure(FIGURE_SERVER_SYSTEM_US_PER_OPERATION));
    assert_true(result.server_cpu_s >= cores * (double)result.load.window_ns / 1e9 * 0.9 - 0.02);
    assert_true(result.server_cpu_s < 10);
    /* What it used the machine cannot have had to spare; the kernel counts that in ticks. */
    double cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);
    assert_true(figure(FIGURE_MACHINE_IDLE_SHARE) <= 1 - cores / cpus + 0.15);
}

static void test_connections_that_come_and_go(void **state)
{
    struct measure_cell cell = cell_of(fork_target, "crr");
    (void)state;
    if (!WITH_FORK)
        skip();
    measure(&cell);
    expect_equal(figure(FIGURE_CONNECT_P50_US),
                 (double)histogram_quantile(&result.load.connect, 0.5) / 1e3);
    expect_equal(figure(FIGURE_CONNECT_P99_US),
                 (double)histogram_quantile(&result.load.connect, 0.99) / 1e3);
    expect_equal(figure(FIGURE_FIRST_BYTE_P50_US),
                 (double)histogram_quantile(&result.load.first, 0.5) / 1e3);
    expect_equal(figure(FIGURE_FIRST_BYTE_P99_US),
                 (double)histogram_quantile(&result.load.first, 0.99) / 1e3);
    expect_between(figure(FIGURE_CONTEXT_SWITCHES_PER_OPERATION), 0.5, 500);
}

/* Each child has pages to copy. What the warm-up's have copied is not the window's. */
static void test_cost_is_the_windows(void **state)
{
    struct measure_cell cell = cell_of(fork_target, "crr");
    (void)state;
    if (!WITH_FORK)
        skip();
    cell.warmup_ns = 0;
    cell.window_ns = 400 * MS;
    measure(&cell);
    double faults = figure(FIGURE_PAGE_FAULTS_PER_OPERATION);
    expect_between(faults, 5, 5000);
    cell.warmup_ns = 5 * cell.window_ns;
    measure(&cell);
    expect_between(figure(FIGURE_PAGE_FAULTS_PER_OPERATION), 5, faults * 3);
}

static void test_start_of_a_worker(void **state)
{
    struct measure_cell cell = cell_of(thread_target, "start");
    (void)state;
    measure(&cell);
    expect_equal(figure(FIGURE_START_P50_US),
                 (double)histogram_quantile(&result.load.ages, 0.5) / 1e3);
    expect_equal(figure(FIGURE_START_P99_US),
                 (double)histogram_quantile(&result.load.ages, 0.99) / 1e3);
    assert_true(figure(FIGURE_START_P50_US) > 0.1);
}

static void test_schedule(void **state)
{
    struct measure_cell cell = cell_of(faulty("delay"), "rr");
    (void)state;
    cell.workload.connections = 1;
    cell.rate = 5000; /* ten times as many as there can be */
    measure(&cell);
    expect_quantiles(&result.load.total, FIGURE_LATENCY_P50_US);
    expect_quantiles(&result.load.late, FIGURE_UNCORRECTED_P50_US);
    assert_true(figure(FIGURE_LATENCY_P50_US) > 2 * figure(FIGURE_UNCORRECTED_P50_US));
    assert_true(figure(FIGURE_CONTEXT_SWITCHES_PER_OPERATION) > 0.9); /* it sleeps for each */
}

static void test_limit_ends_the_window(void **state)
{
    struct measure_cell cell = cell_of(thread_target, "bytes");
    int64_t begin_ms = now_ms();
    (void)state;
    cell.limit = 50;
    cell.warmup_ns = 0;
    cell.window_ns = 600000 * MS;
    measure(&cell);
    assert_int_equal(result.load.exchanges, 50);
    assert_int_equal(result.load.all_exchanges, 50);
    assert_in_range(now_ms() - begin_ms, 0, allow_ms(60000));
}

static void test_depth_is_the_workloads(void **state)
{
    struct measure_cell cell = cell_of(faulty("delay"), "stream");
    (void)state;
    cell.workload.connections = 1;
    cell.workload.size = 100;
    measure(&cell); /* four that arrive at once are one reply of 2 ms */
    assert_true(figure(FIGURE_OPERATIONS_PER_SECOND) * figure(FIGURE_LATENCY_P50_US) / 1e6 > 1.5);
}

/* What the kernel has is the whole machine's, so nothing is known of how much it is. */
static void test_memory_of_held_connections(void **state)
{
    struct measure_cell cell = cell_of(thread_target, "hold");
    (void)state;
    cell.workload.held = 100;
    measure(&cell);
    double stacks = figure(FIGURE_KERNEL_STACK_BYTES_PER_CONNECTION);
    if (!suite_has_sanitizer())
        expect_between(figure(FIGURE_PSS_BYTES_PER_CONNECTION), 1000, 500000);
    expect_equal(figure(FIGURE_KERNEL_BYTES_PER_CONNECTION),
                 stacks + figure(FIGURE_PAGE_TABLE_BYTES_PER_CONNECTION) +
                     figure(FIGURE_SLAB_BYTES_PER_CONNECTION));
    expect_missing(FIGURE_OPERATIONS_PER_SECOND, FIGURE_START_P99_US);
    expect_missing(FIGURE_SERVER_CPU_US_PER_OPERATION, FIGURE_PAGE_FAULTS_PER_OPERATION);
}

/* Its cost is its own affair, or another machine's. */
static void test_running_server_tells_no_cost(void **state)
{
    struct measure_cell cell = cell_of(running(planted_echo), "rr");
    (void)state;
    measure(&cell);
    assert_true(figure(FIGURE_OPERATIONS_PER_SECOND) > 1);
    expect_missing(FIGURE_SERVER_CPU_US_PER_OPERATION, FIGURE_PAGE_FAULTS_PER_OPERATION);
    assert_true(isnan(result.server_cpu_s));
    cell = cell_of(cell.target, "hold");
    cell.workload.held = 20;
    measure(&cell);
    expect_missing(FIGURE_MEMORY_BYTES_PER_CONNECTION, FIGURE_PSS_BYTES_PER_CONNECTION);
    planted_server_stop(&planted);
}

static void test_server_is_started_as_the_cell_says(void **state)
{
    struct measure_cell cell = cell_of(thread_target, "churn");
    char arguments[1000] = "";
    (void)state;
    cell.workload.connections = 100;
    cell.workload.held = 5;
    cell.ballast_bytes = 1 << 20;
    measure(&cell);
    FILE *file = fopen(arguments_file, "r");
    assert_non_null(file);
    assert_non_null(fgets(arguments, sizeof arguments, file));
    fclose(file);
    assert_non_null(strstr(arguments, " --mode=thread "));
    assert_non_null(strstr(arguments, " --handler=echo "));
    assert_non_null(strstr(arguments, " --ballast=1048576 "));
    /* Twice those that come and go, because a worker may end later than its exchange. */
    const char *slots = strstr(arguments, " --slots=");
    assert_non_null(slots);
    assert_true(atoi(slots + strlen(" --slots=")) >= 2 * 100 + 5);
}

/* ---- What makes it fail ------------------------------------------------------------------ */

static void test_planted_faults(void **state)
{
    static const struct {
        const char *fault;
        const char *words;
        enum load_failure failure;
    } cases[] = {
        {"flip", "wrong byte: connection ", LOAD_WRONG_BYTE},
        {"early", "closed early: connection ", LOAD_CLOSED_EARLY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct measure_cell cell = cell_of(faulty(cases[i].fault), "rr");
        cell.workload.size = 5000;
        expect_failure(&cell, cases[i].words);
        assert_true(result.load.failures[cases[i].failure] > 0);
        assert_non_null(strstr(result.failure, result.load.first_failure));
    }
}

/* Its end is the cause; that replies did not come is what it led to. */
static void test_server_that_dies(void **state)
{
    struct measure_cell cell = cell_of(faulty("die"), "rr");
    (void)state;
    expect_failure(&cell, "the server died during the measurement");
}

static void test_server_that_does_not_start(void **state)
{
    struct measure_cell cell =
        cell_of(command("echo no such configuration {port} >&2; exit 7"), "rr");
    (void)state;
    expect_failure(&cell, "the server did not start: the server ended before it was ready, with "
                          "exit status 7: no such configuration");
}

static void test_server_that_ends_badly(void **state)
{
    char text[500];
    (void)state;
    snprintf(text, sizeof text, "'%s' {port} none & trap 'kill $!; kill -SEGV $$' TERM; wait",
             FAULTY_SERVER);
    struct measure_cell cell = cell_of(command(text), "rr");
    expect_failure(&cell, "the server ended badly: ");
}

static void close_at_once(struct planted_client *client, const unsigned char *data, size_t size)
{
    (void)data;
    (void)size;
    planted_close(client);
}

static void test_load_that_cannot_start(void **state)
{
    struct measure_cell cell = cell_of(running(close_at_once), "hold");
    (void)state;
    expect_failure(&cell, "the load did not start: connection ");
    planted_server_stop(&planted);
}

/* In a process of its own, because a lowered hard limit stays low: 1 where the measurement fails,
 * and with these words. */
static int fails_with_files(const struct measure_cell *cell, rlim_t soft, rlim_t hard,
                            const char *words)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || measure_run(cell, &stop, &result) < 0)
            _exit(2);
        _exit(result.failed && strstr(result.failure, words) ? 1 : result.failed ? 2 : 0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Nothing is started for connections that could not all be open; where only the soft limit is low,
 * it is raised before the server is started, which may not know how to. */
static void test_descriptors_at_both_ends(void **state)
{
    char text[400];
    struct rlimit limit;
    struct measure_cell cell = cell_of(thread_target, "rr");
    (void)state;
    cell.workload.held = 100;
    assert_int_equal(fails_with_files(&cell, 64, 64,
                                      "not started, for not every connection could have its "
                                      "descriptors: "),
                     1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_max > 250);
    snprintf(text, sizeof text, "test $(ulimit -Sn) -gt 104 && exec '%s' {port} none",
             FAULTY_SERVER);
    cell.target = command(text);
    assert_int_equal(fails_with_files(&cell, 64, limit.rlim_max, ""), 0);
}

static void answer_after_2_s(struct planted_client *client, const unsigned char *data, size_t size)
{
    if (size > 0)
        let_pass(2000);
    planted_send(client, data, size);
}

static void test_window_without_an_exchange(void **state)
{
    struct measure_cell cell = cell_of(running(answer_after_2_s), "rr");
    (void)state;
    cell.workload.connections = 1;
    cell.warmup_ns = 0;
    cell.window_ns = 1;
    expect_failure(&cell, "no exchange ended in the window");
    planted_server_stop(&planted);
}

static void answer_100(struct planted_client *client, const unsigned char *data, size_t size)
{
    if (size > 0 && client->server->bytes <= 100 * 64)
        planted_send(client, data, size);
}

/* They are late, which is a figure, and the rest counts. */
static void test_replies_that_do_not_come_are_figures(void **state)
{
    struct measure_cell cell = cell_of(running(answer_100), "rr");
    (void)state;
    cell.workload.connections = 1;
    cell.rate = 500;
    cell.warmup_ns = 0;
    cell.window_ns = 400 * MS;
    measure(&cell);
    assert_true(result.load.failures[LOAD_UNANSWERED] > 0);
    assert_true(result.load.exchanges > 0 && result.load.exchanges <= 100);
    assert_true(figure(FIGURE_LATENCY_MAX_US) > 4e6);
    assert_true(figure(FIGURE_UNCORRECTED_MAX_US) < 4e6);
    planted_server_stop(&planted);
}

/* ---- How it is ended --------------------------------------------------------------------- */

static void note_signal(int number)
{
    (void)number;
    stop = 1;
}

static void expect_interrupted(const struct measure_cell *cell)
{
    const struct sigaction action = {.sa_handler = note_signal};
    const struct itimerval soon = {.it_value = {.tv_usec = 300000}};
    struct sigaction kept;
    int64_t begin_ms = now_ms();
    sigaction(SIGALRM, &action, &kept);
    setitimer(ITIMER_REAL, &soon, NULL);
    int status = run(cell);
    sigaction(SIGALRM, &kept, NULL);
    stop = 0;
    assert_int_equal(status, -1);
    assert_in_range(now_ms() - begin_ms, 0, allow_ms(5000));
}

static void test_interrupted(void **state)
{
    struct measure_cell cell = cell_of(thread_target, "crr");
    (void)state;
    cell.window_ns = 600000 * MS;
    expect_interrupted(&cell);
    cell.warmup_ns = 600000 * MS;
    expect_interrupted(&cell);
    cell.target = command("sleep 1000; echo {port}");
    expect_interrupted(&cell);
}

/* ------------------------------------------------------------------------------------------ */

static int be_a_server(char **argv)
{
    FILE *file = fopen(getenv("ARGUMENTS_FILE"), "w");
    for (int i = 0; file && argv[i]; i++)
        fprintf(file, "%s ", argv[i]);
    if (file)
        fclose(file);
    execv(THRD_PROGRAM, argv);
    return 1;
}

int main(int argc, char **argv)
{
    const struct rlimit no_core = {0, 0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_go_together),
        cmocka_unit_test(test_cpu_is_the_servers),
        cmocka_unit_test(test_connections_that_come_and_go),
        cmocka_unit_test(test_cost_is_the_windows),
        cmocka_unit_test(test_start_of_a_worker),
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_limit_ends_the_window),
        cmocka_unit_test(test_depth_is_the_workloads),
        cmocka_unit_test(test_memory_of_held_connections),
        cmocka_unit_test(test_running_server_tells_no_cost),
        cmocka_unit_test(test_server_is_started_as_the_cell_says),
        cmocka_unit_test(test_planted_faults),
        cmocka_unit_test(test_server_that_dies),
        cmocka_unit_test(test_server_that_does_not_start),
        cmocka_unit_test(test_server_that_ends_badly),
        cmocka_unit_test(test_load_that_cannot_start),
        cmocka_unit_test(test_descriptors_at_both_ends),
        cmocka_unit_test(test_window_without_an_exchange),
        cmocka_unit_test(test_replies_that_do_not_come_are_figures),
        cmocka_unit_test(test_interrupted),
    };
    if (strcmp(argv[0], "thrd") == 0)
        return be_a_server(argv);
    setrlimit(RLIMIT_CORE, &no_core); /* a server here crashes */
    close(mkstemp(arguments_file));
    setenv("ARGUMENTS_FILE", arguments_file, 1);
    if (argc == 2) /* one test, or those that match */
        cmocka_set_test_filter(argv[1]);
    int failed = cmocka_run_group_tests_name("measure", tests, NULL, NULL);
    unlink(arguments_file);
    return failed;
}
