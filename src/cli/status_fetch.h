/* status_fetch.h - asks a server at its control socket what it is about.
 *
 * What it does: connects, reads up to the end, within a few seconds. The answer is lines of logfmt,
 * the counters last; one that was cut off on its way is no answer.
 * What it does not do: it does not look into the lines.
 * Called by status_command.c, on the main thread; blocks. */
#ifndef THRD_CLI_STATUS_FETCH_H
#define THRD_CLI_STATUS_FETCH_H

#include <stdbool.h>

/* What can go wrong, besides what errno says. */
enum status_fetch {
    STATUS_FETCHED = 0,
    STATUS_NO_SERVER, /* errno is connect(2)'s: nobody is there, or we may not ask */
    STATUS_REFUSED,   /* it says nothing: it is another user's, or ends */
    STATUS_CUT,       /* only the beginning of an answer came */
    STATUS_LATE,      /* nothing came in time: it is stopped, or others ask and do not read */
    STATUS_FAILED,    /* errno says why */
};

/* On STATUS_FETCHED *text is the caller's to free(): a string of lines, each with its newline. */
enum status_fetch status_fetch(const char *path, char **text);

/* Whether somebody listens there, as far as can be told: a socket file may be left of a server that
 * was killed. */
bool status_fetch_is_alive(const char *path);

#endif
