/* test_timeouts - each limit cuts the client that it is meant for, says so in the log and in its
 * counter, and leaves a client alone that keeps moving. Time is the subject here, so the tests let
 * it pass: limits are some tenths of a second, and active clients are active for longer. */
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "patience.h"
#include "process_log.h"
#include "suite.h"

enum { LIMIT_MS = 400, STEP_MS = 80, STEPS = 10 };

/* Milliseconds, stretched for slow tools, but not as much as a wait for an event. */
static int64_t stretched(int64_t ms)
{
    return allow_ms(1) > 3 ? 3 * ms : allow_ms(ms);
}

/* A limit of LIMIT_MS: "--idle=400ms". */
static const char *limit_option(const char *name)
{
    static char text[64];
    snprintf(text, sizeof text, "--%s=%lldms", name, (long long)stretched(LIMIT_MS));
    return text;
}

/* The end line of the connection, which the limit has cut after that limit and not much later. */
static void expect_cut(struct process *server, int conn, const char *reason, const char *counter)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "msg=end conn=%d end=%s", conn, reason);
    double limit = (double)stretched(LIMIT_MS) / 1000;
    double seconds = log_line_seconds(process_log_wait(server, pattern), "seconds");
    if (seconds < limit * 0.95)
        suite_fail("%s after %.3f s already", reason, seconds);
    process_wait_counter(server, counter, 1);
}

/* The whole of that client's life is shorter than its limit and some time to notice. */
static void expect_soon(struct process *server, int conn)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "msg=end conn=%d", conn);
    double limit = (double)stretched(LIMIT_MS) / 1000;
    double seconds = log_line_seconds(process_log_wait(server, pattern), "seconds");
    if (seconds > limit + (double)allow_ms(1))
        suite_fail("only after %.3f s", seconds);
}

static void expect_nobody_cut(struct process *server)
{
    static const char *const counters[] = {"idle", "first_byte", "write_stall", "lifetime", "rate"};
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        assert_int_equal(process_counter(server, counters[i]), 0);
}

/* A byte and its echo every STEP_MS, for twice the limit. */
static void be_active(int fd)
{
    for (int i = 0; i < STEPS; i++) {
        client_echo(fd, "x");
        let_pass(stretched(STEP_MS));
    }
}

static void idle_cuts_a_silent_client(struct process *server)
{
    process_start(server, limit_option("idle"), NULL);
    int fd = client_connect(process_address(server));
    client_echo(fd, "x");
    assert_int_equal(client_wait_end(fd), 0);
    expect_cut(server, 1, "idle", "idle");
    expect_soon(server, 1);
}

static void idle_leaves_an_active_client_alone(struct process *server)
{
    process_start(server, limit_option("idle"), NULL);
    int fd = client_connect(process_address(server));
    be_active(fd);
    client_leave(fd);
    process_log_wait(server, "msg=end conn=1 end=eof");
    expect_nobody_cut(server);
}

/* In the middle of a line too, and for handlers that read by themselves. */
static void idle_cuts_a_blocking_handler(struct process *server)
{
    process_start(server, "--handler=whoami", limit_option("idle"), NULL);
    int fd = client_connect(process_address(server));
    client_send_text(fd, "half a li");
    assert_int_equal(client_wait_end(fd), 0);
    expect_cut(server, 1, "idle", "idle");
    expect_soon(server, 1);
}

static void first_byte_cuts_a_client_that_says_nothing(struct process *server)
{
    process_start(server, limit_option("first-byte"), NULL);
    int fd = client_connect(process_address(server));
    assert_int_equal(client_wait_end(fd), 0);
    expect_cut(server, 1, "first-byte", "first_byte");
    expect_soon(server, 1);
}

static void first_byte_cuts_in_a_blocking_handler(struct process *server)
{
    process_start(server, "--handler=whoami", limit_option("first-byte"), NULL);
    int fd = client_connect(process_address(server));
    assert_int_equal(client_wait_end(fd), 0);
    expect_cut(server, 1, "first-byte", "first_byte");
}

static void first_byte_is_over_with_the_first_byte(struct process *server)
{
    process_start(server, limit_option("first-byte"), NULL);
    int fd = client_connect(process_address(server));
    client_echo(fd, "x");
    let_pass(2 * stretched(LIMIT_MS));
    client_echo(fd, "y");
    client_leave(fd);
    expect_nobody_cut(server);
}

static void write_stall_cuts_a_client_that_takes_nothing(struct process *server)
{
    process_start(server, "--handler=chargen", limit_option("write-stall"), NULL);
    int fd = client_connect_with_buffer(process_address(server), 4096);
    expect_cut(server, 1, "write-stall", "write_stall");
    /* What was sent before is there, and then the end. */
    client_wait_end(fd);
}

/* It takes little at a time, but it takes something before the limit has passed. */
static void write_stall_leaves_a_slow_reader_alone(struct process *server)
{
    char bite[16384];
    process_start(server, "--handler=bytes", limit_option("write-stall"), NULL);
    int fd = client_connect_with_buffer(process_address(server), 4096);
    client_send_text(fd, "100000000\n");
    for (int i = 0; i < 2 * STEPS; i++) {
        assert_int_equal(client_read(fd, bite, sizeof bite), sizeof bite);
        let_pass(stretched(STEP_MS));
    }
    expect_nobody_cut(server);
    client_reset(fd);
}

static void lifetime_cuts_an_active_client(struct process *server)
{
    process_start(server, limit_option("lifetime"), NULL);
    int fd = client_connect(process_address(server));
    int64_t deadline = patience();
    while (client_try_echo(fd, "x") && now_ms() < deadline)
        let_pass(10);
    expect_cut(server, 1, "lifetime", "lifetime");
    expect_soon(server, 1);
}

static void lifetime_cuts_a_handler_that_only_writes(struct process *server)
{
    process_start(server, "--handler=chargen", limit_option("lifetime"), NULL);
    int fd = client_connect(process_address(server));
    client_wait_end(fd);
    expect_cut(server, 1, "lifetime", "lifetime");
    expect_soon(server, 1);
}

static const char *rate_option(const char *bytes)
{
    static char text[64];
    snprintf(text, sizeof text, "--min-rate=%s/%lldms", bytes, (long long)stretched(LIMIT_MS));
    return text;
}

/* Slowloris: a byte now and then keeps every other timeout quiet. */
static void rate_cuts_a_client_that_drips(struct process *server)
{
    process_start(server, "--handler=rot13", rate_option("1000"), NULL);
    int fd = client_connect(process_address(server));
    int64_t deadline = patience();
    while (!client_has_news(fd) && client_try_send(fd, "x", 1) && now_ms() < deadline)
        let_pass(stretched(10));
    client_wait_end(fd);
    expect_cut(server, 1, "rate", "rate");
    expect_soon(server, 1);
}

static void rate_leaves_a_quick_client_alone(struct process *server)
{
    char text[2000];
    memset(text, 'x', sizeof text);
    process_start(server, rate_option("1000"), NULL);
    int fd = client_connect(process_address(server));
    for (int i = 0; i < STEPS; i++) {
        client_send(fd, text, sizeof text);
        client_expect(fd, text, sizeof text);
        let_pass(stretched(STEP_MS));
    }
    client_leave(fd);
    expect_nobody_cut(server);
}

static void slot_comes_back_after_each_timeout(struct process *server)
{
    process_start(server, "--slots=1", limit_option("idle"), NULL);
    for (int i = 0; i < 3; i++) {
        int fd = client_connect(process_address(server));
        client_echo(fd, "x");
        client_wait_end(fd);
        client_close(fd);
    }
    process_wait_counter(server, "idle", 3);
    client_leave(client_connect(process_address(server)));
    process_wait_counter(server, "served", 4);
}

static void timeouts_can_be_switched_off(struct process *server)
{
    process_start(server, "--idle=off", "--first-byte=0", "--write-stall=off", "--lifetime=off",
                  "--min-rate=off", NULL);
    int fd = client_connect(process_address(server));
    let_pass(LIMIT_MS);
    client_echo(fd, "x");
    client_leave(fd);
    expect_nobody_cut(server);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(idle_cuts_a_silent_client),
        CASE(idle_leaves_an_active_client_alone),
        CASE(idle_cuts_a_blocking_handler),
        CASE(first_byte_cuts_a_client_that_says_nothing),
        CASE(first_byte_cuts_in_a_blocking_handler),
        CASE(first_byte_is_over_with_the_first_byte),
        CASE(write_stall_cuts_a_client_that_takes_nothing),
        CASE(write_stall_leaves_a_slow_reader_alone),
        CASE(lifetime_cuts_an_active_client),
        CASE(lifetime_cuts_a_handler_that_only_writes),
        CASE(rate_cuts_a_client_that_drips),
        CASE(rate_leaves_a_quick_client_alone),
        CASE(slot_comes_back_after_each_timeout),
        CASE(timeouts_can_be_switched_off),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("timeouts", cases, NULL, NULL);
}
