/* test_fork - what only mode fork has: children. However one ends, it is reaped, its slot comes
 * back and the log says what ended it. What it holds, and that none outlives the server, is in
 * tests/faults. */
#include <signal.h>
#include <stdio.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

/* Its client sees the end, the log the signal, and the only slot serves the next client. */
static void child_killed_by(struct process *server, int signal_number)
{
    char pattern[64];
    server->expect_crash = true;
    process_start(server, "--slots=1", NULL);
    struct process_baseline before = process_baseline(server);
    int fd = client_served(process_address(server));
    /* Asleep in its read: what kill(2) sends of the signals of faults while a program runs,
     * Valgrind keeps until that ends its next system call. */
    pid_t child = process_wait_child(server, 0);
    int64_t deadline = patience();
    while (proc_state(child) != 'S')
        assert_true(look_again(deadline));
    kill(child, signal_number);
    client_wait_end(fd);
    /* What it sent last may not be counted yet: out= is left out. */
    snprintf(pattern, sizeof pattern, "msg=end conn=1 worker=%d end=signal:%d in=4", (int)child,
             signal_number);
    process_log_wait(server, pattern);
    client_leave(client_served(process_address(server)));
    process_wait_counter(server, "served", 2);
    process_wait_baseline(server, before);
    assert_int_equal(proc_children(server->pid, 0, NULL, 0), 0);
}

static void child_killed_by_sigkill(struct process *server)
{
    child_killed_by(server, SIGKILL);
}

static void child_crashes_with_sigsegv(struct process *server)
{
    child_killed_by(server, SIGSEGV);
}

static void child_crashes_with_sigabrt(struct process *server)
{
    child_killed_by(server, SIGABRT);
}

static void child_ended_by_sigterm(struct process *server)
{
    child_killed_by(server, SIGTERM);
}

/* What is meant for the server as a whole, as Ctrl-C is, leaves children alone. */
static void child_ignores_what_the_server_handles(struct process *server)
{
    process_start(server, NULL);
    int fd = client_served(process_address(server));
    pid_t child = process_wait_child(server, 0);
    kill(child, SIGINT);
    kill(child, SIGUSR1);
    client_echo(fd, "still here");
    client_leave(fd);
    process_log_wait(server, "msg=end conn=1 end=eof");
}

/* A child that does not run cannot end by itself when it is asked to. */
static void stopped_child_meets_its_timeout(struct process *server)
{
    process_start(server, "--slots=1", "--idle=200ms", NULL);
    int fd = client_served(process_address(server));
    process_dump_until(server, "msg=slot conn=1 waits=read"); /* a busy child is not idle */
    kill(process_wait_child(server, 0), SIGSTOP);
    client_wait_end(fd);
    process_log_wait(server, "msg=end conn=1 end=idle");
    client_leave(client_served(process_address(server)));
    assert_int_equal(process_counter(server, "idle"), 1);
}

static void stopped_child_does_not_hold_up_the_stop(struct process *server)
{
    process_start(server, "--drain=100ms", NULL);
    client_served(process_address(server));
    pid_t child = process_wait_child(server, 0);
    kill(child, SIGSTOP);
    int64_t begin = now_ms();
    server->expect_exit = 3;
    process_stop(server);
    assert_true(now_ms() - begin < allow_ms(1500));
    process_log_wait(server, "msg=end conn=1 end=stopped");
    process_wait_gone(child);
}

/* Stopped and continued, as by a debugger or a batch system: nothing is lost. */
static void continued_child_goes_on(struct process *server)
{
    process_start(server, NULL);
    int fd = client_served(process_address(server));
    pid_t child = process_wait_child(server, 0);
    kill(child, SIGSTOP);
    client_send_text(fd, "while it is stopped");
    kill(child, SIGCONT);
    client_expect_text(fd, "while it is stopped");
    client_leave(fd);
    process_log_wait(server, "msg=end conn=1 end=eof");
}

/* Killed while they serve, many of them. */
static void many_killed_children_give_their_slots_back(struct process *server)
{
    enum { COUNT = 50 };
    pid_t pids[COUNT];
    process_start(server, "--slots=50", NULL);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++)
            client_served(process_address(server));
        assert_int_equal(proc_children(server->pid, 0, pids, COUNT), COUNT);
        for (int i = 0; i < COUNT; i++)
            kill(pids[i], SIGKILL);
        process_wait_counter(server, "served", COUNT * (round + 1));
    }
    process_log_wait_count(server, "msg=end end=signal:9", (size_t)COUNT * 3);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(child_killed_by_sigkill),
        CASE(child_crashes_with_sigsegv),
        CASE(child_crashes_with_sigabrt),
        CASE(child_ended_by_sigterm),
        CASE(child_ignores_what_the_server_handles),
        CASE(stopped_child_meets_its_timeout),
        CASE(stopped_child_does_not_hold_up_the_stop),
        CASE(continued_child_goes_on),
        CASE(many_killed_children_give_their_slots_back),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("fork", cases, NULL, NULL);
}
