/* stop_clock - see stop_clock.h. */
#include "stop_clock.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "patience.h"
#include "proc_fs.h"

enum { LATE_MS = 100, NAP_US = 1000, USUAL_US = 1500, NAPS_BETWEEN_LOOKS = 4, TASKS = 128 };

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Without taking its status. */
static bool has_ended(const struct process *server)
{
    siginfo_t status = {.si_pid = 0};
    return waitid(P_PID, (id_t)server->pid, &status, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           status.si_pid == server->pid;
}

/* A task of the server, or a child. */
struct task {
    pid_t pid;
    pid_t tid;
    int64_t waited_ns; /* before the stop */
    int64_t latest_ns;
};

struct tasks {
    struct task all[TASKS];
    size_t count;
};

static void add_task(struct tasks *tasks, pid_t pid, pid_t tid)
{
    int64_t waited_ns = proc_waited_ns(pid, tid);
    if (waited_ns >= 0)
        tasks->all[tasks->count++] = (struct task){pid, tid, waited_ns, waited_ns};
}

static void find_tasks(struct tasks *tasks, pid_t server)
{
    pid_t ids[TASKS / 2];
    tasks->count = 0;
    add_task(tasks, server, server);
    size_t count = proc_tasks(server, ids, TASKS / 2 - 1);
    for (size_t i = 0; i < count; i++)
        if (ids[i] != server)
            add_task(tasks, server, ids[i]);
    count = proc_children(server, 0, ids, TASKS / 2);
    for (size_t i = 0; i < count && i < TASKS / 2; i++)
        add_task(tasks, ids[i], ids[i]);
}

/* Those that have gone keep what they were last seen with. */
static void look_at_tasks(struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++) {
        struct task *task = &tasks->all[i];
        int64_t waited_ns = proc_waited_ns(task->pid, task->tid);
        task->latest_ns = waited_ns > task->latest_ns ? waited_ns : task->latest_ns;
    }
}

static int64_t held_up_us(const struct tasks *tasks)
{
    int64_t sum_ns = 0;
    for (size_t i = 0; i < tasks->count; i++)
        sum_ns += tasks->all[i].latest_ns - tasks->all[i].waited_ns;
    return sum_ns / 1000;
}

struct stop_time stop_clock(struct process *server)
{
    struct stop_time time = {0};
    struct tasks tasks;
    int64_t deadline = patience();
    find_tasks(&tasks, server->pid);
    process_signal(server, SIGTERM);
    int64_t begin = now_us();
    int64_t last = begin;
    for (unsigned naps = 0; !has_ended(server) && time_left(deadline) > 0; naps++) {
        if (naps % NAPS_BETWEEN_LOOKS == 0)
            look_at_tasks(&tasks);
        nanosleep(&(struct timespec){.tv_nsec = NAP_US * 1000}, NULL);
        int64_t napped_us = now_us() - last;
        time.held_up_us += napped_us > USUAL_US ? napped_us - NAP_US : 0;
        last += napped_us;
    }
    time.took_us = last - begin;
    look_at_tasks(&tasks); /* the main thread's last, for it has not been waited for */
    time.held_up_us += held_up_us(&tasks);
    int status = process_wait_exit(server);
    assert_true(status == 0 || status == 3);
    server->expect_exit = status;
    return time;
}

bool stop_clock_in_time(struct stop_time time, int64_t drain_ms)
{
    return time.took_us <= (drain_ms + allow_ms(LATE_MS)) * 1000 + time.held_up_us;
}

void stop_clock_check(struct stop_time time, int64_t drain_ms)
{
    if (!stop_clock_in_time(time, drain_ms))
        suite_fail("%lld us from SIGTERM to the end with a drain of %lld ms (and %lld us during "
                   "which it was held up)",
                   (long long)time.took_us, (long long)drain_ms, (long long)time.held_up_us);
}
