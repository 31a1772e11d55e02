/* stream - see stream.h. */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "clients.h"
#include "patience.h"
#include "suite.h"

enum { RANDOM_SIZE = 1048573, BITE = 65536 };

static unsigned char random_bytes[RANDOM_SIZE];
static unsigned char rotated_bytes[RANDOM_SIZE];

/* Not the handler's code: tests compare with something of their own. */
static unsigned char rotate(unsigned char c)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklm"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLM";
    const char *found = c != '\0' ? strchr(letters, c) : NULL;
    return found != NULL ? (unsigned char)found[13] : c;
}

static void make_random(void)
{
    uint64_t state = 20261121;
    for (size_t i = 0; i < RANDOM_SIZE; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        random_bytes[i] = (unsigned char)(state >> 56);
        rotated_bytes[i] = rotate(random_bytes[i]);
    }
}

struct pattern stream_random(uint64_t total)
{
    make_random();
    return (struct pattern){random_bytes, RANDOM_SIZE, total};
}

struct pattern stream_random_rot13(uint64_t total)
{
    make_random();
    return (struct pattern){rotated_bytes, RANDOM_SIZE, total};
}

/* The longest piece of the pattern that lies in one part of memory from offset on. */
static size_t piece_at(const struct pattern *pattern, uint64_t offset, const unsigned char **data)
{
    size_t at = (size_t)(offset % pattern->size);
    uint64_t left = pattern->total - offset;
    *data = pattern->data + at;
    return left < pattern->size - at ? (size_t)left : pattern->size - at;
}

static uint64_t send_more(int fd, const struct pattern *request, uint64_t sent)
{
    const unsigned char *data;
    size_t size = piece_at(request, sent, &data);
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
        suite_fail("send after %llu bytes: %s", (unsigned long long)sent, strerror(errno));
    return n < 0 ? sent : sent + (uint64_t)n;
}

static void compare(const struct pattern *reply, uint64_t offset, const unsigned char *got,
                    size_t size)
{
    while (size > 0) {
        const unsigned char *expected;
        size_t part = piece_at(reply, offset, &expected);
        if (part > size)
            part = size;
        if (part == 0)
            suite_fail("more than %llu bytes come", (unsigned long long)reply->total);
        if (memcmp(got, expected, part) != 0)
            suite_fail("other bytes at %llu", (unsigned long long)offset);
        got += part;
        offset += part;
        size -= part;
    }
}

/* Receives once. Returns false at the end of input. */
static bool receive_more(int fd, const struct stream *stream, uint64_t *received)
{
    unsigned char buf[BITE];
    size_t bite = stream->bite > 0 && stream->bite < BITE ? stream->bite : BITE;
    ssize_t n = recv(fd, buf, bite, 0);
    if (n < 0 && errno != EAGAIN)
        suite_fail("receive after %llu bytes: %s", (unsigned long long)*received, strerror(errno));
    if (n > 0) {
        compare(&stream->reply, *received, buf, (size_t)n);
        *received += (uint64_t)n;
        if (stream->pause_ms > 0)
            let_pass(stream->pause_ms);
    }
    return n != 0;
}

void stream_run(int fd, const struct stream *stream)
{
    uint64_t sent = 0;
    uint64_t received = 0;
    bool open = true; /* our side */
    for (;;) {
        if (open && sent == stream->request.total && !stream->leave_open) {
            client_half_close(fd);
            open = false;
        }
        if (stream->leave_open && sent == stream->request.total && received == stream->reply.total)
            return;
        short writing = sent < stream->request.total ? POLLOUT : 0;
        struct pollfd ready = {.fd = fd, .events = (short)(POLLIN | writing)};
        if (poll(&ready, 1, time_left(patience())) <= 0)
            suite_fail("nothing moves after %llu bytes sent, %llu received",
                       (unsigned long long)sent, (unsigned long long)received);
        if (ready.revents & POLLOUT)
            sent = send_more(fd, &stream->request, sent);
        if ((ready.revents & ~POLLOUT) && !receive_more(fd, stream, &received))
            break;
    }
    if (sent != stream->request.total || received != stream->reply.total)
        suite_fail("the end of input after %llu of %llu bytes", (unsigned long long)received,
                   (unsigned long long)stream->reply.total);
}
