/* test_check - thrd check: it names the limit that is in the way, at a number of connections at
 * which the server really stops. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { DESCRIPTORS = 64, TASKS = 40, OUTPUT_SIZE = 16384 };

static char output[OUTPUT_SIZE];

/* What stands behind text in the output, as a number. */
static long number_behind(const char *text)
{
    const char *found = strstr(output, text);
    if (!found)
        suite_fail("no \"%s\" in:\n%s", text, output);
    return strtol(found + strlen(text), NULL, 10);
}

static void expect_contains(const char *part)
{
    if (!strstr(output, part))
        suite_fail("no \"%s\" in:\n%s", part, output);
}

static void expect_lines_fit(void)
{
    for (const char *line = output; *line != '\0'; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 100)
            suite_fail("longer than 100 columns: %.*s", (int)strcspn(line, "\n"), line);
}

/* "--mode=fork: 57 connections, then RLIMIT_NOFILE is in the way." */
static long check(struct process *thrd, const char *wall)
{
    char mode[32], told[80];
    snprintf(mode, sizeof mode, "--mode=%s", suite_mode_name());
    assert_int_equal(process_run(thrd, output, sizeof output, "check", mode, NULL), 0);
    expect_lines_fit();
    snprintf(told, sizeof told, "connections, then %s is in the way.", wall);
    expect_contains(told);
    snprintf(told, sizeof told, "%s: ", mode);
    return number_behind(told);
}

static void all_modes_are_told(struct process *thrd)
{
    assert_int_equal(process_run(thrd, output, sizeof output, "check", NULL), 0);
    expect_lines_fit();
    assert_true(number_behind("--mode=thread: ") > 10);
    if (WITH_FORK)
        assert_true(number_behind("--mode=fork: ") > 10);
    else
        expect_contains("This build has no mode fork.");
    expect_contains("kernel.pid_max");
    expect_contains("sysctl -w vm.max_map_count=");
    expect_contains("1000000  --slots");
    assert_string_equal(process_log_text(thrd), "");
}

/* A connection has a kernel stack at least, and less than a process that does nothing. */
static void memory_is_measured(struct process *thrd)
{
    if (process_is_wrapped() || suite_has_sanitizer())
        suite_skip("what is measured would be the tool's");
    char mode[32];
    snprintf(mode, sizeof mode, "--mode=%s", suite_mode_name());
    assert_int_equal(process_run(thrd, output, sizeof output, "check", mode, NULL), 0);
    expect_contains(" held connections");
    assert_in_range(number_behind("Memory of a connection: "), 5, 1000);
    double parts[4];
    const char *told = strstr(output, "Memory of a connection: ");
    assert_int_equal(sscanf(told,
                            "Memory of a connection: %lf KiB: process %lf, page tables %lf, "
                            "kernel %lf",
                            &parts[0], &parts[1], &parts[2], &parts[3]),
                     4);
    assert_true(fabs(parts[0] - parts[1] - parts[2] - parts[3]) < 0.25); /* each is rounded */
    /* A limit, as soon as it is known what each takes; above the slots that there can be it is
     * none. */
    if ((double)proc_meminfo_kib("MemAvailable") < 0.8 * THRDSRV_SLOTS_MAX * parts[0])
        expect_contains("  memory  ");
}

static void a_number_can_be_asked_for(struct process *thrd)
{
    assert_int_equal(process_run(thrd, output, sizeof output, "check", "--slots=10", NULL), 0);
    expect_contains("10 connections can be reached.");
    process_renew(thrd);
    thrd->nofile = DESCRIPTORS;
    assert_int_equal(process_run(thrd, output, sizeof output, "check", "--slots=1000", NULL), 3);
    expect_contains("1000 connections CANNOT be reached.");
    expect_contains("ulimit -Hn 1007, LimitNOFILE=1007");
    expect_lines_fit();
}

static void a_full_disk_is_no_success(struct process *thrd)
{
    thrd->stdout_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    process_command(thrd, "check", NULL);
    thrd->expect_exit = 1;
    assert_int_equal(process_wait_exit(thrd), 1);
    close(thrd->stdout_fd);
    assert_non_null(strstr(process_log_text(thrd), "cannot write to standard output"));
    process_fini(thrd);
    process_init(thrd);
}

/* ---- The walls are where they are told to be ------------------------------------------------- */

static void expect_near(long long real, long told)
{
    if (real * 10 < told * 9LL || real * 10 > told * 11LL)
        suite_fail("%ld connections were told, %lld there are", told, real);
}

static void the_wall_of_descriptors(struct process *thrd)
{
    char slots[32];
    if (process_is_wrapped())
        suite_skip("the wrapper keeps the limit of descriptors to itself");
    thrd->nofile = DESCRIPTORS;
    long told = check(thrd, "RLIMIT_NOFILE");
    char remedy[80]; /* for twice as many, each with a descriptor more */
    snprintf(remedy, sizeof remedy, "ulimit -Hn %ld, LimitNOFILE=%ld", DESCRIPTORS + told,
             DESCRIPTORS + told);
    expect_contains(remedy);
    process_renew(thrd);
    thrd->nofile = DESCRIPTORS;
    snprintf(slots, sizeof slots, "--slots=%ld", told * 3 / 2);
    process_start(thrd, slots, NULL);
    process_log_wait(thrd, "level=warn msg=\"cannot reach all slots\" limit=RLIMIT_NOFILE");
    process_log_wait(thrd, "msg=start"); /* for its line it has read /etc/localtime, once */
    for (long i = 0; i < told * 3 / 2; i++)
        client_connect(process_address(thrd));
    process_log_wait(thrd, "level=warn msg=\"accept failed\"");
    expect_near(process_counter(thrd, "active"), told);
}

/* A user of whom nobody else runs anything, so that the limit of tasks is this server's. */
static uid_t lonely_user(unsigned number)
{
    return (uid_t)(10000000 * (number + 1) + (unsigned)getpid());
}

static void the_wall_of_a_users_tasks(struct process *thrd)
{
    char slots[32];
    long served = 0;
    if (process_is_wrapped() || suite_has_thread_sanitizer())
        suite_skip("the tool has tasks of its own, or reports each that cannot be started");
    if (getuid() != 0)
        suite_skip("only root can run the server as a user that has nothing else running");
    thrd->uid = lonely_user(0);
    thrd->nproc = TASKS;
    long told = check(thrd, "RLIMIT_NPROC");
    process_renew(thrd);
    thrd->uid = lonely_user(1); /* the kernel may still count tasks of the first that have ended */
    thrd->nproc = TASKS;
    snprintf(slots, sizeof slots, "--slots=%ld", told * 3 / 2);
    process_start(thrd, slots, NULL);
    process_log_wait(thrd, "level=warn msg=\"cannot reach all slots\" limit=RLIMIT_NPROC tasks=40");
    while (served < told * 3 / 2 && client_try_echo(client_connect(process_address(thrd)), "ping"))
        served++;
    expect_near(served, told);
    process_log_wait(thrd, "level=warn msg=\"cannot start worker\"");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(all_modes_are_told),        CASE(memory_is_measured),
        CASE(a_number_can_be_asked_for), CASE(a_full_disk_is_no_success),
        CASE(the_wall_of_descriptors),   CASE(the_wall_of_a_users_tasks),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("check", cases, NULL, NULL);
}
