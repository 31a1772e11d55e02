/* descriptor.h - small things that several files do with descriptors. Any thread; does not block.
 */
#ifndef SERVER_DESCRIPTOR_H
#define SERVER_DESCRIPTOR_H

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* close(2) on the way out of a failure, whose errno is kept. */
static inline void descriptor_discard(int fd)
{
    int kept = errno;
    close(fd);
    errno = kept;
}

/* The value of a socket option of level SOL_SOCKET that is a number of 0 or more; -1 where fd is no
 * socket, or one that does not know it. */
static inline int descriptor_socket_option(int fd, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

/* Keeps descriptors of ours away from 0, 1 and 2: a host program that runs with its standard
 * streams closed would get them from the kernel for our sockets; then a child, which keeps 0, 1 and
 * 2, would keep a listener open, and whoever prints would write to a client.
 *
 * Takes fd, which may be -1 from a call that failed. Returns it, or a close-on-exec duplicate of it
 * above 2, or -1 with errno; in the end only the returned one is open. */
static inline int descriptor_above_standard(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int above = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    descriptor_discard(fd);
    return above;
}

#endif
