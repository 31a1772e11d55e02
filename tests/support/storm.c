/* storm - see storm.h. */
#include "storm.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"
#include "proc_fs.h"
#include "suite.h"

enum { TASKS = 256, DUMP_EVERY = 50, CHILDREN_EVERY = 20 };

static unsigned *rounds; /* shared with the helper */

static void signal_tasks(pid_t target)
{
    pid_t tids[TASKS];
    size_t count = proc_tasks(target, tids, TASKS);
    for (size_t i = 0; i < count; i++) {
        syscall(SYS_tgkill, target, tids[i], SIGURG);
        syscall(SYS_tgkill, target, tids[i], SIGCONT);
    }
}

static void signal_children(pid_t target)
{
    pid_t pids[TASKS];
    size_t count = proc_children(target, 0, pids, TASKS);
    for (size_t i = 0; i < count && i < TASKS; i++) {
        kill(pids[i], SIGURG);
        kill(pids[i], SIGSTOP);
        kill(pids[i], SIGCONT);
    }
}

static _Noreturn void be_the_storm(pid_t target)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        signal_tasks(target);
        kill(target, SIGSTOP);
        kill(target, SIGCONT);
        if (*rounds % CHILDREN_EVERY == 0)
            signal_children(target);
        if (*rounds % DUMP_EVERY == 0)
            kill(target, SIGUSR1);
        ++*rounds;
        let_pass(1);
    }
}

struct storm storm_start(pid_t target)
{
    rounds = mmap(NULL, sizeof *rounds, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(rounds != MAP_FAILED);
    pid_t helper = fork();
    if (helper == 0)
        be_the_storm(target);
    assert_true(helper > 0);
    return (struct storm){.helper = helper, .target = target};
}

static void continue_children(pid_t target)
{
    pid_t pids[TASKS];
    size_t count = proc_children(target, 0, pids, TASKS);
    for (size_t i = 0; i < count && i < TASKS; i++)
        kill(pids[i], SIGCONT);
}

unsigned storm_stop(struct storm storm)
{
    kill(storm.helper, SIGKILL);
    waitpid(storm.helper, NULL, 0);
    kill(storm.target, SIGCONT);
    continue_children(storm.target);
    unsigned count = *rounds;
    munmap(rounds, sizeof *rounds);
    return count;
}
