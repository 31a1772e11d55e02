/* regulars - clients who come, exchange a few bytes, leave, and come again at once, in a process
 * each, while the test does something else. */
#ifndef SUPPORT_REGULARS_H
#define SUPPORT_REGULARS_H

#include <stdbool.h>
#include <sys/types.h>

enum { REGULARS = 4 };

struct regulars {
    pid_t pids[REGULARS];
    struct regulars_counts *counts; /* shared with them */
};

/* What became of their connections. */
struct regulars_result {
    unsigned long made;
    unsigned long refused;
    unsigned long reset;
    unsigned long wrong; /* bytes that are missing or others */
};

/* until_refused: each stays away when it has been refused; otherwise it comes again. */
struct regulars regulars_start(const char *address, bool until_refused);

/* Waits until they have made so many connections more. */
void regulars_wait_made(const struct regulars *regulars, unsigned long more);

/* Waits until each has been refused. */
void regulars_wait_refused(const struct regulars *regulars);

/* Ends them; they are free to finish what they have begun. */
struct regulars_result regulars_stop(struct regulars *regulars);

#endif
