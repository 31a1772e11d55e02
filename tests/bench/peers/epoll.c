/* epoll.c PORT - echo, one thread and level-triggered epoll: a peer for ci/bench-peers.
 *
 * Stands for the leanest event loop that there can be: no timers, no state for a connection, one
 * buffer for all. Where the peer takes no more, the connection is made blocking and all others
 * wait. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "listening.h"

enum { EVENTS = 512, BUFFER_SIZE = 65536 };

static int epoll;

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void accept_all(int listener)
{
    int on = 1;
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(fd);
    }
}

static void echo(int fd)
{
    static char buffer[BUFFER_SIZE];
    ssize_t size = recv(fd, buffer, sizeof buffer, 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0) {
        close(fd);
        return;
    }
    for (ssize_t sent = 0; sent < size;) {
        ssize_t more = send(fd, buffer + sent, (size_t)(size - sent), MSG_NOSIGNAL);
        if (more >= 0) {
            sent += more;
        } else if (errno == EAGAIN) {
            fcntl(fd, F_SETFL, 0);
        } else {
            close(fd);
            return;
        }
    }
}

int main(int argc, char *argv[])
{
    struct epoll_event events[EVENTS];
    int listener = listen_at(address_of(argc, argv), SOCK_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);
    epoll = epoll_create1(0);
    watch(listener);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all(listener);
            else
                echo(events[i].data.fd);
        }
    }
}
