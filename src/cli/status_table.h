/* status_table.h - an answer of a control socket as people read it: a head, the counters, a table
 * of the slots in use.
 *
 * What it does: chooses columns that fit, makes short numbers with units, sorts.
 * What it does not do: it knows no terminal.
 * Called by status.c, on the main thread. */
#ifndef THRD_CLI_STATUS_TABLE_H
#define THRD_CLI_STATUS_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "cli/status_lines.h"

/* What comes first: the lowest number of a slot, or the most of all else. */
enum status_order {
    STATUS_BY_SLOT = 0,
    STATUS_BY_AGE,
    STATUS_BY_IDLE,
    STATUS_BY_BYTES, /* in and out */
    STATUS_BY_CPU,
};

struct status_layout {
    size_t width;  /* columns of a line; 0: any number */
    size_t height; /* lines of all; 0: any number */
    enum status_order order;
};

/* Uses the lines up. Returns 0, or -1 where there is no memory. Errors of the stream are its own:
 * ferror(). */
int status_table_write(FILE *stream, const struct status_lines *lines,
                       const struct status_layout *layout);

#endif
