/* test_13_fork_in_threads - class 13: a child of a program with threads takes a lock that one of
 * them held at the fork, and waits for ever: in the child there is nobody to give it back.
 *
 * Seen in: fossology #3817, 69 of 500 children stuck.
 * Here: a host in which eight threads do nothing but take locks: of malloc, stdio, the time zone,
 * the environment, and the server's own, by which they ask it for its counters and slots. 600
 * children are forked meanwhile (3,000 with THRD_SCALE=500), each serves a client, and none is
 * stuck. A host with handlers that allocate and format is tests/embed/busy_host.c: 3,000 forks, in
 * ci/embed. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "crowd.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"
#include "suite.h"

enum { THREADS = 8, CHILDREN = 600, SLOTS = 16 };

static atomic_bool enough;
static atomic_uint rounds;

static void allocate_and_print(FILE *file)
{
    char *text = malloc(5000);
    assert_non_null(text);
    snprintf(text, 5000, "%p", (void *)text);
    fprintf(file, "%s\n", text);
    free(text);
}

static void ask_the_time_and_the_environment(void)
{
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    setenv("THRD_TEST_NOTHING", "nothing", 1);
}

static void ask_the_server(struct thrdsrv_server *server)
{
    struct thrdsrv_stats stats;
    struct thrdsrv_slot slot;
    thrdsrv_server_stats(server, &stats, sizeof stats);
    for (unsigned i = 0; i < SLOTS; i++)
        thrdsrv_server_slot(server, i, &slot, sizeof slot);
}

/* Takes a rest now and then, or they would leave the server no processor. */
static void *take_locks_of_libc(void *argument)
{
    FILE *file = fopen("/dev/null", "we");
    (void)argument;
    while (!enough) {
        for (int i = 0; i < 20; i++) {
            allocate_and_print(file);
            ask_the_time_and_the_environment();
        }
        rounds++;
        usleep(1000);
    }
    fclose(file);
    return NULL;
}

/* These two without a rest: nothing else than the fork's own moment tells whether a lock is held,
 * and one that libc does not set free in a child is held for moments only. */
static void *take_the_lock_of_the_server(void *server)
{
    while (!enough) {
        ask_the_server(server);
        rounds++;
    }
    return NULL;
}

static void *take_locks_that_stay(void *argument)
{
    (void)argument;
    while (!enough) {
        ask_the_time_and_the_environment();
        rounds++;
    }
    return NULL;
}

static void *(*part_of(int thread))(void *)
{
    return thread == 0   ? take_the_lock_of_the_server
           : thread == 1 ? take_locks_that_stay
                         : take_locks_of_libc;
}

static void nobody_is_stuck(struct embedded *e)
{
    pthread_t threads[THREADS];
    size_t size = 100;
    size_t count = scaled(CHILDREN);
    e->config.slots = SLOTS;
    enough = false;
    embedded_start(e);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, part_of(i), e->server), 0);
    crowd_churn(e->address, count, SLOTS, crowd_echo_script, &size);
    embedded_wait_idle(e);
    enough = true;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(rounds >= THREADS);
    assert_int_equal(embedded_stats(e).served, count);
    assert_int_equal(proc_children(getpid(), 0, NULL, 0), 0);
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(nobody_is_stuck),
    };
    return cmocka_run_group_tests_name("13_fork_in_threads", cases, NULL, NULL);
}
