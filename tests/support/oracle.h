/* oracle - what a service must answer: its handler run alone, without server and sockets. */
#ifndef SUPPORT_ORACLE_H
#define SUPPORT_ORACLE_H

#include <stddef.h>
#include <stdint.h>

struct reply {
    unsigned char *data; /* malloc'ed: the caller's */
    size_t size;
};

/* The handler's answer to this input and the end of input after it, at most limit bytes of it (0:
 * all). unix_time is the moment that the handler is told. */
struct reply oracle_reply(const char *handler, const void *input, size_t size, size_t limit,
                          int64_t unix_time);

#endif
