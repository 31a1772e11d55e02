/* invariant.h - a condition that only a fault in this library can break.
 *
 * Checked in every build: a slot table that is wrong would hand one client's bytes to another, so
 * going on is worse than ending. Nothing that a client or the host program does can fail one. */
#ifndef SERVER_INVARIANT_H
#define SERVER_INVARIANT_H

#include <stdio.h>
#include <stdlib.h>

#define INVARIANT(condition)                                                                       \
    ((condition) ? (void)0 : invariant_failed(#condition, __FILE__, __LINE__))

static inline _Noreturn void invariant_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "thrdsrv: broken invariant: %s (%s:%d); please report this\n", condition, file,
            line);
    abort();
}

#endif
