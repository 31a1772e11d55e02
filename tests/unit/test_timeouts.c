/* Timeouts: each limit just before and just at its moment, which one applies when, and when to look
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/clock.h"
#include "server/timeouts.h"

static const struct timeouts none;

/* The verdict at now for a connection accepted at 1000 that does waiting since since. */
static enum thrdsrv_end_reason check(const struct timeouts *limits, enum thrdsrv_wait waiting,
                                     int64_t since, uint64_t bytes_in, int64_t now, int64_t *next)
{
    struct timeout_view view = {.waiting = waiting,
                                .waiting_since_ms = since,
                                .accepted_at_ms = 1000,
                                .bytes_in = bytes_in};
    struct rate_window window = {0, 0};
    return timeouts_check(limits, &view, &window, now, next);
}

static void test_without_limits_nothing_passes(void **state)
{
    (void)state;
    int64_t next = 0;
    for (int waiting = THRDSRV_WAIT_NONE; waiting <= THRDSRV_WAIT_END; waiting++)
        assert_int_equal(check(&none, (enum thrdsrv_wait)waiting, 1000, 0, INT64_MAX / 2, &next),
                         THRDSRV_END_NONE);
    assert_int_equal(next, CLOCK_NEVER);
    assert_int_equal(timeouts_shortest(&none), CLOCK_NEVER);
}

static void test_each_limit_at_its_moment(void **state)
{
    (void)state;
    static const struct {
        struct timeouts limits;
        enum thrdsrv_wait waiting;
        uint64_t bytes_in;
        enum thrdsrv_end_reason reason;
    } cases[] = {
        {{.idle_ms = 500}, THRDSRV_WAIT_READ, 1, THRDSRV_END_IDLE},
        {{.idle_ms = 500},
         THRDSRV_WAIT_READ,
         0,
         THRDSRV_END_IDLE}, /* no limit of its own for the first byte */
        {{.first_byte_ms = 500}, THRDSRV_WAIT_READ, 0, THRDSRV_END_FIRST_BYTE},
        {{.write_stall_ms = 500}, THRDSRV_WAIT_WRITE, 0, THRDSRV_END_WRITE_STALL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t next;
        assert_int_equal(
            check(&cases[i].limits, cases[i].waiting, 3000, cases[i].bytes_in, 3499, &next),
            THRDSRV_END_NONE);
        assert_int_equal(next, 3500);
        assert_int_equal(
            check(&cases[i].limits, cases[i].waiting, 3000, cases[i].bytes_in, 3500, &next),
            cases[i].reason);
    }
}

static void test_lifetime_passes_whatever_the_worker_does(void **state)
{
    (void)state;
    const struct timeouts limits = {.lifetime_ms = 700};
    int64_t next;
    for (int waiting = THRDSRV_WAIT_NONE; waiting <= THRDSRV_WAIT_END; waiting++) {
        assert_int_equal(check(&limits, (enum thrdsrv_wait)waiting, 1600, 5, 1699, &next),
                         THRDSRV_END_NONE);
        assert_int_equal(next, 1700);
        assert_int_equal(check(&limits, (enum thrdsrv_wait)waiting, 1699, 5, 1700, &next),
                         THRDSRV_END_LIFETIME);
    }
}

static void test_limits_that_do_not_apply(void **state)
{
    (void)state;
    const struct timeouts limits = {.idle_ms = 10, .first_byte_ms = 1000, .write_stall_ms = 10};
    const struct timeouts first_byte = {.first_byte_ms = 10};
    int64_t next;
    /* A handler that computes, and one that has said all, are not timed. */
    assert_int_equal(check(&limits, THRDSRV_WAIT_NONE, 1000, 5, 9000, &next), THRDSRV_END_NONE);
    assert_int_equal(check(&limits, THRDSRV_WAIT_END, 1000, 5, 9000, &next), THRDSRV_END_NONE);
    assert_int_equal(next, CLOCK_NEVER);
    /* Before the first byte the limit for the first byte holds, not the shorter one for idle. */
    assert_int_equal(check(&limits, THRDSRV_WAIT_READ, 1000, 0, 1500, &next), THRDSRV_END_NONE);
    assert_int_equal(next, 2000);
    assert_int_equal(check(&first_byte, THRDSRV_WAIT_READ, 1000, 1, 9000, &next), THRDSRV_END_NONE);
}

static void test_minimum_rate(void **state)
{
    (void)state;
    const struct timeouts limits = {.rate_bytes = 100, .rate_ms = 1000};
    struct timeout_view view = {.waiting = THRDSRV_WAIT_READ, .accepted_at_ms = 0};
    struct rate_window window = {0, 0};
    int64_t next;
    view.bytes_in = 60;
    view.bytes_out = 40;
    assert_int_equal(timeouts_check(&limits, &view, &window, 999, &next), THRDSRV_END_NONE);
    assert_int_equal(next, 1000);
    assert_int_equal(timeouts_check(&limits, &view, &window, 1000, &next), THRDSRV_END_NONE);
    assert_int_equal(next, 2000); /* a new window, in which the old bytes do not count */
    view.bytes_in += 99;
    assert_int_equal(timeouts_check(&limits, &view, &window, 1999, &next), THRDSRV_END_NONE);
    assert_int_equal(timeouts_check(&limits, &view, &window, 2000, &next), THRDSRV_END_RATE);
    /* Time in which the worker computes is not the peer's. */
    view.waiting = THRDSRV_WAIT_NONE;
    view.waited_ms = 2000;
    assert_int_equal(timeouts_check(&limits, &view, &window, 9000, &next), THRDSRV_END_NONE);
    view.waiting = THRDSRV_WAIT_WRITE;
    view.waiting_since_ms = 9000;
    assert_int_equal(timeouts_check(&limits, &view, &window, 9999, &next), THRDSRV_END_NONE);
    assert_int_equal(next, 10000);
    assert_int_equal(timeouts_check(&limits, &view, &window, 10000, &next), THRDSRV_END_RATE);
}

static void test_the_earliest_is_next(void **state)
{
    (void)state;
    const struct timeouts limits = {
        .idle_ms = 900, .lifetime_ms = 5000, .rate_bytes = 1, .rate_ms = 3000};
    int64_t next;
    assert_int_equal(check(&limits, THRDSRV_WAIT_READ, 3000, 1, 3100, &next), THRDSRV_END_NONE);
    assert_int_equal(next, 3900);
    assert_int_equal(timeouts_shortest(&limits), 900);
}

static void test_huge_limits_do_not_overflow(void **state)
{
    (void)state;
    const struct timeouts limits = {.idle_ms = INT64_MAX,
                                    .first_byte_ms = INT64_MAX,
                                    .write_stall_ms = INT64_MAX,
                                    .lifetime_ms = INT64_MAX,
                                    .rate_bytes = INT64_MAX,
                                    .rate_ms = INT64_MAX};
    int64_t next;
    assert_int_equal(check(&limits, THRDSRV_WAIT_READ, 3000, 1, 4000, &next), THRDSRV_END_NONE);
    assert_int_equal(next, CLOCK_NEVER);
    assert_int_equal(check(&limits, THRDSRV_WAIT_WRITE, 3000, 1, 4000, &next), THRDSRV_END_NONE);
    assert_int_equal(next, CLOCK_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_limits_nothing_passes),
        cmocka_unit_test(test_each_limit_at_its_moment),
        cmocka_unit_test(test_lifetime_passes_whatever_the_worker_does),
        cmocka_unit_test(test_limits_that_do_not_apply),
        cmocka_unit_test(test_minimum_rate),
        cmocka_unit_test(test_the_earliest_is_next),
        cmocka_unit_test(test_huge_limits_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
