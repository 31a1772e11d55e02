/* exchange.c - see exchange.h. */
#include "client/exchange.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "client/load_connection.h"

/* The most pieces that one sendmsg(2) takes: enough for a deep pipeline of small requests. */
#define PIECES 16

/* A number of nanoseconds has no more digits. */
#define AGE_DIGITS 19

int64_t exchange_due_ns(const struct load_thread *thread, const struct load_connection *connection,
                        uint64_t exchange)
{
    if (!thread->tally.open_loop || connection->is_held)
        return MONOTONIC_NEVER;
    return schedule_due_ns(&thread->schedule, connection->number, exchange);
}

bool exchange_may_begin(struct load_thread *thread, const struct load_connection *connection)
{
    int64_t moment = thread->now_ns;
    uint64_t under_way = connection->begun - connection->answered;
    if (connection->is_held)
        return !connection->is_quiet && under_way == 0 && moment < thread->orders.end_ns;
    if (!thread->has_gone || under_way >= thread->plan->depth)
        return false;
    if (thread->tally.open_loop) {
        moment = exchange_due_ns(thread, connection, connection->begun);
        if (moment > thread->now_ns)
            return false;
    }
    return moment < thread->orders.end_ns && load_control_has_any(thread->control);
}

bool exchange_begin(struct load_thread *thread, struct load_connection *connection,
                    int64_t begun_ns)
{
    if (!connection->is_held && !load_control_take(thread->control))
        return false;
    load_thread_times(thread, connection, connection->begun)->begun_ns = begun_ns;
    connection->begun++;
    return true;
}

/* The requests that have been begun, as far as they fit into pieces. Returns how many pieces. */
static size_t gather_requests(const struct load_thread *thread,
                              const struct load_connection *connection, struct iovec *pieces,
                              size_t *size)
{
    const struct payload *payload = &thread->plan->payload;
    size_t position = connection->sent;
    size_t count = 0;
    *size = 0;
    for (uint64_t i = connection->requested; i < connection->begun && count < PIECES; count++) {
        size_t length;
        const unsigned char *piece =
            payload_request(payload, connection->number, i, position, &length);
        pieces[count] = (struct iovec){.iov_base = (void *)(uintptr_t)piece, .iov_len = length};
        *size += length;
        position += length;
        if (position == payload->request_size) {
            position = 0;
            i++;
        }
    }
    return count;
}

static ssize_t send_pieces(int fd, struct iovec *pieces, size_t count)
{
    if (count == 1)
        return send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    /* At most PIECES; glibc has a size_t there, musl an int. */
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (unsigned char)count};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static void book_sent(struct load_thread *thread, struct load_connection *connection, size_t size)
{
    size_t request_size = thread->plan->payload.request_size;
    tally_sent(&thread->tally, size, thread->now_ns);
    while (size >= request_size - connection->sent && connection->requested < connection->begun) {
        size -= request_size - connection->sent;
        load_thread_times(thread, connection, connection->requested)->sent_ns = thread->now_ns;
        connection->requested++;
        connection->sent = 0;
    }
    connection->sent += size;
}

/* Returns whether it may go on. */
static bool send_once(struct load_thread *thread, struct load_connection *connection)
{
    struct iovec pieces[PIECES];
    size_t size;
    size_t count = gather_requests(thread, connection, pieces, &size);
    ssize_t sent = send_pieces(connection->fd, pieces, count);
    if (sent < 0 && errno == EINTR)
        return true;
    if (sent < 0 && errno != EAGAIN) {
        load_connection_fail_call(thread, connection, "send", errno);
        return false;
    }
    if (sent >= 0 && connection->state == CONNECTION_CONNECTING)
        load_connection_came_up(thread, connection, thread->now_ns);
    thread->now_ns = monotonic_ns();
    if (sent > 0)
        book_sent(thread, connection, (size_t)sent);
    if (sent >= 0 && (size_t)sent == size)
        return true;
    load_connection_wait_for_room(thread, connection);
    return false;
}

void exchange_send(struct load_thread *thread, struct load_connection *connection)
{
    if (thread->plan->payload.request_size == 0) {
        /* Nothing to say: the reply's first byte is waited for from now on. */
        for (; connection->requested < connection->begun; connection->requested++)
            load_thread_times(thread, connection, connection->requested)->sent_ns = thread->now_ns;
        return;
    }
    while (connection->requested < connection->begun && !connection->is_full) {
        if (!send_once(thread, connection))
            return;
    }
}

static void finish(struct load_thread *thread, struct load_connection *connection)
{
    int64_t begun_ns = load_thread_times(thread, connection, connection->answered)->begun_ns;
    int64_t due_ns = exchange_due_ns(thread, connection, connection->answered);
    connection->answered++;
    connection->received = 0;
    if (connection->is_held) {
        thread->tally.all_exchanges++;
        connection->is_quiet = true;
        load_connection_tell_up(thread, connection);
        return;
    }
    tally_exchange(&thread->tally, due_ns == MONOTONIC_NEVER ? begun_ns : due_ns, begun_ns,
                   thread->now_ns);
    load_control_settle(thread->control, 1);
    load_connection_tell_at_work(thread, connection);
    if (thread->plan->reconnects)
        load_connection_end(thread, connection);
}

/* A reply can begin to come before its request has been sent to the end: no time at all. */
static void book_first_byte(struct load_thread *thread, const struct load_connection *connection)
{
    int64_t sent_ns = thread->now_ns;
    if (connection->is_held)
        return;
    if (connection->answered < connection->requested)
        sent_ns = load_thread_times(thread, connection, connection->answered)->sent_ns;
    tally_first_byte(&thread->tally, sent_ns, thread->now_ns);
}

static void fail_wrong_byte(struct load_thread *thread, struct load_connection *connection,
                            const unsigned char *data, const unsigned char *expected)
{
    size_t i = 0;
    while (data[i] == expected[i])
        i++;
    load_connection_fail(thread, connection, LOAD_WRONG_BYTE,
                         ", byte %zu: 0x%02x instead of 0x%02x", connection->received + i, data[i],
                         expected[i]);
}

/* Bytes that nobody asked for: behind a reply, or when none is waited for. */
static void fail_extra_byte(struct load_thread *thread, struct load_connection *connection,
                            unsigned char byte)
{
    if (connection->answered < connection->begun)
        load_connection_fail(thread, connection, LOAD_WRONG_BYTE,
                             ", byte %zu: 0x%02x where the reply should have ended",
                             connection->received, byte);
    else
        load_connection_fail(thread, connection, LOAD_WRONG_BYTE,
                             ": byte 0x%02x came, and no reply was waited for", byte);
}

/* Returns whether all was as it should be and the connection is still there. */
static bool take_bytes(struct load_thread *thread, struct load_connection *connection,
                       const unsigned char *data, size_t size)
{
    const struct payload *payload = &thread->plan->payload;
    while (size > 0) {
        size_t length;
        if (connection->answered == connection->begun) {
            fail_extra_byte(thread, connection, *data);
            return false;
        }
        if (connection->received == 0)
            book_first_byte(thread, connection);
        const unsigned char *expected = payload_reply(
            payload, connection->number, connection->answered, connection->received, &length);
        length = length < size ? length : size;
        if (memcmp(data, expected, length) != 0) {
            fail_wrong_byte(thread, connection, data, expected);
            return false;
        }
        data += length;
        size -= length;
        connection->received += length;
        if (connection->received < payload->reply_size)
            continue;
        if (size > 0 && connection->begun - connection->answered == 1) {
            fail_extra_byte(thread, connection, *data);
            return false;
        }
        finish(thread, connection);
    }
    return connection->state == CONNECTION_UP;
}

/* LOAD_AGE: digits and a line end, and nothing more. */
static bool take_age(struct load_thread *thread, struct load_connection *connection,
                     const unsigned char *data, size_t size)
{
    if (connection->received == 0)
        book_first_byte(thread, connection);
    for (size_t i = 0; i < size; i++, connection->received++) {
        if (connection->has_age) {
            fail_extra_byte(thread, connection, data[i]);
            return false;
        }
        if (data[i] == '\n' && connection->received > 0) {
            connection->has_age = true;
        } else if (data[i] >= '0' && data[i] <= '9' && connection->received < AGE_DIGITS) {
            connection->age_ns = connection->age_ns * 10 + (data[i] - '0');
        } else {
            load_connection_fail(thread, connection, LOAD_WRONG_BYTE,
                                 ", byte %zu: 0x%02x is no part of a number and a line end",
                                 connection->received, data[i]);
            return false;
        }
    }
    return true;
}

static void take_end(struct load_thread *thread, struct load_connection *connection)
{
    if (connection->has_age) {
        tally_age(&thread->tally, connection->age_ns, thread->now_ns);
        finish(thread, connection);
    } else if (connection->answered == connection->begun) {
        load_connection_fail(thread, connection, LOAD_CLOSED_EARLY, ": the server has closed it");
    } else if (thread->plan->payload.reply_size == 0) {
        load_connection_fail(thread, connection, LOAD_CLOSED_EARLY,
                             ": the server has closed it after %zu bytes, before the line end",
                             connection->received);
    } else {
        load_connection_fail(thread, connection, LOAD_CLOSED_EARLY,
                             ": the server has closed it after %zu of %zu bytes",
                             connection->received, thread->plan->payload.reply_size);
    }
}

void exchange_receive(struct load_thread *thread, struct load_connection *connection, bool to_end)
{
    bool is_age = thread->plan->payload.service == LOAD_AGE;
    for (;;) {
        ssize_t received = recv(connection->fd, thread->buffer, PAYLOAD_PIECE, 0);
        if (received < 0 && errno == EINTR)
            continue;
        if (received < 0) {
            if (errno != EAGAIN)
                load_connection_fail_call(thread, connection, "receive", errno);
            return;
        }
        load_thread_look(thread);
        if (received == 0) {
            take_end(thread, connection);
            return;
        }
        size_t size = (size_t)received;
        tally_received(&thread->tally, size, thread->now_ns);
        if (!(is_age ? take_age : take_bytes)(thread, connection, thread->buffer, size))
            return;
        /* Less than there was room for: that was all, and the next byte makes another event. */
        if (size < PAYLOAD_PIECE && !to_end)
            return;
    }
}
