/* load_connection.c - see load_connection.h.
 *
 * System calls are saved where the kernel allows it. On loopback a connection is established before
 * connect(2) comes back with EINPROGRESS, so the request is sent at once, and whether that goes
 * through tells whether there is a connection. Events are edge-triggered and room to send is
 * watched for only after a send that was short; from then on it stays watched: an edge comes only
 * when there was no room before. */
#include "client/load_connection.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client/exchange.h"
#include "client/spare_sockets.h"

/* How many exchanges are given up between two looks at what the caller wants. */
#define LOOK_EVERY 65536u

/* Books the descriptor as this connection's, so that events find it. Returns 0, or -1 with errno.
 */
static int own_descriptor(struct load_thread *thread, struct load_connection *connection)
{
    size_t fd = (size_t)connection->fd;
    if (fd >= thread->descriptor_count) {
        size_t count = 2 * fd + 16;
        struct load_descriptor *grown = realloc(thread->descriptors, count * sizeof *grown);
        if (!grown)
            return -1;
        memset(grown + thread->descriptor_count, 0,
               (count - thread->descriptor_count) * sizeof *grown);
        thread->descriptors = grown;
        thread->descriptor_count = count;
    }
    thread->descriptors[fd] = (struct load_descriptor){.connection = connection};
    return 0;
}

/* Adds the connection to the epoll set, or watches for room, too. */
static void watch(struct load_thread *thread, struct load_connection *connection, bool out)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
                                .data.fd = connection->fd};
    if (out)
        event.events |= EPOLLOUT;
    int operation = connection->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(thread->epoll, operation, connection->fd, &event) < 0) {
        load_connection_fail_call(thread, connection, "watch the socket (epoll_ctl)", errno);
        return;
    }
    connection->is_watched = true;
    connection->is_out_watched = out;
}

void load_connection_wait_for_room(struct load_thread *thread, struct load_connection *connection)
{
    connection->is_full = true;
    if (!connection->is_out_watched)
        watch(thread, connection, true);
}

void load_connection_tell_up(struct load_thread *thread, struct load_connection *connection)
{
    if (connection->has_been_up)
        return;
    connection->has_been_up = true;
    if (!thread->has_gone)
        thread->coming--;
    load_control_tell_up(thread->control);
}

void load_connection_tell_at_work(struct load_thread *thread, struct load_connection *connection)
{
    if (connection->is_at_work || connection->is_held)
        return;
    connection->is_at_work = true;
    load_control_tell_at_work(thread->control);
}

void load_connection_came_up(struct load_thread *thread, struct load_connection *connection,
                             int64_t now_ns)
{
    connection->state = CONNECTION_UP;
    tally_connect(&thread->tally, connection->since_ns, now_ns);
    if (!connection->is_held)
        load_connection_tell_up(thread, connection);
}

/* Asks how connect(2) went. Returns whether the connection is up. */
static bool ask_connected(struct load_thread *thread, struct load_connection *connection)
{
    if (dial_connect(&thread->plan->dial, connection->fd) == 0 || errno == EISCONN) {
        load_connection_came_up(thread, connection, thread->now_ns);
        return true;
    }
    if (errno != EALREADY && errno != EINPROGRESS && errno != EINTR)
        load_connection_fail_call(thread, connection, "connect", errno);
    return false;
}

/* What is sent or asked right after connect(2), which has not failed at once. */
static void follow_connect(struct load_thread *thread, struct load_connection *connection)
{
    bool sends = connection->begun > connection->answered && thread->plan->payload.request_size > 0;
    thread->now_ns = monotonic_ns();
    connection->state = CONNECTION_CONNECTING;
    if (sends || ask_connected(thread, connection))
        exchange_send(thread, connection);
    bool out = connection->state == CONNECTION_CONNECTING;
    if (connection->fd >= 0 && (!connection->is_watched || (out && !connection->is_out_watched)))
        watch(thread, connection, out);
}

static void open_connection(struct load_thread *thread, struct load_connection *connection)
{
    const char *call = "find memory";
    bool begins = thread->plan->reconnects && !connection->is_held;
    if (begins && !exchange_begin(thread, connection, thread->now_ns))
        return;
    connection->is_quiet = false;
    connection->has_age = false;
    connection->age_ns = 0;
    connection->has_ended = false;
    connection->fd = begins ? spare_sockets_take(thread) : -1;
    connection->is_watched = connection->fd >= 0;
    if (connection->fd < 0)
        connection->fd = dial_socket(&thread->plan->dial, thread->turn++, &call);
    connection->since_ns = thread->now_ns = monotonic_ns();
    if (connection->fd < 0 || own_descriptor(thread, connection) < 0) {
        load_connection_fail_call(thread, connection, call, errno);
        return;
    }
    if (begins)
        load_thread_times(thread, connection, connection->answered)->begun_ns = thread->now_ns;
    if (dial_connect(&thread->plan->dial, connection->fd) < 0 && errno != EINPROGRESS)
        load_connection_fail_call(thread, connection, "connect", errno);
    else
        follow_connect(thread, connection);
}

/* A connection that stands is made in any case; another one when it has something to do. */
static bool wants_to_open(struct load_thread *thread, const struct load_connection *connection)
{
    if (thread->plan->reconnects && !connection->is_held)
        return exchange_may_begin(thread, connection);
    return thread->now_ns < thread->orders.end_ns || load_connection_is_pending(thread, connection);
}

void load_connection_advance(struct load_thread *thread, struct load_connection *connection)
{
    if (connection->state == CONNECTION_NONE && wants_to_open(thread, connection))
        open_connection(thread, connection);
    if (connection->state != CONNECTION_UP)
        return;
    while (exchange_may_begin(thread, connection)) {
        if (!exchange_begin(thread, connection, thread->now_ns))
            break;
    }
    exchange_send(thread, connection);
}

void load_connection_event(struct load_thread *thread, struct load_connection *connection,
                           uint32_t events)
{
    if (connection->fd < 0)
        return;
    if (connection->state == CONNECTION_CONNECTING && !ask_connected(thread, connection))
        return;
    if (events & EPOLLOUT)
        connection->is_full = false;
    uint32_t end = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    connection->has_ended = end != 0;
    if (end || (events & EPOLLIN))
        exchange_receive(thread, connection, end != 0);
    load_connection_advance(thread, connection);
}

bool load_connection_is_pending(struct load_thread *thread,
                                const struct load_connection *connection)
{
    if (connection->begun > connection->answered)
        return true;
    return thread->has_gone &&
           exchange_due_ns(thread, connection, connection->begun) < thread->orders.end_ns &&
           load_control_has_any(thread->control);
}

static void end_pause(struct load_thread *thread, struct load_connection *connection)
{
    if (connection->state == CONNECTION_PAUSED)
        thread->paused--;
    connection->state = CONNECTION_NONE;
}

void load_connection_look(struct load_thread *thread, struct load_connection *connection)
{
    int64_t patience_ns = thread->plan->config.patience_ns;
    double seconds = (double)patience_ns / 1e9;
    switch (connection->state) {
    case CONNECTION_PAUSED:
        if (thread->now_ns < connection->since_ns)
            return;
        end_pause(thread, connection);
        load_connection_advance(thread, connection);
        return;
    case CONNECTION_CONNECTING:
        if (thread->now_ns - connection->since_ns > patience_ns)
            load_connection_fail(thread, connection, LOAD_UNANSWERED,
                                 ": no connection to %s within %g s", thread->plan->dial.name,
                                 seconds);
        return;
    case CONNECTION_UP:
        if (connection->begun > connection->answered &&
            thread->now_ns - load_thread_times(thread, connection, connection->answered)->begun_ns >
                patience_ns)
            load_connection_fail(thread, connection, LOAD_UNANSWERED,
                                 ": no reply within %g s (%zu of %zu bytes)", seconds,
                                 connection->received, thread->plan->payload.reply_size);
        return;
    case CONNECTION_NONE:
        return;
    }
}

/* The descriptor is no longer this connection's. */
static void forget_descriptor(struct load_thread *thread, struct load_connection *connection)
{
    end_pause(thread, connection);
    connection->fd = -1;
    connection->is_watched = connection->is_out_watched = connection->is_full = false;
}

void load_connection_close(struct load_thread *thread, struct load_connection *connection)
{
    int fd = connection->fd;
    if (fd >= 0) {
        if ((size_t)fd < thread->descriptor_count)
            thread->descriptors[fd] = (struct load_descriptor){.use = DESCRIPTOR_OTHER};
        close(fd); /* leaves the epoll set by that */
    }
    forget_descriptor(thread, connection);
}

void load_connection_end(struct load_thread *thread, struct load_connection *connection)
{
    if (spare_sockets_retire(thread, connection))
        forget_descriptor(thread, connection);
    else
        load_connection_close(thread, connection);
}

/* Those under way are over, and those up to `next` that had not even begun. */
static void lose_exchanges(struct load_thread *thread, struct load_connection *connection,
                           uint64_t next)
{
    if (!connection->is_held)
        load_control_settle(thread->control, next - connection->answered);
    connection->begun = connection->requested = connection->answered = next;
    connection->sent = connection->received = 0;
}

void load_connection_give_up(struct load_thread *thread, struct load_connection *connection)
{
    char text[200];
    uint64_t next = connection->answered;
    for (;; next++) {
        int64_t due_ns = exchange_due_ns(thread, connection, next);
        if (next >= connection->begun &&
            (due_ns >= thread->orders.end_ns || !load_control_take(thread->control)))
            break;
        if (due_ns != MONOTONIC_NEVER)
            tally_unanswered(&thread->tally, due_ns, thread->now_ns);
        /* A schedule that nobody can keep leaves millions: whoever waits may have had enough. */
        if (next % LOOK_EVERY == 0) {
            load_thread_look(thread);
            if (thread->orders.quit)
                break;
        }
    }
    snprintf(text, sizeof text,
             "connection %u, exchange %ju: no reply within %g s after the end of the window",
             connection->number, (uintmax_t)connection->answered,
             (double)thread->plan->config.patience_ns / 1e9);
    load_control_tell_failures(thread->control, LOAD_UNANSWERED, next - connection->answered,
                               connection->has_been_up, text);
    lose_exchanges(thread, connection, next);
    load_connection_close(thread, connection);
}

/* "connection 17", "connection 17, exchange 5": what the words of a failure begin with. */
static size_t write_place(const struct load_connection *connection, char *text, size_t size)
{
    int length = connection->begun == connection->answered
                     ? snprintf(text, size, "connection %u", connection->number)
                     : snprintf(text, size, "connection %u, exchange %ju", connection->number,
                                (uintmax_t)connection->answered);
    return (size_t)length;
}

void load_connection_fail(struct load_thread *thread, struct load_connection *connection,
                          enum load_failure failure, const char *format, ...)
{
    char text[200];
    size_t length = write_place(connection, text, sizeof text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, sizeof text - length, format, arguments);
    va_end(arguments);
    if (failure == LOAD_UNANSWERED && thread->tally.open_loop && !connection->is_held) {
        for (uint64_t i = connection->answered; i < connection->begun; i++)
            tally_unanswered(&thread->tally, exchange_due_ns(thread, connection, i),
                             thread->now_ns);
    }
    load_control_tell_failures(thread->control, failure, 1, connection->has_been_up, text);
    load_connection_tell_at_work(thread, connection);
    lose_exchanges(thread, connection, connection->begun);
    load_connection_close(thread, connection);
    connection->state = CONNECTION_PAUSED;
    connection->since_ns = thread->now_ns + LOAD_CONNECTION_PAUSE_NS;
    thread->paused++;
}

static enum load_failure failure_of(int error, bool is_up)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC: /* max_user_watches */
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EACCES:
    case EPERM:
        return LOAD_LOCAL;
    default:
        return is_up ? LOAD_RESET : LOAD_REFUSED;
    }
}

void load_connection_fail_call(struct load_thread *thread, struct load_connection *connection,
                               const char *call, int error)
{
    enum load_failure failure = failure_of(error, connection->state == CONNECTION_UP);
    if (failure == LOAD_REFUSED)
        load_connection_fail(thread, connection, failure, ": cannot connect to %s: %s",
                             thread->plan->dial.name, strerror(error));
    else
        load_connection_fail(thread, connection, failure, ": cannot %s: %s%s", call,
                             strerror(error),
                             error == EADDRNOTAVAIL && call[0] == 'c'
                                 ? " (no port is free: see net.ipv4.ip_local_port_range)"
                                 : "");
}
