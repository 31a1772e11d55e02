/* limits_read.h - the limits of this machine as they are now.
 *
 * What it does: asks the system, /proc and the control groups. A limit that cannot be read is
 * LIMITS_UNKNOWN; one that does not bind this process (a privileged one may have any number of
 * tasks) is LIMITS_NONE.
 * What it does not do: it changes nothing, and keeps no descriptor open.
 * Called by check.c, and by reach.c at every start: some 200 us. */
#ifndef THRD_CLI_LIMITS_READ_H
#define THRD_CLI_LIMITS_READ_H

#include <stddef.h>

#include "cli/limits.h"

/* For a server of our own with so many listeners. wanted: how many connections are asked for; what
 * takes long to count (the tasks of one user) is not counted where even all tasks of the machine
 * would leave room for them. LIMITS_NONE: count. */
void limits_read(struct limits *limits, size_t listeners, int64_t wanted);

#endif
