/* test_workers - how a worker can be told from others: the name of its thread or process, its
 * number in the log and in the dump. */
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

/* The worker= of the slot line of that connection, in a dump made now. */
static pid_t worker_of(struct process *server, int conn)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "msg=slot conn=%d state=ACTIVE", conn);
    return (pid_t)log_line_number(process_dump_until(server, pattern), "worker");
}

static void expect_comm(pid_t process, pid_t task, const char *name)
{
    char file[64];
    char comm[64];
    snprintf(file, sizeof file, "task/%d/comm", (int)task);
    assert_string_equal(proc_line(process, file, comm, sizeof comm), name);
}

/* Mode thread: another task of the server, named after its slot. */
static void check_thread(struct process *server, int conn, const char *name)
{
    pid_t tids[64];
    pid_t worker = worker_of(server, conn);
    size_t count = proc_tasks(server->pid, tids, 64);
    size_t i = 0;
    while (i < count && tids[i] != worker)
        i++;
    assert_true(i < count);
    assert_int_not_equal(worker, server->pid);
    expect_comm(server->pid, worker, name);
}

/* Mode fork: a child, whose command line names the connection too. */
static void check_child(struct process *server, int conn, const char *name, int client)
{
    char expected[128];
    char peer[64];
    char title[256];
    pid_t worker = worker_of(server, conn);
    client_name(client, peer, sizeof peer);
    expect_comm(worker, worker, name);
    snprintf(expected, sizeof expected, "thrd: slot %d conn %d %s", conn - 1, conn, peer);
    assert_string_equal(proc_line(worker, "cmdline", title, sizeof title), expected);
}

static void worker_is_named_after_its_slot(struct process *server)
{
    process_start(server, "--slots=8", NULL);
    for (int conn = 1; conn <= (suite_mode() == THRDSRV_MODE_INLINE ? 1 : 3); conn++) {
        char name[32];
        int fd = client_served(process_address(server));
        snprintf(name, sizeof name, "thrd/%d", conn - 1);
        if (suite_mode() == THRDSRV_MODE_THREAD)
            check_thread(server, conn, name);
        else if (suite_mode() == THRDSRV_MODE_FORK && !process_is_wrapped())
            check_child(server, conn, name, fd);
        else if (suite_mode() == THRDSRV_MODE_INLINE)
            assert_int_equal(worker_of(server, conn), server->pid);
    }
}

/* The number in the dump and in the end line are the same. */
static void end_line_names_the_worker(struct process *server)
{
    char pattern[64];
    process_start(server, NULL);
    int fd = client_served(process_address(server));
    pid_t worker = worker_of(server, 1);
    client_leave(fd);
    snprintf(pattern, sizeof pattern, "msg=end conn=1 slot=0 mode=%s worker=%d", suite_mode_name(),
             (int)worker);
    process_log_wait(server, pattern);
}

/* The server's own name stays what it is. */
static void server_keeps_its_name(struct process *server)
{
    char comm[64];
    char title[1024];
    if (process_is_wrapped())
        suite_skip("the process has the wrapper's name");
    process_start(server, NULL);
    client_served(process_address(server));
    assert_string_equal(proc_line(server->pid, "comm", comm, sizeof comm), "thrd");
    assert_non_null(strstr(proc_line(server->pid, "cmdline", title, sizeof title), "--mode="));
}

/* The worker= of that connection's end line. */
static pid_t worker_that_served(struct process *server, int conn)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "msg=end conn=%d", conn);
    return (pid_t)log_line_number(process_log_wait(server, pattern), "worker");
}

/* One client after the other. The next one comes when the slot is free again. */
static void serve_in_turn(struct process *server, int clients)
{
    for (int conn = 1; conn <= clients; conn++) {
        client_leave(client_served(process_address(server)));
        process_wait_counter(server, "served", conn);
    }
}

static void parked_thread_serves_the_next_connection(struct process *server)
{
    if (suite_mode() != THRDSRV_MODE_THREAD)
        suite_skip("only threads stay");
    process_start(server, "--park=1d", NULL);
    serve_in_turn(server, 3);
    assert_int_equal(worker_that_served(server, 2), worker_that_served(server, 1));
    assert_int_equal(worker_that_served(server, 3), worker_that_served(server, 1));
    assert_non_null(process_log_find(server, "msg=end conn=3 slot=0"));
    process_stop(server); /* which the thread that is still parked does not hold up */
}

static void thread_goes_when_nothing_comes(struct process *server)
{
    if (suite_mode() != THRDSRV_MODE_THREAD)
        suite_skip("only threads stay");
    process_start(server, "--park=1ms", NULL);
    struct process_baseline idle = process_baseline(server);
    serve_in_turn(server, 1);
    process_wait_baseline(server, idle);
    client_leave(client_served(process_address(server))); /* the next one gets a new thread */
    assert_int_not_equal(worker_that_served(server, 2), worker_that_served(server, 1));
    process_wait_baseline(server, idle);
}

static void workers_serve_one_connection(struct process *server)
{
    if (suite_mode() == THRDSRV_MODE_INLINE)
        suite_skip("there is no worker");
    process_start(server, "--park=off", NULL);
    serve_in_turn(server, 3);
    assert_int_not_equal(worker_that_served(server, 2), worker_that_served(server, 1));
    assert_int_not_equal(worker_that_served(server, 3), worker_that_served(server, 2));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(worker_is_named_after_its_slot), CASE(end_line_names_the_worker),
        CASE(server_keeps_its_name),          CASE(parked_thread_serves_the_next_connection),
        CASE(thread_goes_when_nothing_comes), CASE(workers_serve_one_connection),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("workers", cases, NULL, NULL);
}
