/* child_stop.c - the end of a child with all its descendants; see child.h. */
#include "bench/child.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/processes.h"
#include "client/monotonic.h"

/* How long a process that has been killed may take to end: it may be writing to a slow disk. */
#define KILLED_WAIT_MS 5000

#define FIRST_PAUSE_US 200
#define LAST_PAUSE_US  20000

/* Longer every time: most processes end at once, and the others need not be asked so often. False,
 * without a pause, when the deadline has passed. */
static bool pause_until(int64_t deadline, long *pause_us)
{
    if (monotonic_ms() >= deadline)
        return false;
    const struct timespec pause = {.tv_nsec = *pause_us * 1000};
    nanosleep(&pause, NULL);
    *pause_us = *pause_us * 2 > LAST_PAUSE_US ? LAST_PAUSE_US : *pause_us * 2;
    return true;
}

void child_become_reaper(void)
{
    struct sigaction action;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    /* Who ignores it does not learn how its children end. */
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
}

unsigned child_count(int change)
{
    static unsigned count;
    count += (unsigned)change;
    return count;
}

/* ---- Waiting ----------------------------------------------------------------------------- */

static void add_time(struct timeval *sum, const struct timeval *more)
{
    sum->tv_sec += more->tv_sec;
    sum->tv_usec += more->tv_usec;
    sum->tv_sec += sum->tv_usec / 1000000;
    sum->tv_usec %= 1000000;
}

static void add_usage(struct rusage *sum, const struct rusage *more)
{
    add_time(&sum->ru_utime, &more->ru_utime);
    add_time(&sum->ru_stime, &more->ru_stime);
    sum->ru_maxrss = more->ru_maxrss > sum->ru_maxrss ? more->ru_maxrss : sum->ru_maxrss;
    sum->ru_minflt += more->ru_minflt;
    sum->ru_majflt += more->ru_majflt;
    sum->ru_inblock += more->ru_inblock;
    sum->ru_oublock += more->ru_oublock;
    sum->ru_nvcsw += more->ru_nvcsw;
    sum->ru_nivcsw += more->ru_nivcsw;
}

/* Waits for a child (pid), or for all in a group (-pid), and adds up what they used. False: the
 * deadline has passed first. */
static bool reap(pid_t which, int64_t deadline, struct rusage *sum, int *status)
{
    long pause_us = FIRST_PAUSE_US;
    for (;;) {
        struct rusage usage;
        pid_t pid = wait4(which, status, WNOHANG, &usage);
        if (pid > 0)
            add_usage(sum, &usage);
        else if (pid < 0 && errno != EINTR)
            return true; /* there is none, or none any more */
        else if (!pause_until(deadline, &pause_us))
            return false;
        if (pid > 0 && which > 0)
            return true;
    }
}

/* Whether any process of the group but the guardian is still at work. */
static bool group_is_alive(const struct child *child)
{
    struct processes list;
    bool is_alive = false;
    if (processes_list(&list) < 0)
        return false; /* then the group is killed without having been waited for */
    for (size_t i = 0; i < list.count; i++) {
        const struct proc_stat *process = &list.all[i].stat;
        if (process->group == child->pid && process->pid != child->guardian &&
            process->state != 'Z')
            is_alive = true;
    }
    processes_free(&list);
    return is_alive;
}

static void wait_for_group(const struct child *child, int64_t deadline)
{
    long pause_us = FIRST_PAUSE_US;
    while ((!child_has_ended(child) || group_is_alive(child)) && pause_until(deadline, &pause_us))
        continue;
}

/* ---- Those who have left the group --------------------------------------------------------- */

/* A child of ours that we have not forked, because it is in another group than we are. Once its
 * parents have ended, every descendant that has left the group is such a one. 0: there is none. */
static pid_t find_stray(void)
{
    struct processes list;
    pid_t stray = 0;
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || processes_list(&list) < 0)
        return 0; /* no child of any kind: the usual case */
    for (size_t i = 0; i < list.count && stray == 0; i++) {
        const struct proc_stat *process = &list.all[i].stat;
        if (process->parent == getpid() && process->group != getpgrp())
            stray = process->pid;
    }
    processes_free(&list);
    return stray;
}

/* We are the reaper, so they are our children now. */
bool child_has_orphans(const struct child *child)
{
    struct processes list;
    bool has_one = false;
    if (processes_list(&list) < 0)
        return false;
    for (size_t i = 0; i < list.count && !has_one; i++) {
        const struct proc_stat *process = &list.all[i].stat;
        has_one = process->parent == getpid() && process->group != getpgrp() &&
                  process->pid != child->pid && process->pid != child->guardian &&
                  process->state != 'Z';
    }
    processes_free(&list);
    return has_one;
}

/* Each leaves us its children. Returns one that cannot be ended, or 0. */
static pid_t end_strays(int64_t deadline, struct rusage *usage)
{
    int status;
    for (pid_t stray = find_stray(); stray != 0; stray = find_stray()) {
        kill(stray, SIGKILL);
        if (!reap(stray, deadline, usage, &status))
            return stray;
    }
    return 0;
}

/* ---- All of it --------------------------------------------------------------------------- */

static void end_guardian(const struct child *child)
{
    kill(child->guardian, SIGKILL);
    while (waitpid(child->guardian, NULL, 0) < 0 && errno == EINTR)
        continue;
}

void child_stop(struct child *child, int grace_ms, struct child_end *end, struct rusage *usage)
{
    int status;
    *end = (struct child_end){.was_over = child_has_ended(child)};
    *usage = (struct rusage){0};
    /* As long as we have not waited for it, its number is nobody else's, nor is its group's. */
    kill(-child->pid, SIGTERM);
    wait_for_group(child, monotonic_ms() + grace_ms);
    kill(-child->pid, SIGKILL);
    end_guardian(child);
    int64_t deadline = monotonic_ms() + KILLED_WAIT_MS;
    if (!reap(child->pid, deadline, usage, &end->status) ||
        !reap(-child->pid, deadline, usage, &status))
        end->left_over = child->pid;
    if (child_count(-1) == 0 && end->left_over == 0)
        end->left_over = end_strays(deadline, usage);
}
