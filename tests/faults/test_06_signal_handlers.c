/* test_06_signal_handlers - class 6: a signal handler calls what is not async-signal-safe, and
 * hangs or corrupts what the signal has interrupted.
 *
 * Seen in: CVE-2024-6387.
 * Here: 5,000 signals a second to the program's handlers, which ask for a dump, while it writes a
 * log of all it does and 1,000 clients come and go: everybody is served, each line of the log is
 * whole, there is a dump after the last signal, and a stop is heard. Children get the signal that
 * ends their connection many times over. What the handlers call is looked at by signal_handlers.py.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "crowd.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { CLIENTS = 1000, AT_ONCE = 16, PAUSE_NS = 200000 };

/* Returns the process that sends the signals. */
static pid_t begin_storm(pid_t target, int number)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    pid_t helper = fork();
    assert_true(helper >= 0);
    if (helper > 0)
        return helper;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (kill(target, number) == 0)
        nanosleep(&pause, NULL);
    _exit(0);
}

static void end_storm(pid_t helper)
{
    kill(helper, SIGKILL);
    assert_int_equal(waitpid(helper, NULL, 0), helper);
}

static void dumps_are_asked_for_without_end(struct process *server)
{
    size_t size = 100;
    size_t count = scaled(CLIENTS);
    process_start(server, "--slots=16", "--log=debug", NULL);
    pid_t storm = begin_storm(server->pid, SIGUSR1);
    crowd_churn(process_address(server), count, AT_ONCE, crowd_echo_script, &size);
    end_storm(storm);
    process_wait_counter(server, "served", (long long)count);
    process_log_wait_count(server, "msg=end end=eof", count);
    assert_true(process_log_count(server, "msg=counters") >= 2);
}

/* And the stop that comes among them is heard; the first is a request, the second means now. */
static void a_stop_is_heard_among_them(struct process *server)
{
    process_start(server, "--drain=60s", "--log=debug", NULL);
    client_served(process_address(server));
    pid_t storm = begin_storm(server->pid, SIGUSR1);
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce");
    process_signal(server, SIGTERM);
    server->expect_exit = 3; /* a client was cut */
    process_wait_exit(server);
    end_storm(storm);
}

/* The handler of a child, which ends its connection, over and over. */
static void children_are_asked_to_end_over_and_over(struct process *server)
{
    enum { CHILDREN = 20 };
    if (suite_mode() != THRDSRV_MODE_FORK)
        suite_skip("only mode fork has children");
    process_start(server, NULL);
    for (int i = 0; i < CHILDREN; i++) {
        int fd = client_served(process_address(server));
        pid_t storm = begin_storm(process_wait_child(server, 0), SIGTERM);
        client_wait_end(fd);
        process_wait_counter(server, "active", 0);
        end_storm(storm);
        client_close(fd);
    }
    process_log_wait_count(server, "msg=end end=signal:15", CHILDREN);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        CASE(dumps_are_asked_for_without_end),
        CASE(a_stop_is_heard_among_them),
        CASE(children_are_asked_to_end_over_and_over),
    };
    return cmocka_run_group_tests_name("06_signal_handlers", cases, NULL, NULL);
}
