/* test_proxy - behind a load balancer: --proxy-from, and whom the PROXY header makes the peer. What
 * a header is and what is none tests/unit/test_proxy_header.c has; a balancer that nobody here
 * wrote, real_programs.sh. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

#define FROM_HERE "--proxy-from=127.0.0.1"
#define V1        "PROXY TCP4 192.0.2.7 10.0.0.1 1234 80\r\n"
#define V2        "\r\n\r\n\0\r\nQUIT\n"

/* The greatest number of connections whose header is awaited at once, as the manual says. */
enum { PLACES = 256 };

struct header {
    const char *bytes;
    size_t size;
    const char *says; /* in the line at the end */
};
#define HEADER(literal, says)                                                                      \
    {                                                                                              \
        literal, sizeof literal - 1, says                                                          \
    }

static const struct header headers[] = {
    HEADER(V1, "msg=end peer=192.0.2.7:1234 local=10.0.0.1:80"),
    HEADER("PROXY TCP6 2001:db8::7 2001:db8::1 1234 80\r\n",
           "msg=end peer=[2001:db8::7]:1234 local=[2001:db8::1]:80"),
    HEADER(V2 "\x21\x11\x00\x0c\xc0\x00\x02\x08\x0a\x00\x00\x01\x04\xd2\x00\x50",
           "msg=end peer=192.0.2.8:1234 local=10.0.0.1:80"),
    HEADER(V2 "\x21\x21\x00\x2a\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x08\x20\x01\x0d\xb8\0\0\0\0\0"
              "\0\0\0\0\0\0\x01\x04\xd2\x00\x50\x04\x00\x03\0\0\0",
           "msg=end peer=[2001:db8::8]:1234 local=[2001:db8::1]:80"),
};
enum { HEADERS = sizeof headers / sizeof *headers };

/* A balancer's connection for the client at 192.0.2.N. */
static int client_of(struct process *server, int n)
{
    char header[64];
    int fd = client_connect(process_address(server));
    snprintf(header, sizeof header, "PROXY TCP4 192.0.2.%d 10.0.0.1 1234 80\r\n", n);
    client_send_text(fd, header);
    return fd;
}

static int served_client_of(struct process *server, int n)
{
    int fd = client_of(server, n);
    client_echo(fd, "hello");
    return fd;
}

static void leave(struct process *server, int fd)
{
    client_leave(fd);
    process_wait_counter(server, "active", 0);
}

static size_t slots(void)
{
    return suite_mode() == THRDSRV_MODE_INLINE ? 1 : 2;
}

static void fill(struct process *server, int *held)
{
    for (size_t i = 0; i < slots(); i++)
        held[i] = served_client_of(server, 1);
}

/* ---- Whom a header makes the peer --------------------------------------------------------------
 */

static void header_names_the_client(struct process *server)
{
    char pattern[200], name[64];
    process_start(server, FROM_HERE, NULL);
    for (size_t i = 0; i < HEADERS; i++) {
        int fd = client_connect(process_address(server));
        client_name(fd, name, sizeof name);
        client_send(fd, headers[i].bytes, headers[i].size);
        client_echo(fd, "hello");
        leave(server, fd);
        snprintf(pattern, sizeof pattern, "%s proxy=%s in=5 out=5 end=eof", headers[i].says, name);
        process_log_wait(server, pattern);
    }
}

/* The bytes behind a header are the client's, all of them, and once. */
static void data_comes_with_the_header(struct process *server)
{
    enum { DATA = 20000 };
    static char sent[DATA + 200];
    process_start(server, FROM_HERE, NULL);
    for (size_t i = 0; i < HEADERS; i++) {
        memcpy(sent, headers[i].bytes, headers[i].size);
        for (size_t j = 0; j < DATA; j++) /* which looks like headers too */
            sent[headers[i].size + j] = V1[j % (sizeof V1 - 1)];
        int fd = client_connect(process_address(server));
        client_send(fd, sent, headers[i].size + DATA);
        client_expect(fd, sent + headers[i].size, DATA);
        leave(server, fd);
    }
}

/* After each byte somebody else is served, so that the server has seen it by itself. */
static void header_comes_byte_by_byte(struct process *server)
{
    process_start(server, FROM_HERE, "--proxy-timeout=1h", NULL);
    for (size_t i = 0; i < HEADERS; i++) {
        int fd = client_connect(process_address(server));
        for (size_t j = 0; j < headers[i].size; j++) {
            client_send(fd, headers[i].bytes + j, 1);
            if (j % 8 == 0)
                leave(server, served_client_of(server, 1));
        }
        client_echo(fd, "hello");
        leave(server, fd);
        process_log_wait(server, headers[i].says);
    }
}

/* The balancer asks whether we live, or knows no client. */
static void balancers_own_connection_keeps_its_addresses(struct process *server)
{
    static const struct header own[] = {
        HEADER("PROXY UNKNOWN\r\n", ""),
        HEADER("PROXY UNKNOWN 192.0.2.7 10.0.0.1 1234 80\r\n", ""),
        HEADER(V2 "\x20\x11\x00\x0c\xc0\x00\x02\x08\x0a\x00\x00\x01\x04\xd2\x00\x50", ""),
        HEADER(V2 "\x21\x00\x00\x00", ""),
    };
    char pattern[200], name[64];
    process_start(server, FROM_HERE, NULL);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        int fd = client_connect(process_address(server));
        client_name(fd, name, sizeof name);
        client_send(fd, own[i].bytes, own[i].size);
        client_echo(fd, "hello");
        leave(server, fd);
        snprintf(pattern, sizeof pattern, "msg=end peer=%s local=%s", name,
                 process_address(server));
        process_log_wait(server, pattern);
    }
    assert_int_equal(process_log_count(server, " proxy="), 0);
}

static void rules_are_about_the_client(struct process *server)
{
    process_start(server, FROM_HERE, "--allow=192.0.2.0/24", "--deny=192.0.2.7", NULL);
    leave(server, served_client_of(server, 8));
    client_expect_eof(client_of(server, 7));
    assert_int_equal(process_counter(server, "refused_rules"), 1);
    process_log_wait(server, "msg=\"connection refused\" reason=rules peer=192.0.2.7:1234");
}

static void limits_are_about_the_client(struct process *server)
{
    if (suite_mode() == THRDSRV_MODE_INLINE)
        suite_skip("mode inline has one slot");
    process_start(server, FROM_HERE, "--per-source=1", NULL);
    int one = served_client_of(server, 7);
    int other = served_client_of(server, 8);
    client_expect_eof(client_of(server, 7));
    client_leave(one);
    client_leave(other);
    assert_int_equal(process_counter(server, "refused_source"), 1);
    process_log_wait(server, "msg=\"connection refused\" reason=source peer=192.0.2.7:1234");
}

static void program_is_told_of_the_client(struct process *server)
{
    char text[8000] = "";
    process_start(server, FROM_HERE, "--", "env", NULL);
    client_read_all(client_of(server, 7), text, sizeof text - 1);
    assert_non_null(strstr(text, "TCPREMOTEIP=192.0.2.7\n"));
    assert_non_null(strstr(text, "TCPREMOTEPORT=1234\n"));
    assert_non_null(strstr(text, "TCPLOCALIP=10.0.0.1\n"));
    assert_non_null(strstr(text, "TCPLOCALPORT=80\n"));
    assert_non_null(strstr(text, "TCPCONNNUM=1\n"));
}

/* ---- Who is refused ----------------------------------------------------------------------------
 */

/* Whatever it says; and nothing of it is served. */
static void others_are_refused(struct process *server)
{
    char pattern[160], name[64];
    process_start(server, "--proxy-from=10.0.0.0/8,127.0.0.9,unix", NULL);
    int fd = client_connect(process_address(server));
    client_name(fd, name, sizeof name);
    client_send_text(fd, V1 "hello");
    client_wait_end(fd);
    snprintf(pattern, sizeof pattern,
             "level=warn msg=\"connection refused\" reason=proxy-source peer=%s repeated=1", name);
    process_log_wait(server, pattern);
    assert_int_equal(process_counter(server, "refused_proxy"), 1);
    assert_int_equal(process_counter(server, "accepted"), 1);
    fd = client_connect_from("127.0.0.9", process_address(server));
    client_send_text(fd, V1);
    client_echo(fd, "hello");
    leave(server, fd);
}

static void malformed_headers_are_refused(struct process *server)
{
    static const struct header wrong[] = {
        HEADER("GET / HTTP/1.0\r\n\r\n", ""),
        HEADER("PROXY TCP4 192.0.2.7 10.0.0.1 1234 80 81\r\n", ""),
        HEADER("PROXY UNKNOWN 12345678901234567890123456789012345678901234567890123456789012345678"
               "901234567890123456789012345678",
               ""),
        HEADER(V2 "\x21\x12", ""),
        HEADER(V2 "\x21\x11\x0f\xf1", ""), /* 4097 bytes in all */
    };
    enum { WRONG = sizeof wrong / sizeof *wrong };
    process_start(server, FROM_HERE, "--proxy-timeout=1h", "--when-full=busy:not a word", NULL);
    for (size_t i = 0; i < WRONG; i++) {
        int fd = client_connect(process_address(server));
        client_send(fd, wrong[i].bytes, wrong[i].size);
        client_wait_end(fd);
    }
    int fd = client_connect(process_address(server));
    client_send_text(fd, "PROXY TCP4");
    client_half_close(fd); /* in the middle of it */
    client_expect_eof(fd);
    client_close(client_connect(process_address(server)));
    process_wait_counter(server, "refused_proxy", WRONG + 2);
    process_log_wait(server, "level=warn msg=\"connection refused\" reason=proxy-header");
    leave(server, served_client_of(server, 7));
}

/* Who has sent the beginning has no more time than who has sent nothing. */
static void silent_balancer_is_cut(struct process *server)
{
    process_start(server, FROM_HERE, "--proxy-timeout=200ms", NULL);
    int64_t begin = now_ms();
    int nothing = client_connect(process_address(server));
    int little = client_connect(process_address(server));
    client_send(little, V2, sizeof V2 - 1);
    client_expect_eof(nothing);
    client_expect_eof(little);
    assert_true(now_ms() - begin >= 195); /* clocks of two kinds */
    process_log_wait(server, "level=warn msg=\"connection refused\" reason=proxy-timeout");
    process_wait_counter(server, "refused_proxy", 2);
}

/* ---- Those who wait ----------------------------------------------------------------------------
 */

static void silent_ones_hold_nobody_up(struct process *server)
{
    enum { SILENT = 100 };
    process_start(server, FROM_HERE, "--proxy-timeout=1h", "--slots=2", NULL);
    for (int i = 0; i < SILENT; i++)
        client_connect(process_address(server));
    for (int i = 0; i < 10; i++)
        leave(server, served_client_of(server, 7));
    int64_t before = proc_cpu_ns(server->pid);
    let_pass(300);
    int64_t used = proc_cpu_ns(server->pid) - before;
    if (used > 10 * 1000000 * allow_ms(1))
        suite_fail("%lld ms of processor time for silence", (long long)used / 1000000);
    assert_int_equal(process_counter(server, "accepted"), 10);
    process_stop(server);
    process_log_wait(server, "msg=counters accepted=110 served=10 refused_proxy=100");
    process_log_wait(server, "level=warn msg=\"connection refused\" reason=proxy-stop");
}

/* The others are in the backlog until a place is free. */
static void more_than_there_are_places(struct process *server)
{
    enum { SILENT = PLACES + 10 };
    process_start(server, FROM_HERE, "--proxy-timeout=500ms", NULL);
    for (int i = 0; i < SILENT; i++)
        client_connect(process_address(server));
    int fd = served_client_of(server, 7);
    assert_true(process_counter(server, "refused_proxy") >= SILENT - PLACES);
    leave(server, fd);
    process_wait_counter(server, "refused_proxy", SILENT);
}

/* A header that has come is not lost while its client waits for a slot. */
static void full_server_lets_them_wait(struct process *server)
{
    enum { WAITING = 4 };
    int held[2], waiting[WAITING];
    process_start(server, FROM_HERE, "--slots=2", "--proxy-timeout=200ms", NULL);
    fill(server, held);
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = client_of(server, 10 + i);
        client_send_text(waiting[i], "me");
    }
    let_pass(300); /* which is no time of theirs: their headers have come */
    assert_int_equal(process_counter(server, "accepted"), slots());
    for (size_t i = 0; i < slots(); i++)
        client_leave(held[i]);
    for (int i = 0; i < WAITING; i++) {
        client_expect_text(waiting[i], "me");
        client_leave(waiting[i]);
    }
    process_wait_counter(server, "served", (long long)slots() + WAITING);
    for (int i = 0; i < WAITING; i++) {
        char pattern[64];
        snprintf(pattern, sizeof pattern, "msg=end peer=192.0.2.%d:1234 in=2", 10 + i);
        process_log_wait(server, pattern);
    }
    assert_int_equal(process_counter(server, "refused_proxy"), 0);
}

static void full_server_tells_them(struct process *server)
{
    int held[2];
    process_start(server, FROM_HERE, "--slots=2", "--when-full=busy:come again", NULL);
    fill(server, held);
    int fd = client_of(server, 9);
    client_expect_text(fd, "come again\r\n");
    client_expect_eof(fd);
    assert_int_equal(process_counter(server, "refused_full"), 1);
    process_log_wait(server, "msg=\"connection refused\" reason=full peer=192.0.2.9:1234");
}

static void full_server_closes_them(struct process *server)
{
    int held[2];
    process_start(server, FROM_HERE, "--slots=2", "--when-full=close", NULL);
    fill(server, held);
    client_expect_eof(client_of(server, 9));
    assert_int_equal(process_counter(server, "refused_full"), 1);
}

/* Whoever came first is first; nobody is refused. */
static void rate_lets_them_wait(struct process *server)
{
    enum { WAITING = 4 };
    int waiting[WAITING];
    process_start(server, FROM_HERE, "--rate=20/s,burst=1", "--proxy-timeout=1h", NULL);
    client_connect(process_address(server)); /* silent, and costs nothing of the rate */
    int64_t begin = now_ms();
    for (int i = 0; i < WAITING; i++)
        waiting[i] = client_of(server, 10 + i);
    for (int i = 0; i < WAITING; i++) {
        client_echo(waiting[i], "hello");
        client_leave(waiting[i]);
    }
    assert_true(now_ms() - begin >= (WAITING - 1) * 50 - 5);
    assert_int_equal(process_counter(server, "refused_rate"), 0);
}

/* One that has said nothing, one that has begun, one that waits for a slot, and is served. */
static void stop_closes_those_who_say_nothing(struct process *server)
{
    int held[2], waiting[3];
    process_start(server, FROM_HERE, "--slots=2", "--proxy-timeout=1h", NULL);
    waiting[0] = client_connect(process_address(server));
    waiting[1] = client_connect(process_address(server));
    client_send_text(waiting[1], "PROXY TCP4 ");
    fill(server, held);
    waiting[2] = client_of(server, 9);
    process_signal(server, SIGTERM);
    for (int i = 0; i < 2; i++)
        client_wait_end(waiting[i]);
    for (size_t i = 0; i < slots(); i++) {
        client_echo(held[i], "still here");
        client_leave(held[i]);
    }
    client_echo(waiting[2], "served");
    client_leave(waiting[2]);
    assert_int_equal(process_wait_exit(server), 0);
    process_log_wait(server, "level=warn msg=\"connection refused\" reason=proxy-stop");
}

/* One whose header has not come quite yet. */
static void header_may_come_behind_the_stop(struct process *server)
{
    process_start(server, FROM_HERE, "--proxy-timeout=1h", NULL);
    int fd = client_connect(process_address(server));
    client_leave(served_client_of(server, 7)); /* and so the other one is waited for */
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce active=0");
    client_send_text(fd, "PROXY TCP4 192.0.2.9 10.0.0.1 1234 80\r\n");
    client_echo(fd, "served");
    client_leave(fd);
    assert_int_equal(process_wait_exit(server), 0);
    process_log_wait(server, "msg=counters accepted=2 served=2");
}

/* All at once, whoever it is. */
static void second_signal_closes_those_who_wait(struct process *server)
{
    int held[2];
    process_start(server, FROM_HERE, "--slots=2", "--proxy-timeout=1h", NULL);
    int silent = client_connect(process_address(server));
    fill(server, held);
    int waiting = client_of(server, 9);
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce");
    process_signal(server, SIGTERM);
    client_wait_end(silent);
    client_wait_end(waiting);
    server->expect_exit = 3;
    assert_int_equal(process_wait_exit(server), 3);
}

/* ---- Unix sockets ------------------------------------------------------------------------------
 */

static void unix_socket(struct process *server)
{
    char listen_option[96], text[4000] = "";
    snprintf(listen_option, sizeof listen_option, "--listen=unix:%s/socket", server->dir);
    process_start(server, listen_option, "--proxy-from=unix", "--", "env", NULL);
    int fd = client_of(server, 7);
    client_read_all(fd, text, sizeof text - 1);
    assert_non_null(strstr(text, "PROTO=TCP\n"));
    assert_non_null(strstr(text, "TCPREMOTEIP=192.0.2.7\n"));
    assert_non_null(strstr(text, "TCPLOCALPORT=80\n"));
    const char *line = process_log_wait(server, "msg=end peer=192.0.2.7:1234 local=10.0.0.1:80");
    assert_non_null(strstr(line, " proxy=\"unix:pid="));
    process_stop(server);
    process_renew(server);
    snprintf(listen_option, sizeof listen_option, "--listen=unix:%s/socket", server->dir);
    process_start(server, listen_option, FROM_HERE, NULL);
    client_wait_end(client_connect(process_address(server)));
    process_wait_counter(server, "refused_proxy", 1);
}

/* ---- The command line --------------------------------------------------------------------------
 */

static void wrong_options_are_named(struct process *server)
{
    static const struct {
        const char *option;
        const char *complaint;
    } cases[] = {
        {"--proxy-from=10.0.0.0/99", "behind the / stands a number of bits from 0 to 32"},
        {"--proxy-from=", "a network is ADDRESS/BITS"},
        {"--proxy-from=unix,example.org", "a network is ADDRESS/BITS"},
        {"--proxy-timeout=off", "allowed: 1ms to 10000d"},
        {"--proxy-timeout=0", "allowed: 1ms to 10000d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(process_start_refused(server, cases[i].option, NULL), 2);
        if (!strstr(process_log_text(server), cases[i].complaint) ||
            !strstr(process_log_text(server), cases[i].option))
            suite_fail("%s: %s", cases[i].option, process_log_text(server));
        process_renew(server);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(header_names_the_client),
        CASE(data_comes_with_the_header),
        CASE(header_comes_byte_by_byte),
        CASE(balancers_own_connection_keeps_its_addresses),
        CASE(rules_are_about_the_client),
        CASE(limits_are_about_the_client),
        CASE(program_is_told_of_the_client),
        CASE(others_are_refused),
        CASE(malformed_headers_are_refused),
        CASE(silent_balancer_is_cut),
        CASE(silent_ones_hold_nobody_up),
        CASE(more_than_there_are_places),
        CASE(full_server_lets_them_wait),
        CASE(full_server_tells_them),
        CASE(full_server_closes_them),
        CASE(rate_lets_them_wait),
        CASE(stop_closes_those_who_say_nothing),
        CASE(header_may_come_behind_the_stop),
        CASE(second_signal_closes_those_who_wait),
        CASE(unix_socket),
        CASE(wrong_options_are_named),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("proxy", cases, NULL, NULL);
}
