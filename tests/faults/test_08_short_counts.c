/* test_08_short_counts - class 8: recv(2), send(2) or write(2) moves less than it was asked to, and
 * what is left over is dropped, or sent twice.
 *
 * Seen in: objeck #670.
 * Here: every recv(2) and send(2) of the server really moves 1 to k bytes, k anew for each call,
 * from 1 to 64 Ki. A stream of 64 MiB through echo and rot13, and one that bytes makes, come back
 * byte for byte and are counted so; requests in lines are understood, and each line of the log is
 * whole. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "stream.h"
#include "suite.h"

#define MIB 1048576u

/* Calls that were made short, in this process and in children. The test's own thread makes none:
 * its calls are the clients'. */
static _Atomic unsigned *shortened;
static pid_t clients_thread;
static _Thread_local uint64_t random_state = 20261121;

ssize_t __real_recv(int fd, void *buf, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags);
ssize_t __real_send(int fd, const void *buf, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t size, int flags);
ssize_t __real_write(int fd, const void *buf, size_t size);
ssize_t __wrap_write(int fd, const void *buf, size_t size);

static size_t short_of(size_t size)
{
    if (gettid() == clients_thread || size == 0)
        return size;
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    size_t k = (size_t)1 << (random_state >> 33) % 17;
    size_t count = 1 + (size_t)(random_state >> 40) % k;
    if (count >= size)
        return size;
    ++*shortened;
    return count;
}

ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags)
{
    return __real_recv(fd, buf, short_of(size), flags);
}

ssize_t __wrap_send(int fd, const void *buf, size_t size, int flags)
{
    return __real_send(fd, buf, short_of(size), flags);
}

/* An eventfd takes its number whole or not at all, and so does the pipe of connections. */
ssize_t __wrap_write(int fd, const void *buf, size_t size)
{
    return __real_write(fd, buf, fd == STDERR_FILENO ? short_of(size) : size);
}

static void expect_exact(struct embedded *e, const struct stream *stream)
{
    clients_thread = gettid();
    *shortened = 0;
    embedded_start(e);
    int fd = client_connect(e->address);
    stream_run(fd, stream);
    client_close(fd);
    struct embedded_end end = embedded_wait_end(e, 1);
    assert_int_equal(end.end.reason, THRDSRV_END_EOF);
    assert_int_equal(end.end.bytes_in, stream->request.total);
    assert_int_equal(end.end.bytes_out, stream->reply.total);
    assert_in_range(*shortened, stream->reply.total / 65536 + 1, UINT32_MAX);
    embedded_finish(e);
}

static void an_echo_is_exact(struct embedded *e)
{
    uint64_t size = scaled(64) * (uint64_t)MIB;
    expect_exact(e, &(struct stream){.request = stream_random(size), .reply = stream_random(size)});
}

/* Input and output have half a buffer each, and neither is consumed whole. */
static void another_stream_is_exact(struct embedded *e)
{
    uint64_t size = scaled(64) * (uint64_t)MIB;
    e->config.handler = &thrdsrv_rot13;
    expect_exact(
        e, &(struct stream){.request = stream_random(size), .reply = stream_random_rot13(size)});
}

/* So slow that most writes find the send buffer full. */
static void a_slow_reader_gets_every_byte(struct embedded *e)
{
    uint64_t size = scaled(4) * (uint64_t)MIB;
    expect_exact(e, &(struct stream){.request = stream_random(size),
                                     .reply = stream_random(size),
                                     .bite = 16384,
                                     .pause_ms = 1});
}

/* What the handler bytes answers to "N\n", for each of these, in one stream of requests. */
static void requests_in_lines_are_understood(struct embedded *e)
{
    enum { REQUESTS = 500, LARGEST = 2000 };
    static unsigned char requests[REQUESTS * 8], replies[REQUESTS * LARGEST];
    size_t request_size = 0, reply_size = 0;
    for (size_t i = 0; i < REQUESTS; i++) {
        size_t count = i * 37 % LARGEST;
        request_size +=
            (size_t)sprintf((char *)requests + request_size, i % 2 ? "%zu\n" : "%zu\r\n", count);
        for (size_t n = 0; n < count; n++)
            replies[reply_size++] = (unsigned char)('a' + n % 26);
    }
    e->config.handler = &thrdsrv_bytes;
    expect_exact(e, &(struct stream){.request = {requests, request_size, request_size},
                                     .reply = {replies, reply_size, reply_size}});
}

/* A blocking handler: lines are put together again, and printed. */
static int answer_lines(struct thrdsrv_conn *conn, void *user)
{
    char line[256];
    (void)user;
    ssize_t length = thrdsrv_conn_read_line(conn, line, sizeof line);
    while (length >= 0) {
        int error = thrdsrv_conn_printf(conn, "%zd %s\r\n", length, line);
        if (error < 0)
            return error;
        length = thrdsrv_conn_read_line(conn, line, sizeof line);
    }
    return (int)length;
}

static void lines_are_whole(struct embedded *e)
{
    enum { LINES = 500, SIZE = 256 };
    static unsigned char request[LINES * SIZE], reply[LINES * (SIZE + 8)];
    size_t request_size = 0, reply_size = 0;
    for (size_t i = 0; i < LINES; i++) {
        int length = (int)(i * 7 % 250);
        char text[SIZE];
        memset(text, 'a' + (int)(i % 26), sizeof text);
        request_size += (size_t)sprintf((char *)request + request_size, "%.*s\n", length, text);
        reply_size +=
            (size_t)sprintf((char *)reply + reply_size, "%d %.*s\r\n", length, length, text);
    }
    embedded_serve(e, answer_lines);
    expect_exact(e, &(struct stream){.request = {request, request_size, request_size},
                                     .reply = {reply, reply_size, reply_size}});
}

enum { LOG_LINES = 200, LOG_WIDTH = 300 };

/* By the log function for those who have none of their own, with this in the place of stderr. */
static void log_to(int fd)
{
    char text[512];
    int kept = dup(STDERR_FILENO);
    fflush(stderr);
    clients_thread = 0;
    assert_true(kept >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    for (int i = 0; i < LOG_LINES; i++) {
        snprintf(text, sizeof text, "line %d %0*d.", i, LOG_WIDTH, i);
        thrdsrv_log_stderr(NULL, THRDSRV_LOG_INFO, text);
    }
    dup2(kept, STDERR_FILENO);
    close(kept);
}

static void lines_of_the_log_are_whole(struct embedded *e)
{
    char line[1024], expected[512];
    FILE *file = tmpfile();
    (void)e;
    assert_non_null(file);
    log_to(fileno(file));
    rewind(file);
    for (int i = 0; i < LOG_LINES; i++) {
        assert_non_null(fgets(line, sizeof line, file));
        int size =
            snprintf(expected, sizeof expected, "level=info line %d %0*d.\n", i, LOG_WIDTH, i);
        assert_true(strlen(line) > (size_t)size);
        assert_string_equal(line + strlen(line) - size, expected);
        assert_memory_equal(line, "time=", 5);
    }
    assert_null(fgets(line, sizeof line, file));
    fclose(file);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    shortened = shared_memory(sizeof *shortened);
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(an_echo_is_exact),
        EMBEDDED_CASE(another_stream_is_exact),
        EMBEDDED_CASE(a_slow_reader_gets_every_byte),
        EMBEDDED_CASE(requests_in_lines_are_understood),
        EMBEDDED_CASE(lines_are_whole),
        EMBEDDED_CASE(lines_of_the_log_are_whole),
    };
    return cmocka_run_group_tests_name("08_short_counts", cases, NULL, NULL);
}
