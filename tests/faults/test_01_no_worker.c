/* test_01_no_worker - class 1: pthread_create(3) or fork(2) fails, and the connection's descriptor,
 * or its slot, is never given back; or its client waits for ever.
 *
 * Seen in: PowerDNS #3868, microsocks #103.
 * Here: of the starts of workers, 100 in a row fail, with EAGAIN and ENOMEM in turn. Each client
 * sees the end, half of them within 100 ms; those who are being served notice nothing; then
 * descriptors and tasks are what they were before, and the full table serves. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"
#include "suite.h"

enum { SLOTS = 4, FAILURES = 100, END_MS = 100 };

/* How many starts of workers are to fail. */
static atomic_int failures_left;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
pid_t __real_fork(void);
pid_t __wrap_fork(void);

/* Returns the error of the call that is made just now, 0: it is made as it was meant. */
static int planned_error(void)
{
    int left = atomic_load(&failures_left);
    if (left == 0)
        return 0;
    atomic_store(&failures_left, left - 1); /* workers are started on one thread */
    return left % 2 == 0 ? EAGAIN : ENOMEM;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    int error = planned_error();
    return error != 0 ? error : __real_pthread_create(thread, attributes, run, argument);
}

pid_t __wrap_fork(void)
{
    int error = planned_error();
    if (error == 0)
        return __real_fork();
    errno = error;
    return -1;
}

static int ascending(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

static void expect_one_end(const struct embedded *e)
{
    atomic_store(&failures_left, 1);
    client_expect_eof(client_connect(e->address));
}

/* The median, because somebody else may have the processor for longer than that. */
static void expect_ends(const struct embedded *e)
{
    int64_t took[FAILURES];
    atomic_store(&failures_left, FAILURES);
    for (int i = 0; i < FAILURES; i++) {
        int64_t begin = now_ms();
        int fd = client_connect(e->address);
        client_wait_end(fd);
        took[i] = now_ms() - begin;
        client_close(fd);
    }
    qsort(took, FAILURES, sizeof took[0], ascending);
    assert_in_range(took[FAILURES / 2], 0, allow_ms(END_MS));
    assert_int_equal(atomic_load(&failures_left), 0);
}

static void expect_full_table_serves(const struct embedded *e, int held)
{
    int fds[SLOTS - 1];
    for (int i = 0; i < SLOTS - 1; i++)
        fds[i] = client_served(e->address);
    assert_int_equal(embedded_stats(e).active, SLOTS);
    client_echo(held, "still here");
    for (int i = 0; i < SLOTS - 1; i++)
        client_leave(fds[i]);
}

/* A worker that ends, and one that has ended, may hold what it had for a moment. */
static void wait_for(int (*count)(pid_t pid), int expected)
{
    int64_t deadline = patience();
    while (count(getpid()) != expected && look_again(deadline))
        continue;
    assert_int_equal(count(getpid()), expected);
}

/* A client sees the end a moment before its slot is given back and the failure counted. */
static void expect_failures(const struct embedded *e, uint64_t count)
{
    int64_t deadline = patience();
    struct thrdsrv_stats stats;
    do
        stats = embedded_stats(e);
    while (stats.active > 1 && look_again(deadline));
    assert_int_equal(stats.active, 1);
    assert_int_equal(stats.spawn_failures, count);
}

static void costs_one_connection_each(struct embedded *e)
{
    e->config.slots = SLOTS;
    e->config.park_ms = 0; /* each connection needs a new worker */
    embedded_start(e);
    int held = client_served(e->address);
    expect_one_end(e); /* behind the start of the worker that serves: its child has its pidfd */
    int fds = proc_count_fds(getpid());
    int tasks = proc_count_tasks(getpid());
    expect_ends(e);
    client_echo(held, "not my affair");
    wait_for(proc_count_fds, fds);
    wait_for(proc_count_tasks, tasks);
    expect_failures(e, FAILURES + 1);
    expect_full_table_serves(e, held);
    client_leave(held);
    embedded_wait_idle(e);
    embedded_finish(e);
}

/* Among those that can be served there is always one that cannot. */
static void costs_nobody_else(struct embedded *e)
{
    e->config.slots = SLOTS;
    e->config.park_ms = 0;
    embedded_start(e);
    int fds = proc_count_fds(getpid());
    for (int i = 0; i < 2 * SLOTS; i++) {
        int one = client_served(e->address);
        expect_one_end(e);
        client_echo(one, "on we go");
        client_leave(one);
    }
    embedded_wait_idle(e);
    wait_for(proc_count_fds, fds);
    assert_int_equal(embedded_stats(e).served, 2 * SLOTS);
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(costs_one_connection_each),
        EMBEDDED_CASE(costs_nobody_else),
    };
    return cmocka_run_group_tests_name("01_no_worker", cases, NULL, NULL);
}
