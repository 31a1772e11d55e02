/* The functions of <thrdsrv/conn.h> on a socket pair: lines in every split, deadlines, cuts, short
 * writes, and the adapter that runs a sans-I/O handler. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

#include "server/clock.h"
#include "server/conn.h"
#include "server/listener.h"
#include "server/server.h"

static struct thrdsrv_server server;
static struct progress progress;
static struct SockInfo slot;
static struct thrdsrv_conn conn;
static char ahead[CONN_AHEAD_SIZE];
static int peer; /* the other end of the connection */

static int set_up(void **state)
{
    (void)state;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    memset(&server, 0, sizeof server);
    memset(&slot, 0, sizeof slot);
    progress_reset(&progress);
    slot.server = &server;
    slot.progress = &progress;
    slot.listener_text = "unix:/run/test";
    slot.index = 17;
    slot.conn_id = 4711;
    peer = pair[1];
    conn_init(&conn, &slot, pair[0], NULL);
    conn.ahead = ahead;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(conn.fd);
    if (peer >= 0)
        close(peer);
    return 0;
}

static void say(const char *data, size_t size)
{
    assert_int_equal(send(peer, data, size, 0), (ssize_t)size);
}

static void expect_line(const char *line)
{
    char buf[64];
    ssize_t length = thrdsrv_conn_read_line(&conn, buf, sizeof buf);
    assert_int_equal(length, (ssize_t)strlen(line));
    assert_string_equal(buf, line);
}

static void test_lines(void **state)
{
    (void)state;
    static const char input[] = "one\ntwo\r\n\n\r\nwith\rinside\nlast";
    say(input, sizeof input - 1);
    shutdown(peer, SHUT_WR);
    expect_line("one");
    expect_line("two");
    expect_line("");
    expect_line("");
    expect_line("with\rinside");
    expect_line("last");
    char buf[8];
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_EOF);
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_EOF);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), 0);
    assert_int_equal(progress_read(&progress.bytes_in), sizeof input - 1);
}

struct pieces {
    const char *text;
    size_t split;
};

static void *say_in_two(void *argument)
{
    const struct pieces *pieces = argument;
    send(peer, pieces->text, pieces->split, 0);
    while (progress_read(&progress.bytes_in) < pieces->split)
        sched_yield(); /* so that the first piece is read by itself */
    send(peer, pieces->text + pieces->split, strlen(pieces->text) - pieces->split, 0);
    shutdown(peer, SHUT_WR);
    return NULL;
}

static void test_lines_in_every_split(void **state)
{
    static const char text[] = "ab\r\nc\n\r\nlast\r";
    for (size_t split = 0; split < sizeof text; split++) {
        pthread_t thread;
        struct pieces pieces = {text, split};
        assert_int_equal(pthread_create(&thread, NULL, say_in_two, &pieces), 0);
        expect_line("ab");
        expect_line("c");
        expect_line("");
        expect_line("last\r"); /* no line end: the CR belongs to the line */
        char buf[8];
        assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_EOF);
        pthread_join(thread, NULL);
        tear_down(state);
        set_up(state);
    }
}

static void test_a_line_that_is_too_long_loses_nothing(void **state)
{
    (void)state;
    char buf[5];
    say("abcdefghij\nk\n1234\n12345\r\n", 25);
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_TOO_LONG);
    assert_string_equal(buf, "abcd");
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_TOO_LONG);
    assert_string_equal(buf, "efgh");
    expect_line("ij");
    expect_line("k");
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), 4); /* fits exactly */
    assert_string_equal(buf, "1234");
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_TOO_LONG);
    assert_string_equal(buf, "1234");
    expect_line("5");
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, 1), THRDSRV_E_INVALID);
}

static void test_a_line_longer_than_the_read_ahead(void **state)
{
    (void)state;
    static char line[10000], buf[20000];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    say(line, sizeof line);
    size_t total = 0;
    ssize_t length;
    while ((length = thrdsrv_conn_read_line(&conn, buf, sizeof buf)) == THRDSRV_E_TOO_LONG)
        total += strlen(buf);
    assert_true(length >= 0);
    assert_int_equal(total + (size_t)length, sizeof line - 1);
}

/* Says a line of that many bytes with this end, which must be read whole, or else not. */
static void say_long_line(size_t length, const char *end, bool fits)
{
    static char line[5000], buf[9000];
    memset(line, 'x', length);
    memcpy(line + length, end, strlen(end));
    say(line, length + strlen(end));
    ssize_t result = thrdsrv_conn_read_line(&conn, buf, sizeof buf);
    if (fits) {
        assert_int_equal(result, length);
        return;
    }
    assert_int_equal(result, THRDSRV_E_TOO_LONG);
    result = thrdsrv_conn_read_line(&conn, buf + strlen(buf), sizeof buf - strlen(buf));
    assert_true(result >= 0);
    assert_int_equal(strlen(buf), length);
}

static void test_the_longest_line(void **state)
{
    (void)state;
    say_long_line(4095, "\n", true);
    say_long_line(4096, "\n", false);
    say_long_line(4094, "\r\n", true);
    say_long_line(4095, "\r\n", false);
}

static void test_read_takes_what_was_read_ahead_first(void **state)
{
    (void)state;
    char buf[16];
    say("line\nrest", 9);
    expect_line("line");
    say("more", 4);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, 2), 2);
    assert_memory_equal(buf, "re", 2);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), 2);
    assert_memory_equal(buf, "st", 2);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), 4);
    assert_memory_equal(buf, "more", 4);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, 0), THRDSRV_E_INVALID);
}

static void test_nul_bytes_are_data(void **state)
{
    (void)state;
    char buf[8];
    say("a\0b\n", 4);
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), 3);
    assert_memory_equal(buf, "a\0b", 4);
}

static void test_printf(void **state)
{
    (void)state;
    char big[5000], got[16];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(thrdsrv_conn_printf(&conn, "%d-%s", 42, "x"), 0);
    assert_int_equal(recv(peer, got, sizeof got, 0), 4);
    assert_memory_equal(got, "42-x", 4);
    assert_int_equal(thrdsrv_conn_printf(&conn, "%s", big), THRDSRV_E_TOO_LONG);
    assert_int_equal(recv(peer, got, sizeof got, MSG_DONTWAIT), -1); /* nothing of it was written */
    big[4095] = '\0';
    assert_int_equal(thrdsrv_conn_printf(&conn, "%s", big), 0);
    static const wchar_t no_text[] = {0x110000, 0}; /* no character of any locale */
    assert_int_equal(thrdsrv_conn_printf(&conn, "%ls", no_text), THRDSRV_E_INVALID);
}

static void test_a_deadline_bounds_reads_and_writes(void **state)
{
    (void)state;
    static char much[4 << 20];
    char buf[8];
    int64_t before = clock_ns();
    thrdsrv_conn_set_deadline(&conn, 50);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), THRDSRV_E_TIMEOUT);
    assert_true(clock_ns() - before >= 50000000);
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_TIMEOUT);
    thrdsrv_conn_set_deadline(&conn, 50);
    assert_int_equal(thrdsrv_conn_write(&conn, much, sizeof much), THRDSRV_E_TIMEOUT);
    say("x", 1);
    thrdsrv_conn_set_deadline(&conn, 1000);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), 1);
    thrdsrv_conn_set_deadline(&conn, -1);
    assert_int_equal(conn.deadline_ms, -1);
    say("y", 1);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), 1);
    thrdsrv_conn_set_deadline(&conn, INT64_MAX);
    say("z", 1);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), 1);
}

static void *say_later(void *argument)
{
    const struct timespec pause = {.tv_nsec = 300000000};
    nanosleep(&pause, NULL);
    say(argument, 1);
    return NULL;
}

/* One that was handed over, and that the system would not make blocking. */
static void test_a_connection_that_does_not_block_is_waited_for(void **state)
{
    (void)state;
    pthread_t peers_thread;
    char buf[8];
    assert_int_equal(fcntl(conn.fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&peers_thread, NULL, say_later, "x"), 0);
    int64_t before = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), 1);
    int64_t used = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - before;
    assert_int_equal(pthread_join(peers_thread, NULL), 0);
    assert_true(used < 40000000);
}

static void test_an_unfinished_line_stays_for_the_next_call(void **state)
{
    (void)state;
    char buf[16];
    say("begin", 5);
    thrdsrv_conn_set_deadline(&conn, 20);
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_TIMEOUT);
    thrdsrv_conn_set_deadline(&conn, -1);
    say("ning\n", 5);
    expect_line("beginning");
}

static void *cut_it(void *argument)
{
    int64_t since;
    while (progress_waiting(&progress, &since) == THRDSRV_WAIT_NONE)
        sched_yield();
    progress_set_cut(&progress, *(const enum thrdsrv_end_reason *)argument);
    shutdown(conn.fd, SHUT_RDWR);
    return NULL;
}

static void test_a_cut_wakes_a_blocked_read_and_names_the_kind(void **state)
{
    static const struct {
        enum thrdsrv_end_reason reason;
        int error;
    } cases[] = {{THRDSRV_END_IDLE, THRDSRV_E_TIMEOUT},
                 {THRDSRV_END_LIFETIME, THRDSRV_E_TIMEOUT},
                 {THRDSRV_END_STOPPED, THRDSRV_E_STOPPED},
                 {THRDSRV_END_TERMINATED, THRDSRV_E_STOPPED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pthread_t thread;
        enum thrdsrv_end_reason reason = cases[i].reason;
        char buf[8];
        assert_int_equal(pthread_create(&thread, NULL, cut_it, &reason), 0);
        assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), cases[i].error);
        pthread_join(thread, NULL);
        assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), cases[i].error);
        assert_int_equal(thrdsrv_conn_write(&conn, "x", 1), cases[i].error);
        tear_down(state);
        set_up(state);
    }
}

static void test_after_a_cut_nothing_is_served_from_the_buffers(void **state)
{
    (void)state;
    char buf[16];
    say("one\ntwo\nthree", 13);
    shutdown(peer, SHUT_WR);
    expect_line("one");
    progress_set_cut(&progress,
                     THRDSRV_END_STOPPED); /* "two" was read ahead, the end is in the socket */
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), THRDSRV_E_STOPPED);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), THRDSRV_E_STOPPED);
    assert_int_equal(thrdsrv_conn_write(&conn, "x", 0), THRDSRV_E_STOPPED);
}

static void test_short_deadlines_do_not_restart_the_idle_clock(void **state)
{
    (void)state;
    char buf[8];
    int64_t since, before = clock_coarse_ms();
    thrdsrv_conn_set_deadline(&conn, 60);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), THRDSRV_E_TIMEOUT);
    assert_int_equal(progress_waiting(&progress, &since), THRDSRV_WAIT_NONE); /* now it computes */
    int64_t waited = conn.idle_ms;
    assert_true(waited >= 40 && waited <= clock_coarse_ms() - before);
    thrdsrv_conn_set_deadline(&conn, 60);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), THRDSRV_E_TIMEOUT);
    assert_true(conn.idle_ms >= waited + 40);
    say("x", 1);
    assert_int_equal(thrdsrv_conn_read(&conn, buf, sizeof buf), 1);
    assert_int_equal(conn.idle_ms, 0);
}

static void test_what_was_read_ahead_comes_first_everywhere(void **state)
{
    (void)state;
    char buf[8];
    say("a\nbc", 4);
    expect_line("a");
    say("de", 2);
    assert_int_equal(conn_read_ready(&conn, buf, sizeof buf), 2);
    assert_memory_equal(buf, "bc", 2);
    assert_int_equal(conn_read_ready(&conn, buf, sizeof buf), 2);
    assert_memory_equal(buf, "de", 2);
    assert_int_equal(conn_read_ready(&conn, buf, sizeof buf), 0);
}

/* A line of the longest length that fits, its CRLF split in two. */
static void test_a_split_crlf_does_not_make_a_line_too_long(void **state)
{
    (void)state;
    pthread_t thread;
    char buf[10];
    struct pieces pieces = {"123456789\r\nnext\n", 10};
    assert_int_equal(pthread_create(&thread, NULL, say_in_two, &pieces), 0);
    assert_int_equal(thrdsrv_conn_read_line(&conn, buf, sizeof buf), 9);
    assert_string_equal(buf, "123456789");
    expect_line("next");
    pthread_join(thread, NULL);
}

static void test_a_peer_that_is_gone_is_a_reset_without_sigpipe(void **state)
{
    (void)state;
    close(peer);
    peer = -1;
    assert_int_equal(thrdsrv_conn_write(&conn, "x", 1), THRDSRV_E_RESET); /* SIGPIPE would kill */
    assert_int_equal(progress_read(&progress.bytes_out), 0);
}

static void *drain_slowly(void *argument)
{
    size_t *total = argument;
    char buf[1000];
    ssize_t count;
    while ((count = recv(peer, buf, sizeof buf, 0)) > 0)
        for (ssize_t i = 0; i < count; i++)
            if (buf[i] == (char)('a' + (*total)++ % 26))
                continue;
            else
                return NULL;
    return NULL;
}

static void test_a_write_that_fills_the_buffer_arrives_whole(void **state)
{
    (void)state;
    static char much[8 << 20];
    size_t total = 0;
    pthread_t thread;
    for (size_t i = 0; i < sizeof much; i++)
        much[i] = (char)('a' + i % 26);
    assert_int_equal(pthread_create(&thread, NULL, drain_slowly, &total), 0);
    assert_int_equal(thrdsrv_conn_write(&conn, much, sizeof much), 0);
    shutdown(conn.fd, SHUT_WR);
    pthread_join(thread, NULL);
    assert_int_equal(total, sizeof much);
    assert_int_equal(progress_read(&progress.bytes_out), sizeof much);
}

static void test_linger_waits_for_the_peers_end(void **state)
{
    (void)state;
    char buf[8];
    say("unread", 6);
    shutdown(peer, SHUT_WR);
    assert_int_equal(thrdsrv_conn_write(&conn, "bye", 3), 0);
    conn_linger(&conn);
    assert_int_equal(recv(peer, buf, sizeof buf, 0), 3);
    assert_int_equal(recv(peer, buf, sizeof buf, 0), 0); /* an end, not a reset */
    assert_true(conn.end_of_input);
}

/* A handler that breaks its contract must not make the adapter spin. */
static void greedy_start(void *session, const struct thrdsrv_start *start)
{
    (void)session;
    assert_string_equal(start->peer, "unknown");
    assert_true(start->unix_time > 1600000000);
}

static enum thrdsrv_step greedy_step(void *session, struct thrdsrv_stream *stream)
{
    (void)session;
    (void)stream;
    return THRDSRV_STEP_WANT_INPUT;
}

static void test_a_handler_that_never_consumes_is_ended(void **state)
{
    (void)state;
    static const struct thrdsrv_handler greedy = {
        .name = "greedy", .summary = "", .start = greedy_start, .step = greedy_step};
    static char much[100000];
    assert_true(send(peer, much, sizeof much, MSG_DONTWAIT) > 0);
    assert_int_equal(conn_run_handler(&conn, &greedy), THRDSRV_E_INVALID);
}

static enum thrdsrv_step idle_step(void *session, struct thrdsrv_stream *stream)
{
    (void)session;
    (void)stream;
    return THRDSRV_STEP_WANT_OUTPUT;
}

static enum thrdsrv_step wrong_step(void *session, struct thrdsrv_stream *stream)
{
    (void)session;
    (void)stream;
    return (enum thrdsrv_step)42;
}

static void test_a_handler_that_does_nothing_for_ever_is_ended(void **state)
{
    (void)state;
    static const struct thrdsrv_handler idle = {
        .name = "idle", .summary = "", .start = greedy_start, .step = idle_step};
    static const struct thrdsrv_handler wrong = {
        .name = "wrong", .summary = "", .start = greedy_start, .step = wrong_step};
    assert_int_equal(conn_run_handler(&conn, &idle), THRDSRV_E_INVALID);
    assert_int_equal(conn_run_handler(&conn, &wrong), THRDSRV_E_INVALID);
}

static void test_the_adapter_serves_until_the_end_of_input(void **state)
{
    (void)state;
    char buf[64];
    say("Hello\nlast", 10);
    shutdown(peer, SHUT_WR);
    assert_int_equal(conn_run_handler(&conn, &thrdsrv_rot13), 0);
    assert_int_equal(recv(peer, buf, sizeof buf, 0), 10);
    assert_memory_equal(buf, "Uryyb\nynfg", 10);
}

static void test_who_it_is(void **state)
{
    (void)state;
    slot.peer.family = AF_UNIX;
    slot.peer.of.process.pid = 1;
    slot.peer.of.process.uid = 2;
    assert_int_equal(thrdsrv_conn_slot(&conn), 17);
    assert_int_equal(thrdsrv_conn_id(&conn), 4711);
    assert_ptr_equal(thrdsrv_conn_server(&conn), &server);
    int64_t before = clock_ns();
    slot.accepted_at_ns = before - 5000;
    int64_t age = thrdsrv_conn_age_ns(&conn);
    assert_in_range(age, 5000, clock_ns() - before + 5000);
    assert_string_equal(thrdsrv_conn_peer(&conn), "unix:pid=1,uid=2");
    assert_string_equal(thrdsrv_conn_local(&conn), "unix:/run/test");
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAIR(test_lines),
        WITH_PAIR(test_lines_in_every_split),
        WITH_PAIR(test_a_line_that_is_too_long_loses_nothing),
        WITH_PAIR(test_a_line_longer_than_the_read_ahead),
        WITH_PAIR(test_read_takes_what_was_read_ahead_first),
        WITH_PAIR(test_nul_bytes_are_data),
        WITH_PAIR(test_the_longest_line),
        WITH_PAIR(test_printf),
        WITH_PAIR(test_a_deadline_bounds_reads_and_writes),
        WITH_PAIR(test_a_connection_that_does_not_block_is_waited_for),
        WITH_PAIR(test_an_unfinished_line_stays_for_the_next_call),
        WITH_PAIR(test_a_cut_wakes_a_blocked_read_and_names_the_kind),
        WITH_PAIR(test_after_a_cut_nothing_is_served_from_the_buffers),
        WITH_PAIR(test_short_deadlines_do_not_restart_the_idle_clock),
        WITH_PAIR(test_what_was_read_ahead_comes_first_everywhere),
        WITH_PAIR(test_a_split_crlf_does_not_make_a_line_too_long),
        WITH_PAIR(test_a_peer_that_is_gone_is_a_reset_without_sigpipe),
        WITH_PAIR(test_a_write_that_fills_the_buffer_arrives_whole),
        WITH_PAIR(test_linger_waits_for_the_peers_end),
        WITH_PAIR(test_a_handler_that_never_consumes_is_ended),
        WITH_PAIR(test_a_handler_that_does_nothing_for_ever_is_ended),
        WITH_PAIR(test_the_adapter_serves_until_the_end_of_input),
        WITH_PAIR(test_who_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
