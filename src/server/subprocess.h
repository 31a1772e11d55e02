/* subprocess.h - a child process of ours, by a pidfd, so that neither a signal nor a wait meets a
 * number that is another process's by now: in a host that ignores SIGCHLD, or waits for any child,
 * somebody else may have reaped it.
 *
 * Where a pidfd cannot be had (Valgrind, short of descriptors) the number has to do. No locks, and
 * nothing blocks but subprocess_has_ended(). */
#ifndef SERVER_SUBPROCESS_H
#define SERVER_SUBPROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* All zero but pidfd, which is -1: none. */
struct subprocess {
    pid_t pid;
    int pidfd; /* -1: the system gave none, */
    bool gone; /* because the process had been reaped before we looked */
};

/* Of a child that has just been made. */
struct subprocess subprocess_of(pid_t pid);

/* Sends the signal; nothing where the process is gone. Async-signal-safe. */
void subprocess_signal(const struct subprocess *process, int number);

/* As subprocess_signal(), for all that is in the group that the process leads, where the kernel can
 * do that without a number (Linux 6.9); else for the process alone. */
void subprocess_signal_group(const struct subprocess *process, int number);

enum subprocess_wait {
    SUBPROCESS_POLL, /* returns at once */
    SUBPROCESS_WAIT, /* blocks until it has ended */
};

/* Returns whether it has ended, and then how, and what it has used, in status and usage; si_pid is
 * 0 where somebody else has reaped it. reap: it is no more, and its number may come again. */
bool subprocess_has_ended(const struct subprocess *process, enum subprocess_wait wait, bool reap,
                          siginfo_t *status, struct rusage *usage);

/* Closes the pidfd. */
void subprocess_forget(struct subprocess *process);

#endif
