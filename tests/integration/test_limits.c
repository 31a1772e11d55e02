/* test_limits - what the system refuses: threads and processes to serve new connections. It costs
 * those connections; the server stays calm and recovers. And what is said about it at the start. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "process_log.h"
#include "suite.h"

enum { PROCESSES = 12 };

static bool wrapper_reports_failed_calls(void)
{
    const char *wrapper = getenv("THRD_WRAPPER");
    return wrapper != NULL && (strstr(wrapper, "helgrind") || strstr(wrapper, "drd"));
}

/* A user of whom nobody else runs anything, so that the limit of processes is this server's. */
static uid_t lonely_user(void)
{
    return (uid_t)(100000 + getpid());
}

/* Connects until a client is refused. Returns how many are served. */
static size_t fill(struct process *server, int *held, size_t max)
{
    size_t count = 0;
    while (count < max) {
        int fd = client_connect(process_address(server));
        if (!client_try_echo(fd, "ping")) {
            client_close(fd);
            break;
        }
        held[count++] = fd;
    }
    return count;
}

static void expect_refusals(struct process *server, int count)
{
    int64_t quickest = INT64_MAX;
    for (int i = 0; i < count; i++) {
        int64_t begin = now_ms();
        int fd = client_connect(process_address(server));
        client_wait_end(fd);
        int64_t took = now_ms() - begin;
        quickest = took < quickest ? took : quickest;
        client_close(fd);
    }
    assert_true(quickest < allow_ms(100));
}

/* The worker cannot be started: that one client sees the end at once, nobody else notices, and
 * nothing is lost by it. */
static void out_of_workers(struct process *server)
{
    enum { REFUSALS = 10 };
    int held[PROCESSES];
    if (suite_mode() == THRDSRV_MODE_INLINE)
        suite_skip("mode inline starts no workers");
    if (suite_mode() == THRDSRV_MODE_THREAD && wrapper_reports_failed_calls())
        suite_skip("Helgrind and DRD report each pthread_create that fails");
    if (getuid() != 0)
        suite_skip("only root can run the server as a user that has nothing else running");
    server->uid = lonely_user();
    server->nproc = PROCESSES;
    process_start(server, NULL);
    size_t count = fill(server, held, PROCESSES);
    assert_in_range(count, 2, PROCESSES - 1);
    process_log_wait(server, "level=warn msg=\"cannot start worker\"");
    struct process_baseline full = process_baseline(server);
    expect_refusals(server, REFUSALS);
    process_wait_counter(server, "spawn_failures", REFUSALS + 1);
    process_wait_baseline(server, full);
    assert_int_equal(process_counter(server, "active"), count);
    assert_true(process_log_count(server, "msg=\"cannot start worker\"") <= 3);
    for (size_t i = 0; i < count; i++)
        client_echo(held[i], "still here");
    client_leave(held[0]);
    process_log_wait(server, "msg=end conn=1 end=eof");
    process_wait_counter(server, "active", (long long)count - 1);
    /* The kernel may take a moment longer to count a thread out than to end it. */
    int64_t deadline = patience();
    while (!client_try_echo(client_connect(process_address(server)), "again"))
        if (!look_again(deadline))
            suite_fail("nobody is served after a worker has ended");
}

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
    server->uid = lonely_user();
    server->nproc = 3 * PROCESSES;
    process_start(server, "--slots=100", NULL);
    process_log_wait(server, "level=warn msg=\"cannot reach all slots\" slots=100 "
                             "reachable=35 limit=RLIMIT_NPROC tasks=36 needed=101");
    client_half_close(client_served(process_address(server)));
    process_renew(server);
    server->uid = lonely_user();
    server->nproc = 3 * PROCESSES;
    process_start(server, "--slots=20", NULL);
    process_log_wait(server, "msg=start");
    assert_int_equal(process_log_count(server, "msg=\"cannot reach all slots\""), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(out_of_workers),
        CASE(more_slots_than_descriptors),
        CASE(more_slots_than_tasks),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("limits", cases, NULL, NULL);
}
