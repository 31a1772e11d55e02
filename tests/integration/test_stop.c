/* test_stop - the end of the server: drain, deadline, second signal; what it says about it, and
 * how long it takes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "patience.h"
#include "process_log.h"
#include "regulars.h"
#include "suite.h"

/* Mode inline serves one client at a time. */
static size_t most_clients(void)
{
    return suite_mode() == THRDSRV_MODE_INLINE ? 1 : 3;
}

static void hold(struct process *server, int *held)
{
    for (size_t i = 0; i < most_clients(); i++)
        held[i] = client_served(process_address(server));
}

/* "msg=stop drained=D cut=C" */
static void expect_stop_line(struct process *server, size_t drained, size_t cut)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "msg=stop drained=%zu cut=%zu", drained, cut);
    process_log_wait(server, pattern);
}

static void expect_exit(struct process *server, int status)
{
    server->expect_exit = status;
    assert_int_equal(process_wait_exit(server), status);
}

static void stop_without_clients_is_quick(struct process *server)
{
    process_start(server, NULL);
    int64_t begin = now_ms();
    process_signal(server, SIGTERM);
    expect_exit(server, 0);
    assert_true(now_ms() - begin < allow_ms(500));
    expect_stop_line(server, 0, 0);
}

/* Those who are being served go on until they have finished; nobody new gets in. */
static void drains(struct process *server, int signal_number)
{
    int held[3];
    process_start(server, "--drain=60s", NULL);
    hold(server, held);
    process_signal(server, signal_number);
    process_log_wait(server, "msg=quiesce drain=60s");
    int late = client_begin(process_address(server), 0);
    assert_true(late == -ECONNREFUSED || (late >= 0 && client_begun(late) == ECONNREFUSED));
    for (size_t i = 0; i < most_clients(); i++)
        client_echo(held[i], "in the middle");
    for (size_t i = 0; i < most_clients(); i++)
        client_leave(held[i]);
    expect_exit(server, 0);
    expect_stop_line(server, most_clients(), 0);
}

static void sigterm_drains(struct process *server)
{
    drains(server, SIGTERM);
}

static void sigint_drains_too(struct process *server)
{
    drains(server, SIGINT);
}

/* Whoever is connected at the deadline is cut, and the exit status tells it. */
static void deadline_cuts_the_rest(struct process *server)
{
    int held[3];
    char option[64];
    int64_t drain = allow_ms(300);
    snprintf(option, sizeof option, "--drain=%lldms", (long long)drain);
    process_start(server, option, NULL);
    hold(server, held);
    int64_t begin = now_ms();
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce");
    if (most_clients() > 1)
        client_leave(held[0]);
    expect_exit(server, 3);
    int64_t took = now_ms() - begin;
    assert_in_range(took, drain - 10, drain + allow_ms(1000));
    size_t drained = most_clients() > 1 ? 1 : 0;
    expect_stop_line(server, drained, most_clients() - drained);
    process_log_wait_count(server, "msg=end end=stopped", most_clients() - drained);
}

static void no_drain_cuts_at_once(struct process *server)
{
    int held[3];
    process_start(server, "--drain=0", NULL);
    hold(server, held);
    int64_t begin = now_ms();
    process_signal(server, SIGTERM);
    expect_exit(server, 3);
    assert_true(now_ms() - begin < allow_ms(1000));
    expect_stop_line(server, 0, most_clients());
}

static void second_signal_means_now(struct process *server, int first, int second)
{
    int held[3];
    process_start(server, "--drain=600s", NULL);
    hold(server, held);
    process_signal(server, first);
    process_log_wait(server, "msg=quiesce");
    int64_t begin = now_ms();
    process_signal(server, second);
    for (size_t i = 0; i < most_clients(); i++)
        client_wait_end(held[i]);
    expect_exit(server, 3);
    assert_true(now_ms() - begin < allow_ms(1000));
    expect_stop_line(server, 0, most_clients());
    process_log_wait_count(server, "msg=end end=stopped", most_clients());
}

static void second_sigterm_means_now(struct process *server)
{
    second_signal_means_now(server, SIGTERM, SIGTERM);
}

static void second_signal_may_be_the_other_one(struct process *server)
{
    second_signal_means_now(server, SIGINT, SIGTERM);
}

/* Workers that wait in a write are woken as those in a read are. */
static void stop_wakes_blocked_writers(struct process *server)
{
    process_start(server, "--handler=chargen", "--drain=0", NULL);
    int fd = client_connect_with_buffer(process_address(server), 4096);
    char some[1000];
    client_read(fd, some, sizeof some);
    int64_t begin = now_ms();
    process_signal(server, SIGTERM);
    expect_exit(server, 3);
    assert_true(now_ms() - begin < allow_ms(1000));
}

/* Handlers that write without a pause never wait for their peer: they must be cut all the same. */
static void stop_ends_busy_handlers(struct process *server)
{
    static char bite[65536];
    process_start(server, "--handler=chargen", "--drain=0", NULL);
    int fd = client_connect(process_address(server));
    for (int i = 0; i < 100; i++)
        client_read(fd, bite, sizeof bite);
    process_signal(server, SIGTERM);
    client_wait_end(fd);
    expect_exit(server, 3);
    process_log_wait(server, "msg=end conn=1 end=stopped");
}

/* The kernel has let them in: they have sent what they want to say, and are served as others are;
 * whoever comes later is refused. */
static void who_waits_in_the_backlog_is_served(struct process *server, const char *listen)
{
    enum { WAITING = 3 };
    int waiting[WAITING];
    process_start(server, listen, "--slots=1", "--drain=60s", NULL);
    int held = client_served(process_address(server));
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = client_connect(process_address(server));
        client_send_text(waiting[i], "before the stop");
    }
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce");
    int late = client_begin(process_address(server), 0);
    assert_true(late == -ECONNREFUSED || late == -ENOENT ||
                (late >= 0 && client_begun(late) == ECONNREFUSED));
    client_leave(held);
    for (int i = 0; i < WAITING; i++) {
        client_expect_text(waiting[i], "before the stop");
        client_echo(waiting[i], "and behind it");
        client_leave(waiting[i]);
    }
    expect_exit(server, 0);
    expect_stop_line(server, 1 + WAITING, 0);
    process_log_wait(server, "msg=counters accepted=4 served=4");
}

static void backlog_of_tcp_is_served(struct process *server)
{
    who_waits_in_the_backlog_is_served(server, "--listen=127.0.0.1:0");
}

static void backlog_of_a_unix_socket_is_served(struct process *server)
{
    char listen[128];
    snprintf(listen, sizeof listen, "--listen=unix:%s/socket", server->dir);
    who_waits_in_the_backlog_is_served(server, listen);
}

/* Clients that come all the time: each is served, or refused when it connects. */
static void drain_below_clients(struct process *server, bool is_unix, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        char listen[128] = "--listen=127.0.0.1:0";
        if (is_unix)
            snprintf(listen, sizeof listen, "--listen=unix:%s/socket", server->dir);
        process_start(server, listen, "--slots=3", NULL);
        struct regulars regulars = regulars_start(process_address(server), true);
        regulars_wait_made(&regulars, 50);
        process_signal(server, SIGTERM);
        regulars_wait_refused(&regulars);
        struct regulars_result result = regulars_stop(&regulars);
        assert_int_equal(result.reset, 0);
        assert_int_equal(result.wrong, 0);
        expect_exit(server, 0);
        process_renew(server);
    }
}

/* Whoever begins to connect in the last moment tries again a second later. */
static void nobody_is_reset_by_the_drain(struct process *server)
{
    drain_below_clients(server, false, scaled(5));
}

static void nor_at_a_unix_socket(struct process *server)
{
    drain_below_clients(server, true, scaled(20));
}

/* Until the drain is over: a reset tells them, and they are counted. */
static void backlog_is_reset_in_the_end(struct process *server)
{
    process_start(server, "--slots=1", "--drain=10ms", NULL);
    client_served(process_address(server));
    int waiting = client_connect(process_address(server));
    process_signal(server, SIGTERM);
    assert_int_equal(client_wait_end(waiting), ECONNRESET);
    expect_exit(server, 3);
    process_log_wait(server, "level=warn msg=\"connections closed unserved\" count=1");
    expect_stop_line(server, 0, 1);
}

/* Started and stopped under clients that come and go: no time is a bad time to stop. */
static void stops_at_any_moment(struct process *server)
{
    enum { CLIENTS = 8 };
    static const char *const drains[] = {"--drain=0", "--drain=20ms"};
    for (size_t i = 0; i < scaled(100); i++) {
        int fds[CLIENTS];
        process_start(server, "--slots=4", drains[i % 2], NULL);
        for (int c = 0; c < CLIENTS; c++) {
            fds[c] = client_connect(process_address(server));
            client_send_text(fds[c], "traffic");
        }
        for (size_t c = 0; c < i % CLIENTS; c++)
            client_half_close(fds[c]);
        process_signal(server, SIGTERM);
        for (int c = 0; c < CLIENTS; c++) {
            client_wait_end(fds[c]);
            client_close(fds[c]);
        }
        int status = process_wait_exit(server);
        assert_true(status == 0 || status == 3);
        server->expect_exit = status;
        process_renew(server);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(stop_without_clients_is_quick),
        CASE(sigterm_drains),
        CASE(sigint_drains_too),
        CASE(deadline_cuts_the_rest),
        CASE(no_drain_cuts_at_once),
        CASE(second_sigterm_means_now),
        CASE(second_signal_may_be_the_other_one),
        CASE(stop_wakes_blocked_writers),
        CASE(stop_ends_busy_handlers),
        CASE(backlog_of_tcp_is_served),
        CASE(backlog_of_a_unix_socket_is_served),
        CASE(nobody_is_reset_by_the_drain),
        CASE(nor_at_a_unix_socket),
        CASE(backlog_is_reset_in_the_end),
        CASE(stops_at_any_moment),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("stop", cases, NULL, NULL);
}
