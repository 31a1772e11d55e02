/* wakeup.c - see wakeup.h. */
#include "server/wakeup.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thrdsrv/error.h>

#include "server/descriptor.h"

int wakeup_open(void)
{
    int fd = descriptor_above_standard(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    return fd >= 0 ? fd : THRDSRV_E_SYSTEM;
}

/* write(2) rather than eventfd_write(3): POSIX lists it as async-signal-safe. The only error
 * besides EINTR is EAGAIN, when 2^64 - 2 wake-ups are pending: then the loop wakes anyway. */
void wakeup_send(int fd)
{
    int kept = errno;
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
    errno = kept;
}

void wakeup_clear(int fd)
{
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        continue;
}
