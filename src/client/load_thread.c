/* load_thread.c - see load_thread.h: the loop.
 *
 * Each turn: wait for events, look at the clock, let connections react, begin what is due. What is
 * rare (patience, pauses, the ends of the window) is looked at between turns. */
#include "client/load_thread.h"

#include <sys/timerfd.h>

#include "client/load_connection.h"
#include "client/spare_sockets.h"

/* Standing connections that are under way at once before all are up: fewer than the shortest usual
 * backlog of a server, so that none is dropped by the kernel and tried again a second later. */
#define COMING_MAX  64u

#define MILLISECOND INT64_C(1000000)

static int64_t thread_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

int64_t load_thread_look(struct load_thread *thread)
{
    unsigned count = atomic_fetch_add(&thread->order_count, 0);
    thread->now_ns = monotonic_ns();
    if (count != thread->version) {
        thread->version = count;
        thread->orders = load_control_orders(thread->control);
        thread->tally.begin_ns = thread->orders.begin_ns;
        thread->tally.end_ns = thread->orders.end_ns;
    }
    return thread->now_ns;
}

/* Samples the CPU time at the window's ends, at the first turn after them: a thread that sleeps
 * meanwhile uses none. */
static void sample_cpu(struct load_thread *thread)
{
    if (thread->cpu_begin_ns < 0 && thread->now_ns >= thread->orders.begin_ns)
        thread->cpu_begin_ns = thread_cpu_ns();
    if (thread->cpu_end_ns < 0 && thread->now_ns >= thread->orders.end_ns)
        thread->cpu_end_ns = thread_cpu_ns();
}

/* Before go: makes the connections that stand, a few at a time. */
static void make_standing(struct load_thread *thread)
{
    unsigned first = thread->plan->reconnects ? thread->busy : 0;
    unsigned count = thread->busy + thread->held - first;
    while (thread->made < count && thread->coming < COMING_MAX) {
        thread->coming++;
        load_connection_advance(thread, &thread->connections[first + thread->made++]);
    }
}

static void go(struct load_thread *thread)
{
    thread->has_gone = true;
    thread->schedule.begin_ns = thread->orders.go_ns;
    if (thread->tally.open_loop)
        return;
    for (unsigned i = 0; i < thread->busy; i++)
        load_connection_advance(thread, &thread->connections[i]);
}

/* When the next exchange of this thread is due. */
static int64_t next_due_ns(const struct load_thread *thread)
{
    if (!thread->tally.open_loop || !thread->has_gone || thread->busy == 0)
        return MONOTONIC_NEVER;
    int64_t due_ns =
        schedule_due_ns(&thread->schedule, thread->connections[thread->cursor_connection].number,
                        thread->cursor_exchange);
    return due_ns < thread->orders.end_ns ? due_ns : MONOTONIC_NEVER;
}

/* Goes on with the round of exchanges that was under way then, where that is a later one. */
static void skip_rounds(struct load_thread *thread, int64_t then_ns)
{
    uint64_t exchange = schedule_round(&thread->schedule, then_ns);
    if (exchange <= thread->cursor_exchange)
        return;
    thread->cursor_exchange = exchange;
    thread->cursor_connection = 0;
}

/* A connection that is busy now takes what is due when it is free. So, where more is due than there
 * are connections, each is looked at once: a schedule that nobody can keep would otherwise leave no
 * time for replies. */
static void begin_due(struct load_thread *thread)
{
    /* What becomes due meanwhile may be of a connection that has been looked at already. */
    int64_t then_ns = thread->now_ns;
    for (unsigned i = 0; next_due_ns(thread) <= thread->now_ns; i++) {
        if (i == thread->busy) {
            skip_rounds(thread, then_ns);
            return;
        }
        struct load_connection *connection = &thread->connections[thread->cursor_connection];
        if (++thread->cursor_connection == thread->busy) {
            thread->cursor_connection = 0;
            thread->cursor_exchange++;
        }
        load_connection_advance(thread, connection);
    }
}

static void look_at_all(struct load_thread *thread)
{
    int64_t interval = thread->plan->config.patience_ns / 16;
    for (unsigned i = 0; i < thread->busy + thread->held; i++)
        load_connection_look(thread, &thread->connections[i]);
    if (interval > 1000 * MILLISECOND)
        interval = 1000 * MILLISECOND;
    if (thread->paused > 0 && interval > LOAD_CONNECTION_PAUSE_NS / 2)
        interval = LOAD_CONNECTION_PAUSE_NS / 2;
    if (interval < MILLISECOND)
        interval = MILLISECOND;
    thread->look_ns = thread->now_ns + interval;
}

static int64_t give_up_ns(const struct load_thread *thread)
{
    return monotonic_after(thread->orders.end_ns, thread->plan->config.patience_ns);
}

/* After the window: tells when nothing is under way any more. */
static void drain(struct load_thread *thread)
{
    bool has_given_up = thread->now_ns >= give_up_ns(thread);
    for (unsigned i = 0; i < thread->busy + thread->held; i++) {
        struct load_connection *connection = &thread->connections[i];
        if (!load_connection_is_pending(thread, connection))
            continue;
        if (!has_given_up)
            return;
        load_connection_give_up(thread, connection);
    }
    thread->has_drained = true;
    load_control_tell_drained(thread->control);
}

/* What is to be done between two waits, besides what events ask for. */
static void keep_up(struct load_thread *thread)
{
    if (!thread->has_gone) {
        make_standing(thread);
        if (thread->orders.go && thread->now_ns >= thread->orders.go_ns)
            go(thread);
    }
    begin_due(thread);
    /* A pause that has just begun ends before the next look that was planned without it. */
    if (thread->paused > 0 && thread->look_ns > thread->now_ns + LOAD_CONNECTION_PAUSE_NS)
        thread->look_ns = thread->now_ns + LOAD_CONNECTION_PAUSE_NS;
    if (thread->now_ns >= thread->look_ns)
        look_at_all(thread);
    if (!thread->has_drained && thread->now_ns >= thread->orders.end_ns)
        drain(thread);
}

static int64_t earlier_if_to_come(int64_t moment, int64_t other, int64_t now_ns)
{
    return other > now_ns && other < moment ? other : moment;
}

/* How long epoll may wait, in its milliseconds: rounded up, for none of these moments is missed by
 * coming a little later. What has to be in time has the timer. */
static int wait_ms(const struct load_thread *thread)
{
    int64_t now_ns = thread->now_ns;
    int64_t until = thread->look_ns;
    if (!thread->has_gone && thread->orders.go)
        until = earlier_if_to_come(until, thread->orders.go_ns, now_ns);
    until = earlier_if_to_come(until, thread->orders.begin_ns, now_ns);
    until = earlier_if_to_come(until, thread->orders.end_ns, now_ns);
    if (!thread->has_drained)
        until = earlier_if_to_come(until, give_up_ns(thread), now_ns);
    int64_t left = until - now_ns;
    return left > 0 ? (int)((left + MILLISECOND - 1) / MILLISECOND) : 0;
}

/* Sets the timer to the next exchange that is due. Expirations are not read: each makes an edge,
 * and setting it clears them. */
static void set_timer(struct load_thread *thread)
{
    int64_t due_ns = next_due_ns(thread);
    if (due_ns == thread->timer_ns || due_ns == MONOTONIC_NEVER)
        return;
    struct itimerspec at = {
        .it_value = {(time_t)(due_ns / 1000000000), (long)(due_ns % 1000000000)}};
    timerfd_settime(thread->timer, TFD_TIMER_ABSTIME, &at, NULL);
    thread->timer_ns = due_ns;
}

/* The wake-up and the timer need no answer. */
static void react(struct load_thread *thread, const struct epoll_event *event)
{
    int fd = event->data.fd;
    if ((size_t)fd >= thread->descriptor_count)
        return;
    if (thread->descriptors[fd].connection)
        load_connection_event(thread, thread->descriptors[fd].connection, event->events);
    else
        spare_sockets_event(thread, fd);
}

void *load_thread_main(void *argument)
{
    struct load_thread *thread = argument;
    load_thread_look(thread);
    while (!thread->orders.quit) {
        keep_up(thread);
        set_timer(thread);
        int count = epoll_wait(thread->epoll, thread->events, LOAD_THREAD_EVENTS, wait_ms(thread));
        load_thread_look(thread);
        sample_cpu(thread);
        for (int i = 0; i < count; i++) {
            react(thread, &thread->events[i]);
        }
    }
    for (unsigned i = 0; i < thread->busy + thread->held; i++)
        load_connection_close(thread, &thread->connections[i]);
    spare_sockets_close_all(thread);
    return NULL;
}
