/* test_26_unjoined_threads - class 26: threads that are neither joined nor detached. Each keeps its
 * stack when it has ended, until no more can be made; children that are not reaped do the same with
 * their numbers.
 *
 * Seen in: tpm2-tss #222.
 * Here: 40,000 connections in turn through one slot, so that every use of it has a last one before.
 * Afterwards descriptors and tasks are what they were; since the first tenth, resident memory has
 * grown by no more than 256 KiB and the address space by no more than 260 MiB: malloc(3) reserves
 * 64 for a thread that finds another one at it, whereas the stacks of 10,000 threads are 2,500.
 * With threads that stay for the next connection, and with one for each: there it is 10,000, and
 * 5,000 with children. */
#include <stdio.h>

#include "clients.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { ALLOWED_RESIDENT_KIB = 256, ALLOWED_SPACE_KIB = 260 * 1024 };

static void converse_in_turn(struct process *server, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "%zu", i);
        int fd = client_connect(process_address(server));
        client_echo(fd, text);
        client_leave(fd);
    }
}

static void in_turn(struct process *server, const char *park, size_t count)
{
    process_start(server, "--slots=1", "--log=notice", park, NULL);
    struct process_baseline before = process_baseline(server);
    converse_in_turn(server, count / 10);
    int64_t resident = proc_rss_kib(server->pid);
    int64_t space = proc_space_kib(server->pid);
    converse_in_turn(server, count - count / 10);
    process_wait_counter(server, "served", (long long)count);
    assert_int_equal(process_counter(server, "peak"), 1);
    process_wait_baseline(server, before);
    resident = proc_rss_kib(server->pid) - resident;
    space = proc_space_kib(server->pid) - space;
    if (suite_has_sanitizer() || process_is_wrapped())
        return; /* the memory is the tool's */
    if (resident > ALLOWED_RESIDENT_KIB)
        suite_fail("%lld KiB more memory after %zu connections", (long long)resident, count);
    if (space > ALLOWED_SPACE_KIB)
        suite_fail("%lld KiB more address space after %zu connections", (long long)space, count);
}

static void through_one_slot(struct process *server)
{
    if (suite_mode() == THRDSRV_MODE_FORK)
        suite_skip("children do not stay, so this is the other case");
    in_turn(server, "--park=1s", scaled(40000));
}

static void through_one_slot_with_a_worker_each(struct process *server)
{
    in_turn(server, "--park=off", scaled(suite_mode() == THRDSRV_MODE_FORK ? 5000 : 10000));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(through_one_slot),
        CASE(through_one_slot_with_a_worker_each),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("26_unjoined_threads", cases, NULL, NULL);
}
