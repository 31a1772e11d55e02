/* test_18_memory_after_peak - class 18: memory that a peak has taken is not given back, or a little
 * is lost with each connection.
 *
 * Seen in: JDK-8312182.
 * Here: resident memory of the server (mode fork: of the parent) after a peak of 400 clients that
 * move 100,000 bytes each is within 1 MiB of what it was before, and further peaks add nothing. In
 * mode thread it is 5 MiB: glibc keeps 40 MiB of stacks for the next threads, 160 of our size with
 * 24 KiB in each, however high the peak was, which took 30 MiB. And over many connections its slope
 * is 0: over the last three quarters of them it grows by no more than 256 KiB, where a thread more
 * than ever before may have been, in mode fork 64 KiB. 20,000 connections by default, 2,000 in mode
 * fork; THRD_SCALE=5000 is the whole million, where 256 KiB are a third of a byte each. Threads
 * that stay parked, and none that do. */
#include <stdio.h>

#include "clients.h"
#include "crowd.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { PEAK = 400, PEAKS = 3, WINDOWS = 8, WARM_UP = 2 };
enum {
    PEAK_KIB = 1024,
    STACK_CACHE_KIB = 4096,
    FURTHER_PEAKS_KIB = 512,
    SLOPE_KIB = 256,
    SLOPE_FORK_KIB = 64
};

static void need_own_memory(void)
{
    if (suite_has_sanitizer() || process_is_wrapped())
        suite_skip("the memory is the tool's");
}

/* Returns the resident memory, in KiB, while all are there. */
static int64_t one_peak(struct process *server, size_t *size, struct process_baseline idle)
{
    struct crowd crowd;
    crowd_connect(&crowd, process_address(server), PEAK);
    crowd_talk(&crowd, crowd_echo_script, size);
    int64_t held = proc_rss_kib(server->pid);
    crowd_leave(&crowd);
    crowd_end(&crowd);
    process_wait_baseline(server, idle); /* those that were parked have gone, too */
    return held;
}

static void peaks(struct process *server, const char *park)
{
    size_t size = 100000;
    int64_t after[PEAKS];
    int64_t held = 0;
    need_own_memory();
    process_start(server, "--slots=400", "--log=notice", park, NULL);
    struct process_baseline idle = process_baseline(server);
    client_leave(client_served(process_address(server)));
    process_wait_counter(server, "served", 1);
    process_wait_baseline(server, idle);
    int64_t before = proc_rss_kib(server->pid);
    for (int i = 0; i < PEAKS; i++) {
        held = one_peak(server, &size, idle);
        after[i] = proc_rss_kib(server->pid);
    }
    print_message("%lld KiB before, %lld, %lld and %lld after a peak of %lld\n", (long long)before,
                  (long long)after[0], (long long)after[1], (long long)after[2], (long long)held);
    int64_t allowed = PEAK_KIB + (suite_mode() == THRDSRV_MODE_THREAD ? STACK_CACHE_KIB : 0);
    if (after[0] - before > allowed || after[PEAKS - 1] - after[0] > FURTHER_PEAKS_KIB)
        suite_fail("memory stays taken after a peak");
}

static void a_peak_of_threads_that_go(struct process *server)
{
    peaks(server, "--park=off");
}

static void a_peak_of_threads_that_stay_a_while(struct process *server)
{
    peaks(server, "--park=50ms");
}

static void slope(struct process *server, const char *park)
{
    size_t size = 1000;
    int64_t rss[WINDOWS];
    size_t each = scaled(suite_mode() == THRDSRV_MODE_FORK ? 2000 : 20000) / WINDOWS;
    need_own_memory();
    process_start(server, "--slots=16", "--log=notice", park, NULL);
    for (int i = 0; i < WINDOWS; i++) {
        crowd_churn(process_address(server), each > 0 ? each : 1, 16, crowd_echo_script, &size);
        process_wait_counter(server, "active", 0);
        rss[i] = proc_rss_kib(server->pid);
    }
    int64_t growth = rss[WINDOWS - 1] - rss[WARM_UP - 1];
    print_message("%lld KiB more after %zu connections\n", (long long)growth,
                  each * (WINDOWS - WARM_UP));
    if (growth > (suite_mode() == THRDSRV_MODE_FORK ? SLOPE_FORK_KIB : SLOPE_KIB))
        suite_fail("memory grows with the connections");
}

static void slope_with_threads_that_go(struct process *server)
{
    slope(server, "--park=off");
}

static void slope_with_threads_that_stay(struct process *server)
{
    slope(server, "--park=1d");
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest for_threads[] = {
        CASE(a_peak_of_threads_that_go),
        CASE(a_peak_of_threads_that_stay_a_while),
        CASE(slope_with_threads_that_go),
        CASE(slope_with_threads_that_stay),
    };
    const struct CMUnitTest for_children[] = {
        CASE(a_peak_of_threads_that_go),
        CASE(slope_with_threads_that_go),
    };
    if (suite_mode() == THRDSRV_MODE_FORK)
        return cmocka_run_group_tests_name("18_memory_after_peak", for_children, NULL, NULL);
    return cmocka_run_group_tests_name("18_memory_after_peak", for_threads, NULL, NULL);
}
