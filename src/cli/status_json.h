/* status_json.h - an answer of a control socket as one JSON document in one line.
 *
 * Members have the names of the log: {"server": {…}, "slots": [{…}, …], "counters": {…}}. Times are
 * numbers of seconds, all other numbers are whole; "listen" is a list. What the server does not
 * tell is not there.
 * Called by status.c, on the main thread. */
#ifndef THRD_CLI_STATUS_JSON_H
#define THRD_CLI_STATUS_JSON_H

#include <stdio.h>

#include "cli/status_lines.h"

/* Uses the lines up. Errors are the stream's: ferror(). */
void status_json_write(FILE *stream, const struct status_lines *lines);

#endif
