/* write_all.c - write(2) until all is written; see write_all.h. */
#include "cli/write_all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t size)
{
    const char *next = data;
    while (size > 0) {
        ssize_t count = write(fd, next, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        next += count;
        size -= (size_t)count;
    }
    return 0;
}
