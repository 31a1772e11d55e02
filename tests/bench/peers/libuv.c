/* libuv.c PORT - echo with libuv: a peer for ci/bench-peers.
 *
 * Stands for servers on that library, and does it as the echo server in its guide does: a buffer
 * for each read, which the write takes along and frees. */
#include <uv.h>

#include "listening.h"

struct writing {
    uv_write_t request;
    uv_buf_t buffer;
};

static void on_closed(uv_handle_t *connection)
{
    free(connection);
}

static void on_buffer_wanted(uv_handle_t *connection, size_t size, uv_buf_t *buffer)
{
    (void)connection;
    buffer->base = malloc(size);
    buffer->len = buffer->base ? size : 0;
}

static void on_written(uv_write_t *request, int status)
{
    struct writing *writing = (struct writing *)request;
    (void)status;
    free(writing->buffer.base);
    free(writing);
}

static void on_input(uv_stream_t *connection, ssize_t size, const uv_buf_t *buffer)
{
    if (size > 0) {
        struct writing *writing = malloc(sizeof *writing);
        if (!writing)
            abort();
        writing->buffer = uv_buf_init(buffer->base, (unsigned)size);
        uv_write(&writing->request, connection, &writing->buffer, 1, on_written);
        return;
    }
    if (size < 0)
        uv_close((uv_handle_t *)connection, on_closed);
    free(buffer->base);
}

static void on_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *connection = status < 0 ? NULL : malloc(sizeof *connection);
    if (!connection)
        return;
    uv_tcp_init(listener->loop, connection);
    if (uv_accept(listener, (uv_stream_t *)connection) != 0) {
        uv_close((uv_handle_t *)connection, on_closed);
        return;
    }
    uv_tcp_nodelay(connection, 1);
    uv_read_start((uv_stream_t *)connection, on_buffer_wanted, on_input);
}

int main(int argc, char *argv[])
{
    struct sockaddr_in address = address_of(argc, argv);
    uv_tcp_t listener;
    uv_tcp_init(uv_default_loop(), &listener);
    int status = uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection);
    if (status < 0) {
        fprintf(stderr, "cannot listen: %s\n", uv_strerror(status));
        return 1;
    }
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
