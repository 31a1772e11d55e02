/* test_25_connect_and_close - class 25: clients that connect and are gone at once, very many of
 * them. Something is kept for each, until there is nothing left.
 *
 * Seen in: CVE-2021-42075.
 * Here: 100,000 connections (20,000 in mode fork) that are reset before the server has said
 * anything, most of them before it accepts. Afterwards descriptors and tasks are what they were,
 * all slots serve, and resident memory has grown by no more than 256 KiB since the first tenth. */
#include "clients.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { SLOTS = 4, ALLOWED_KIB = 256 };

static void connect_and_reset(struct process *server, size_t count)
{
    for (size_t i = 0; i < count; i++)
        client_reset(client_connect(process_address(server)));
}

static void expect_all_slots_back(struct process *server, struct process_baseline before)
{
    int fds[SLOTS];
    size_t count = suite_mode() == THRDSRV_MODE_INLINE ? 1 : SLOTS;
    process_wait_counter(server, "active", 0);
    process_wait_baseline(server, before);
    for (size_t i = 0; i < count; i++)
        fds[i] = client_served(process_address(server));
    for (size_t i = 0; i < count; i++)
        client_leave(fds[i]);
}

static void connect_and_reset_costs_nothing(struct process *server)
{
    size_t all = suite_mode() == THRDSRV_MODE_FORK ? 20000 : 100000;
    size_t count = scaled(all) < all ? scaled(all) : all;
    process_start(server, "--slots=4", "--park=10ms", "--log=notice", NULL);
    struct process_baseline before = process_baseline(server);
    connect_and_reset(server, count / 10);
    process_wait_counter(server, "active", 0);
    process_wait_baseline(server, before);
    int64_t rss = proc_rss_kib(server->pid);
    connect_and_reset(server, count - count / 10);
    expect_all_slots_back(server, before);
    int64_t growth = proc_rss_kib(server->pid) - rss;
    if (growth > ALLOWED_KIB && !suite_has_sanitizer() && !process_is_wrapped())
        suite_fail("%lld KiB more memory after %zu connections", (long long)growth, count);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(connect_and_reset_costs_nothing),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("25_connect_and_close", cases, NULL, NULL);
}
