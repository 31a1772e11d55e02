/* test_19_process_limit - class 19: RLIMIT_NPROC. A thread or process for a connection cannot be
 * had, and the server ends, or loses what it had set aside for the connection, or lets the client
 * wait for ever.
 *
 * Seen in: socat, whose listener died of it.
 * Here: a user other than root that may have 12 tasks. The server lives, who is refused hears the
 * end of input within 100 ms, descriptors, tasks and slots are what they were, and a client is
 * served as soon as one has left. */
#include <unistd.h>

#include "process_log.h"
#include "shortage.h"
#include "suite.h"

enum { TASKS = 12 };

static void no_more_tasks_for_the_user(struct process *server)
{
    shortage_need_silent_tool();
    if (getuid() != 0)
        suite_skip("only root can run the server as a user that has nothing else running");
    server->uid = process_lonely_user();
    server->nproc = TASKS;
    process_start(server, NULL);
    shortage_of_workers(server);
    assert_in_range(process_counter(server, "peak"), 2, TASKS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(no_more_tasks_for_the_user),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("19_process_limit", cases, NULL, NULL);
}
