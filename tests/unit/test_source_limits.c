/* Limits by source, as a host program sets them: what its hooks see of them, and what is counted.
 */
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"

static const char here[] = "127.0.0.2";
static const char elsewhere[] = "127.0.0.3";

/* Said to whoever is refused. */
static const char busy[] = "too much\r\n";

static void expect_refused(struct embedded *e, const char *source)
{
    int fd = client_connect_from(source, e->address);
    client_expect_text(fd, busy);
    client_expect_eof(fd);
}

static void serve_one(struct embedded *e, const char *source)
{
    client_leave(client_served_from(source, e->address));
    embedded_wait_idle(e);
}

static void start(struct embedded *e)
{
    e->config.when_full = THRDSRV_FULL_BUSY;
    e->config.busy_text = busy;
    embedded_start(e);
}

static void a_source_has_so_many_at_once(struct embedded *e)
{
    e->config.per_source = 1;
    start(e);
    int held = client_served_from(here, e->address);
    expect_refused(e, here);
    client_leave(client_served_from(elsewhere, e->address));
    client_leave(held);
    embedded_wait_idle(e);
    serve_one(e, here);
    struct thrdsrv_stats stats = embedded_stats(e);
    assert_int_equal(stats.accepted, 4);
    assert_int_equal(stats.refused_source, 1);
    assert_int_equal(stats.refused_rate, 0);
    assert_int_equal(stats.refused_full, 0);
    embedded_finish(e);
}

static void a_source_comes_so_fast(struct embedded *e)
{
    e->config.source_rate = 1;
    e->config.source_rate_ms = 3600000;
    e->config.source_rate_burst = 2;
    start(e);
    serve_one(e, here);
    serve_one(e, here);
    expect_refused(e, here);
    serve_one(e, elsewhere);
    struct thrdsrv_stats stats = embedded_stats(e);
    assert_int_equal(stats.refused_rate, 1);
    assert_int_equal(stats.refused_source, 0);
    embedded_finish(e);
}

/* The hook of the case below. */
static struct {
    atomic_uint asked;
    atomic_bool answer;
} door;

static bool at_the_door(const struct thrdsrv_arrival *arrival, void *user)
{
    (void)arrival;
    (void)user;
    atomic_fetch_add(&door.asked, 1);
    return atomic_load(&door.answer);
}

/* Who is over a limit is not asked about, and who is turned away by the host has no place of its
 * source. */
static void the_host_is_asked_last(struct embedded *e)
{
    atomic_store(&door.asked, 0);
    atomic_store(&door.answer, false);
    e->config.admit = at_the_door;
    e->config.per_source = 1;
    start(e);
    for (int i = 0; i < 3; i++)
        client_expect_eof(client_connect_from(here, e->address));
    assert_int_equal(embedded_stats(e).refused_admission, 3);
    atomic_store(&door.answer, true);
    int held = client_served_from(here, e->address);
    assert_int_equal(atomic_load(&door.asked), 4);
    if (e->config.mode != THRDSRV_MODE_INLINE) {
        expect_refused(e, here);
        assert_int_equal(atomic_load(&door.asked), 4);
    }
    client_leave(held);
    embedded_finish(e);
}

/* Nor does it count for the rate of all. */
static void the_rate_counts_who_is_let_in(struct embedded *e)
{
    atomic_store(&door.answer, false);
    e->config.admit = at_the_door;
    e->config.rate = 1;
    e->config.rate_ms = 3600000;
    start(e);
    for (int i = 0; i < 3; i++)
        client_expect_eof(client_connect_from(here, e->address));
    atomic_store(&door.answer, true);
    serve_one(e, here);
    client_connect_from(elsewhere, e->address); /* it waits */
    thrdsrv_server_stop(e->server);
    embedded_wait(e);
    struct thrdsrv_stats stats = embedded_stats(e);
    assert_int_equal(stats.accepted, 4);
    assert_int_equal(stats.served, 1);
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
}

/* A connection that the host has accepted has its peer's source. */
static void adopted_connections_have_a_source(struct embedded *e)
{
    char listening[EMBEDDED_TEXT_SIZE];
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof own;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&own, &size), 0);
    snprintf(listening, sizeof listening, "127.0.0.1:%d", ntohs(own.sin_port));
    e->config.adopt = true;
    e->config.per_source = 1;
    start(e);
    int held = client_served_from(here, e->address);
    int fd = client_connect_from(here, listening);
    assert_int_equal(thrdsrv_server_adopt(e->server, accept(listener, NULL, NULL)), 0);
    client_expect_text(fd, busy);
    client_expect_eof(fd);
    client_leave(held);
    embedded_wait_idle(e);
    fd = client_connect_from(here, listening);
    assert_int_equal(thrdsrv_server_adopt(e->server, accept(listener, NULL, NULL)), 0);
    client_echo(fd, "hello");
    client_leave(fd);
    close(listener);
    assert_int_equal(embedded_stats(e).refused_source, 1);
    embedded_finish(e);
}

/* The texts are the host's again when create has returned. */
static void networks_are_kept(struct embedded *e)
{
    char text[] = "127.0.0.2/32";
    const char *networks[] = {text};
    e->config.slots = 2;
    e->config.reserve = 1;
    e->config.reserve_networks = networks;
    e->config.reserve_network_count = 1;
    e->config.when_full = THRDSRV_FULL_BUSY;
    e->config.busy_text = busy;
    embedded_create(e);
    memset(text, 'x', sizeof text);
    networks[0] = NULL;
    embedded_start(e);
    client_served_from(elsewhere, e->address);
    expect_refused(e, elsewhere);
    client_served_from(here, e->address);
    assert_int_equal(embedded_stats(e).refused_full, 1);
    clients_close_all();
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_MODE(a_source_has_so_many_at_once, "thread", THRDSRV_MODE_THREAD),
        EMBEDDED_IN_MODE(a_source_has_so_many_at_once, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_ALL_MODES(a_source_comes_so_fast),
        EMBEDDED_IN_ALL_MODES(the_host_is_asked_last),
        EMBEDDED_IN_ALL_MODES(the_rate_counts_who_is_let_in),
        EMBEDDED_IN_MODE(adopted_connections_have_a_source, "thread", THRDSRV_MODE_THREAD),
        EMBEDDED_IN_MODE(adopted_connections_have_a_source, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(networks_are_kept, "thread", THRDSRV_MODE_THREAD),
        EMBEDDED_IN_MODE(networks_are_kept, "fork", THRDSRV_MODE_FORK),
    };
    return embedded_run(argc, argv, "source_limits", cases, sizeof cases / sizeof cases[0]);
}
