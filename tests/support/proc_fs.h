/* proc_fs - what /proc tells about the server under test, its tasks and its children. */
#ifndef SUPPORT_PROC_FS_H
#define SUPPORT_PROC_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Open descriptors and tasks (threads) of a process; -1 where it is gone. */
int proc_count_fds(pid_t pid);
int proc_count_tasks(pid_t pid);

/* Those tasks that do not already leave: pthread_join(3) returns when a thread has left our memory,
 * and on a busy machine the kernel shows it for a moment longer. */
int proc_count_live_tasks(pid_t pid);

/* The numbers of the tasks of a process. Returns how many were stored, at most max. */
size_t proc_tasks(pid_t pid, pid_t *tids, size_t max);

/* The children of a process that are in the given state, a letter as in proc(5), or in any state
 * for 0. Returns how many there are; stores at most max of them (pids may be NULL for max 0). */
size_t proc_children(pid_t pid, char state, pid_t *pids, size_t max);

/* The state of a process: a letter as in proc(5), 0 where it is gone. */
char proc_state(pid_t pid);

/* The first line of /proc/PID/FILE without its newline, e.g. "comm", "task/17/comm"; NUL bytes
 * (in "cmdline") become spaces. "" where there is none. Returns buf. */
char *proc_line(pid_t pid, const char *file, char *buf, size_t size);

/* Where descriptor fd of the process leads to, as readlink(2) tells it; false: it is not open. */
bool proc_fd_target(pid_t pid, int fd, char *buf, size_t size);

/* The number that the next descriptor of the process will get. */
int proc_lowest_free_fd(pid_t pid);

/* Processor time that a process has used so far, all its threads together, in nanoseconds. */
int64_t proc_cpu_ns(pid_t pid);

/* How long a task of a process was ready to run and did not, because others did, in nanoseconds;
 * and how often it then ran. Returns false where it is gone, or the kernel does not tell. */
struct proc_waits {
    int64_t ns;
    int64_t times;
};
bool proc_waits(pid_t pid, pid_t tid, struct proc_waits *waits);

/* Memory of a process that is resident now, and its address space, in KiB. */
int64_t proc_rss_kib(pid_t pid);
int64_t proc_space_kib(pid_t pid);

/* A field of /proc/meminfo, e.g. "MemAvailable", in KiB; 0 where there is none. */
int64_t proc_meminfo_kib(const char *field);

/* The number in a file such as /proc/sys/kernel/pid_max; fallback where there is none. */
int64_t proc_number(const char *path, int64_t fallback);

#endif
