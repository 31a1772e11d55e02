/* test_sources - limits by source: how many connections one may have, how fast they may come, the
 * rate of the whole server, and the slots that are kept for networks. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "netns.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

/* Two of one /24, and one of another. */
static const char here[] = "127.0.0.2";
static const char beside[] = "127.0.0.3";
static const char elsewhere[] = "127.0.1.2";

/* It connects, is told this text, and is closed. */
static void expect_refused(struct process *server, const char *source, const char *text)
{
    int fd = client_connect_from(source, process_address(server));
    client_expect_text(fd, text);
    client_expect_eof(fd);
}

/* ---- --per-source ------------------------------------------------------------------------ */

static void limit_is_for_one_address(struct process *server)
{
    int held[2];
    process_start(server, "--per-source=2", NULL);
    for (int i = 0; i < 2; i++)
        held[i] = client_served_from(here, process_address(server));
    expect_refused(server, here, "");
    client_leave(client_served_from(beside, process_address(server)));
    assert_int_equal(process_counter(server, "refused_source"), 1);
    client_echo(held[0], "still here");
    client_leave(held[1]);
    process_wait_counter(server, "active", 1);
    client_leave(client_served_from(here, process_address(server)));
    assert_int_equal(process_counter(server, "refused_source"), 1);
    assert_int_equal(process_counter(server, "refused_full"), 0);
}

static void limit_is_for_a_netblock(struct process *server)
{
    process_start(server, "--per-source=2", "--source-prefix=24:64", NULL);
    client_served_from(here, process_address(server));
    client_served_from(beside, process_address(server));
    expect_refused(server, here, "");
    expect_refused(server, beside, "");
    expect_refused(server, "127.0.0.254", "");
    client_served_from(elsewhere, process_address(server));
    assert_int_equal(process_counter(server, "refused_source"), 3);
}

static void ipv6_limit_is_for_a_subscriber(struct process *server)
{
    netns_need();
    netns_add_ipv6("fd00:0:0:1::a");
    netns_add_ipv6("fd00:0:0:1:ffff::b");
    netns_add_ipv6("fd00:0:0:2::a");
    process_start(server, "--per-source=1", "--listen=[::1]:0", NULL);
    client_served_from("fd00:0:0:1::a", process_address(server));
    expect_refused(server, "fd00:0:0:1:ffff::b", "");
    client_served_from("fd00:0:0:2::a", process_address(server));
    client_served_from("::1", process_address(server));
    assert_int_equal(process_counter(server, "refused_source"), 1);
}

/* The text of --when-full=busy, and the line in the log that says who and why. */
static void refused_source_is_told(struct process *server)
{
    char name[64];
    char pattern[160];
    process_start(server, "--per-source=1", "--when-full=busy:one is enough", NULL);
    client_served_from(here, process_address(server));
    int fd = client_connect_from(here, process_address(server));
    client_expect_text(fd, "one is enough\r\n");
    client_name(fd, name, sizeof name);
    snprintf(pattern, sizeof pattern,
             "level=warn msg=\"connection refused\" reason=source peer=%s repeated=1", name);
    process_log_wait(server, pattern);
    client_expect_eof(fd);
}

static void refusals_do_not_flood_the_log(struct process *server)
{
    enum { REFUSALS = 200 };
    process_start(server, "--per-source=1", NULL);
    client_served_from(here, process_address(server));
    int64_t begin = now_ms();
    for (int i = 0; i < REFUSALS; i++)
        expect_refused(server, here, "");
    int64_t seconds = (now_ms() - begin) / 1000;
    process_wait_counter(server, "refused_source", REFUSALS);
    size_t lines = process_log_count(server, "msg=\"connection refused\" reason=source");
    assert_in_range(lines, 1, (size_t)seconds + 2);
}

/* A burst of ten times the limit: the handler never sees more. */
static void burst_is_counted_in_time(struct process *server)
{
    enum { LIMIT = 3, BURST = 10 * LIMIT };
    int fds[BURST];
    int refused = 0;
    process_start(server, "--per-source=3", "--when-full=busy:no", NULL);
    process_signal(server, SIGSTOP); /* so that they all are there when it looks */
    for (int i = 0; i < BURST; i++) {
        fds[i] = client_connect_from(here, process_address(server));
        client_send_text(fds[i], "me\r\n");
    }
    process_signal(server, SIGCONT);
    for (int i = 0; i < BURST; i++) {
        char got[5] = "";
        client_read(fds[i], got, 4);
        refused += strcmp(got, "no\r\n") == 0;
        assert_true(strcmp(got, "no\r\n") == 0 || strcmp(got, "me\r\n") == 0);
    }
    assert_int_equal(refused, BURST - LIMIT);
    assert_int_equal(process_counter(server, "peak"), LIMIT);
    assert_int_equal(process_counter(server, "refused_source"), BURST - LIMIT);
}

/* Whatever ended the connection, the source may have another one. */
static void place_comes_back_whatever_ended_it(struct process *server)
{
    enum { EOF_, RESET, IDLE, KILLED, WAYS };
    process_start(server, "--per-source=1", "--idle=500ms", NULL);
    int ways = suite_mode() == THRDSRV_MODE_FORK ? WAYS : KILLED;
    for (int way = EOF_; way < ways; way++) {
        int fd = client_served_from(here, process_address(server));
        if (way == EOF_)
            client_leave(fd);
        else if (way == RESET)
            client_reset(fd);
        else if (way == KILLED)
            kill(process_wait_child(server, 0), SIGKILL);
        else
            client_wait_end(fd);
        process_wait_counter(server, "active", 0);
    }
    client_leave(client_served_from(here, process_address(server)));
    assert_int_equal(process_counter(server, "refused_source"), 0);
}

/* They have no address; who may connect is said by the file's permissions. */
static void unix_peers_are_no_source(struct process *server)
{
    char listen[96];
    snprintf(listen, sizeof listen, "--listen=unix:%s/socket", server->dir);
    process_start(server, listen, "--per-source=1", "--source-rate=1/h", "--slots=4",
                  "--reserve=2:10.0.0.0/8", NULL);
    for (int i = 0; i < 4; i++)
        client_served(process_address(server));
    assert_int_equal(process_counter(server, "active"), 4);
}

/* ---- --rate ------------------------------------------------------------------------------ */

/* Nobody is refused, nobody is lost, and it takes as long as it must. */
static void rate_pauses_and_goes_on(struct process *server)
{
    enum { CLIENTS = 11, INTERVAL_MS = 20 };
    int fds[CLIENTS];
    process_start(server, "--rate=50/s,burst=1", NULL);
    int64_t begin = now_ms();
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client_connect(process_address(server));
        client_send_text(fds[i], "me");
    }
    for (int i = 0; i < CLIENTS; i++)
        client_expect_text(fds[i], "me");
    int64_t took = now_ms() - begin;
    if (took < (CLIENTS - 1) * INTERVAL_MS - 1)
        suite_fail("%d connections in %lld ms", CLIENTS, (long long)took);
    assert_int_equal(process_counter(server, "accepted"), CLIENTS);
    assert_int_equal(process_log_count(server, "level=warn"), 0);
}

/* A slot that becomes free, for which others wait, is no reason to forget the rate. */
static void release_does_not_forgive_the_rate(struct process *server)
{
    enum { CLIENTS = 6, BURST = 2, INTERVAL_MS = 50 };
    int fds[CLIENTS];
    process_start(server, "--rate=20/s,burst=2", "--slots=1", NULL);
    int64_t begin = now_ms();
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client_connect(process_address(server));
        client_half_close(fds[i]);
    }
    for (int i = 0; i < CLIENTS; i++)
        client_expect_eof(fds[i]);
    int64_t took = now_ms() - begin;
    if (took < (CLIENTS - BURST) * INTERVAL_MS - 1)
        suite_fail("%d connections in %lld ms", CLIENTS, (long long)took);
    process_wait_counter(server, "served", CLIENTS);
}

/* An empty bucket costs no processor time, and does not hold up the stop. */
static void rate_waits_quietly(struct process *server)
{
    process_start(server, "--rate=1/h", "--drain=100ms", NULL);
    client_leave(client_served(process_address(server)));
    for (int i = 0; i < 20; i++)
        client_connect(process_address(server));
    process_dump(server);
    int64_t before = proc_cpu_ns(server->pid);
    let_pass(300);
    int64_t used = proc_cpu_ns(server->pid) - before;
    if (used > 10 * 1000000 * allow_ms(1))
        suite_fail("%lld ms of processor time while the bucket is empty",
                   (long long)used / 1000000);
    assert_int_equal(process_counter(server, "accepted"), 1);
    int64_t begin = now_ms();
    process_stop(server);
    assert_true(now_ms() - begin < allow_ms(2000));
    process_log_wait(server, "level=warn msg=\"connections closed unserved\" count=20");
}

/* Nobody is served when the stop begins, and somebody waits for the rate. */
static void drain_waits_for_the_rate(struct process *server)
{
    process_start(server, "--rate=2/s,burst=1", NULL);
    client_leave(client_served(process_address(server)));
    int fd = client_connect(process_address(server));
    client_send_text(fd, "before the stop");
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce active=0");
    client_expect_text(fd, "before the stop");
    client_leave(fd);
    assert_int_equal(process_wait_exit(server), 0);
    process_log_wait(server, "msg=counters accepted=2 served=2");
}

/* ---- --source-rate ----------------------------------------------------------------------- */

static void source_rate_refuses_who_comes_too_fast(struct process *server)
{
    process_start(server, "--source-rate=1/h,burst=2", "--when-full=busy:slow down", NULL);
    for (int i = 0; i < 2; i++)
        client_leave(client_served_from(here, process_address(server)));
    for (int i = 0; i < 3; i++)
        expect_refused(server, here, "slow down\r\n");
    for (int i = 0; i < 2; i++)
        client_leave(client_served_from(beside, process_address(server)));
    expect_refused(server, beside, "slow down\r\n");
    assert_int_equal(process_counter(server, "refused_rate"), 4);
    process_log_wait(server, "level=warn msg=\"connection refused\" reason=source-rate");
}

/* Trying all the time does not put off the moment at which it is let in again. */
static void source_rate_lets_in_again(struct process *server)
{
    int64_t deadline = patience();
    long long refused = 0;
    bool served = true;
    process_start(server, "--handler=daytime", "--source-rate=4/s,burst=1",
                  "--when-full=busy:slow down", NULL);
    for (long long tries = 1; !served || refused == 0; tries++) {
        char line[64];
        int fd = client_connect_from(here, process_address(server));
        client_read_line(fd, line, sizeof line);
        served = strcmp(line, "slow down") != 0;
        refused += !served;
        client_close(fd);
        if (!look_again(deadline))
            suite_fail("%lld of %lld times refused", refused, tries);
    }
    process_wait_counter(server, "active", 0);
    assert_int_equal(process_counter(server, "refused_rate"), refused);
}

/* ---- --reserve --------------------------------------------------------------------------- */

static void last_slots_are_for_trusted_networks(struct process *server)
{
    process_start(server, "--slots=4", "--reserve=2:10.0.0.0/8,127.0.0.2", NULL);
    for (int i = 0; i < 2; i++)
        client_served_from(elsewhere, process_address(server));
    expect_refused(server, elsewhere, "");
    process_log_wait(server, "level=warn msg=\"connection refused\" reason=reserved");
    client_served_from(here, process_address(server));
    expect_refused(server, beside, "");
    int held = client_served_from(here, process_address(server));
    assert_int_equal(process_counter(server, "refused_full"), 2);
    /* And when none is left they wait like everybody. */
    int waiting = client_connect_from(here, process_address(server));
    client_send_text(waiting, "me");
    assert_int_equal(process_counter(server, "accepted"), 6);
    client_leave(held);
    client_expect_text(waiting, "me");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(limit_is_for_one_address),
        CASE(limit_is_for_a_netblock),
        CASE(ipv6_limit_is_for_a_subscriber),
        CASE(refused_source_is_told),
        CASE(refusals_do_not_flood_the_log),
        CASE(burst_is_counted_in_time),
        CASE(place_comes_back_whatever_ended_it),
        CASE(unix_peers_are_no_source),
        CASE(rate_pauses_and_goes_on),
        CASE(release_does_not_forgive_the_rate),
        CASE(rate_waits_quietly),
        CASE(drain_waits_for_the_rate),
        CASE(source_rate_refuses_who_comes_too_fast),
        CASE(source_rate_lets_in_again),
        CASE(last_slots_are_for_trusted_networks),
    };
    suite_init(argc, argv);
    netns_enter();
    return cmocka_run_group_tests_name("sources", cases, NULL, NULL);
}
