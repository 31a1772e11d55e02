/* test_02_out_of_descriptors - class 2: accept(2) fails with EMFILE or ENFILE, the connection stays
 * in the backlog, and the server tries again at once, for ever, with a line in its log each time.
 *
 * Seen in: bun #32705, libmicrohttpd.
 * Here: 60 clients hold all descriptors that there are, and 20 more wait. For 2 s the server may
 * use 2 % of a processor and write a line a second; the 20 are served within 1 s after the 60 have
 * gone, and none of them is lost. */
#include <sys/resource.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { HELD = 60, WAITING = 20, WATCH_MS = 2000 };

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

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(out_of_descriptors),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("02_out_of_descriptors", cases, NULL, NULL);
}
