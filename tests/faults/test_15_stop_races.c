/* test_15_stop_races - class 15: a server is stopped and taken down while a detached thread of it
 * still runs: it says that it has ended before it has, and what it touches then is gone.
 *
 * Seen in: civetweb #1184, memcached #635.
 * Here: 200 starts and stops in one process, in the middle of traffic; when the server has been
 * waited for, there is no task more than before, without any patience (but for
 * what the kernel has yet to do with one that it has taken from us). Workers that take their time
 * behind their last act (destructors of the host's for threads) are waited for too, parked or not.
 * A stop that is asked for by several threads at once is one stop. With dlclose(3) behind each stop
 * it is tests/embed/dlopen_host.c, 200 cycles of it here (fault.15_dlclose), 1,000 in ci/embed and
 * under memcheck there; two servers at once are tests/embed/stopping.c. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"
#include "suite.h"

enum { CYCLES = 200, SLOTS = 4, STOPPERS = 3, SLOW_MS = 30 };

/* ---- Start and stop ---------------------------------------------------------------------- */

static atomic_bool go;

static void *stop_it(void *server)
{
    while (!go)
        continue;
    thrdsrv_server_stop(server);
    return NULL;
}

/* Some are served, one has just come; where the stop finds them is left to chance. */
static void visit(const struct embedded *e, size_t cycle)
{
    for (size_t i = 0; i < cycle % SLOTS; i++)
        client_try_echo(client_connect(e->address), "hello");
    client_send_text(client_connect(e->address), "and you?");
}

static void stop_from_everywhere(struct embedded *e)
{
    pthread_t threads[STOPPERS];
    go = false;
    for (int i = 0; i < STOPPERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, stop_it, e->server), 0);
    go = true;
    for (int i = 0; i < STOPPERS; i++)
        pthread_join(threads[i], NULL);
}

static void again_and_again_in_the_middle_of_it(struct embedded *e)
{
    e->config.slots = SLOTS;
    e->config.on_end = NULL; /* connections are numbered from 1 in each server */
    e->config.log_level = THRDSRV_LOG_WARN;
    int fds = proc_count_fds(getpid());
    for (size_t cycle = 0; cycle < scaled(CYCLES); cycle++) {
        e->config.park_ms = cycle % 2 == 0 ? 1000 : 0;
        int tasks = proc_count_live_tasks(getpid());
        embedded_start(e);
        visit(e, cycle);
        if (cycle % 10 == 0)
            stop_from_everywhere(e);
        embedded_finish(e);
        int left = proc_count_live_tasks(getpid());
        if (left > tasks + (suite_has_thread_sanitizer() && cycle == 0))
            suite_fail("cycle %zu: %d tasks after the end, %d before", cycle, left, tasks);
        clients_close_all();
    }
    assert_int_equal(proc_count_fds(getpid()), fds);
}

/* ---- Workers that take their time -------------------------------------------------------- */

static pthread_key_t key;
static atomic_uint begun; /* threads that have something to destroy */
static atomic_uint destroyed;

/* Behind the thread's function, when all that the server does for the worker is done. */
static void destroy_slowly(void *value)
{
    (void)value;
    usleep(SLOW_MS * 1000);
    destroyed++;
}

static void note_thread(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    if (pthread_getspecific(key) == NULL)
        begun++;
    pthread_setspecific(key, &key);
}

static void wait_for_slow_ones(struct embedded *e, int64_t park_ms)
{
    int tasks = proc_count_live_tasks(getpid());
    begun = destroyed = 0;
    e->config.slots = SLOTS;
    e->config.park_ms = park_ms;
    e->config.on_start = note_thread;
    e->config.on_end = NULL;
    embedded_start(e);
    for (int i = 0; i < SLOTS; i++)
        client_served(e->address);
    clients_close_all();
    embedded_wait_idle(e); /* their work is done, or they are parked */
    embedded_finish(e);
    assert_in_range(begun, 1, SLOTS);
    assert_int_equal(destroyed, begun);
    assert_in_range(proc_count_live_tasks(getpid()), 1, tasks + suite_has_thread_sanitizer());
}

static void slow_workers_are_waited_for(struct embedded *e)
{
    if (suite_mode() != THRDSRV_MODE_THREAD)
        suite_skip("only mode thread has threads for workers");
    assert_int_equal(pthread_key_create(&key, destroy_slowly), 0);
    wait_for_slow_ones(e, 0);
    wait_for_slow_ones(e, 60000);
    pthread_key_delete(key);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(again_and_again_in_the_middle_of_it),
        EMBEDDED_CASE(slow_workers_are_waited_for),
    };
    return cmocka_run_group_tests_name("15_stop_races", cases, NULL, NULL);
}
