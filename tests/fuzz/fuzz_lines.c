/* fuzz_lines.c - the line reader of server/conn.c against a model that has all of the input at
 * hand: any split of it gives the same lines, in buffers of any size, also where
 * thrdsrv_conn_read() takes some bytes in between; nothing is written beyond a buffer, and not a
 * byte is lost.
 *
 * The input: number of pieces, their sizes in 2 bytes; number of calls, for each the size of its
 * buffer in 2 bytes (the highest bit: read, not read_line), over and over again; then what the peer
 * says. It is said a piece at a time, each when the reader waits for more: the waiter of mode
 * inline makes that possible in one thread. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "guard_buffer.h"
#include "server/conn.h"
#include "server/server.h"

#define PIECES     16u
#define CALLS      16u
#define BUFFER_MAX 5000u
#define LONGEST    (CONN_AHEAD_SIZE - 1u) /* line, its end not counted: what <thrdsrv/conn.h> says */
#define READ       0x8000u

struct peer {
    int fd;
    const uint8_t *bytes;
    size_t left;
    size_t sizes[PIECES];
    size_t count;
    size_t turn;
};

/* What the reader has yet to see, by the model. */
struct rest {
    const uint8_t *bytes;
    size_t size;
};

/* A piece larger than what is left, or none at all, is all that is left. */
static int say_piece(void *context, int fd, short events, int timeout_ms)
{
    struct peer *peer = context;
    char byte;
    (void)events;
    (void)timeout_ms;
    if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
        return 1;
    size_t size = peer->count > 0 ? 1 + peer->sizes[peer->turn++ % peer->count] : peer->left;
    if (size > peer->left)
        size = peer->left;
    if (size == 0)
        FUZZ_CHECK(shutdown(peer->fd, SHUT_WR) == 0);
    else
        FUZZ_CHECK(send(peer->fd, peer->bytes, size, MSG_DONTWAIT) == (ssize_t)size);
    peer->bytes += size;
    peer->left -= size;
    return 1;
}

/* The line at the beginning of the rest, in a buffer of that size: its result, how many bytes of it
 * the buffer gets, and how many are gone from the rest. */
struct line {
    ssize_t result;
    size_t length;
    size_t eaten;
};

static struct line model_line(const struct rest *rest, size_t size)
{
    const uint8_t *newline = rest->size > 0 ? memchr(rest->bytes, '\n', rest->size) : NULL;
    size_t whole = newline ? (size_t)(newline - rest->bytes) + 1 : rest->size;
    size_t seen = whole < CONN_AHEAD_SIZE ? whole : CONN_AHEAD_SIZE;
    bool is_whole = whole == seen && (newline || whole < CONN_AHEAD_SIZE);
    size_t length = seen - (is_whole && newline);
    bool has_cr = length > 0 && rest->bytes[length - 1] == '\r';
    if (has_cr && (newline || !is_whole)) /* of a line end that is there, or may yet come */
        length--;
    if (rest->size == 0)
        return (struct line){THRDSRV_E_EOF, 0, 0};
    if (is_whole && length < size)
        return (struct line){(ssize_t)length, length, whole};
    size_t fits = length < size - 1 ? length : size - 1;
    return (struct line){THRDSRV_E_TOO_LONG, fits, fits};
}

static void eat(struct rest *rest, size_t size)
{
    FUZZ_CHECK(size <= rest->size);
    rest->bytes += size;
    rest->size -= size;
}

/* Both return false at the end of the input. */
static bool check_line(struct thrdsrv_conn *conn, char *buf, size_t size, struct rest *rest)
{
    struct line line = model_line(rest, size);
    FUZZ_CHECK(thrdsrv_conn_read_line(conn, buf, size) == line.result);
    FUZZ_CHECK(memcmp(buf, rest->bytes, line.length) == 0 && buf[line.length] == '\0');
    FUZZ_CHECK(line.result <= (ssize_t)LONGEST);
    eat(rest, line.eaten);
    return line.result != THRDSRV_E_EOF;
}

static bool check_read(struct thrdsrv_conn *conn, char *buf, size_t size, struct rest *rest)
{
    ssize_t count = thrdsrv_conn_read(conn, buf, size);
    FUZZ_CHECK(rest->size > 0 ? count > 0 && (size_t)count <= size : count == 0);
    FUZZ_CHECK(memcmp(buf, rest->bytes, (size_t)count) == 0);
    eat(rest, (size_t)count);
    return count > 0;
}

static void check_calls(struct thrdsrv_conn *conn, const uint16_t *calls, size_t count,
                        struct rest *rest)
{
    static struct guard_buffer buffer;
    bool goes_on = true;
    if (!buffer.start)
        guard_buffer_init(&buffer, BUFFER_MAX);
    for (size_t i = 0; goes_on; i++) {
        uint16_t call = calls[i % count];
        size_t size = 2 + (call & (READ - 1u)) % (BUFFER_MAX - 1);
        char *buf = (char *)guard_buffer_tail(&buffer, size);
        goes_on = (call & READ ? check_read : check_line)(conn, buf, size, rest);
    }
    FUZZ_CHECK(rest->size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct thrdsrv_server server;
    static char ahead[CONN_AHEAD_SIZE];
    struct progress progress;
    struct SockInfo slot = {.server = &server, .progress = &progress};
    struct fuzz_input input = {data, size};
    struct peer peer = {.count = fuzz_byte(&input) % (PIECES + 1)};
    struct thrdsrv_conn conn;
    uint16_t calls[CALLS];
    int pair[2];
    for (size_t i = 0; i < peer.count; i++)
        peer.sizes[i] = fuzz_number(&input, 2);
    size_t count = 1 + fuzz_byte(&input) % CALLS;
    for (size_t i = 0; i < count; i++)
        calls[i] = (uint16_t)fuzz_number(&input, 2);
    struct rest rest = {input.next, input.left};

    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    peer.fd = pair[1];
    peer.bytes = rest.bytes;
    peer.left = rest.size;
    progress_reset(&progress);
    conn_init(&conn, &slot, pair[0], &(struct conn_waiter){say_piece, &peer});
    conn.ahead = ahead;
    check_calls(&conn, calls, count, &rest);
    FUZZ_CHECK(progress_read(&progress.bytes_in) == input.left);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
