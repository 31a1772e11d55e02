/* load_control.c - see load_control.h. */
#include "client/load_control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/monotonic.h"

int load_control_init(struct load_control *control, uint64_t limit)
{
    *control = (struct load_control){.limit = limit};
    control->orders.begin_ns = MONOTONIC_NEVER;
    control->orders.end_ns = MONOTONIC_NEVER;
    atomic_init(&control->taken, 0);
    atomic_init(&control->settled, 0);
    control->news = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (control->news < 0)
        return -1;
    pthread_mutex_init(&control->lock, NULL); /* Linux: cannot fail */
    return 0;
}

void load_control_fini(struct load_control *control)
{
    pthread_mutex_destroy(&control->lock);
    close(control->news);
}

/* The only error is EAGAIN, when 2^64 - 2 news are pending: then the caller wakes anyway. */
static void send_news(struct load_control *control)
{
    eventfd_write(control->news, 1);
}

struct load_orders load_control_orders(struct load_control *control)
{
    pthread_mutex_lock(&control->lock);
    struct load_orders orders = control->orders;
    pthread_mutex_unlock(&control->lock);
    return orders;
}

static void count_one(struct load_control *control, unsigned *count)
{
    pthread_mutex_lock(&control->lock);
    ++*count;
    pthread_mutex_unlock(&control->lock);
    send_news(control);
}

void load_control_tell_up(struct load_control *control)
{
    count_one(control, &control->up);
}

void load_control_tell_at_work(struct load_control *control)
{
    count_one(control, &control->at_work);
}

void load_control_tell_drained(struct load_control *control)
{
    count_one(control, &control->drained);
}

void load_control_tell_failures(struct load_control *control, enum load_failure failure,
                                uint64_t count, bool was_up, const char *text)
{
    pthread_mutex_lock(&control->lock);
    control->failures[failure] += count;
    if (control->first_failure[0] == '\0')
        snprintf(control->first_failure, sizeof control->first_failure, "%s", text);
    bool is_news = !was_up && !control->is_down;
    if (is_news) {
        control->is_down = true;
        snprintf(control->down_reason, sizeof control->down_reason, "%s", text);
    }
    pthread_mutex_unlock(&control->lock);
    if (is_news)
        send_news(control);
}

/* The count goes beyond the limit by as many as ask in vain: it cannot wrap in 2^64. */
bool load_control_take(struct load_control *control)
{
    return control->limit == 0 || atomic_fetch_add(&control->taken, 1) < control->limit;
}

bool load_control_has_any(struct load_control *control)
{
    return control->limit == 0 || atomic_fetch_add(&control->taken, 0) < control->limit;
}

void load_control_settle(struct load_control *control, uint64_t count)
{
    if (control->limit == 0 || count == 0)
        return;
    uint64_t before = atomic_fetch_add(&control->settled, count);
    if (before < control->limit && before + count >= control->limit)
        send_news(control);
}

bool load_control_wait(struct load_control *control, int64_t until_ns)
{
    struct pollfd news = {.fd = control->news, .events = POLLIN};
    struct timespec wait;
    eventfd_t count;
    if (until_ns != MONOTONIC_NEVER) {
        int64_t left = until_ns - monotonic_ns();
        left = left > 0 ? left : 0;
        wait = (struct timespec){(time_t)(left / 1000000000), (long)(left % 1000000000)};
    }
    int ready = ppoll(&news, 1, until_ns == MONOTONIC_NEVER ? NULL : &wait, NULL);
    if (ready > 0)
        eventfd_read(control->news, &count);
    return ready >= 0 || errno != EINTR;
}
