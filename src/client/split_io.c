/* split_io.c - the receiving half of a conversation, and how both begin and end; see split_io.h. */
#include "client/split_io.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/monotonic.h"
#include "client/split_worker.h"

/* So often within idle_ms it is looked whether anything has moved: the limit is good to a tenth. */
#define LOOKS 10

/* In memory that both halves have. */
struct shared {
    struct split_sender sender;
    unsigned char buffer[SPLIT_BUFFER_SIZE]; /* the receiver's */
};

struct conversation {
    const struct split_config *config;
    struct split_result *result;
    const struct split_model *model;
    struct split_worker worker;
    struct shared *shared;
    int link;         /* our end; -1: closed, or the sender has been joined */
    bool is_joined;   /* the sender has ended: its outcome may be read, and */
    int killed_by;    /* this signal ended it; 0: none */
    uint64_t taken;   /* bytes that the server had taken when it was last looked */
    int64_t moved_ms; /* when something was last seen to move */
};

static const struct split_model *const models[SPLIT_MODES] = {
    [SPLIT_THREAD] = &split_thread,
    [SPLIT_FORK] = &split_fork,
};

bool split_is_built(enum split_mode mode)
{
    return models[mode]->start != NULL;
}

/* ---- The sender ---------------------------------------------------------------------------- */

/* Closing our end of the link is what tells it that we are over. */
static void join(struct conversation *c)
{
    if (c->is_joined)
        return;
    close(c->link);
    c->killed_by = c->model->join(&c->worker);
    c->is_joined = true;
    c->link = -1;
}

/* Of what the sender met, what ends the receiver too. True: it goes on. A server that takes no more
 * may still have much to say. */
static bool goes_on_alone(struct conversation *c)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    switch (c->shared->sender.outcome) {
    case SENDER_RUNS:
        c->result->end = SPLIT_SENDER_DIED;
        c->result->error = c->killed_by;
        return false;
    case SENDER_ESCAPED:
        c->result->end = SPLIT_ESCAPED;
        return false;
    case SENDER_CANNOT_READ:
        c->result->end = SPLIT_CANNOT_READ;
        c->result->error = c->shared->sender.error;
        setsockopt(c->config->socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        return false;
    case SENDER_SENT_ALL:
    case SENDER_NOTHING_NEW:
    case SENDER_LEFT_OVER:
    case SENDER_BROKEN:
        break;
    }
    return true;
}

/* The server has ended its side, and so the conversation. */
static void end_in_order(struct conversation *c)
{
    join(c);
    if (!goes_on_alone(c))
        return;
    if (c->shared->sender.outcome == SENDER_BROKEN) {
        c->result->end = SPLIT_BROKEN;
        c->result->error = c->shared->sender.error;
    } else if (c->shared->sender.outcome == SENDER_LEFT_OVER) {
        c->result->end = SPLIT_LEFT_OVER;
    }
}

/* ---- The receiver -------------------------------------------------------------------------- */

/* Bytes that the server's side has acknowledged; those of a Unix-domain socket it has read. Any
 * change is a movement, so that an estimate does. tcp(7) calls what is queued SIOCOUTQ, which is
 * the same number as TIOCOUTQ, in a header that musl does not have. */
static uint64_t count_taken(const struct conversation *c)
{
    int queued = 0;
    uint64_t sent = atomic_fetch_add(&c->shared->sender.sent, 0);
    return ioctl(c->config->socket, TIOCOUTQ, &queued) < 0 ? sent : sent - (uint64_t)queued;
}

/* Whether the limit has passed. Nothing has come since moved_ms. */
static bool is_idle(struct conversation *c)
{
    uint64_t taken = count_taken(c);
    int64_t now_ms = monotonic_ms();
    if (taken != c->taken) {
        c->taken = taken;
        c->moved_ms = now_ms;
    }
    return now_ms - c->moved_ms >= c->config->idle_ms;
}

static int look_ms(const struct conversation *c)
{
    int64_t idle_ms = c->config->idle_ms;
    if (idle_ms == 0)
        return -1;
    return idle_ms / LOOKS < INT_MAX ? (int)(idle_ms / LOOKS) + 1 : INT_MAX;
}

/* Receives once. False: it is over. */
static bool receive(struct conversation *c)
{
    struct split_result *result = c->result;
    ssize_t count = recv(c->config->socket, c->shared->buffer, SPLIT_BUFFER_SIZE, MSG_DONTWAIT);
    if (count > 0) {
        if (c->config->deliver(c->shared->buffer, (size_t)count) < 0) {
            result->error = errno;
            result->end = SPLIT_CANNOT_DELIVER;
            return false;
        }
        result->received += (uint64_t)count;
        c->moved_ms = monotonic_ms();
        return true;
    }
    if (count == 0) {
        end_in_order(c);
        return false;
    }
    if (errno == EAGAIN || errno == EINTR)
        return true;
    result->error = errno;
    result->end = SPLIT_BROKEN;
    return false;
}

/* Waits for what comes, from the server or the sender. False: it is over. */
static bool go_on(struct conversation *c)
{
    struct pollfd polled[] = {{.fd = c->link}, {.fd = c->config->socket, .events = POLLIN}};
    int ready = poll(polled, 2, look_ms(c));
    if (ready < 0)
        return true; /* EINTR; or ENOMEM, which passes */
    if (polled[0].revents != 0) {
        join(c);
        if (!goes_on_alone(c))
            return false;
    }
    if (ready == 0 && c->config->idle_ms > 0 && is_idle(c)) {
        c->result->end = SPLIT_IDLE;
        return false;
    }
    return polled[1].revents == 0 || receive(c);
}

/* ---- Beginning and end --------------------------------------------------------------------- */

/* Returns 0, or an errno; then there is nothing to end. */
static int begin(struct conversation *c)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return errno;
    c->shared =
        mmap(NULL, sizeof *c->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int error = c->shared == MAP_FAILED ? errno : 0;
    if (error == 0) {
        struct split_sender *sender = &c->shared->sender;
        sender->socket = c->config->socket;
        sender->input = c->config->input;
        sender->escape = c->config->escape;
        sender->link = ends[1];
        c->link = ends[0];
        error = c->model->start(&c->worker, sender, ends[0]);
        if (error == 0)
            return 0;
        munmap(c->shared, sizeof *c->shared);
    }
    close(ends[0]);
    close(ends[1]);
    return error;
}

void split_io_run(const struct split_config *config, struct split_result *result)
{
    struct conversation c = {.config = config, .result = result, .model = models[config->mode]};
    *result = (struct split_result){.end = SPLIT_COMPLETE};
    result->error = begin(&c);
    if (result->error != 0) {
        result->end = SPLIT_CANNOT_START;
        return;
    }
    c.moved_ms = monotonic_ms();
    while (go_on(&c))
        ;
    join(&c);
    result->sent = atomic_fetch_add(&c.shared->sender.sent, 0);
    munmap(c.shared, sizeof *c.shared);
}
