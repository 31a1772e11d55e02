/* test_adopt.c - descriptors that the host hands over: connections (thrdsrv_server_adopt()) and
 * listening sockets ("fd:N"). What is taken is served like any other and closed by the server; what
 * is refused is still the host's, as it was. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "suite.h"

/* ---- Sockets ----------------------------------------------------------------------------- */

struct pair {
    int client; /* non-blocking, as client_*() want it */
    int server;
};

static struct pair socket_pair(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    return (struct pair){fds[0], fds[1]};
}

static int tcp_listener(int family)
{
    struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
    int fd = socket(family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    if (family == AF_INET)
        memcpy(&any, &v4, sizeof v4);
    else
        memcpy(&any, &v6, sizeof v6);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, family == AF_INET ? sizeof v4 : sizeof v6),
                     0);
    assert_int_equal(listen(fd, 4096), 0);
    return fd;
}

static bool has_ipv6(void)
{
    const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&v6, sizeof v6) == 0;
    if (fd >= 0)
        close(fd);
    return has;
}

/* As an event loop has them: both ends non-blocking. */
static struct pair tcp_pair(int family)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int listener = tcp_listener(family);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, length), 0);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    int server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(server >= 0);
    close(listener);
    return (struct pair){client, server};
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static bool is_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

static int int_option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &length), 0);
    return value;
}

static ino_t inode_of(int fd)
{
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    return status.st_ino;
}

/* How many of our descriptors lead to this socket, under whatever numbers. Not fstat(2): for TSan
 * that would be a race with the server, which opens and closes others meanwhile. */
static int count_descriptors_of(ino_t inode)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        struct stat status;
        if (fstatat(dirfd(dir), entry->d_name, &status, 0) == 0 && S_ISSOCK(status.st_mode) &&
            status.st_ino == inode)
            count++;
    }
    closedir(dir);
    return count;
}

/* client_leave() for a client that clients.h has not connected. */
static void leave(int fd)
{
    client_half_close(fd);
    client_wait_end(fd);
    close(fd);
}

static void allow_adoption(struct embedded *e)
{
    e->config.adopt = true;
    e->config.listen = NULL;
    e->config.listen_count = 0;
}

/* ---- Adopted and served ------------------------------------------------------------------ */

static void adopted_connections_are_served(struct embedded *e)
{
    allow_adoption(e);
    embedded_start(e);
    assert_string_equal(e->address, ""); /* it has no listener */
    struct pair pairs[3] = {tcp_pair(AF_INET), tcp_pair(has_ipv6() ? AF_INET6 : AF_INET),
                            socket_pair()};
    for (int i = 0; i < 3; i++) {
        char name[EMBEDDED_TEXT_SIZE];
        client_name(pairs[i].client, name, sizeof name);
        assert_int_equal(thrdsrv_server_adopt(e->server, pairs[i].server), 0);
        client_echo(pairs[i].client, "hello");
        leave(pairs[i].client);
        struct embedded_end end = embedded_wait_end(e, (uint64_t)i + 1);
        assert_string_equal(end.peer, name);
        assert_int_equal(end.end.reason, THRDSRV_END_EOF);
        assert_int_equal(end.end.bytes_in, 5);
        assert_int_equal(end.end.bytes_out, 5);
    }
    embedded_finish(e);
}

/* A server may listen and adopt; both kinds come out of one numbering. */
static void adopted_and_accepted_connections_mix(struct embedded *e)
{
    e->config.adopt = true;
    embedded_start(e);
    for (int i = 0; i < 4; i++) {
        struct pair pair = socket_pair();
        int fd = client_connect(e->address);
        client_echo(fd, "accepted");
        client_leave(fd);
        assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
        client_echo(pair.client, "adopted");
        leave(pair.client);
    }
    embedded_finish(e);
}

/* The handler blocks, although the host had the descriptor non-blocking. */
static void is_made_blocking(struct embedded *e, int family)
{
    struct pair pair = tcp_pair(family);
    int kept = dup(pair.server);
    assert_true(is_nonblocking(kept));
    assert_int_equal(int_option(kept, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
    embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_false(is_nonblocking(kept));
    if (e->config.mode != THRDSRV_MODE_FORK) /* there the parent has closed it */
        assert_true(fcntl(pair.server, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(int_option(kept, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(int_option(kept, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(int_option(kept, IPPROTO_TCP, TCP_KEEPIDLE), 61);
    assert_int_equal(int_option(kept, IPPROTO_TCP, TCP_KEEPINTVL), 11);
    assert_int_equal(int_option(kept, IPPROTO_TCP, TCP_KEEPCNT), 7);
    close(kept);
    client_echo(pair.client, "hello");
    leave(pair.client);
    embedded_wait_idle(e);
}

static void an_adopted_connection_is_made_blocking(struct embedded *e)
{
    allow_adoption(e);
    e->config.slots = 1;
    e->config.keepalive_idle = 61;
    e->config.keepalive_interval = 11;
    e->config.keepalive_count = 7;
    embedded_start(e);
    is_made_blocking(e, AF_INET);
    if (has_ipv6())
        is_made_blocking(e, AF_INET6);
    embedded_finish(e);
}

static void the_configuration_decides_about_options(struct embedded *e)
{
    allow_adoption(e);
    e->config.nodelay = false;
    e->config.keepalive_idle = 0;
    embedded_start(e);
    struct pair pair = tcp_pair(AF_INET);
    int kept = dup(pair.server);
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
    client_echo(pair.client, "hello");
    assert_int_equal(int_option(kept, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_equal(int_option(kept, SOL_SOCKET, SO_KEEPALIVE), 0);
    close(kept);
    leave(pair.client);
    embedded_finish(e);
}

static void adoption_before_the_start_waits_for_it(struct embedded *e)
{
    struct pair pairs[5];
    allow_adoption(e);
    embedded_create(e);
    for (int i = 0; i < 5; i++) {
        pairs[i] = socket_pair();
        assert_int_equal(thrdsrv_server_adopt(e->server, pairs[i].server), 0);
        client_send_text(pairs[i].client, "hello");
        assert_false(client_has_news(pairs[i].client));
    }
    assert_int_equal(embedded_stats(e).accepted, 0);
    embedded_start(e);
    for (int i = 0; i < 5; i++) {
        client_expect_text(pairs[i].client, "hello");
        leave(pairs[i].client);
    }
    embedded_finish(e);
}

static void what_is_never_served_is_closed(struct embedded *e)
{
    allow_adoption(e);
    embedded_create(e);
    struct pair pair = socket_pair();
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
    assert_int_equal(client_wait_end(pair.client), 0);
    close(pair.client);
    assert_int_equal(embedded_count_log(e, "msg=\"connections closed unserved\" count=1"), 1);
}

/* The standard streams of a host that was started by inetd, so to speak. */
static void adopt_standard_streams(struct embedded *e)
{
    struct thrdsrv_server *server;
    IN_HOST(thrdsrv_server_create(&e->config, &server) == 0);
    IN_HOST(thrdsrv_server_start(server) == 0);
    for (int number = 0; number < 3; number++) {
        int fds[2];
        char text[16] = "";
        IN_HOST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        IN_HOST(dup2(fds[1], number) == number);
        close(fds[1]);
        IN_HOST(thrdsrv_server_adopt(server, number) == 0);
        IN_HOST(!is_open(number)); /* the server has it, under another number */
        IN_HOST(write(fds[0], "hello", 5) == 5);
        IN_HOST(recv(fds[0], text, 5, MSG_WAITALL) == 5 && strcmp(text, "hello") == 0);
        IN_HOST(open("/dev/null", O_RDWR) == number);
        close(fds[0]);
    }
    thrdsrv_server_stop(server);
    IN_HOST(thrdsrv_server_wait(server) == 0);
    thrdsrv_server_destroy(server);
}

/* What is refused stays under its number, and the server keeps no duplicate of it. */
static void offer_standard_streams_too_late(struct embedded *e)
{
    struct thrdsrv_server *server;
    int fds[2];
    IN_HOST(thrdsrv_server_create(&e->config, &server) == 0);
    thrdsrv_server_stop(server);
    IN_HOST(thrdsrv_server_run(server) == 0);
    IN_HOST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    IN_HOST(dup2(fds[1], 0) == 0);
    close(fds[1]);
    IN_HOST(thrdsrv_server_adopt(server, 0) == THRDSRV_E_STOPPED);
    IN_HOST(is_open(0));
    close(0); /* the last one: now the other end hears it */
    IN_HOST(client_has_news(fds[0]));
    thrdsrv_server_destroy(server);
}

static void standard_streams_that_are_refused_stay(struct embedded *e)
{
    allow_adoption(e);
    embedded_in_host(offer_standard_streams_too_late, e);
}

static void standard_streams_are_adopted(struct embedded *e)
{
    allow_adoption(e);
    embedded_in_host(adopt_standard_streams, e);
}

/* ---- Refused ----------------------------------------------------------------------------- */

static void refuses_to_adopt(struct embedded *e, int fd, int error)
{
    assert_int_equal(thrdsrv_server_adopt(e->server, fd), error);
    assert_true(is_open(fd));
    close(fd);
}

static void what_is_no_stream_socket_is_refused(struct embedded *e)
{
    int pipes[2];
    allow_adoption(e);
    embedded_start(e);
    assert_int_equal(thrdsrv_server_adopt(e->server, -1), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_adopt(e->server, 1000000), THRDSRV_E_INVALID);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    refuses_to_adopt(e, pipes[0], THRDSRV_E_INVALID);
    refuses_to_adopt(e, pipes[1], THRDSRV_E_INVALID);
    refuses_to_adopt(e, open("/dev/null", O_RDWR | O_CLOEXEC), THRDSRV_E_INVALID);
    refuses_to_adopt(e, socket(AF_INET, SOCK_DGRAM, 0), THRDSRV_E_INVALID);
    refuses_to_adopt(e, socket(AF_UNIX, SOCK_SEQPACKET, 0), THRDSRV_E_INVALID);
    refuses_to_adopt(e, tcp_listener(AF_INET), THRDSRV_E_INVALID);
    embedded_finish(e);
}

static void who_does_not_adopt_refuses(struct embedded *e)
{
    embedded_start(e);
    struct pair pair = socket_pair();
    refuses_to_adopt(e, pair.server, THRDSRV_E_INVALID);
    close(pair.client);
    embedded_finish(e);
}

/* It goes on being the host's: open, and in the mode that the host gave it. */
static void refuses_as_stopped(struct embedded *e)
{
    struct pair pair = tcp_pair(AF_INET);
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), THRDSRV_E_STOPPED);
    assert_true(is_open(pair.server));
    assert_true(is_nonblocking(pair.server));
    assert_false(fcntl(pair.server, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(send(pair.client, "x", 1, 0), 1);
    close(pair.client);
    close(pair.server);
}

static void a_server_that_stops_adopts_no_more(struct embedded *e)
{
    allow_adoption(e);
    embedded_start(e);
    struct pair pair = socket_pair();
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
    client_echo(pair.client, "hello");
    thrdsrv_server_quiesce(e->server);
    embedded_wait_log(e, "msg=quiesce");
    refuses_as_stopped(e);
    client_echo(pair.client, "still served");
    leave(pair.client);
    embedded_wait(e);
    refuses_as_stopped(e);
}

static int adopt_in_handler(struct thrdsrv_conn *conn, void *user)
{
    struct embedded *e = user;
    const int *fd = e->context;
    char text[8] = "";
    ssize_t length = thrdsrv_conn_read_line(conn, text, sizeof text);
    if (length < 0 || strcmp(text, "adopt") != 0)
        return thrdsrv_conn_printf(conn, "read %s\n", text);
    return thrdsrv_conn_printf(conn, "adopted %d\n",
                               thrdsrv_server_adopt(thrdsrv_conn_server(conn), *fd));
}

/* A handler's connection brings another one in; a child process cannot. */
static void a_handler_adopts(struct embedded *e)
{
    e->config.adopt = true;
    embedded_serve(e, adopt_in_handler);
    struct pair pair = socket_pair();
    e->context = &pair.server;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_send_text(fd, "adopt\n");
    if (e->config.mode == THRDSRV_MODE_FORK) {
        client_expect_text(fd, "adopted -1\n");
        client_expect_eof(fd);
        assert_true(is_open(pair.server));
        close(pair.server);
    } else {
        client_expect_text(fd, "adopted 0\n");
        client_expect_eof(fd);
        client_send_text(pair.client, "hello\n");
        client_expect_text(pair.client, "read hello\n");
    }
    close(pair.client);
    embedded_finish(e);
}

/* ---- A full table ------------------------------------------------------------------------ */

/* One slot, and it is taken: returns the client that has it. */
static int fill_the_slot(struct embedded *e)
{
    struct pair pair = socket_pair();
    allow_adoption(e);
    e->config.slots = 1;
    embedded_start(e);
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
    client_echo(pair.client, "hello");
    return pair.client;
}

static void adopted_connections_wait_for_a_slot(struct embedded *e)
{
    enum { WAITING = 5 };
    struct pair waiting[WAITING];
    e->config.when_full = THRDSRV_FULL_WAIT;
    int first = fill_the_slot(e);
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = socket_pair();
        assert_int_equal(thrdsrv_server_adopt(e->server, waiting[i].server), 0);
        client_send_text(waiting[i].client, "hello");
    }
    client_echo(first, "still alone");
    for (int i = 0; i < WAITING; i++)
        assert_false(client_has_news(waiting[i].client));
    assert_int_equal(embedded_stats(e).accepted, 1);
    leave(first);
    for (int i = 0; i < WAITING; i++) { /* one after the other, in their order */
        client_expect_text(waiting[i].client, "hello");
        for (int later = i + 1; later < WAITING; later++)
            assert_false(client_has_news(waiting[later].client));
        leave(waiting[i].client);
    }
    embedded_finish(e);
}

static _Atomic unsigned asked;

static bool count_asked(const struct thrdsrv_arrival *arrival, void *user)
{
    (void)arrival;
    (void)user;
    asked++;
    return true;
}

static void a_full_server_closes_what_it_adopts(struct embedded *e)
{
    asked = 0;
    e->config.admit = count_asked; /* only about those for whom there is a slot */
    e->config.when_full = THRDSRV_FULL_CLOSE;
    int first = fill_the_slot(e);
    struct pair pair = socket_pair();
    ino_t inode = inode_of(pair.server);
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
    assert_int_equal(client_wait_end(pair.client), 0);
    close(pair.client);
    embedded_wait_refused_full(e, 1); /* counted when it has been closed */
    embedded_wait_log(e, "msg=\"connection refused\" reason=full");
    assert_int_equal(count_descriptors_of(inode), 0);
    assert_int_equal(asked, 1);
    leave(first);
    embedded_finish(e);
}

static void a_full_server_tells_whom_it_adopts(struct embedded *e)
{
    e->config.when_full = THRDSRV_FULL_BUSY;
    char text[] = "come back later\r\n";
    e->config.busy_text = text;
    int first = fill_the_slot(e);
    memset(text, 'x', sizeof text - 1); /* the server has a copy */
    struct pair pair = socket_pair();
    ino_t inode = inode_of(pair.server);
    client_send_text(pair.client, "hello?");
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
    client_expect_text(pair.client, "come back later\r\n");
    assert_int_equal(client_wait_end(pair.client), 0);
    close(pair.client);
    embedded_wait_refused_full(e, 1); /* counted when it has been closed */
    embedded_wait_log(e, "msg=\"connection refused\" reason=full");
    assert_int_equal(count_descriptors_of(inode), 0);
    leave(first);
    embedded_finish(e);
}

static void stop_at_refusal(void *user, enum thrdsrv_log_level level, const char *line)
{
    struct embedded *e = user;
    embedded_keep_line(user, level, line);
    if (strstr(line, "reason=full"))
        thrdsrv_server_stop(e->server);
}

/* On a thread of the host's, which blocks no signals as start()'s does. */
static void refuse_one_who_has_gone(struct embedded *e)
{
    struct pair first = socket_pair();
    struct pair gone = socket_pair();
    IN_HOST(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    IN_HOST(thrdsrv_server_create(&e->config, &e->server) == 0);
    IN_HOST(thrdsrv_server_adopt(e->server, first.server) == 0);
    IN_HOST(thrdsrv_server_adopt(e->server, gone.server) == 0);
    close(gone.client);
    IN_HOST(thrdsrv_server_run(e->server) == 0);
    thrdsrv_server_destroy(e->server);
}

static void a_refusal_raises_no_sigpipe(struct embedded *e)
{
    allow_adoption(e);
    e->config.slots = 1;
    e->config.when_full = THRDSRV_FULL_BUSY;
    e->config.busy_text = "come back later\r\n";
    e->config.log = stop_at_refusal;
    embedded_in_host(refuse_one_who_has_gone, e);
}

enum { WAITING = 3 };

/* Returns the one who is served; the others wait for its slot. */
static int let_some_wait(struct embedded *e, struct pair waiting[WAITING])
{
    e->config.when_full = THRDSRV_FULL_WAIT;
    int first = fill_the_slot(e);
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = socket_pair();
        assert_int_equal(thrdsrv_server_adopt(e->server, waiting[i].server), 0);
    }
    return first;
}

static void waiting_connections_are_served_in_the_drain(struct embedded *e)
{
    struct pair waiting[WAITING];
    int first = let_some_wait(e, waiting);
    thrdsrv_server_quiesce(e->server);
    embedded_wait_log(e, "msg=quiesce active=1");
    client_echo(first, "still served");
    leave(first);
    for (int i = 0; i < WAITING; i++) {
        client_echo(waiting[i].client, "served");
        leave(waiting[i].client);
    }
    embedded_wait(e);
    assert_int_equal(embedded_stats(e).drained, 1 + WAITING);
}

/* What waits when the server stops was never served: it is closed and not counted. */
static void waiting_connections_are_closed_at_the_stop(struct embedded *e)
{
    struct pair waiting[WAITING];
    let_some_wait(e, waiting);
    thrdsrv_server_stop(e->server);
    for (int i = 0; i < WAITING; i++) {
        assert_int_equal(client_wait_end(waiting[i].client), 0);
        close(waiting[i].client);
    }
    embedded_wait_log(e, "level=warn msg=\"connections closed unserved\" count=3");
    embedded_wait(e);
    assert_int_equal(embedded_stats(e).accepted, 1);
}

/* ---- From many threads ------------------------------------------------------------------- */

/* One that hands over connections until the server has stopped. */
struct giver {
    pthread_t thread;
    struct thrdsrv_server *server;
    unsigned adopted;
    unsigned echoed;
    const char *failure;
};

/* Blocks until the server answers or closes. Returns 5, 0 or -1. */
static ssize_t talk(int fd)
{
    char text[8];
    if (send(fd, "hello", 5, MSG_NOSIGNAL) != 5)
        return 0;
    shutdown(fd, SHUT_WR);
    return recv(fd, text, 5, MSG_WAITALL);
}

static void *give(void *argument)
{
    struct giver *giver = argument;
    int fds[2];
    for (;;) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
            giver->failure = "socketpair";
            return NULL;
        }
        int error = thrdsrv_server_adopt(giver->server, fds[1]);
        if (error != 0) {
            if (error != THRDSRV_E_STOPPED)
                giver->failure = thrdsrv_strerror(error);
            if (close(fds[1]) < 0) /* it is still ours */
                giver->failure = "a refused descriptor was closed";
            close(fds[0]);
            return NULL;
        }
        giver->adopted++;
        ssize_t count = talk(fds[0]);
        giver->echoed += count == 5;
        close(fds[0]);
    }
}

/* Whatever the moment of the stop: a connection that was taken is served or closed, and counted or
 * named in the log. */
static void threads_adopt_while_the_server_stops(struct embedded *e)
{
    enum { GIVERS = 4 };
    struct giver givers[GIVERS] = {{.server = NULL}};
    uint64_t adopted = 0;
    uint64_t echoed = 0;
    allow_adoption(e);
    e->config.slots = 3;
    embedded_create(e);
    /* Before there are workers: that glibc gives a thread the stack of one that another thread made
     * is a race to Helgrind. */
    for (int i = 0; i < GIVERS; i++) {
        givers[i].server = e->server;
        assert_int_equal(pthread_create(&givers[i].thread, NULL, give, &givers[i]), 0);
    }
    embedded_start(e);
    int64_t deadline = patience();
    while (embedded_stats(e).served < scaled(500))
        assert_true(look_again(deadline));
    thrdsrv_server_stop(e->server);
    for (int i = 0; i < GIVERS; i++) {
        pthread_join(givers[i].thread, NULL);
        if (givers[i].failure)
            suite_fail("%s", givers[i].failure);
        adopted += givers[i].adopted;
        echoed += givers[i].echoed;
    }
    embedded_wait(e);
    struct thrdsrv_stats stats = embedded_stats(e);
    uint64_t unserved = adopted - stats.accepted;
    char pattern[96];
    assert_true(adopted >= stats.accepted);
    assert_true(echoed <= stats.served);
    assert_true(echoed >= stats.served - stats.cut - stats.drained);
    snprintf(pattern, sizeof pattern, "msg=\"connections closed unserved\" count=%ju",
             (uintmax_t)unserved);
    assert_int_equal(embedded_count_log(e, pattern), unserved > 0);
}

/* ---- Listeners that are there already ---------------------------------------------------- */

/* Sets "fd:N" as the only address. */
static void listen_at(struct embedded *e, int fd)
{
    static char text[32];
    snprintf(text, sizeof text, "fd:%d", fd);
    e->listen[0] = text;
}

/* Of a TCP socket that listens; tcp(7) does not say so, but ss(8) has it from there. */
static unsigned backlog_of(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_sacked : 0;
}

/* The number and all duplicates of it are the server's from create to the stop. */
static void serves_at(struct embedded *e, int fd, const char *address)
{
    ino_t inode = inode_of(fd);
    int kept = dup(fd);
    listen_at(e, fd);
    unsigned backlog = backlog_of(kept);
    assert_false(is_nonblocking(kept));
    embedded_start(e);
    assert_string_equal(e->address, address);
    assert_true(is_nonblocking(kept));
    assert_int_equal(backlog_of(kept), backlog);
    close(kept);
    assert_int_equal(count_descriptors_of(inode), 1);
    int client = client_connect(address);
    client_echo(client, "hello");
    client_leave(client);
    assert_string_equal(embedded_wait_end(e, 1).local, address);
    embedded_finish(e);
    assert_int_equal(count_descriptors_of(inode), 0);
}

static void address_of(int fd, char text[EMBEDDED_TEXT_SIZE])
{
    client_name(fd, text, EMBEDDED_TEXT_SIZE); /* it tells a socket's own address */
}

static void an_ipv4_listener_is_served(struct embedded *e)
{
    char address[EMBEDDED_TEXT_SIZE];
    int fd = tcp_listener(AF_INET);
    address_of(fd, address);
    serves_at(e, fd, address);
}

static void an_ipv6_listener_is_served(struct embedded *e)
{
    char address[EMBEDDED_TEXT_SIZE];
    if (!has_ipv6())
        suite_skip("this machine has no IPv6");
    int fd = tcp_listener(AF_INET6);
    address_of(fd, address);
    serves_at(e, fd, address);
}

/* At "unix:/path" or "unix:@abstract". */
static int unix_listener(const char *text)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *name = text + strlen("unix:");
    size_t length = strlen(name);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

/* Its file is the host's: it is not removed. */
static void a_unix_listener_is_served(struct embedded *e)
{
    char path[64];
    char address[EMBEDDED_TEXT_SIZE];
    snprintf(path, sizeof path, "/tmp/thrd-unit-%ld", (long)getpid());
    snprintf(address, sizeof address, "unix:%s", path);
    unlink(path);
    serves_at(e, unix_listener(address), address);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
}

static void an_abstract_listener_is_served(struct embedded *e)
{
    char address[EMBEDDED_TEXT_SIZE];
    snprintf(address, sizeof address, "unix:@thrd-unit-%ld", (long)getpid());
    serves_at(e, unix_listener(address), address);
}

static void listen_as_standard_input(struct embedded *e)
{
    struct thrdsrv_server *server;
    char address[EMBEDDED_TEXT_SIZE];
    IN_HOST(dup2(*(int *)e->context, 0) == 0);
    close(*(int *)e->context);
    listen_at(e, 0);
    IN_HOST(thrdsrv_server_create(&e->config, &server) == 0);
    IN_HOST(!is_open(0));
    IN_HOST(thrdsrv_server_address(server, 0, address, sizeof address) > 0);
    IN_HOST(thrdsrv_server_start(server) == 0);
    thrdsrv_server_stop(server);
    IN_HOST(thrdsrv_server_wait(server) == 0);
    thrdsrv_server_destroy(server);
}

static void standard_input_may_be_the_listener(struct embedded *e)
{
    int fd = tcp_listener(AF_INET);
    e->context = &fd;
    embedded_in_host(listen_as_standard_input, e);
    close(fd);
}

/* At the quiesce, not at the end: whoever comes then is refused by the kernel. */
static void an_adopted_listener_closes_at_the_quiesce(struct embedded *e)
{
    int fd = tcp_listener(AF_INET);
    ino_t inode = inode_of(fd);
    listen_at(e, fd);
    embedded_start(e);
    int client = client_connect(e->address);
    client_echo(client, "hello");
    thrdsrv_server_quiesce(e->server);
    embedded_wait_log(e, "msg=quiesce active=1");
    assert_int_equal(count_descriptors_of(inode), 0);
    int late = client_begin(e->address, 0);
    assert_int_equal(late < 0 ? -late : client_begun(late), ECONNREFUSED);
    client_echo(client, "still served");
    client_close(client);
    embedded_wait(e);
}

/* A duplicate that the host keeps goes on listening when the server has stopped. */
static void a_duplicate_survives_the_server(struct embedded *e)
{
    char address[EMBEDDED_TEXT_SIZE];
    int fd = tcp_listener(AF_INET);
    int kept = dup(fd);
    address_of(fd, address);
    for (int i = 0; i < 2; i++) {
        listen_at(e, dup(kept));
        embedded_start(e);
        int client = client_connect(address);
        client_echo(client, "hello");
        client_close(client);
        embedded_finish(e);
        e->end_count = 0;
    }
    close(fd);
    int client = client_connect(address);
    int accepted = accept(kept, NULL, NULL); /* non-blocking by now, and somebody is there */
    assert_true(accepted >= 0);
    close(accepted);
    close(kept);
    client_close(client);
}

static void a_listener_survives_a_failed_create(struct embedded *e)
{
    static const char *const wrong[] = {"nonsense", "127.0.0.1:99999", "fd:1000000",
                                        "unix:/no such folder/socket"};
    char address[EMBEDDED_TEXT_SIZE];
    int fd = tcp_listener(AF_INET);
    ino_t inode = inode_of(fd);
    address_of(fd, address);
    listen_at(e, fd);
    e->config.listen_count = 2;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct thrdsrv_server *server;
        e->listen[1] = wrong[i];
        assert_true(thrdsrv_server_create(&e->config, &server) < 0);
        assert_null(server);
        assert_int_equal(count_descriptors_of(inode), 1);
        assert_false(is_nonblocking(fd));
    }
    int client = client_connect(address);
    int accepted = accept(fd, NULL, NULL);
    assert_true(accepted >= 0);
    close(accepted);
    client_close(client);
    close(fd);
}

static void refuses_to_listen_at(struct embedded *e, int fd)
{
    char pattern[64];
    listen_at(e, fd);
    snprintf(pattern, sizeof pattern, "msg=\"cannot listen\" listen=fd:%d", fd);
    embedded_refused(e, THRDSRV_E_INVALID, pattern);
    assert_true(is_open(fd));
    close(fd);
    embedded_refused(e, THRDSRV_E_INVALID, pattern); /* and when it is not open at all */
    assert_false(is_open(fd));
}

static void what_does_not_listen_is_refused(struct embedded *e)
{
    static const char *const texts[] = {"fd:",   "fd:x",   "fd:-1",         "fd:3x",
                                        "fd: 3", "fd:+3",  "fd:9999999999", "fd:4294967299",
                                        "fd",    "fd:0x3", "fd:3.0",        "fd:1000000"};
    int pipes[2];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char pattern[64];
        e->listen[0] = texts[i];
        snprintf(pattern, sizeof pattern, "msg=\"cannot listen\" listen=%s%s%s",
                 strchr(texts[i], ' ') ? "\"" : "", texts[i], strchr(texts[i], ' ') ? "\"" : "");
        embedded_refused(e, THRDSRV_E_INVALID, pattern);
    }
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    refuses_to_listen_at(e, pipes[0]);
    close(pipes[1]);
    refuses_to_listen_at(e, open("/dev/null", O_RDWR | O_CLOEXEC));
    refuses_to_listen_at(e, socket(AF_INET, SOCK_STREAM, 0)); /* would, but does not listen */
    refuses_to_listen_at(e, socket(AF_INET, SOCK_DGRAM, 0));
    struct pair pair = socket_pair();
    refuses_to_listen_at(e, pair.server);
    close(pair.client);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int packets = socket(AF_UNIX, SOCK_SEQPACKET, 0); /* listens, but to no stream */
    assert_int_equal(bind(packets, (struct sockaddr *)&un, sizeof un.sun_family), 0);
    assert_int_equal(listen(packets, 1), 0);
    refuses_to_listen_at(e, packets);
}

static void a_descriptor_is_named_once(struct embedded *e)
{
    char again[32];
    char pattern[64];
    int fd = tcp_listener(AF_INET);
    ino_t inode = inode_of(fd);
    listen_at(e, fd);
    snprintf(again, sizeof again, "fd:0%d", fd); /* the same number, written otherwise */
    e->listen[1] = "127.0.0.1:0";
    e->listen[2] = again;
    e->config.listen_count = 3;
    snprintf(pattern, sizeof pattern, "msg=\"cannot listen\" listen=%s", again);
    embedded_refused(e, THRDSRV_E_INVALID, pattern);
    assert_int_equal(count_descriptors_of(inode), 1);
    close(fd);
}

/* A number that the host has not open, and that the server's own first listener may get meanwhile:
 * it is not the host's to give. */
static void the_servers_own_listener_is_not_adopted(struct embedded *e)
{
    int lowest = dup(0);
    close(lowest);
    e->config.listen_count = 2;
    for (int number = lowest; number < lowest + 20; number++) {
        char text[32];
        if (is_open(number)) /* the test program's */
            continue;
        snprintf(text, sizeof text, "fd:%d", number);
        e->listen[1] = text;
        embedded_refused(e, THRDSRV_E_INVALID, "msg=\"cannot listen\"");
        assert_false(is_open(number));
    }
}

/* Two servers, each with a duplicate of one listener, both woken by each client: one of them gets
 * it, and the other does not block in accept(2). The second one is inline in every mode: where both
 * make threads, Helgrind takes glibc's reuse of stacks for a race. */
static void two_servers_share_a_listener(struct embedded *e)
{
    char address[EMBEDDED_TEXT_SIZE];
    char texts[2][32];
    struct thrdsrv_server *servers[2];
    struct thrdsrv_stats stats;
    size_t clients = scaled(1000);
    uint64_t served = 0;
    int fd = tcp_listener(AF_INET);
    address_of(fd, address);
    e->config.on_end = NULL;
    for (int i = 0; i < 2; i++) {
        snprintf(texts[i], sizeof texts[i], "fd:%d", i == 0 ? dup(fd) : fd);
        e->listen[0] = texts[i];
        if (i == 1)
            e->config.mode = THRDSRV_MODE_INLINE;
        assert_int_equal(thrdsrv_server_create(&e->config, &servers[i]), 0);
        assert_int_equal(thrdsrv_server_start(servers[i]), 0);
    }
    for (size_t i = 0; i < clients; i++) {
        int client = client_connect(address);
        client_echo(client, "hello");
        client_leave(client);
    }
    for (int i = 0; i < 2; i++) {
        thrdsrv_server_stop(servers[i]);
        assert_int_equal(thrdsrv_server_wait(servers[i]), 0);
        thrdsrv_server_stats(servers[i], &stats, sizeof stats);
        served += stats.served;
        thrdsrv_server_destroy(servers[i]);
    }
    assert_int_equal(served, clients);
}

/* ---- Options ----------------------------------------------------------------------------- */

static void set_option_on(int fd, int level, int name)
{
    int on = 1;
    assert_int_equal(setsockopt(fd, level, name, &on, sizeof on), 0);
}

static _Atomic int options_seen; /* 1: TCP_NODELAY was on, 2: SO_KEEPALIVE was, 4: the hook ran */

static bool look_at_options(const struct thrdsrv_arrival *arrival, void *user)
{
    int nodelay = int_option(arrival->fd, IPPROTO_TCP, TCP_NODELAY) != 0;
    int keepalive = int_option(arrival->fd, SOL_SOCKET, SO_KEEPALIVE) != 0;
    int named = arrival->address && arrival->address->sa_family == AF_INET;
    (void)user;
    atomic_store(&options_seen, 4 | nodelay | keepalive << 1 | named << 3);
    return true;
}

/* What the host had switched on is off where the configuration says so. */
static void options_are_switched_off_too(struct embedded *e)
{
    int listener = tcp_listener(AF_INET);
    set_option_on(listener, IPPROTO_TCP, TCP_NODELAY);
    set_option_on(listener, SOL_SOCKET, SO_KEEPALIVE);
    listen_at(e, listener);
    e->config.nodelay = false;
    e->config.keepalive_idle = 0;
    e->config.adopt = true;
    e->config.admit = look_at_options;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_echo(fd, "hello");
    client_close(fd);
    assert_int_equal(atomic_exchange(&options_seen, 0), 4 | 8);

    struct pair pair = tcp_pair(AF_INET);
    set_option_on(pair.server, IPPROTO_TCP, TCP_NODELAY);
    set_option_on(pair.server, SOL_SOCKET, SO_KEEPALIVE);
    assert_int_equal(thrdsrv_server_adopt(e->server, pair.server), 0);
    client_echo(pair.client, "hello");
    assert_int_equal(atomic_exchange(&options_seen, 0), 4 | 8);
    leave(pair.client);
    embedded_finish(e);
}

static void a_failed_create_leaves_the_options(struct embedded *e)
{
    int listener = tcp_listener(AF_INET);
    listen_at(e, listener);
    e->listen[1] = "nonsense";
    e->config.listen_count = 2;
    embedded_refused(e, THRDSRV_E_INVALID, "msg=\"cannot listen\" listen=nonsense");
    assert_int_equal(int_option(listener, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_equal(int_option(listener, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_false(is_nonblocking(listener));
    close(listener);
}

/* ---- A listener that hangs up ------------------------------------------------------------ */

static double cpu_seconds(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Somebody who shares the listener ends it while every slot is taken: there is nothing to do for
 * the loop until a slot is free, and it may not turn in the meantime. Then it finds out, and stops.
 */
static void a_hung_up_listener_costs_nothing_while_full(struct embedded *e)
{
    int listener = tcp_listener(AF_INET);
    int shared = dup(listener);
    listen_at(e, listener);
    e->config.slots = 1;
    embedded_start(e);
    int first = client_connect(e->address);
    client_echo(first, "hello");
    int second = client_connect(e->address);
    client_send_text(second, "me too");
    assert_int_equal(shutdown(shared, SHUT_RDWR), 0);
    double before = cpu_seconds();
    usleep(300000);
    assert_true(cpu_seconds() - before < 0.15);
    client_echo(first, "hello again");
    client_leave(first);
    assert_int_equal(thrdsrv_server_wait(e->server), THRDSRV_E_SYSTEM);
    assert_int_equal(errno, EINVAL);
    embedded_wait_log(e, "level=error msg=\"accept failed\"");
    client_close(second);
    close(shared);
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
}

static _Atomic int errno_of_run;

static void *run_and_keep_errno(void *server)
{
    int error = thrdsrv_server_run(server);
    errno_of_run = errno;
    return (void *)(intptr_t)error;
}

static void run_tells_why_it_gave_up(struct embedded *e)
{
    pthread_t thread;
    void *result;
    int listener = tcp_listener(AF_INET);
    int shared = dup(listener);
    listen_at(e, listener);
    embedded_create(e);
    assert_int_equal(pthread_create(&thread, NULL, run_and_keep_errno, e->server), 0);
    embedded_wait_log(e, "msg=start");
    assert_int_equal(shutdown(shared, SHUT_RDWR), 0);
    pthread_join(thread, &result);
    assert_int_equal((intptr_t)result, THRDSRV_E_SYSTEM);
    assert_int_equal(errno_of_run, EINVAL);
    close(shared);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_ALL_MODES(adopted_connections_are_served),
        EMBEDDED_IN_ALL_MODES(adopted_and_accepted_connections_mix),
        EMBEDDED_IN_ALL_MODES(an_adopted_connection_is_made_blocking),
        EMBEDDED_ONCE(the_configuration_decides_about_options),
        EMBEDDED_IN_ALL_MODES(adoption_before_the_start_waits_for_it),
        EMBEDDED_IN_ALL_MODES(what_is_never_served_is_closed),
        EMBEDDED_IN_ALL_MODES(standard_streams_are_adopted),
        EMBEDDED_ONCE(standard_streams_that_are_refused_stay),
        EMBEDDED_ONCE(what_is_no_stream_socket_is_refused),
        EMBEDDED_ONCE(who_does_not_adopt_refuses),
        EMBEDDED_IN_ALL_MODES(a_server_that_stops_adopts_no_more),
        EMBEDDED_IN_ALL_MODES(a_handler_adopts),
        EMBEDDED_IN_ALL_MODES(adopted_connections_wait_for_a_slot),
        EMBEDDED_IN_ALL_MODES(a_full_server_closes_what_it_adopts),
        EMBEDDED_IN_ALL_MODES(a_full_server_tells_whom_it_adopts),
        EMBEDDED_ONCE(a_refusal_raises_no_sigpipe),
        EMBEDDED_IN_ALL_MODES(waiting_connections_are_served_in_the_drain),
        EMBEDDED_IN_ALL_MODES(waiting_connections_are_closed_at_the_stop),
        EMBEDDED_IN_ALL_MODES(threads_adopt_while_the_server_stops),
        EMBEDDED_IN_ALL_MODES(an_ipv4_listener_is_served),
        EMBEDDED_ONCE(an_ipv6_listener_is_served),
        EMBEDDED_ONCE(a_unix_listener_is_served),
        EMBEDDED_ONCE(an_abstract_listener_is_served),
        EMBEDDED_ONCE(standard_input_may_be_the_listener),
        EMBEDDED_IN_ALL_MODES(an_adopted_listener_closes_at_the_quiesce),
        EMBEDDED_ONCE(a_duplicate_survives_the_server),
        EMBEDDED_ONCE(a_listener_survives_a_failed_create),
        EMBEDDED_ONCE(what_does_not_listen_is_refused),
        EMBEDDED_ONCE(a_descriptor_is_named_once),
        EMBEDDED_ONCE(the_servers_own_listener_is_not_adopted),
        EMBEDDED_IN_ALL_MODES(two_servers_share_a_listener),
        EMBEDDED_IN_ALL_MODES(options_are_switched_off_too),
        EMBEDDED_ONCE(a_failed_create_leaves_the_options),
        EMBEDDED_IN_ALL_MODES(a_hung_up_listener_costs_nothing_while_full),
        EMBEDDED_ONCE(run_tells_why_it_gave_up),
    };
    return embedded_run(argc, argv, "adopt", cases, sizeof cases / sizeof cases[0]);
}
