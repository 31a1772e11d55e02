/* Behind a load balancer, as a host program says it: the configuration, the hooks, connections that
 * the host hands over. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"

#define HEADER "PROXY TCP4 192.0.2.7 10.0.0.1 1234 80\r\n"

static const char *const here[] = {"127.0.0.0/8"};

static void believe(struct embedded *e, const char *const *networks, size_t count)
{
    e->config.proxy_networks = networks;
    e->config.proxy_network_count = count;
}

static int client_of(struct embedded *e, const char *header)
{
    int fd = client_connect(e->address);
    client_send_text(fd, header);
    return fd;
}

/* The hook's client, and whether all that it was told is about it. */
static atomic_uint asked;

static bool at_the_door(const struct thrdsrv_arrival *arrival, void *user)
{
    struct sockaddr_in v4;
    (void)user;
    memcpy(&v4, arrival->address, sizeof v4);
    if (strcmp(arrival->peer, "192.0.2.7:1234") == 0 && v4.sin_port == htons(1234) &&
        v4.sin_addr.s_addr == inet_addr("192.0.2.7"))
        atomic_fetch_add(&asked, 1);
    return true;
}

static void hooks_see_the_client(struct embedded *e)
{
    char name[64];
    atomic_store(&asked, 0);
    believe(e, here, 1);
    e->config.admit = at_the_door;
    embedded_start(e);
    int fd = client_of(e, HEADER);
    client_name(fd, name, sizeof name);
    client_echo(fd, "hello");
    struct thrdsrv_slot slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_string_equal(slot.peer, "192.0.2.7:1234");
    assert_string_equal(slot.local, "10.0.0.1:80");
    client_leave(fd);
    struct embedded_end end = embedded_wait_end(e, 1);
    assert_string_equal(end.peer, "192.0.2.7:1234");
    assert_string_equal(end.local, "10.0.0.1:80");
    assert_int_equal(atomic_load(&asked), 1);
    embedded_finish(e);
}

static int tell_ends(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    return thrdsrv_conn_printf(conn, "%s %s\n", thrdsrv_conn_peer(conn), thrdsrv_conn_local(conn));
}

/* Also where nobody wants to know of the end of a connection. */
static void handler_sees_the_client(struct embedded *e)
{
    believe(e, here, 1);
    embedded_serve(e, tell_ends);
    e->config.log_level = THRDSRV_LOG_NOTICE;
    embedded_start(e);
    int fd = client_of(e, HEADER);
    client_expect_text(fd, "192.0.2.7:1234 10.0.0.1:80\n");
    client_expect_eof(fd);
    embedded_finish(e);
}

/* The host knows whom it hands over; a header would be the client's first bytes. */
static void adopted_connection_has_no_header(struct embedded *e)
{
    int theirs;
    believe(e, here, 1);
    e->config.adopt = true;
    embedded_start(e);
    int fd = client_pair(&theirs);
    assert_int_equal(thrdsrv_server_adopt(e->server, theirs), 0);
    client_echo(fd, HEADER);
    client_leave(fd);
    embedded_wait_idle(e);
    assert_int_equal(embedded_stats(e).refused_proxy, 0);
    embedded_finish(e);
}

/* Without a run(), nobody waits. */
static void server_may_never_run(struct embedded *e)
{
    believe(e, here, 1);
    embedded_create(e);
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
}

static void wrong_configuration_is_refused(struct embedded *e)
{
    static const char *const wrong[] = {"unix", "10.0.0.0/99"};
    static const char *const missing[] = {"10.0.0.0/8", NULL};
    believe(e, wrong, 2);
    embedded_refused(e, THRDSRV_E_INVALID,
                     "msg=\"invalid configuration\" field=proxy_networks network=10.0.0.0/99");
    believe(e, missing, 2);
    embedded_refused(e, THRDSRV_E_INVALID, "msg=\"invalid configuration\" field=proxy_networks");
    believe(e, NULL, 1);
    embedded_refused(e, THRDSRV_E_INVALID, "msg=\"invalid configuration\" field=proxy_networks");
    believe(e, here, 1);
    e->config.proxy_ms = 0;
    embedded_refused(e, THRDSRV_E_INVALID, "msg=\"invalid configuration\" field=proxy_ms");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_ALL_MODES(hooks_see_the_client),
        EMBEDDED_IN_ALL_MODES(handler_sees_the_client),
        EMBEDDED_IN_ALL_MODES(adopted_connection_has_no_header),
        EMBEDDED_ONCE(server_may_never_run),
        EMBEDDED_ONCE(wrong_configuration_is_refused),
    };
    return embedded_run(argc, argv, "proxy", cases, sizeof cases / sizeof cases[0]);
}
