/* worker_thread.c - mode thread: a detached POSIX thread for each connection.
 *
 * A worker belongs to its slot. It takes its fd out of the table, closes it, and gives the slot
 * back. Then it stays parked in the slot for a while (config.park_ms): making a thread costs more
 * than anything else that is done for a short connection, and the next one may come soon. It lets
 * go of the slot as its last act. Nobody cancels a thread: it is woken by shutdown(2) on its
 * connection, and returns. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/server.h"
#include "server/thread.h"

/* A second of tries at 100 us: in a chroot without /proc a number that is taken tells nothing. */
#define TRIES_WITHOUT_PROC 10000

#define PARK_MAX_MS        ((int64_t)1000 * 3600 * 24 * 365)

/* When the task tid of this process began, ns of CLOCK_BOOTTIME, or -1 with errno. Field 22
 * of proc(5) /proc/PID/stat, counted behind the name, which may hold anything but the last ")". */
static int64_t task_began_ns(pid_t tid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", (long)tid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *field = strrchr(text, ')');
    for (int i = 2; field && i < 22; i++)
        field = strchr(field + 1, ' ');
    long ticks = sysconf(_SC_CLK_TCK);
    if (!field || ticks <= 0)
        return -1;
    return (int64_t)strtoull(field + 1, NULL, 10) * (1000000000 / ticks);
}

/* Returns when the thread that let go of a slot at that moment has ended for the kernel too. Its
 * work is done, so that takes microseconds, unless the program has destructors of its own for
 * threads (pthread_key_create(3)). The number may be another task's by now: that one began later,
 * which is worth a look at /proc only when the number is still taken after some tries. Where a
 * sandbox refuses to tell, that look is the answer. */
static void wait_until_gone(pid_t tid, int64_t departed_at_ns)
{
    for (int tries = 0; syscall(SYS_tgkill, getpid(), tid, 0) == 0 || errno != ESRCH; tries++) {
        if (tries < 100) {
            sched_yield();
            continue;
        }
        int64_t began_ns = task_began_ns(tid);
        bool no_proc = began_ns < 0 && errno == ENOENT;
        if (began_ns > departed_at_ns || (no_proc && tries > TRIES_WITHOUT_PROC))
            return;
        struct timespec pause = {.tv_nsec = 100000};
        nanosleep(&pause, NULL);
    }
}

/* The task that served this slot last. */
static void wait_for_last(struct slot_table *table, struct SockInfo *slot)
{
    slot_table_lock(table);
    pid_t departed = slot->departed;
    int64_t departed_at_ns = slot->departed_at_ns;
    slot_table_unlock(table);
    if (departed)
        wait_until_gone(departed, departed_at_ns);
}

/* When a worker that is parked from now on has waited long enough, by the clock of
 * sem_timedwait(3). That one can be set, and the worker then goes sooner or later: no harm is done.
 */
static struct timespec end_of_parking(const struct thrdsrv_server *server)
{
    int64_t end_ns = clock_after(clock_read_ns(CLOCK_REALTIME),
                                 clock_within(server->config.park_ms, 0, PARK_MAX_MS) * 1000000);
    return (struct timespec){.tv_sec = (time_t)(end_ns / 1000000000),
                             .tv_nsec = (long)(end_ns % 1000000000)};
}

/* Returns whether the worker was called before it had waited long enough. */
static bool is_called(struct SockInfo *slot)
{
    struct timespec end = end_of_parking(slot->server);
    int error;
    do
        error = sem_timedwait(&slot->call, &end) == 0 ? 0 : errno;
    while (error == EINTR);
    return error == 0;
}

/* Parked. Returns the next connection, or -1: the slot has been let go. */
static int next_connection(struct slot_table *table, struct SockInfo *slot, pid_t self)
{
    while (!is_called(slot))
        if (slot_table_leave(table, slot, self))
            return -1;
    slot->cpu_began_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    return slot_table_activate(table, slot, self);
}

static void set_own_name(const struct SockInfo *slot)
{
    char name[THREAD_NAME_SIZE];
    thread_name(name, slot->index);
    pthread_setname_np(pthread_self(), name);
}

/* A worker gives the slot back only when the one before it is gone, so that a free slot has at most
 * one task left to wait for, and the accept loop never has to. */
static void *thread_main(void *argument)
{
    struct SockInfo *slot = argument;
    struct slot_table *table = &slot->server->table;
    bool parks = slot->server->config.park_ms > 0;
    pid_t self = gettid();
    set_own_name(slot);
    slot->cpu_began_ns = 0; /* what it costs to make a worker is its first connection's */
    int fd = slot_table_activate(table, slot, self);
    while (fd >= 0) {
        enum thrdsrv_end_reason reason = worker_run(slot, fd, self, NULL);
        wait_for_last(table, slot);
        if (parks)
            slot_table_park(table, slot, reason, self);
        else
            slot_table_release(table, slot, reason, self);
        fd = parks ? next_connection(table, slot, self) : -1;
    }
    return NULL;
}

static int start(struct thrdsrv_server *server, struct SockInfo *slot) REQUIRES(ACCEPT_LOOP)
{
    if (slot->has_parked) {
        sem_post(&slot->call);
        return 0;
    }
    int error = thread_create(NULL, &server->mask, server->config.stack_size, thread_main, slot);
    if (error == 0)
        return 0;
    errno = error; /* pthread functions return the code and leave errno alone */
    return THRDSRV_E_SYSTEM;
}

/* All that are parked are told to go before the first is waited for. */
static void settle(struct thrdsrv_server *server)
{
    struct slot_table *table = &server->table;
    for (unsigned i = 0; i < table->count; i++)
        if (slot_table_dismiss(table, &table->slots[i]))
            sem_post(&table->slots[i].call);
    for (unsigned i = 0; i < table->count; i++)
        wait_for_last(table, &table->slots[i]);
}

const struct worker_model worker_thread = {
    .name = "thread",
    .start = start,
    .request_stop = worker_request_stop,
    .settle = settle,
};
