/* support/guard_buffer.h - memory with a forbidden page on both sides.
 *
 * A byte read or written beyond either end is a SIGSEGV at once, without any sanitizer, and for
 * vector loads and libc functions too. */
#ifndef SUPPORT_GUARD_BUFFER_H
#define SUPPORT_GUARD_BUFFER_H

#include <stddef.h>

struct guard_buffer {
    unsigned char *start; /* the byte before it is forbidden */
    unsigned char *end;   /* this byte and the page behind it are forbidden */
};

/* Maps at least size bytes, rounded up to pages. Fails the running test if it cannot. */
void guard_buffer_init(struct guard_buffer *buffer, size_t size);

void guard_buffer_fini(struct guard_buffer *buffer);

/* The last size bytes: they end where the forbidden page begins. */
unsigned char *guard_buffer_tail(const struct guard_buffer *buffer, size_t size);

#endif
