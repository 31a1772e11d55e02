/* test_limits - limits of the system that allow fewer connections than there are slots: what is
 * said about it at the start. What happens when one is reached is in tests/faults. */
#include <unistd.h>

#include "clients.h"
#include "process_log.h"
#include "suite.h"

enum { PROCESSES = 12 };

/* More slots than the hard limit of descriptors allows: said at the start, and no reason not to
 * serve those that it does allow. */
static void more_slots_than_descriptors(struct process *server)
{
    if (suite_mode() == THRDSRV_MODE_INLINE)
        suite_skip("mode inline has one slot");
    if (process_is_wrapped())
        suite_skip("the wrapper keeps the limit of descriptors to itself");
    server->nofile = 40;
    process_start(server, "--slots=1000", NULL);
    process_log_wait(server, "level=warn msg=\"cannot reach all slots\" slots=1000 descriptors=40 "
                             "limit=RLIMIT_NOFILE");
    client_half_close(client_served(process_address(server)));
}

/* The same with tasks; and no line where they suffice. */
static void more_slots_than_tasks(struct process *server)
{
    if (suite_mode() == THRDSRV_MODE_INLINE)
        suite_skip("mode inline starts no workers");
    if (getuid() != 0)
        suite_skip("only root can run the server as a user that has nothing else running");
    server->uid = process_lonely_user();
    server->nproc = 3 * PROCESSES;
    process_start(server, "--slots=100", NULL);
    process_log_wait(server, "level=warn msg=\"cannot reach all slots\" slots=100 "
                             "reachable=35 limit=RLIMIT_NPROC tasks=36 needed=101");
    client_half_close(client_served(process_address(server)));
    process_renew(server);
    server->uid = process_lonely_user();
    server->nproc = 3 * PROCESSES;
    process_start(server, "--slots=20", NULL);
    process_log_wait(server, "msg=start");
    assert_int_equal(process_log_count(server, "msg=\"cannot reach all slots\""), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(more_slots_than_descriptors),
        CASE(more_slots_than_tasks),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("limits", cases, NULL, NULL);
}
