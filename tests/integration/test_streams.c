/* test_streams - long streams through one connection, sent and received at the same time, and
 * compared byte for byte; clients that read slowly. */
#include <stdio.h>
#include <sys/socket.h>

#include "clients.h"
#include "process_log.h"
#include "stream.h"
#include "suite.h"

#define MIB 1048576u

static uint64_t long_stream(void)
{
    return scaled(64) * (uint64_t)MIB;
}

/* The end line must tell the same counts. */
static void expect_counts(struct process *server, uint64_t in, uint64_t out)
{
    char pattern[128];
    snprintf(pattern, sizeof pattern, "msg=end conn=1 end=eof in=%llu out=%llu",
             (unsigned long long)in, (unsigned long long)out);
    process_log_wait(server, pattern);
}

static void run(struct process *server, const char *handler, const struct stream *stream)
{
    char option[64];
    snprintf(option, sizeof option, "--handler=%s", handler);
    process_start(server, option, NULL);
    int fd = client_connect(process_address(server));
    stream_run(fd, stream);
    client_close(fd);
    expect_counts(server, stream->request.total, stream->reply.total);
}

static void echo_stream(struct process *server)
{
    uint64_t size = long_stream();
    struct stream stream = {.request = stream_random(size), .reply = stream_random(size)};
    run(server, "echo", &stream);
}

static void rot13_stream(struct process *server)
{
    uint64_t size = long_stream();
    struct stream stream = {.request = stream_random(size), .reply = stream_random_rot13(size)};
    run(server, "rot13", &stream);
}

static void discard_stream(struct process *server)
{
    struct stream stream = {.request = stream_random(long_stream())};
    run(server, "discard", &stream);
}

/* What the handler bytes sends for a request of that many bytes. */
static struct pattern alphabet(uint64_t total)
{
    static unsigned char letters[26 * 1024];
    for (size_t i = 0; i < sizeof letters; i++)
        letters[i] = (unsigned char)('a' + i % 26);
    return (struct pattern){letters, sizeof letters, total};
}

static struct stream bytes_request(uint64_t size)
{
    static char request[32];
    int length = snprintf(request, sizeof request, "%llu\n", (unsigned long long)size);
    return (struct stream){
        .request = {(const unsigned char *)request, (size_t)length, (uint64_t)length},
        .reply = alphabet(size),
    };
}

static void bytes_stream(struct process *server)
{
    struct stream stream = bytes_request(long_stream());
    run(server, "bytes", &stream);
}

/* The server's writes block again and again, and are short when they do not. */
static void slow_reader_gets_every_byte(struct process *server)
{
    uint64_t size = scaled(2) * (uint64_t)MIB;
    struct stream stream = bytes_request(size);
    stream.bite = 4096;
    stream.pause_ms = 1;
    process_start(server, "--handler=bytes", NULL);
    int fd = client_connect_with_buffer(process_address(server), 4096);
    stream_run(fd, &stream);
    expect_counts(server, stream.request.total, size);
}

static void slow_reader_of_an_echo_gets_every_byte(struct process *server)
{
    uint64_t size = scaled(2) * (uint64_t)MIB;
    struct stream stream = {
        .request = stream_random(size),
        .reply = stream_random(size),
        .bite = 4096,
        .pause_ms = 1,
    };
    process_start(server, "--handler=echo", NULL);
    int fd = client_connect_with_buffer(process_address(server), 4096);
    stream_run(fd, &stream);
    expect_counts(server, size, size);
}

static void stream_through_a_unix_socket(struct process *server)
{
    char listen[128];
    uint64_t size = scaled(8) * (uint64_t)MIB;
    struct stream stream = {.request = stream_random(size), .reply = stream_random(size)};
    snprintf(listen, sizeof listen, "--listen=unix:%s/socket", server->dir);
    process_start(server, listen, NULL);
    int fd = client_connect(process_address(server));
    stream_run(fd, &stream);
    expect_counts(server, size, size);
}

/* One direction, then the other, on one connection that stays open. */
static void stream_after_stream(struct process *server)
{
    uint64_t size = scaled(4) * (uint64_t)MIB;
    struct stream stream = {
        .request = stream_random(size),
        .reply = stream_random(size),
        .leave_open = true,
    };
    process_start(server, NULL);
    int fd = client_connect(process_address(server));
    for (int i = 0; i < 3; i++)
        stream_run(fd, &stream);
    client_leave(fd);
    expect_counts(server, 3 * size, 3 * size);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(echo_stream),
        CASE(rot13_stream),
        CASE(discard_stream),
        CASE(bytes_stream),
        CASE(slow_reader_gets_every_byte),
        CASE(slow_reader_of_an_echo_gets_every_byte),
        CASE(stream_through_a_unix_socket),
        CASE(stream_after_stream),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("streams", cases, NULL, NULL);
}
