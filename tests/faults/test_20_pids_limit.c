/* test_20_pids_limit - class 20: pids.max of a cgroup. As RLIMIT_NPROC (class 19), but it holds for
 * root too, and it comes from outside while the server runs.
 *
 * Seen in: libevpl #100, which waits for ever.
 * Here: the server in a group that may have 12 tasks. It lives, who is refused hears the end of
 * input within 100 ms, descriptors, tasks and slots are what they were, and a client is served as
 * soon as one has left. Needs a system that lets us make a group, of cgroup v1 or v2. */
#include "cgroup_box.h"
#include "process_log.h"
#include "shortage.h"
#include "suite.h"

enum { TASKS = 12 };

static void no_more_tasks_in_the_group(struct process *server)
{
    struct cgroup_box box;
    shortage_need_silent_tool();
    cgroup_box_make(&box, "pids");
    process_start(server, NULL);
    assert_true(cgroup_box_enter(&box, server->pid));
    assert_true(cgroup_box_set(&box, "pids.max", "pids.max", "12"));
    shortage_of_workers(server);
    assert_in_range(process_counter(server, "peak"), 2, TASKS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(no_more_tasks_in_the_group),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("20_pids_limit", cases, NULL, NULL);
}
