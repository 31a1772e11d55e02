/* test_crowd - as many clients at once as one machine is asked for: ten thousand in mode thread,
 * five thousand in mode fork, held, then all of them talking, then gone.
 *
 * Skipped, with the reason, where a limit of this machine is lower. */
#include <stdio.h>
#include <sys/resource.h>

#include "clients.h"
#include "crowd.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

/* RESERVE: what is needed beyond one of each for every client. AT_ONCE: connections that wait to
 * be accepted, fewer than any system's backlog (net.core.somaxconn) holds. */
enum { RESERVE = 1000, AT_ONCE = 500 };

static size_t crowd_size(void)
{
    if (suite_has_thread_sanitizer()) /* whose runtime knows 8,128 threads at most */
        return scaled(2000);
    return scaled(suite_mode() == THRDSRV_MODE_FORK ? 5000 : 10000);
}

/* Descriptors here and in the server, which inherits the limit. */
static void need_descriptors(size_t count)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < count + RESERVE)
        suite_skip("%zu clients need as many descriptors; the hard limit is %llu (ulimit -Hn)",
                   count, (unsigned long long)limit.rlim_max);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void need_number(const char *path, size_t count)
{
    int64_t value = proc_number(path, INT64_MAX);
    if (value < (int64_t)(count + RESERVE))
        suite_skip("%zu clients are too many for %s = %lld", count, path, (long long)value);
}

static void need_memory(size_t count)
{
    /* Socket buffers, and of a worker its stacks and tables; measured, and rounded up. */
    int64_t kib_each = suite_mode() == THRDSRV_MODE_FORK ? 500 : 100;
    int64_t available = proc_meminfo_kib("MemAvailable");
    if (available != 0 && available < (int64_t)count * kib_each)
        suite_skip("%zu clients need %lld MiB of memory; %lld are available", count,
                   (long long)count * kib_each / 1024, (long long)available / 1024);
}

static void need_ports(size_t count)
{
    unsigned first = 0;
    unsigned last = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    if (file == NULL || fscanf(file, "%u %u", &first, &last) != 2)
        last = 65535;
    if (file != NULL)
        fclose(file);
    if (last - first < count + RESERVE)
        suite_skip("%zu clients need as many ports; there are %u (ip_local_port_range)", count,
                   last - first + 1);
}

static void held_then_all_echoed(struct process *server)
{
    char slots[32];
    size_t size = 64;
    size_t count = crowd_size();
    struct crowd crowd;
    need_descriptors(count);
    need_number("/proc/sys/kernel/pid_max", count);
    need_number("/proc/sys/kernel/threads-max", count);
    need_number("/sys/fs/cgroup/pids.max", count);
    need_memory(count);
    need_ports(count);
    snprintf(slots, sizeof slots, "--slots=%zu", count);
    process_start(server, slots, "--log=notice", "--when-full=close", NULL);
    struct process_baseline before = process_baseline(server);
    crowd_gather(&crowd, process_address(server), count, AT_ONCE, crowd_echo_script, &size);
    assert_int_equal(process_counter(server, "active"), count);
    crowd_talk(&crowd, crowd_echo_script, &size);
    crowd_leave(&crowd);
    crowd_end(&crowd);
    process_wait_counter(server, "served", (long long)count);
    assert_int_equal(process_counter(server, "peak"), count);
    assert_int_equal(process_counter(server, "refused_full"), 0);
    assert_int_equal(process_counter(server, "spawn_failures"), 0);
    process_wait_baseline(server, before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(held_then_all_echoed),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("crowd", cases, NULL, NULL);
}
