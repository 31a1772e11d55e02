/* check_log.h - reads the log of a server under test. */
#ifndef TORTURE_CHECK_LOG_H
#define TORTURE_CHECK_LOG_H

#include <stdbool.h>

/* What the last lines of a log tell. */
struct log_end {
    bool has_stopped; /* the lines "counters" and "stop" are there */
    bool gave_up;     /* a line of level error is there */
    unsigned long long accepted, active, served, refused, failed, cut;
};

void check_log_end(const char *log, struct log_end *end);

/* The first line that is none of the server's, or that it should not have had to say: warnings and
 * errors where nothing has failed. said: messages that may be there in any case, or NULL. NULL:
 * there is none. The text is valid until the next call. */
const char *check_log_strange(const char *log, const char *said, bool has_failed);

#endif
