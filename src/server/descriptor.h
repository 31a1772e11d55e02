/* descriptor.h - keeps descriptors of ours away from 0, 1 and 2. Any thread; does not block.
 *
 * A host program that runs with its standard streams closed would get them from the kernel for our
 * sockets; then a child, which keeps 0, 1 and 2, would keep a listener open, and whoever prints
 * would write to a client. */
#ifndef SERVER_DESCRIPTOR_H
#define SERVER_DESCRIPTOR_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Takes fd, which may be -1 from a call that failed. Returns it, or a close-on-exec duplicate of it
 * above 2, or -1 with errno; in the end only the returned one is open. */
static inline int descriptor_above_standard(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int above = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int kept = errno;
    close(fd);
    errno = kept;
    return above;
}

#endif
