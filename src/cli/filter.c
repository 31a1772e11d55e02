/* filter.c - a handler without sockets, run between two descriptors; see filter.h. */
#include "cli/filter.h"

#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <thrdsrv/server.h>

#include "cli/write_all.h"

#define BUFFER_SIZE 131072

struct filter {
    const struct thrdsrv_handler *handler;
    void *session;
    int in_fd;
    int out_fd;
    unsigned char *in;  /* have bytes of input that the handler has not consumed */
    unsigned char *out; /* the same buffer where the handler works in place */
    size_t have;
    bool ended; /* all input there will ever be has been read */
    uintmax_t consumed;
};

/* read(2), which waits for input also where the descriptor is non-blocking. */
static ssize_t read_some(int fd, void *buf, size_t size)
{
    for (;;) {
        ssize_t count = read(fd, buf, size);
        if (count >= 0)
            return count;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (errno == EAGAIN && poll(&wait, 1, -1) >= 0)
            continue;
        if (errno != EINTR)
            return -1;
    }
}

/* One step, its output written. *moved counts what it consumed and produced. Returns 0, or -1 with
 * the errno of the write. */
static int step(struct filter *f, enum thrdsrv_step *answer, size_t *moved)
{
    struct thrdsrv_stream stream = {
        .next_in = f->in,
        .avail_in = f->have,
        .next_out = f->out,
        .avail_out = f->handler->in_place ? f->have : BUFFER_SIZE,
        .input = f->ended                 ? THRDSRV_INPUT_END
                 : f->have == BUFFER_SIZE ? THRDSRV_INPUT_FULL
                                          : THRDSRV_INPUT_MORE,
    };
    *answer = f->handler->step(f->session, &stream);
    size_t consumed = f->have - stream.avail_in;
    size_t produced = (size_t)(stream.next_out - f->out);
    *moved = consumed + produced;
    f->consumed += consumed;
    if (write_all(f->out_fd, f->out, produced) < 0)
        return -1;
    f->have -= consumed;
    if (f->have > 0 && consumed > 0)
        memmove(f->in, f->in + consumed, f->have);
    return 0;
}

/* Appends what there is. Returns 0, or -1 with errno. */
static int read_more(struct filter *f)
{
    ssize_t count = read_some(f->in_fd, f->in + f->have, BUFFER_SIZE - f->have);
    if (count < 0)
        return -1;
    f->ended = count == 0;
    f->have += (size_t)count;
    return 0;
}

static enum filter_end run(struct filter *f)
{
    for (;;) {
        enum thrdsrv_step answer;
        size_t moved;
        if (step(f, &answer, &moved) < 0)
            return FILTER_CANNOT_WRITE;
        switch (answer) {
        case THRDSRV_STEP_WANT_INPUT:
            if (f->ended && moved == 0)
                return FILTER_COMPLETE; /* what it wants will never come */
            if (f->have == BUFFER_SIZE)
                return FILTER_BROKEN; /* it was told so, and consumed nothing */
            if (!f->ended && read_more(f) < 0)
                return FILTER_CANNOT_READ;
            break;
        case THRDSRV_STEP_WANT_OUTPUT:
            if (moved == 0)
                return FILTER_BROKEN; /* it would say the same for ever */
            break;
        case THRDSRV_STEP_DONE:
            return FILTER_COMPLETE;
        case THRDSRV_STEP_FAILED:
            return FILTER_REFUSED;
        default:
            return FILTER_BROKEN;
        }
    }
}

/* Apart from run(), so that a handler that works in place has one buffer, not two. */
static enum filter_end run_copying(struct filter *f)
{
    unsigned char out[BUFFER_SIZE];
    f->out = out;
    return run(f);
}

enum filter_end filter_run(const struct thrdsrv_handler *handler, int in, int out,
                           uintmax_t *consumed)
{
    alignas(max_align_t) unsigned char session[THRDSRV_SESSION_MAX];
    unsigned char buf[BUFFER_SIZE];
    struct thrdsrv_start start = {.unix_time = (int64_t)time(NULL), .peer = ""};
    struct filter f = {
        .handler = handler, .session = session, .in_fd = in, .out_fd = out, .in = buf, .out = buf};
    handler->start(session, &start);
    enum filter_end end = handler->in_place ? run(&f) : run_copying(&f);
    *consumed = f.consumed;
    return end;
}
