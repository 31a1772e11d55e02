/* test_05_zombies - class 5: children that have ended are not waited for, or not all of them where
 * many end at once, and stay as zombies until there is no process to be had.
 *
 * Seen in: tcpdump #972.
 * Here: 1,000 children end at once. Within 1 s the server has no child left, whatever its state;
 * the slots are free. The same where the system has no pidfd to tell of a child's end. */
#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clients.h"
#include "crowd.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"
#include "wrap_syscall.h"

enum { CHILDREN = 1000, GONE_MS = 1000 };

/* Fails where one is left after the time; those in state Z are zombies, the others still run. */
static void expect_no_children(pid_t parent)
{
    int64_t limit = now_ms() + allow_ms(GONE_MS);
    while (proc_children(parent, 0, NULL, 0) > 0 && look_again(limit))
        continue;
    size_t zombies = proc_children(parent, 'Z', NULL, 0);
    size_t all = proc_children(parent, 0, NULL, 0);
    if (all > 0)
        suite_fail("%zu children are left after a second, %zu of them zombies", all, zombies);
}

static void all_are_waited_for(struct process *server)
{
    size_t size = 100;
    size_t count = scaled(CHILDREN);
    struct crowd crowd;
    process_start(server, "--slots=1000", NULL);
    crowd_connect(&crowd, process_address(server), count);
    crowd_talk(&crowd, crowd_echo_script, &size);
    assert_int_equal(proc_children(server->pid, 0, NULL, 0), count);
    crowd_leave(&crowd);
    crowd_end(&crowd);
    expect_no_children(server->pid);
    process_log_wait_count(server, "msg=end end=eof", count);
    process_wait_counter(server, "active", 0);
}

/* ---- Without pidfds ---------------------------------------------------------------------- */

static atomic_bool without_pidfd;
static atomic_uint refused;

static long system_call(long number, const long arguments[6])
{
    if (number == SYS_pidfd_open && without_pidfd) {
        refused++;
        errno = ENOSYS;
        return -1;
    }
    return real_system_call(number, arguments);
}

static void all_are_waited_for_without_pidfds(struct embedded *e)
{
    size_t size = 100;
    size_t count = scaled(CHILDREN / 5);
    struct crowd crowd;
    without_pidfd = true;
    e->config.slots = CHILDREN;
    embedded_start(e);
    crowd_connect(&crowd, e->address, count);
    crowd_talk(&crowd, crowd_echo_script, &size);
    crowd_leave(&crowd);
    crowd_end(&crowd);
    expect_no_children(getpid());
    embedded_wait_idle(e);
    without_pidfd = false;
    assert_int_equal(refused, count);
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        CASE(all_are_waited_for),
        EMBEDDED_CASE(all_are_waited_for_without_pidfds),
    };
    return cmocka_run_group_tests_name("05_zombies", cases, NULL, NULL);
}
