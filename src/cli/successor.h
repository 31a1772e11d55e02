/* successor.h - the process that is to serve after this one: the same program file, as it is by
 * then, with the same arguments and our sockets.
 *
 * What it does: starts it, waits for its ready line, says why it does not come.
 * What it does not do: when that is to happen, and what comes of it, is restart.c's. Of our
 * descriptors the new process gets 0, 1, 2, the listeners and a pipe for its ready line; its
 * signals are as ours were at the start. Its half is in takeover.c.
 * Called by restart.c, on its thread but for successor_remember(). */
#ifndef THRD_CLI_SUCCESSOR_H
#define THRD_CLI_SUCCESSOR_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/takeover.h"

struct successor {
    int fds[TAKEOVER_LISTENERS_MAX + 1]; /* listeners, then the control socket; copies of our own,
                                            none of them below lowest_fd */
    int lowest_fd; /* above all the numbers that the new process has them under */
    size_t listeners;
    bool with_control;
    bool alone;    /* nobody but us accepts at those of TCP */
    sigset_t mask; /* of its signals */
    pid_t pid;
    int ready; /* read end of the pipe */
};

/* At the start of the program, main thread: the file that we were started from, and arguments that
 * stay. */
void successor_remember(char *argv[]);

/* That file, for the log; NULL: it is not known. */
const char *successor_program(void);

/* Starts it and closes fds. Returns 0 or an errno. */
int successor_start(struct successor *successor);

/* Waits until it is ready, for ms at most, or until *go_on is false. Returns NULL, or what was
 * wrong instead, in buf; then the process has been killed and reaped. */
const char *successor_wait(struct successor *successor, int64_t ms, bool (*go_on)(void), char *buf,
                           size_t size);

/* Ends it, whatever it does. Returns its status as of waitpid(2). */
int successor_kill(struct successor *successor);

/* Gives back what was not started. */
void successor_close_fds(struct successor *successor);

#endif
