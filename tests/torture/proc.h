/* proc.h - what a process holds, as /proc tells it. */
#ifndef TORTURE_PROC_H
#define TORTURE_PROC_H

#include <sys/types.h>

/* How many entries /proc/PID/WHAT has; -1: there is no such process. */
int proc_count(pid_t pid, const char *what);

/* Children of all its threads, zombies too; -1: the kernel does not tell. */
int proc_children(pid_t pid);

#endif
