/* patience - no test waits for ever: what it waits for has a name, and a time.
 *
 * All times are multiplied by the environment's THRD_TIMEOUT_FACTOR (default 1): tools that look
 * for races are slow. */
#ifndef SUPPORT_PATIENCE_H
#define SUPPORT_PATIENCE_H

#include <stdint.h>

/* Milliseconds on CLOCK_MONOTONIC. */
int64_t now_ms(void);

/* How long something may take that usually takes no time, in milliseconds: 30 s. */
int patience_ms(void);

/* What the program does from here on; what is a string literal, NULL: nothing any more. If it is
 * still at it after 120 s, the program says so and ends with status 1, by SIGALRM. Call it first in
 * main(), before any thread is there, and whenever something else begins. */
void doing(const char *what);

/* Ends the program with status 1 and this message on stderr. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails, with the text of the condition, unless it holds. */
#define must(condition)                                                                            \
    ((condition) ? (void)0 : fail("%s:%d: not so: %s", __FILE__, __LINE__, #condition))

#endif
