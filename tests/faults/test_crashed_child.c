/* test_crashed_child - a child crashes, and nobody else notices: the others go on exchanging bytes,
 * the slot comes back, new clients are served.
 *
 * 250 others by default, with THRD_SCALE=400 the whole thousand; one after another of ten victims
 * is given a SIGSEGV meanwhile. In mode thread this does not hold, and cannot: a fault in one
 * worker is the end of the process. That is what mode fork is for. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "crowd.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { OTHERS = 250, MOST_OTHERS = 1000, VICTIMS = 10, TALKS = 5, BETWEEN_US = 5000 };

static void need_descriptors(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < MOST_OTHERS + 100)
        suite_skip("the clients need %d descriptors; the hard limit is %llu (ulimit -Hn)",
                   MOST_OTHERS + 100, (unsigned long long)limit.rlim_max);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The signal of a fault, to one child after another, from a helper: the test talks meanwhile. */
static pid_t start_crashes(const pid_t *victims)
{
    pid_t helper = fork();
    assert_true(helper >= 0);
    if (helper != 0)
        return helper;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < VICTIMS; i++) {
        usleep(BETWEEN_US);
        kill(victims[i], SIGSEGV);
    }
    _exit(0);
}

static void nobody_else_notices(struct process *server)
{
    int fds[VICTIMS];
    pid_t victims[VICTIMS];
    size_t size = 4000;
    size_t count = scaled(OTHERS) < MOST_OTHERS ? scaled(OTHERS) : MOST_OTHERS;
    struct crowd others;
    need_descriptors();
    server->expect_crash = true;
    process_start(server, "--slots=1010", "--log=info", NULL);
    for (int i = 0; i < VICTIMS; i++)
        fds[i] = client_served(process_address(server));
    assert_int_equal(proc_children(server->pid, 0, victims, VICTIMS), VICTIMS);
    crowd_connect(&others, process_address(server), count);
    crowd_talk(&others, crowd_echo_script, &size);
    pid_t helper = start_crashes(victims);
    for (int i = 0; i < TALKS; i++)
        crowd_talk(&others, crowd_echo_script, &size); /* every byte is compared */
    assert_int_equal(waitpid(helper, NULL, 0), helper);
    for (int i = 0; i < VICTIMS; i++)
        client_wait_end(fds[i]);
    process_log_wait_count(server, "msg=end end=signal:11", VICTIMS);
    crowd_talk(&others, crowd_echo_script, &size);
    assert_int_equal(process_counter(server, "active"), count);
    for (int i = 0; i < VICTIMS; i++)
        client_leave(client_served(process_address(server)));
    crowd_leave(&others);
    crowd_end(&others);
    process_log_wait_count(server, "msg=end end=eof", count + VICTIMS);
    print_message("%zu others, %d crashes\n", count, VICTIMS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(nobody_else_notices),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("crashed_child", cases, NULL, NULL);
}
