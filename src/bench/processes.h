/* processes.h - the processes of this machine and who descends from whom.
 *
 * What it does: reads /proc/PID/stat of all processes, which takes some 15 ms for a thousand; most
 * kernels have a list of a process's children, but not all.
 * What it does not do: lock. A process may end, and its number be another's, before one looks
 * again. Any thread. */
#ifndef BENCH_PROCESSES_H
#define BENCH_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bench/proc_file.h"

struct process_entry {
    struct proc_stat stat;
    bool has_children; /* set by processes_descendants() */
};

struct processes {
    struct process_entry *all; /* by rising pid */
    size_t count;
};

/* Fills in list, which is the caller's to processes_free(). Returns 0, or -1 with errno and an
 * empty list. */
int processes_list(struct processes *list);

/* The same, only the process and its descendants, zombies among them; none where it is gone. */
int processes_descendants(pid_t pid, struct processes *list);

void processes_free(struct processes *list);

/* One process. False: it is gone. */
bool processes_look(pid_t pid, struct proc_stat *stat);

#endif
