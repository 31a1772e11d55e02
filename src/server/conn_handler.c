/* conn_handler.c - the adapter: runs a sans-I/O handler on a connection with the functions that
 * every blocking handler has. Knows no socket calls. On the worker's thread, or in its process. */
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <thrdsrv/server.h>

#include "server/conn.h"

/* A connection begins with a buffer that lies in the page of the stack that its worker has touched
 * anyway: as long as what the peer says at once is short, the connection has no more memory. When
 * the buffer has once been full it goes on with one that keeps a stream from being bound by system
 * calls. A handler that does not work in place has half of either for its input, half for output.
 */
#define SMALL_SIZE 1024
#define LARGE_SIZE 65536

struct adapter {
    struct thrdsrv_conn *conn;
    const struct thrdsrv_handler *handler;
    void *session;
    unsigned char *in;  /* have bytes of input that the handler has not consumed */
    unsigned char *out; /* the same buffer where the handler works in place */
    size_t size;        /* bytes of each */
    bool large;         /* they are as large as they get */
    size_t have;
    bool ended; /* all input there will ever be has been read */
};

/* What run() returns when the small buffers do not do: no value of an error. */
#define WANT_LARGE 1

/* One step, its output written. *moved counts what it consumed and produced. Returns enum
 * thrdsrv_step, or negative from the write, which fails after a cut even if there is no output. */
static int step(struct adapter *a, size_t *moved)
{
    struct thrdsrv_stream stream = {
        .next_in = a->in,
        .avail_in = a->have,
        .next_out = a->out,
        .avail_out = a->handler->in_place ? a->have : a->size,
        .input = a->ended             ? THRDSRV_INPUT_END
                 : a->have == a->size ? THRDSRV_INPUT_FULL
                                      : THRDSRV_INPUT_MORE,
    };
    enum thrdsrv_step answer = a->handler->step(a->session, &stream);
    size_t consumed = a->have - stream.avail_in;
    size_t produced = (size_t)(stream.next_out - a->out);
    int error = thrdsrv_conn_write(a->conn, a->out, produced);
    if (error < 0)
        return error;
    *moved = consumed + produced;
    a->have -= consumed;
    if (a->have > 0 && consumed > 0)
        memmove(a->in, a->in + consumed, a->have);
    return (int)answer;
}

/* The handler wants more. Returns 0, or negative: E_EOF when it wants what will never come. */
static int read_more(struct adapter *a, size_t moved)
{
    if (a->ended)
        return moved > 0 ? 0 : THRDSRV_E_EOF;
    if (a->have == a->size)
        return THRDSRV_E_INVALID; /* told FULL, it consumed nothing: its fault, but do not spin */
    ssize_t count = thrdsrv_conn_read(a->conn, a->in + a->have, a->size - a->have);
    if (count < 0)
        return (int)count;
    a->ended = count == 0;
    a->have += (size_t)count;
    return 0;
}

/* The handler has more to say; what the peer said meanwhile may be of interest. A handler that
 * neither moves a byte nor is told anything new would say the same for ever. */
static int go_on(struct adapter *a, size_t moved)
{
    size_t count = 0;
    if (!a->ended && a->have < a->size)
        count = conn_read_ready(a->conn, a->in + a->have, a->size - a->have);
    a->have += count;
    return moved + count > 0 ? 0 : THRDSRV_E_INVALID;
}

/* Returns 0, an error, or WANT_LARGE. A full buffer is no news for the handler while there is a
 * larger one. */
static int run(struct adapter *a)
{
    int error = 0;
    while (error == 0) {
        size_t moved = 0;
        if (a->have == a->size && !a->large)
            return WANT_LARGE;
        int answer = step(a, &moved);
        if (answer == THRDSRV_STEP_DONE)
            return 0;
        if (answer == THRDSRV_STEP_WANT_OUTPUT && !a->large)
            return WANT_LARGE;
        if (answer == THRDSRV_STEP_WANT_INPUT)
            error = read_more(a, moved);
        else if (answer == THRDSRV_STEP_WANT_OUTPUT)
            error = go_on(a, moved);
        else /* FAILED, an error of the write, or nothing that a handler may answer */
            error = answer < 0 ? answer : THRDSRV_E_INVALID;
    }
    return error == THRDSRV_E_EOF ? 0 : error;
}

/* The input that waits in the buffers until now comes along. */
static void use_buffer(struct adapter *a, unsigned char *buffer, size_t size)
{
    memcpy(buffer, a->in, a->have);
    a->size = a->handler->in_place ? size : size / 2;
    a->in = buffer;
    a->out = a->handler->in_place ? buffer : buffer + a->size;
}

/* Never inlined: its buffer is to be on the stack only when it is wanted. */
static __attribute__((noinline)) int run_large(struct adapter *a)
{
    unsigned char buffer[LARGE_SIZE];
    use_buffer(a, buffer, sizeof buffer);
    a->large = true;
    return run(a);
}

int conn_run_handler(struct thrdsrv_conn *conn, const struct thrdsrv_handler *handler)
{
    alignas(max_align_t) unsigned char session[THRDSRV_SESSION_MAX];
    unsigned char buffer[SMALL_SIZE];
    struct thrdsrv_start start = {.unix_time = (int64_t)time(NULL),
                                  .peer = thrdsrv_conn_peer(conn)};
    struct adapter a = {.conn = conn, .handler = handler, .session = session, .in = buffer};
    use_buffer(&a, buffer, sizeof buffer);
    handler->start(session, &start);
    int result = run(&a);
    return result == WANT_LARGE ? run_large(&a) : result;
}
