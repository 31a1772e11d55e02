/* load_thread_life.c - load_thread.h's other half: a load thread is made, started, joined, freed.
 *
 * On the caller's thread. What the thread does is in load_thread.c. */
#include "client/load_thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client/monotonic.h"

/* How many of `count` things belong to this thread when they are dealt out in turn. */
static unsigned share(unsigned count, unsigned threads, unsigned index)
{
    return count / threads + (index < count % threads);
}

static uint64_t ring_slots(unsigned depth)
{
    uint64_t slots = 1;
    while (slots < depth)
        slots *= 2;
    return slots;
}

static void init_connections(struct load_thread *thread)
{
    const struct load_config *config = &thread->plan->config;
    uint64_t slots = thread->ring_mask + 1;
    struct exchange_times *times = thread->times;
    for (unsigned i = 0; i < thread->busy + thread->held; i++) {
        struct load_connection *connection = &thread->connections[i];
        connection->fd = -1;
        connection->is_held = i >= thread->busy;
        connection->times = times;
        if (connection->is_held) {
            unsigned which = (i - thread->busy) * config->threads + thread->index;
            connection->number = config->connections + which;
            times++;
        } else {
            connection->number = i * config->threads + thread->index;
            times += slots;
        }
    }
}

static bool allocate(struct load_thread *thread)
{
    size_t count = (size_t)thread->busy + thread->held;
    size_t slots = (size_t)(thread->busy * (thread->ring_mask + 1) + thread->held);
    /* Never none at all: calloc(3) may say NULL to that. */
    thread->connections = calloc(count + 1, sizeof *thread->connections);
    thread->times = calloc(slots + 1, sizeof *thread->times);
    thread->buffer = malloc(PAYLOAD_PIECE);
    thread->spare = calloc((size_t)thread->spares_max + 1, sizeof *thread->spare);
    if (!thread->connections || !thread->times || !thread->buffer || !thread->spare)
        return false;
    init_connections(thread);
    return true;
}

static bool add_own_descriptor(struct load_thread *thread, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
    return fd >= 0 && epoll_ctl(thread->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_descriptors(struct load_thread *thread)
{
    thread->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (thread->epoll < 0)
        return false;
    thread->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!add_own_descriptor(thread, thread->wakeup))
        return false;
    if (!thread->tally.open_loop)
        return true;
    thread->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return add_own_descriptor(thread, thread->timer);
}

static void init_fields(struct load_thread *thread, const struct load_plan *plan,
                        struct load_control *control, unsigned index)
{
    const struct load_config *config = &plan->config;
    memset(thread, 0, sizeof *thread);
    thread->plan = plan;
    thread->control = control;
    thread->index = index;
    thread->epoll = thread->wakeup = thread->timer = -1;
    thread->busy = share(config->connections, config->threads, index);
    thread->held = share(config->held, config->threads, index);
    if (plan->reconnects)
        thread->spares_max = LOAD_THREAD_SPARES(thread->busy);
    thread->ring_mask = ring_slots(plan->depth) - 1;
    thread->orders.begin_ns = thread->orders.end_ns = MONOTONIC_NEVER;
    thread->schedule.connections = config->connections;
    if (config->rate > 0)
        thread->schedule.interval_ns = 1e9 / config->rate;
    /* Threads begin at different source addresses. */
    thread->turn = index * (DIAL_SOURCES / LOAD_THREADS_MAX);
    thread->timer_ns = MONOTONIC_NEVER;
    thread->cpu_begin_ns = thread->cpu_end_ns = -1;
    tally_init(&thread->tally, config->rate > 0);
    atomic_init(&thread->order_count, 1); /* so that the orders are taken at the first look */
}

/* All signals are the caller's. */
static int create_without_signals(struct load_thread *thread)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread->id, NULL, load_thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return error == 0 ? 0 : -1;
}

int load_thread_start(struct load_thread **result, const struct load_plan *plan,
                      struct load_control *control, unsigned index)
{
    struct load_thread *thread =
        aligned_alloc(_Alignof(struct load_thread), sizeof(struct load_thread));
    if (!thread)
        return -1;
    init_fields(thread, plan, control, index);
    errno = ENOMEM;
    if (!allocate(thread) || !open_descriptors(thread) || create_without_signals(thread) < 0) {
        int kept = errno;
        load_thread_free(thread);
        errno = kept;
        return -1;
    }
    *result = thread;
    return 0;
}

void load_thread_notify(struct load_thread *thread)
{
    atomic_fetch_add(&thread->order_count, 1);
    eventfd_write(thread->wakeup, 1); /* never read: each write makes an edge */
}

void load_thread_join(struct load_thread *thread)
{
    pthread_join(thread->id, NULL);
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void load_thread_free(struct load_thread *thread)
{
    close_if_open(thread->timer);
    close_if_open(thread->wakeup);
    close_if_open(thread->epoll);
    free(thread->spare);
    free(thread->descriptors);
    free(thread->buffer);
    free(thread->times);
    free(thread->connections);
    free(thread);
}
