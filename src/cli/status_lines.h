/* status_lines.h - an answer of a control socket, taken apart into its lines.
 *
 * What it does: finds the line of the server, those of the slots, and the counters. Lines of other
 * kinds, which a newer server may send, are left out.
 * What it does not do: it does not read the pairs of a line (logfmt.h).
 * Called by the files of thrd status, on the main thread. */
#ifndef THRD_CLI_STATUS_LINES_H
#define THRD_CLI_STATUS_LINES_H

#include <stddef.h>

/* Each is a string behind its msg=…; "" where there was none. */
struct status_lines {
    char *server;
    char *counters;
    char **slots;
    size_t slot_count;
};

/* Takes the text apart where it lies, which must live as long as *lines. Returns 0, or -1 where
 * there is no memory. */
int status_lines_init(struct status_lines *lines, char *text);
void status_lines_fini(struct status_lines *lines);

#endif
