/* logfmt.h - reads lines of key=value pairs, as the library writes them.
 *
 * Values with spaces and the like stand between double quotes, with \", \\ and \xNN in them. A line
 * that was cut is read as far as it goes.
 * Called by the files of thrd status; pure, any thread. */
#ifndef THRD_CLI_LOGFMT_H
#define THRD_CLI_LOGFMT_H

#include <stdbool.h>

struct logfmt_pair {
    const char *key;
    char *value; /* without quotes and backslashes */
};

/* Takes the next pair off *text, a line without its newline, and moves it behind that; false at the
 * end. Works where the text lies: it is changed, and *pair points into it. A word that is no pair
 * is left out. */
bool logfmt_next(char **text, struct logfmt_pair *pair);

#endif
