/* test_limits - what the system refuses: descriptors for new connections, threads and processes
 * to serve them. It costs those connections; the server stays calm and recovers. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { HELD = 60, WAITING = 20, WATCH_MS = 2000, PROCESSES = 12 };

static void set_descriptor_limit(struct process *server, rlim_t limit)
{
    struct rlimit now;
    assert_int_equal(prlimit(server->pid, RLIMIT_NOFILE, NULL, &now), 0);
    now.rlim_cur = limit != 0 ? limit : now.rlim_max;
    assert_int_equal(prlimit(server->pid, RLIMIT_NOFILE, &now, NULL), 0);
}

/* While it has no descriptors left, the server neither spins nor floods its log. */
static void watch_it_wait(struct process *server)
{
    size_t lines = process_log_count(server, "msg=\"accept failed\"");
    int64_t before = proc_cpu_ns(server->pid);
    let_pass(WATCH_MS);
    int64_t used_ms = (proc_cpu_ns(server->pid) - before) / 1000000;
    lines = process_log_count(server, "msg=\"accept failed\"") - lines;
    if (used_ms > allow_ms(WATCH_MS) * 2 / 100)
        suite_fail("%lld ms of processor time in %d ms", (long long)used_ms, WATCH_MS);
    if (lines > WATCH_MS / 1000 + 1)
        suite_fail("%zu lines in the log in %d ms", lines, WATCH_MS);
}

static void expect_served_soon(int *waiting)
{
    int64_t begin = now_ms();
    for (int i = 0; i < WAITING; i++)
        client_expect_text(waiting[i], "me too");
    int64_t took = now_ms() - begin;
    if (took > allow_ms(1000))
        suite_fail("%lld ms until those who waited are served", (long long)took);
}

/* Sixty clients hold all descriptors that there are, twenty more wait. Mode inline, which holds
 * one client at a time, has none for its first. */
static void out_of_descriptors(struct process *server)
{
    int held[HELD];
    int waiting[WAITING];
    bool inline_mode = suite_mode() == THRDSRV_MODE_INLINE;
    if (process_is_wrapped())
        suite_skip("the wrapper keeps the limit of descriptors to itself");
    process_start(server, "--slots=1000", "--handler=echo", NULL);
    for (int i = 0; i < HELD && !inline_mode; i++)
        held[i] = client_served(process_address(server));
    process_log_wait(server, "msg=start"); /* for its line it has read /etc/localtime, once */
    set_descriptor_limit(server, (rlim_t)proc_lowest_free_fd(server->pid));
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = client_connect(process_address(server));
        client_send_text(waiting[i], "me too");
        client_half_close(waiting[i]);
    }
    process_log_wait(server, "level=warn msg=\"accept failed\" action=pause");
    watch_it_wait(server);
    for (int i = 0; i < WAITING; i++)
        assert_false(client_has_news(waiting[i]));
    for (int i = 0; i < HELD && !inline_mode; i++)
        client_close(held[i]);
    if (inline_mode)
        set_descriptor_limit(server, 0);
    expect_served_soon(waiting);
    set_descriptor_limit(server, 0);
    assert_true(process_counter(server, "accept_errors_system") > 0);
    assert_int_equal(process_counter(server, "refused_full"), 0);
}

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
        CASE(out_of_descriptors),
        CASE(out_of_workers),
        CASE(more_slots_than_descriptors),
        CASE(more_slots_than_tasks),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("limits", cases, NULL, NULL);
}
