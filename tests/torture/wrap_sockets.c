/* wrap_sockets.c - sockets, and waiting for them. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "wrap.h"

WRAP(CALL_BIND, int, -1, bind, (int fd, const struct sockaddr *address, socklen_t length),
     (fd, address, length))
WRAP(CALL_CONNECT, int, -1, connect, (int fd, const struct sockaddr *address, socklen_t length),
     (fd, address, length))
WRAP(CALL_EPOLL_CREATE1, int, -1, epoll_create1, (int flags), (flags))
WRAP(CALL_EVENTFD, int, -1, eventfd, (unsigned value, int flags), (value, flags))
WRAP(CALL_GETPEERNAME, int, -1, getpeername, (int fd, struct sockaddr *address, socklen_t *length),
     (fd, address, length))
WRAP(CALL_GETSOCKNAME, int, -1, getsockname, (int fd, struct sockaddr *address, socklen_t *length),
     (fd, address, length))
WRAP(CALL_GETSOCKOPT, int, -1, getsockopt,
     (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size))
WRAP(CALL_POLL, int, -1, poll, (struct pollfd * fds, nfds_t count, int timeout),
     (fds, count, timeout))
WRAP(CALL_SENDTO, ssize_t, -1, sendto,
     (int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
      socklen_t length),
     (fd, data, size, flags, to, length))
WRAP(CALL_SETSOCKOPT, int, -1, setsockopt,
     (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
WRAP(CALL_SHUTDOWN, int, -1, shutdown, (int fd, int how), (fd, how))
WRAP(CALL_SOCKET, int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))

int torture_accept4(int fd, struct sockaddr *from, socklen_t *length, int flags);
int torture_accept4(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
    if (fault_strikes(CALL_ACCEPT4))
        return -1;
    if (fault_planted(PLANT_HANG)) {
        errno = EAGAIN;
        return -1;
    }
    return accept4(fd, from, length, flags);
}

int torture_listen(int fd, int backlog);
int torture_listen(int fd, int backlog)
{
    if (fault_strikes(CALL_LISTEN))
        return -1;
    int result = listen(fd, backlog);
    if (result == 0)
        fault_note_listener(fd);
    return result;
}

int torture_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int torture_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (operation == EPOLL_CTL_DEL) {
        const struct variant *variant = fault_of(CALL_EPOLL_DEL);
        int result = epoll_ctl(epoll, operation, fd, event);
        if (!variant)
            return result;
        errno = variant->error;
        return -1;
    }
    if (fault_strikes(operation == EPOLL_CTL_ADD ? CALL_EPOLL_ADD : CALL_EPOLL_MOD))
        return -1;
    return epoll_ctl(epoll, operation, fd, event);
}

int torture_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout);
int torture_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
    fault_note_turn();
    return fault_strikes(CALL_EPOLL_WAIT) ? -1 : epoll_wait(epoll, events, count, timeout);
}

ssize_t torture_recv(int fd, void *data, size_t size, int flags);
ssize_t torture_recv(int fd, void *data, size_t size, int flags)
{
    const struct variant *variant = fault_of(CALL_RECV);
    if (variant && variant->way == WAY_ERROR) {
        errno = variant->error;
        return -1;
    }
    return recv(fd, data, fault_size(variant, size), flags);
}

ssize_t torture_send(int fd, const void *data, size_t size, int flags);
ssize_t torture_send(int fd, const void *data, size_t size, int flags)
{
    static const char foreign[] = "what another client has said";
    const struct variant *variant = fault_of(CALL_SEND);
    if (variant && variant->way == WAY_ERROR) {
        errno = variant->error;
        return -1;
    }
    if (fault_planted(PLANT_DROP)) {
        errno = ECONNRESET;
        return -1;
    }
    if (fault_planted(PLANT_FOREIGN) && size > sizeof foreign)
        return send(fd, foreign, sizeof foreign, flags);
    return send(fd, data, fault_size(variant, size), flags);
}
