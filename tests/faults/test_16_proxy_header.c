/* test_16_proxy_header - class 16: a PROXY header is believed whoever sends it, so that anybody may
 * call himself anything; or a connection whose header does not come, or does not end, is kept.
 *
 * Seen in: CVE-2021-23409 (no deadline), CVE-2021-23351 (no bound), and in every server that takes
 * such headers from all of the Internet because nobody told it who its balancer is. Here: strangers
 * who name an address that the rules allow, none of whom reaches the handler; silent balancers, 150
 * of which leave 20 others served at once and are gone at their deadline, their descriptors with
 * them; headers without an end, which are cut at the byte that is too much, though their deadline
 * is far; and balancers' clients who say a lot at once, of which not a byte is lost. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"
#include "suite.h"

#define HEADER "PROXY TCP4 192.0.2.7 10.0.0.1 1234 80\r\n"

static const char balancer[] = "127.0.0.2";
static const char stranger[] = "127.0.0.3";

static const char *const balancers[] = {"127.0.0.2/32", "10.0.0.0/8"};
static const struct thrdsrv_rule only_the_client[] = {{"192.0.2.7", true}};

static atomic_uint *served; /* shared with children */

static int count_and_echo(struct thrdsrv_conn *conn, void *user)
{
    char bytes[4096];
    ssize_t count;
    (void)user;
    atomic_fetch_add(served, 1);
    while ((count = thrdsrv_conn_read(conn, bytes, sizeof bytes)) > 0)
        if (thrdsrv_conn_write(conn, bytes, (size_t)count) < 0)
            break;
    return 0;
}

static void begin(struct embedded *e, int64_t proxy_ms)
{
    served = shared_memory(sizeof *served);
    embedded_serve(e, count_and_echo);
    e->config.proxy_networks = balancers;
    e->config.proxy_network_count = 2;
    e->config.proxy_ms = proxy_ms;
    e->config.rules = only_the_client;
    e->config.rule_count = 1;
    embedded_start(e);
}

static void serve_one(struct embedded *e)
{
    int fd = client_connect_from(balancer, e->address);
    client_send_text(fd, HEADER);
    client_echo(fd, "hello");
    client_leave(fd);
    embedded_wait_idle(e);
}

static void stranger_is_not_believed(struct embedded *e)
{
    size_t strangers = scaled(300);
    begin(e, 3600000);
    for (size_t i = 0; i < strangers; i++) {
        int fd = client_connect_from(stranger, e->address);
        client_send_text(fd, HEADER "hello");
        client_wait_end(fd);
        client_close(fd);
    }
    assert_int_equal(atomic_load(served), 0);
    serve_one(e);
    assert_int_equal(atomic_load(served), 1);
    assert_int_equal(embedded_stats(e).refused_proxy, strangers);
    assert_int_equal(embedded_stats(e).peak, 1);
    embedded_finish(e);
}

/* A balancer that the server has seen, because somebody who came later is served. */
static void silent_balancer_is_cut(struct embedded *e)
{
    enum { SILENT = 150, OTHERS = 20, DEADLINE_MS = 1000 };
    int fds[SILENT];
    begin(e, DEADLINE_MS);
    serve_one(e);
    int before = proc_count_fds(getpid());
    int64_t begun_ms = now_ms();
    for (int i = 0; i < SILENT; i++) {
        fds[i] = client_connect_from(balancer, e->address);
        if (i % 2)
            client_send_text(fds[i], "PROXY TCP4 192.0.2.7"); /* and no more */
    }
    for (int i = 0; i < OTHERS; i++)
        serve_one(e);
    int64_t busy_ms = now_ms() - begun_ms;
    for (int i = 0; i < SILENT; i++)
        client_wait_end(fds[i]);
    int64_t took_ms = now_ms() - begun_ms;
    for (int i = 0; i < SILENT; i++)
        client_close(fds[i]);
    if (took_ms < DEADLINE_MS - 5 || took_ms > busy_ms + DEADLINE_MS + allow_ms(500))
        suite_fail("the last one was cut after %lld ms", (long long)took_ms);
    assert_int_equal(atomic_load(served), OTHERS + 1);
    assert_int_equal(embedded_stats(e).refused_proxy, SILENT);
    assert_int_equal(proc_count_fds(getpid()), before);
    embedded_finish(e);
}

static void header_without_end_is_cut(struct embedded *e)
{
    char text[108];
    static const char too_long[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff";
    begin(e, 3600000);
    memset(text, 'x', sizeof text);
    memcpy(text, "PROXY UNKNOWN ", 14);
    int one = client_connect_from(balancer, e->address);
    client_send(one, text, sizeof text);
    client_wait_end(one);
    int other = client_connect_from(balancer, e->address);
    client_send(other, too_long, sizeof too_long - 1);
    client_wait_end(other);
    assert_int_equal(embedded_stats(e).refused_proxy, 2);
    serve_one(e);
    embedded_finish(e);
}

static void clients_bytes_are_the_clients(struct embedded *e)
{
    enum { SIZE = 30000 };
    static char said[sizeof HEADER - 1 + SIZE];
    begin(e, 3600000);
    for (size_t i = 0; i < sizeof said; i++)
        said[i] = HEADER[i % (sizeof HEADER - 1)]; /* so all of it looks like headers */
    for (size_t split = 0; split < sizeof HEADER + 1; split++) {
        int fd = client_connect_from(balancer, e->address);
        client_send(fd, said, split);
        if (split % 8 == 3)
            serve_one(e); /* and the first part has been seen by itself */
        client_send(fd, said + split, sizeof said - split);
        client_expect(fd, said + sizeof HEADER - 1, SIZE);
        client_leave(fd);
        embedded_wait_idle(e);
    }
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(stranger_is_not_believed),
        EMBEDDED_CASE(silent_balancer_is_cut),
        EMBEDDED_CASE(header_without_end_is_cut),
        EMBEDDED_CASE(clients_bytes_are_the_clients),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("16_proxy_header", cases, NULL, NULL);
}
