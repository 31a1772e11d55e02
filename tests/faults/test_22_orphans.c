/* test_22_orphans - class 22: the server is killed, and its children or threads go on, serve with
 * nobody to look after them, and are never reaped.
 *
 * Seen in: keepalived #475.
 * Here: SIGKILL to the server while its workers wait, write without a pause, are stopped, and are
 * just being made. The test adopts what is orphaned (PR_SET_CHILD_SUBREAPER), so that none can
 * hide: within 1 s no process is left but such as have ended, and every client has seen the end. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "suite.h"

enum { WORKERS = 5, ROUNDS = 20, GONE_MS = 1000 };

/* Orphans become children of this process, whatever they are. */
static void adopt_orphans(void)
{
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1L), 0);
}

static size_t orphans_alive(void)
{
    int status;
    while (waitpid(-1, &status, WNOHANG) > 0)
        continue; /* has ended, and that is what it was to do */
    return proc_children(getpid(), 0, NULL, 0);
}

/* The server is gone, and within the time so is all that it has started. */
static void kill_the_server(struct process *server)
{
    server->expect_exit = 128 + SIGKILL;
    process_signal(server, SIGKILL);
    process_wait_exit(server);
    int64_t limit = now_ms() + allow_ms(GONE_MS);
    while (orphans_alive() > 0)
        if (!look_again(limit))
            suite_fail("%zu processes have outlived the server", orphans_alive());
}

static void workers_that_wait(struct process *server)
{
    int fds[WORKERS];
    adopt_orphans();
    process_start(server, NULL);
    for (int i = 0; i < WORKERS; i++)
        fds[i] = client_served(process_address(server));
    kill_the_server(server);
    for (int i = 0; i < WORKERS; i++)
        client_wait_end(fds[i]);
}

/* A busy worker does not wait in a call that could tell it anything. */
static void workers_that_write(struct process *server)
{
    static char bite[65536];
    adopt_orphans();
    process_start(server, "--handler=chargen", NULL);
    int fd = client_connect(process_address(server));
    client_read(fd, bite, sizeof bite);
    kill_the_server(server);
    client_wait_end(fd);
}

/* One that does not run can hear of nothing, and end by itself neither. */
static void workers_that_are_stopped(struct process *server)
{
    if (suite_mode() != THRDSRV_MODE_FORK)
        suite_skip("threads are stopped with the server only");
    adopt_orphans();
    process_start(server, NULL);
    int fd = client_served(process_address(server));
    kill(process_wait_child(server, 0), SIGSTOP);
    kill_the_server(server);
    client_wait_end(fd);
}

/* At any moment of a worker's start. */
static void workers_that_are_just_being_made(struct process *server)
{
    adopt_orphans();
    for (size_t round = 0; round < scaled(ROUNDS); round++) {
        int fds[WORKERS];
        process_start(server, "--log=notice", NULL);
        for (int i = 0; i < WORKERS; i++)
            fds[i] = client_connect(process_address(server));
        kill_the_server(server);
        for (int i = 0; i < WORKERS; i++) {
            client_wait_end(fds[i]);
            client_close(fds[i]);
        }
        process_renew(server);
    }
}

/* The child's wish to be killed with its parent holds for the program that it becomes. */
static void programs(struct process *server)
{
    if (suite_mode() != THRDSRV_MODE_FORK)
        suite_skip("posix_spawn(3) cannot ask for that: these end with their clients");
    adopt_orphans();
    process_start(server, "--", "cat", NULL);
    int fd = client_served(process_address(server));
    kill_the_server(server);
    client_wait_end(fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(workers_that_wait),
        CASE(workers_that_write),
        CASE(workers_that_are_stopped),
        CASE(workers_that_are_just_being_made),
        CASE(programs),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("22_orphans", cases, NULL, NULL);
}
