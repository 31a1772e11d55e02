/* write_all.h - write(2) until all is written.
 *
 * Called by filter.c and ready.c; any thread; blocks as write(2) does, also where the
 * descriptor is non-blocking. */
#ifndef THRD_CLI_WRITE_ALL_H
#define THRD_CLI_WRITE_ALL_H

#include <stddef.h>

/* One write(2), and more only after EINTR, EAGAIN or a short count. Returns 0, or -1 with errno. */
int write_all(int fd, const void *data, size_t size);

#endif
