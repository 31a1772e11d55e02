/* child.h - a program that runs for us and never longer than we do: its start, its end and what it
 * said.
 *
 * It has a process group of its own, /dev/null for standard input and output, a file in memory for
 * stderr, the default disposition for every signal, and no other descriptor of ours.
 *
 * What makes it end:
 * - child_stop(), with all its descendants, wherever they have gone: we are the reaper of those
 * whose parents have ended (PR_SET_CHILD_SUBREAPER).
 * - Our own death of any kind, kill -9 too. The kernel then kills the program (PR_SET_PDEATHSIG)
 * and wakes a guardian, a process in the same group that does nothing else, which kills the group.
 *   Out of reach are then only descendants that have left the group (setsid(2), daemon(3)).
 * One thread, the same for all calls, because the kernel's "parent" is the thread that forked; and
 * in the meantime nobody else here waits for any child, or has one in another process group than
 * ours: that would pass for a descendant which has gone there. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

struct child {
    pid_t pid;      /* also its group's */
    pid_t guardian; /* see above */
    int log;        /* descriptor of the file that its stderr goes to */
};

#define CHILD_LINE_SIZE 200

/* Starts the program in the file path. ready_fd: a descriptor that it gets as its descriptor 3; -1:
 * none. Returns 0, or -1 with errno; a file that cannot be run is a program that ends with status
 * 127 and says why. */
int child_start(const char *path, char *const argv[], int ready_fd, struct child *child);

bool child_has_ended(const struct child *child);

/* Whether descendants of it live whose own parents have ended, as a daemon's have. */
bool child_has_orphans(const struct child *child);

/* How a child ended. */
struct child_end {
    bool was_over;   /* before it was asked to */
    int status;      /* as wait(2) tells it */
    pid_t left_over; /* a process that did not even end when it was killed, because it is another
                        user's or waits for a disk; 0: none */
};

/* SIGTERM to the group, up to grace_ms for all of it to end, SIGKILL for what is left and for what
 * has left the group. Waits for the end of all; where one cannot be killed, 5 s. *usage is what
 * they have used in all their life. */
void child_stop(struct child *child, int grace_ms, struct child_end *end, struct rusage *usage);

/* The last line that it wrote to stderr and that is not empty, without control characters; "" where
 * there is none. Also after child_stop(), until child_forget(), which closes the log. */
void child_last_line(const struct child *child, char line[CHILD_LINE_SIZE]);
void child_forget(struct child *child);

/* Internal to child*.c: makes us the reaper; how many children have been started and not stopped.
 */
void child_become_reaper(void);
unsigned child_count(int change);

#endif
