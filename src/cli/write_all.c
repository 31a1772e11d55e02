/* write_all.c - write(2) until all is written; see write_all.h. */
#include "cli/write_all.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t size)
{
    const char *next = data;
    while (size > 0) {
        ssize_t count = write(fd, next, size);
        if (count >= 0) {
            next += count;
            size -= (size_t)count;
            continue;
        }
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (errno == EAGAIN && poll(&wait, 1, -1) >= 0)
            continue;
        if (errno != EINTR)
            return -1;
    }
    return 0;
}
