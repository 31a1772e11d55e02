/* test_client_times.c - client/load.h: the times that it tells, against servers whose delays are
 * known; the open loop's schedule, and that it hides no stall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "load_case.h"
#include "patience.h"

static void answer_after_2_ms(struct planted_client *client, const unsigned char *data, size_t size)
{
    if (size > 0)
        let_pass(2);
    planted_send(client, data, size);
}

static void test_planted_delay(void **state)
{
    struct load_config config = case_config(answer_after_2_ms);
    (void)state;
    case_run(&config, 300);
    case_expect_no_failure();
    assert_true(result.exchanges > 0);
    assert_true(result.total.min_ns >= 2 * MS);
    /* A thread that loses its processor behind send(2) reads the clock late. */
    assert_true(histogram_quantile(&result.first, 0.5) >= 1 * MS);
    assert_true(histogram_quantile(&result.first, 0.5) <= histogram_quantile(&result.total, 0.5));
    assert_true(histogram_quantile(&result.total, 0.5) <= allow_ms(20) * MS);
    assert_true((int64_t)result.exchanges <= result.window_ns / (2 * MS) + 1);
}

/* Answered one after another: each waits for three others or so, in the order that epoll tells. */
static void test_planted_delay_for_four(void **state)
{
    struct load_config config = case_config(answer_after_2_ms);
    (void)state;
    config.connections = 4;
    config.limit = 100;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 100);
    assert_true(histogram_quantile(&result.total, 0.5) >= 5 * MS);
    assert_true(result.window_ns >= 200 * MS);
}

/* One percent and one more or less than there were to be in the window as it really was. */
static void expect_rate(double rate, uint64_t count)
{
    double due = rate * (double)result.window_ns / 1e9;
    double allowed = due / 100 + 1;
    if ((double)count < due - allowed || (double)count > due + allowed)
        fail_msg("%ju instead of %.1f", (uintmax_t)count, due);
}

static void test_rate(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 8;
    config.threads = 2;
    config.rate = 2000;
    case_run(&config, 500);
    case_expect_no_failure();
    assert_true(result.window_ns >= 500 * MS);
    expect_rate(2000, result.late.count);
    assert_int_equal(result.total.count, result.late.count);
    assert_true(histogram_quantile(&result.total, 0.5) >= histogram_quantile(&result.late, 0.5));
}

static void test_rate_with_reconnect(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 8;
    config.reconnect = true;
    config.rate = 500;
    case_run(&config, 400);
    case_expect_no_failure();
    expect_rate(500, result.late.count);
    assert_true(result.all_connects >= result.late.count);
}

static void test_rate_with_limit(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 4;
    config.rate = 1000;
    config.limit = 100;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 100);
    assert_true(result.window_ns >= 98 * MS);
}

/* For 200 ms of every second it answers nobody. */
static void answer_with_stalls(struct planted_client *client, const unsigned char *data,
                               size_t size)
{
    int64_t into = (now_ms() - client->server->started_ms) % 1000;
    if (into >= 500 && into < 700)
        let_pass(700 - into);
    planted_send(client, data, size);
}

/* During a stall one exchange waits for the server and 400 wait for that one: it is 40 % of all
 * whose users wait, but one in two thousand as a client sees it that does not go by a schedule. */
static void test_stalls_are_not_hidden(void **state)
{
    struct load_config config = case_config(answer_with_stalls);
    (void)state;
    config.rate = 2000;
    case_run(&config, 1000);
    case_expect_no_failure();
    expect_rate(2000, result.late.count);
    assert_true(histogram_quantile(&result.total, 0.999) >= 150 * MS);
    assert_true(histogram_quantile(&result.total, 0.95) >= 50 * MS);
    assert_true(histogram_quantile(&result.late, 0.99) < 50 * MS);
    assert_true(result.late.max_ns >= 150 * MS);
}

/* A stall that outlasts the window: its exchanges are waited for, and count. */
static void test_stall_at_the_end(void **state)
{
    struct load_config config = case_config(answer_with_stalls);
    (void)state;
    config.rate = 1000;
    struct load *load = case_start(&config);
    while (now_ms() - server.started_ms < 400)
        let_pass(5);
    case_finish(load, 150);
    planted_server_stop(&server);
    case_expect_no_failure();
    expect_rate(1000, result.late.count);
    assert_true(histogram_quantile(&result.total, 0.99) >= 100 * MS);
}

/* Half of what is asked for can be done: what ends when the window has closed is not part of what
 * was done in it, but part of what clients have waited for. */
static void test_rate_that_cannot_be_reached(void **state)
{
    struct load_config config = case_config(answer_after_2_ms);
    (void)state;
    config.rate = 1000;
    case_run(&config, 300);
    case_expect_no_failure();
    expect_rate(1000, result.total.count);
    assert_true(result.exchanges > 0);
    assert_true((int64_t)result.exchanges <= result.window_ns / (2 * MS) + 1);
    assert_true(result.total.max_ns >= 100 * MS);
}

/* A thousand exchanges are due in each microsecond: those that can be made must be, all the same,
 * and the window must end in time. */
static void test_rate_that_nobody_can_keep(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 4;
    config.rate = 1e9;
    config.patience_ns = 10 * MS;
    case_run(&config, 20);
    assert_true(result.window_ns < allow_ms(5000) * MS);
    assert_true(result.exchanges > 0);
    assert_true(result.failures[LOAD_UNANSWERED] > 10000000);
    assert_true(result.total.count > 10000000);
}

static void answer_nothing(struct planted_client *client, const unsigned char *data, size_t size)
{
    (void)client;
    (void)data;
    (void)size;
}

/* Every exchange that was due is recorded with the time that it has waited. */
static void test_unanswered_schedule(void **state)
{
    struct load_config config = case_config(answer_nothing);
    (void)state;
    config.connections = 3;
    config.rate = 1000;
    config.patience_ns = 300 * MS;
    case_run(&config, 100);
    assert_int_equal(result.exchanges, 0);
    expect_rate(1000, result.total.count);
    /* Those that were due last have waited for all of the patience, the first 100 ms more. */
    assert_true(result.total.min_ns >= 290 * MS);
    assert_true(result.total.max_ns >= 300 * MS);
    assert_true(result.failures[LOAD_UNANSWERED] >= 98);
    case_expect_words("connection ");
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(test_planted_delay),
        cmocka_unit_test(test_planted_delay_for_four),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_rate_with_reconnect),
        cmocka_unit_test(test_rate_with_limit),
        cmocka_unit_test(test_stalls_are_not_hidden),
        cmocka_unit_test(test_stall_at_the_end),
        cmocka_unit_test(test_rate_that_cannot_be_reached),
        cmocka_unit_test(test_rate_that_nobody_can_keep),
        cmocka_unit_test(test_unanswered_schedule),
    };
    return cmocka_run_group_tests_name("client_times", cases, NULL, NULL);
}
