/* conn.c - read, write and wait on a connection, for blocking handlers and the adapter.
 *
 * Timeouts are not enforced here: the worker says since when it waits (progress.h), the accept
 * loop cuts the connection, and the blocked call then returns. So the usual exchange is one recv
 * and one send, whatever limits are set. Only a handler's own deadline, mode inline and a full
 * send buffer go through poll(2). On the worker's thread, or in its process. */
#include "server/conn.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/server.h"

#define LINGER_MS 2000
#define LOOP_MS   10

void conn_init(struct thrdsrv_conn *conn, const struct SockInfo *slot, int fd,
               const struct conn_waiter *waiter)
{
    const struct timeouts *limits = &slot->server->timeouts;
    conn->fd = fd;
    conn->slot = slot;
    conn->progress = slot->progress;
    conn->waiter = waiter;
    conn->stall_check_ms = limits->write_stall_ms > 0 ? limits->write_stall_ms / 4 + 1 : -1;
    conn->end_of_input = false;
    conn->rated = limits->rate_ms > 0 && limits->rate_bytes > 0;
    conn->idle_ms = 0;
    conn->looped_ms = 0;
    conn->reading = THRDSRV_WAIT_READ;
    conn->deadline_ms = -1;
    conn->peer[0] = conn->local[0] = '\0';
    conn->ahead_begin = conn->ahead_end = 0;
    conn->ahead = NULL;
}

/* Since when counts from the last byte that moved, less the time in which the handler computed: a
 * handler that reads with short deadlines of its own does not start the clock anew each time. */
static void begin_wait(struct thrdsrv_conn *conn, enum thrdsrv_wait what)
{
    conn->wait_began_ms = clock_coarse_ms();
    int64_t idle_ms = what == THRDSRV_WAIT_READ ? conn->idle_ms : 0;
    progress_wait(conn->progress, what, conn->wait_began_ms - idle_ms);
}

/* moved: a byte was read or taken. Under-counts for a moment rather than counting twice. */
static void end_wait(struct thrdsrv_conn *conn, bool moved)
{
    progress_wait(conn->progress, THRDSRV_WAIT_NONE, 0);
    if (moved && !conn->rated) {
        conn->idle_ms = 0;
        return;
    }
    int64_t waited_ms = clock_coarse_ms() - conn->wait_began_ms;
    conn->idle_ms = moved ? 0 : conn->idle_ms + waited_ms;
    if (conn->rated && conn->reading == THRDSRV_WAIT_READ)
        progress_add(&conn->progress->waited_ms, (uint64_t)waited_ms);
}

/* What a read or write that found the connection dead returns: our own cut, else the peer's. */
static int dead(struct thrdsrv_conn *conn)
{
    switch (progress_cut(conn->progress)) {
    case THRDSRV_END_NONE:
        return THRDSRV_E_RESET;
    case THRDSRV_END_STOPPED:
    case THRDSRV_END_TERMINATED:
        return THRDSRV_E_STOPPED;
    default:
        return THRDSRV_E_TIMEOUT;
    }
}

/* Asked at the entry of each public function: after a cut all of them fail, whatever is still in
 * the buffers. */
static int cut_already(struct thrdsrv_conn *conn)
{
    return progress_cut(conn->progress) == THRDSRV_END_NONE ? 0 : dead(conn);
}

static int failed(struct thrdsrv_conn *conn, int error)
{
    switch (error) {
    case ECONNRESET:
    case EPIPE:
    case ETIMEDOUT: /* keepalive probes unanswered, or our data never acknowledged */
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENOTCONN:
        return dead(conn);
    default:
        return cut_already(conn) < 0 ? dead(conn) : THRDSRV_E_SYSTEM;
    }
}

/* Milliseconds until the handler's deadline as poll(2) wants them; -1: there is none. */
static int deadline_left(const struct thrdsrv_conn *conn)
{
    if (conn->deadline_ms < 0)
        return -1;
    int64_t left = conn->deadline_ms - clock_ns() / 1000000;
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Returns > 0 when fd is ready, 0 when it may not be, or E_SYSTEM. */
static int wait_once(struct thrdsrv_conn *conn, short events, int timeout_ms)
{
    struct pollfd pollfd = {.fd = conn->fd, .events = events};
    int ready = conn->waiter
                    ? conn->waiter->wait(conn->waiter->context, conn->fd, events, timeout_ms)
                    : poll(&pollfd, 1, timeout_ms);
    if (ready < 0)
        return errno == EINTR ? 0 : THRDSRV_E_SYSTEM;
    return ready;
}

/* Waits for input where a plain recv(2) must not block. 0, E_SYSTEM, or E_TIMEOUT at the handler's
 * deadline. */
static int wait_readable(struct thrdsrv_conn *conn)
{
    for (;;) {
        int ready = wait_once(conn, POLLIN, deadline_left(conn));
        if (ready != 0)
            return ready < 0 ? ready : 0;
        if (deadline_left(conn) == 0)
            return THRDSRV_E_TIMEOUT;
    }
}

/* One recv(2) that may wait. Its count, 0 at the end of input, or negative. */
static ssize_t receive_waiting(struct thrdsrv_conn *conn, void *buf, size_t size)
{
    bool polls = conn->waiter || conn->deadline_ms >= 0;
    for (;;) {
        int error = polls ? wait_readable(conn) : 0;
        if (error < 0)
            return error;
        ssize_t count = recv(conn->fd, buf, size, polls ? MSG_DONTWAIT : 0);
        if (count >= 0)
            return count;
        if (errno != EINTR && errno != EAGAIN)
            return failed(conn, errno);
        polls |= errno == EAGAIN; /* a connection handed over that could not be made to block */
    }
}

static void count_in(struct thrdsrv_conn *conn, size_t count)
{
    progress_move(conn->progress, &conn->progress->bytes_in, count, clock_coarse_ms());
}

static ssize_t receive(struct thrdsrv_conn *conn, void *buf, size_t size)
{
    if (conn->end_of_input)
        return 0;
    begin_wait(conn, conn->reading);
    ssize_t count = receive_waiting(conn, buf, size);
    if (count > 0)
        count_in(conn, (size_t)count);
    end_wait(conn, count > 0);
    if (count == 0 && cut_already(conn) < 0) /* the end that we see is our own shutdown */
        return dead(conn);
    if (count == 0)
        conn->end_of_input = true;
    return count;
}

static size_t take_ahead(struct thrdsrv_conn *conn, void *buf, size_t size)
{
    size_t count = conn->ahead_end - conn->ahead_begin;
    if (count > size)
        count = size;
    memcpy(buf, conn->ahead + conn->ahead_begin, count);
    conn->ahead_begin += count;
    return count;
}

ssize_t thrdsrv_conn_read(struct thrdsrv_conn *conn, void *buf, size_t size)
{
    int error = size == 0 ? THRDSRV_E_INVALID : cut_already(conn);
    if (error < 0)
        return error;
    if (conn->ahead_begin < conn->ahead_end)
        return (ssize_t)take_ahead(conn, buf, size);
    return receive(conn, buf, size);
}

size_t conn_read_ready(struct thrdsrv_conn *conn, void *buf, size_t size)
{
    if (conn->ahead_begin < conn->ahead_end)
        return take_ahead(conn, buf, size);
    ssize_t count = recv(conn->fd, buf, size, MSG_DONTWAIT);
    if (count <= 0)
        return 0;
    count_in(conn, (size_t)count);
    return (size_t)count;
}

/* Copies a line, or as much of it as fits, out of what was read ahead. Returns false where more
 * must be read before that can be told; a CR at the very end may belong to the line end. */
static bool take_line(struct thrdsrv_conn *conn, char *buf, size_t size, ssize_t *result)
{
    const char *line = conn->ahead + conn->ahead_begin;
    size_t available = conn->ahead_end - conn->ahead_begin;
    const char *newline = memchr(line, '\n', available);
    size_t length = newline ? (size_t)(newline - line) : available;
    size_t eaten = newline ? length + 1 : length;
    size_t cr = length > 0 && line[length - 1] == '\r';
    bool complete = newline || conn->end_of_input;
    if (!complete && length - cr < size && available < CONN_AHEAD_SIZE)
        return false;
    if (newline || !complete) /* it is, or may become, a part of the line end */
        length -= cr;
    if (!complete || length >= size) {
        eaten = length = length < size - 1 ? length : size - 1;
        *result = THRDSRV_E_TOO_LONG;
    } else {
        *result = eaten > 0 ? (ssize_t)length : THRDSRV_E_EOF;
    }
    memcpy(buf, line, length);
    buf[length] = '\0';
    conn->ahead_begin += eaten;
    return true;
}

ssize_t thrdsrv_conn_read_line(struct thrdsrv_conn *conn, char *buf, size_t size)
{
    ssize_t result;
    int error = size < 2 ? THRDSRV_E_INVALID : cut_already(conn);
    if (error < 0)
        return error;
    while (!take_line(conn, buf, size, &result)) {
        size_t kept = conn->ahead_end - conn->ahead_begin;
        memmove(conn->ahead, conn->ahead + conn->ahead_begin, kept);
        conn->ahead_begin = 0;
        conn->ahead_end = kept;
        ssize_t count = receive(conn, conn->ahead + kept, CONN_AHEAD_SIZE - kept);
        if (count < 0)
            return count;
        conn->ahead_end += (size_t)count;
    }
    return result;
}

/* Bytes that the peer has not yet acknowledged, or -1. tcp(7) calls it SIOCOUTQ, which is the same
 * number, in a header of the kernel's that musl does not have. */
static int unsent(const struct thrdsrv_conn *conn)
{
    int bytes = -1;
    return ioctl(conn->fd, TIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

/* How long a blocked write waits before it looks around; -1: until there is room. */
static int write_timeout(const struct thrdsrv_conn *conn)
{
    int left = deadline_left(conn);
    int check = (int)(conn->stall_check_ms < INT_MAX ? conn->stall_check_ms : INT_MAX);
    return left < 0 || (check >= 0 && check < left) ? check : left;
}

/* The send buffer is full. The kernel reports room only when a good part of it is free, so a slow
 * reader may take bytes for long before poll(2) returns: look at the queue now and then, and start
 * the stall anew when it got shorter. 0, E_SYSTEM, or E_TIMEOUT at the handler's deadline. */
static int wait_writable(struct thrdsrv_conn *conn)
{
    int before = unsent(conn);
    for (;;) {
        begin_wait(conn, THRDSRV_WAIT_WRITE);
        int ready;
        int now = before;
        do {
            ready = wait_once(conn, POLLOUT, write_timeout(conn));
            if (ready == 0 && deadline_left(conn) == 0)
                ready = THRDSRV_E_TIMEOUT;
            if (ready == 0)
                now = unsent(conn);
        } while (ready == 0 && now >= before);
        end_wait(conn, ready >= 0);
        if (ready != 0)
            return ready < 0 ? ready : 0;
        before = now;
    }
}

/* Mode inline: a client that takes all we write would keep the accept loop from ever running, and
 * with it stop and timeouts. */
static void let_loop_run(struct thrdsrv_conn *conn)
{
    int64_t now_ms = clock_coarse_ms();
    if (now_ms - conn->looped_ms < LOOP_MS)
        return;
    conn->looped_ms = now_ms;
    wait_once(conn, POLLOUT, 0);
}

int thrdsrv_conn_write(struct thrdsrv_conn *conn, const void *data, size_t size)
{
    const char *next = data;
    if (conn->waiter)
        let_loop_run(conn);
    int error = cut_already(conn);
    while (size > 0 && error == 0) {
        ssize_t count = send(conn->fd, next, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0) {
            progress_move(conn->progress, &conn->progress->bytes_out, (size_t)count,
                          clock_coarse_ms());
            conn->idle_ms = 0;
            next += count;
            size -= (size_t)count;
        } else if (count < 0 && errno == EAGAIN) {
            error = wait_writable(conn);
        } else if (count < 0 && errno != EINTR) {
            error = failed(conn, errno);
        }
    }
    return error;
}

int thrdsrv_conn_printf(struct thrdsrv_conn *conn, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return THRDSRV_E_INVALID;
    if ((size_t)length >= sizeof text)
        return THRDSRV_E_TOO_LONG;
    return thrdsrv_conn_write(conn, text, (size_t)length);
}

void thrdsrv_conn_set_deadline(struct thrdsrv_conn *conn, int64_t milliseconds)
{
    conn->deadline_ms = milliseconds < 0 ? -1 : clock_after(clock_ns() / 1000000, milliseconds);
}

void conn_linger(struct thrdsrv_conn *conn)
{
    char discarded[4096];
    if (conn->end_of_input || cut_already(conn) < 0)
        return;
    if (shutdown(conn->fd, SHUT_WR) < 0)
        return;
    conn->reading = THRDSRV_WAIT_END;
    thrdsrv_conn_set_deadline(conn, LINGER_MS);
    while (receive(conn, discarded, sizeof discarded) > 0 && deadline_left(conn) > 0)
        continue;
}

size_t conn_close_at_once(int fd)
{
    char discarded[4096];
    size_t sum = 0;
    ssize_t count = 1;
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 16 && count > 0; i++) {
        count = recv(fd, discarded, sizeof discarded, MSG_DONTWAIT);
        sum += count > 0 ? (size_t)count : 0;
    }
    close(fd);
    return sum;
}

void conn_local_address(int fd, struct address *address)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    memset(address, 0, sizeof *address);
    if (getsockname(fd, (struct sockaddr *)&name, &length) == 0)
        address_from_sockaddr(address, (const struct sockaddr *)&name);
}

struct address conn_local(const struct thrdsrv_conn *conn)
{
    struct address local = conn->slot->local;
    if (!local.family)
        conn_local_address(conn->fd, &local);
    return local;
}

const char *thrdsrv_conn_peer(struct thrdsrv_conn *conn)
{
    if (!conn->peer[0])
        address_format(&conn->slot->peer, conn->peer);
    return conn->peer;
}

const char *thrdsrv_conn_local(struct thrdsrv_conn *conn)
{
    if (!conn->local[0]) {
        struct address local = conn_local(conn);
        if (local.family)
            address_format(&local, conn->local);
        else
            snprintf(conn->local, sizeof conn->local, "%s", conn->slot->listener_text);
    }
    return conn->local;
}

unsigned thrdsrv_conn_slot(const struct thrdsrv_conn *conn)
{
    return conn->slot->index;
}

uint64_t thrdsrv_conn_id(const struct thrdsrv_conn *conn)
{
    return conn->slot->conn_id;
}

int64_t thrdsrv_conn_age_ns(const struct thrdsrv_conn *conn)
{
    return clock_ns() - conn->slot->accepted_at_ns;
}

struct thrdsrv_server *thrdsrv_conn_server(const struct thrdsrv_conn *conn)
{
    return conn->slot->server;
}
