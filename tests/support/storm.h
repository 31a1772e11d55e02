/* storm - signals at a steady rate to a process, all its threads and its children, from a helper
 * process, while the test does something else. */
#ifndef SUPPORT_STORM_H
#define SUPPORT_STORM_H

#include <sys/types.h>

/* Starts it: every millisecond one round of signals that must change nothing: SIGURG and SIGCONT
 * to every task of the process and to its children, SIGSTOP with SIGCONT to the process (which
 * interrupts system calls that no handler would), and now and then SIGUSR1, which has a handler.
 * The helper dies with the test program. */
struct storm {
    pid_t helper;
    pid_t target;
};
struct storm storm_start(pid_t target);

/* Ends it, leaves nobody stopped, and returns how many rounds there were. */
unsigned storm_stop(struct storm storm);

#endif
