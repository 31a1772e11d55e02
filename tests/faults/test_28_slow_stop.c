/* test_28_slow_stop - class 28: the stop waits for something that is not due: an idle timeout, a
 * client that says nothing, the next look at a table.
 *
 * Seen in: memcached #731.
 * Here: all timeouts at 600 s, a drain of 200 ms, and workers in every state that they can wait in:
 * for a client that is silent, for one that has never said a word, for one that does not read; and
 * a child that is stopped. From SIGTERM to the end of the process it takes the drain and no more
 * than 100 ms. (Clients that never rest are in test_stop_under_load.c.) */
#include <signal.h>

#include "clients.h"
#include "process_log.h"
#include "stop_clock.h"
#include "suite.h"

enum { DRAIN_MS = 200 };

static void start(struct process *server, const char *handler)
{
    process_start(server, handler, "--idle=600s", "--first-byte=600s", "--write-stall=600s",
                  "--drain=200ms", NULL);
}

static void expect_quick_stop(struct process *server)
{
    stop_clock_check(stop_clock(server), DRAIN_MS);
    process_log_wait(server, "msg=end end=stopped");
}

/* Between two requests; and, where there is room, before the first. */
static void silent_clients(struct process *server)
{
    start(server, "--handler=echo");
    client_served(process_address(server));
    if (suite_mode() != THRDSRV_MODE_INLINE) {
        client_served(process_address(server));
        client_connect(process_address(server));
    }
    expect_quick_stop(server);
}

static void client_that_does_not_read(struct process *server)
{
    char some[1000];
    start(server, "--handler=chargen");
    client_read(client_connect_with_buffer(process_address(server), 4096), some, sizeof some);
    expect_quick_stop(server);
}

static void child_that_is_stopped(struct process *server)
{
    if (suite_mode() != THRDSRV_MODE_FORK)
        suite_skip("only children can be stopped one by one");
    start(server, "--handler=echo");
    client_served(process_address(server));
    pid_t child = process_wait_child(server, 0);
    kill(child, SIGSTOP);
    expect_quick_stop(server);
    process_wait_gone(child);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(silent_clients),
        CASE(client_that_does_not_read),
        CASE(child_that_is_stopped),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("28_slow_stop", cases, NULL, NULL);
}
