/* rot13_libuv.c - a handler of thrd in a server on libuv: one thread, any number of connections.
 *
 *     cc rot13_libuv.c $(pkg-config --cflags --libs thrdhandler libuv) -o rot13
 *     ./rot13 43211 [HANDLER]
 *
 * Memory is bounded: a connection has a buffer for input and one for output, and is not read from
 * while output of it is being written. There are no timeouts, and no limit to the number of
 * connections: a server on a real network needs both. */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uv.h>

#include <thrdsrv/handler.h>

enum { INPUT_MAX = 16384, OUTPUT_MAX = 16384, LINGER_MS = 2000 };

static const struct thrdsrv_handler *handler;

struct conn {
    uv_tcp_t tcp;
    uv_timer_t linger;
    uv_write_t write;
    uv_shutdown_t shutdown;
    enum thrdsrv_step answer; /* the handler's last */
    bool ended;               /* the peer has said all */
    size_t have;              /* bytes of input that the handler has not consumed */
    unsigned char in[INPUT_MAX];
    unsigned char out[OUTPUT_MAX];
    max_align_t session[]; /* handler->session_size bytes */
};

static void free_conn(uv_handle_t *tcp)
{
    free(tcp->data);
}

static void close_tcp(uv_handle_t *linger)
{
    struct conn *conn = linger->data;
    uv_close((uv_handle_t *)&conn->tcp, free_conn);
}

/* One handle after the other; the memory goes with the second. */
static void close_conn(struct conn *conn)
{
    if (!uv_is_closing((uv_handle_t *)&conn->linger))
        uv_close((uv_handle_t *)&conn->linger, close_tcp);
}

static void give_room(uv_handle_t *tcp, size_t suggested, uv_buf_t *room)
{
    struct conn *conn = tcp->data;
    (void)suggested;
    *room = uv_buf_init((char *)conn->in + conn->have, (unsigned)(INPUT_MAX - conn->have));
}

static void discard(uv_stream_t *tcp, ssize_t count, const uv_buf_t *room)
{
    (void)room;
    if (count < 0)
        close_conn(tcp->data);
}

static void after_linger(uv_timer_t *linger)
{
    close_conn(linger->data);
}

/* All output is sent. To close while the peer still sends would reset the connection, and the reset
 * can overtake our last bytes: so say that this was all, and read for a moment what comes. */
static void finish(struct conn *conn)
{
    uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
    if (conn->ended) {
        close_conn(conn);
        return;
    }
    conn->have = 0;
    uv_shutdown(&conn->shutdown, stream, NULL);
    uv_timer_start(&conn->linger, after_linger, LINGER_MS, 0);
    uv_read_stop(stream);
    uv_read_start(stream, give_room, discard);
}

/* One call of the handler. Returns how much output there is. */
static size_t step(struct conn *conn)
{
    struct thrdsrv_stream stream = {
        .next_in = conn->in,
        .avail_in = conn->have,
        .next_out = conn->out,
        .avail_out = OUTPUT_MAX,
        .input = conn->ended               ? THRDSRV_INPUT_END
                 : conn->have == INPUT_MAX ? THRDSRV_INPUT_FULL
                                           : THRDSRV_INPUT_MORE,
    };
    conn->answer = handler->step(conn->session, &stream);
    memmove(conn->in, stream.next_in, stream.avail_in);
    conn->have = stream.avail_in;
    return OUTPUT_MAX - stream.avail_out;
}

static void on_written(uv_write_t *write, int status);
static void on_read(uv_stream_t *tcp, ssize_t count, const uv_buf_t *room);

/* Goes on until there is output to be sent first, or input to wait for. */
static void go_on(struct conn *conn)
{
    uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
    while (conn->answer == THRDSRV_STEP_WANT_OUTPUT) {
        size_t count = step(conn);
        uv_buf_t out = uv_buf_init((char *)conn->out, (unsigned)count);
        if (count > 0) {
            uv_read_stop(stream);
            if (uv_write(&conn->write, stream, &out, 1, on_written) < 0)
                close_conn(conn);
            return;
        }
    }
    if (conn->answer == THRDSRV_STEP_WANT_INPUT && !conn->ended)
        uv_read_start(stream, give_room, on_read);
    else
        finish(conn);
}

static void on_written(uv_write_t *write, int status)
{
    struct conn *conn = write->handle->data;
    if (status < 0)
        close_conn(conn);
    else
        go_on(conn);
}

static void on_read(uv_stream_t *tcp, ssize_t count, const uv_buf_t *room)
{
    struct conn *conn = tcp->data;
    (void)room;
    if (count < 0 && count != UV_EOF) {
        close_conn(conn);
        return;
    }
    if (count == UV_EOF)
        conn->ended = true;
    else
        conn->have += (size_t)count;
    conn->answer = THRDSRV_STEP_WANT_OUTPUT; /* not yet asked about this input */
    go_on(conn);
}

static void get_peer(const uv_tcp_t *tcp, char *name, size_t size)
{
    struct sockaddr_in address;
    int address_size = sizeof address;
    if (uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &address_size) == 0)
        uv_ip4_name(&address, name, size);
}

static void on_connection(uv_stream_t *listener, int status)
{
    char name[INET_ADDRSTRLEN] = "";
    struct thrdsrv_start start = {.unix_time = time(NULL), .peer = name};
    struct conn *conn = calloc(1, sizeof *conn + handler->session_size);
    if (!conn) {
        fprintf(stderr, "no memory for a connection\n");
        exit(1);
    }
    uv_tcp_init(listener->loop, &conn->tcp);
    uv_timer_init(listener->loop, &conn->linger);
    conn->tcp.data = conn->linger.data = conn;
    if (status < 0 || uv_accept(listener, (uv_stream_t *)&conn->tcp) < 0) {
        close_conn(conn);
        return;
    }
    get_peer(&conn->tcp, name, sizeof name);
    handler->start(conn->session, &start);
    conn->answer = THRDSRV_STEP_WANT_OUTPUT; /* some handlers speak first */
    go_on(conn);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address;
    int size = sizeof address, error;
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    handler = thrdsrv_handler_find(argc > 2 ? argv[2] : "rot13");
    if (argc < 2 || !handler) {
        fprintf(stderr, "usage: %s PORT [HANDLER]\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* libuv does not do that */
    uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
    uv_tcp_init(loop, &listener);
    error = uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
    if (error == 0)
        error = uv_listen((uv_stream_t *)&listener, 128, on_connection);
    if (error < 0) {
        fprintf(stderr, "cannot listen: %s\n", uv_strerror(error));
        return 1;
    }
    uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
