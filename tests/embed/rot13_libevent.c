/* rot13_libevent.c - a handler of thrd in a server on libevent: one thread, any number of
 * connections.
 *
 *     cc rot13_libevent.c $(pkg-config --cflags --libs thrdhandler libevent) -o rot13
 *     ./rot13 43211 [HANDLER]
 *
 * Memory is bounded: nothing is read from a connection while INPUT_MAX bytes of it are waiting, and
 * the handler is not called while there is output that the peer has not taken. There are no
 * timeouts, and no limit to the number of connections: a server on a real network needs both. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include <thrdsrv/handler.h>

enum { INPUT_MAX = 16384, OUTPUT_MAX = 16384, LINGER_SECONDS = 2 };

static const struct thrdsrv_handler *handler;

struct conn {
    struct bufferevent *bev;
    bool ended;            /* the peer has said all */
    bool done;             /* the handler has */
    max_align_t session[]; /* handler->session_size bytes */
};

static void close_conn(struct conn *conn)
{
    bufferevent_free(conn->bev); /* and the descriptor */
    free(conn);
}

static void discard(struct bufferevent *bev, void *conn)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    (void)conn;
    evbuffer_drain(in, evbuffer_get_length(in));
}

static void after_linger(struct bufferevent *bev, short what, void *conn)
{
    (void)bev;
    (void)what;
    close_conn(conn);
}

/* All output is sent. To close while the peer still sends would reset the connection, and the reset
 * can overtake our last bytes: so say that this was all, and read until the peer ends or pauses. */
static void finish(struct conn *conn)
{
    const struct timeval linger = {.tv_sec = LINGER_SECONDS};
    if (conn->ended) {
        close_conn(conn);
        return;
    }
    shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
    bufferevent_setcb(conn->bev, discard, NULL, after_linger, conn);
    bufferevent_set_timeouts(conn->bev, &linger, NULL);
    discard(conn->bev, conn);
}

/* One call of the handler: from libevent's input buffer to its output buffer. */
static enum thrdsrv_step step(struct conn *conn)
{
    struct evbuffer *in = bufferevent_get_input(conn->bev);
    struct evbuffer *out = bufferevent_get_output(conn->bev);
    struct evbuffer_iovec room;
    size_t have = evbuffer_get_length(in);
    if (evbuffer_reserve_space(out, OUTPUT_MAX, &room, 1) < 0)
        return THRDSRV_STEP_FAILED; /* no memory */
    struct thrdsrv_stream stream = {
        .next_in = evbuffer_pullup(in, -1),
        .avail_in = have,
        .next_out = room.iov_base,
        .avail_out = room.iov_len,
        .input = conn->ended         ? THRDSRV_INPUT_END
                 : have >= INPUT_MAX ? THRDSRV_INPUT_FULL
                                     : THRDSRV_INPUT_MORE,
    };
    enum thrdsrv_step answer = handler->step(conn->session, &stream);
    room.iov_len -= stream.avail_out;
    evbuffer_commit_space(out, &room, 1);
    evbuffer_drain(in, have - stream.avail_in);
    return answer;
}

/* Goes on until there is output to be sent first, or input to wait for. Called by libevent when
 * there is more input, and when all output is sent. */
static void go_on(struct bufferevent *bev, void *arg)
{
    struct conn *conn = arg;
    while (evbuffer_get_length(bufferevent_get_output(bev)) == 0) {
        if (conn->done) {
            finish(conn);
            return;
        }
        enum thrdsrv_step answer = step(conn);
        if (answer == THRDSRV_STEP_WANT_INPUT && !conn->ended)
            return;
        conn->done = answer != THRDSRV_STEP_WANT_OUTPUT;
    }
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct conn *conn = arg;
    if (!(what & BEV_EVENT_EOF)) {
        close_conn(conn);
        return;
    }
    conn->ended = true;
    go_on(bev, conn);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *peer, int peer_size, void *arg)
{
    char name[INET_ADDRSTRLEN] = "";
    struct thrdsrv_start start = {.unix_time = time(NULL), .peer = name};
    struct conn *conn = calloc(1, sizeof *conn + handler->session_size);
    struct bufferevent *bev = bufferevent_socket_new(arg, fd, BEV_OPT_CLOSE_ON_FREE);
    (void)listener;
    (void)peer_size;
    if (!conn || !bev) {
        fprintf(stderr, "no memory for a connection\n");
        exit(1);
    }
    conn->bev = bev;
    evutil_inet_ntop(AF_INET, &((struct sockaddr_in *)peer)->sin_addr, name, sizeof name);
    handler->start(conn->session, &start);
    bufferevent_setcb(bev, go_on, go_on, on_event, conn);
    bufferevent_setwatermark(bev, EV_READ, 0, INPUT_MAX);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
    go_on(bev, conn); /* some handlers speak first */
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)(argc > 1 ? atoi(argv[1]) : 0)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    handler = thrdsrv_handler_find(argc > 2 ? argv[2] : "rot13");
    if (argc < 2 || !handler) {
        fprintf(stderr, "usage: %s PORT [HANDLER]\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* libevent writes with writev(2) */
    struct event_base *base = event_base_new();
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, on_connection, base,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                -1, (struct sockaddr *)&address, (int)size);
    if (!listener) {
        perror("cannot listen");
        return 1;
    }
    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size);
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return event_base_dispatch(base);
}
