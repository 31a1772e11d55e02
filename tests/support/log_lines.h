/* log_lines - finds lines and values in the server's log (logfmt: key=value ..., values in double
 * quotes where they hold spaces, = or quotes). */
#ifndef SUPPORT_LOG_LINES_H
#define SUPPORT_LOG_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether every word of the pattern ("msg=end conn=17") is a word of the line, in any order.
 * Quotes keep what they enclose in one word, in both: msg="accept failed". */
bool log_line_matches(const char *line, const char *pattern);

/* The value of a key in a line, without its quotes (backslashes stay). Returns buf, or NULL when
 * the line has no such key or the value does not fit. */
char *log_line_value(const char *line, const char *key, char *buf, size_t size);

/* The value as a number; -1 when the line has no such key. */
long long log_line_number(const char *line, const char *key);

/* A time as the server writes it, e.g. the value of age or seconds: "12.345s", "12.345". */
double log_line_seconds(const char *line, const char *key);

#endif
