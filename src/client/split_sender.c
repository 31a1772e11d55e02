/* split_sender.c - see split_sender.h. */
#include "client/split_sender.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* False: the receiver is over. A poll(2) that fails for want of memory lets the call that follows
 * wait instead. */
static bool wait_for(const struct split_sender *sender, int fd, short events)
{
    struct pollfd polled[] = {{.fd = sender->link}, {.fd = fd, .events = events}};
    while (poll(polled, 2, -1) < 0)
        if (errno != EINTR)
            return true;
    return polled[0].revents == 0;
}

/* Sends all of it. Returns SENDER_RUNS when that is done. */
static enum split_outcome send_all(struct split_sender *sender, size_t size)
{
    const unsigned char *next = sender->buffer;
    while (size > 0) {
        ssize_t count = send(sender->socket, next, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            next += count;
            size -= (size_t)count;
            atomic_fetch_add(&sender->sent, (uint64_t)count);
        } else if (errno == EAGAIN) {
            if (!wait_for(sender, sender->socket, POLLOUT))
                return SENDER_LEFT_OVER;
        } else if (errno != EINTR) {
            sender->error = errno;
            return errno == EPIPE ? SENDER_LEFT_OVER : SENDER_BROKEN;
        }
    }
    return SENDER_RUNS;
}

/* The receiver is over: is anything there that will not be sent any more? One byte tells. */
static enum split_outcome what_is_left(struct split_sender *sender)
{
    struct pollfd input = {.fd = sender->input, .events = POLLIN};
    if (poll(&input, 1, 0) <= 0)
        return SENDER_NOTHING_NEW;
    return read(sender->input, sender->buffer, 1) > 0 ? SENDER_LEFT_OVER : SENDER_NOTHING_NEW;
}

static size_t length_before_escape(const struct split_sender *sender, size_t size)
{
    const unsigned char *found = NULL;
    if (sender->escape >= 0)
        found = memchr(sender->buffer, sender->escape, size);
    return found ? (size_t)(found - sender->buffer) : size;
}

static enum split_outcome send_input(struct split_sender *sender)
{
    for (;;) {
        if (!wait_for(sender, sender->input, POLLIN))
            return what_is_left(sender);
        ssize_t count = read(sender->input, sender->buffer, sizeof sender->buffer);
        if (count < 0 && (errno == EINTR || errno == EAGAIN))
            continue; /* somebody else who has this input took it */
        if (count < 0) {
            sender->error = errno;
            return SENDER_CANNOT_READ;
        }
        if (count == 0) {
            shutdown(sender->socket, SHUT_WR); /* fails where the connection is broken already */
            return SENDER_SENT_ALL;
        }
        size_t size = length_before_escape(sender, (size_t)count);
        enum split_outcome outcome = send_all(sender, size);
        if (outcome != SENDER_RUNS)
            return outcome;
        if (size < (size_t)count)
            return SENDER_ESCAPED;
    }
}

void split_sender_run(struct split_sender *sender)
{
    prctl(PR_SET_NAME, "thrd/send"); /* for ps(1) and top(1) */
    sender->outcome = send_input(sender);
}
