/* planted_server - see planted_server.h. */
#include "planted_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "patience.h"

/* A server that cannot be made is the machine's fault, and no case can go on. */
static int need(int result, const char *what)
{
    if (result >= 0)
        return result;
    perror(what);
    abort();
}

static void watch(struct planted_server *server, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    need(epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void note_source(struct planted_server *server, const struct sockaddr_storage *source)
{
    struct sockaddr_in address;
    if (source->ss_family != AF_INET)
        return;
    memcpy(&address, source, sizeof address);
    unsigned last = ntohl(address.sin_addr.s_addr) & 255;
    atomic_fetch_or(&server->sources[last / 64], UINT64_C(1) << last % 64);
}

static void let_in(struct planted_server *server)
{
    const int on = 1;
    struct sockaddr_storage source;
    socklen_t length = sizeof source;
    int fd = accept4(server->listener, (struct sockaddr *)&source, &length, SOCK_CLOEXEC);
    if (fd < 0)
        return; /* the client has gone again */
    if (fd >= PLANTED_CLIENTS_MAX)
        need(-1, "too many clients of a planted server");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    note_source(server, &source);
    struct planted_client *client = &server->clients[fd];
    *client = (struct planted_client){server, fd, 0, atomic_fetch_add(&server->accepted, 1)};
    atomic_fetch_add(&server->open, 1);
    watch(server, fd);
    server->answer(client, (const unsigned char *)"", 0);
}

static void hear(struct planted_client *client)
{
    static _Thread_local unsigned char buffer[65536];
    ssize_t size = recv(client->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) {
        client->received += (uint64_t)size;
        client->server->bytes += (uint64_t)size;
        client->server->answer(client, buffer, (size_t)size);
    } else if (size == 0 || errno != EAGAIN) {
        planted_close(client);
    }
}

static void *serve(void *argument)
{
    struct planted_server *server = argument;
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(server->epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == server->stop)
                return NULL;
            if (fd == server->listener)
                let_in(server);
            else if (server->clients[fd].fd == fd)
                hear(&server->clients[fd]);
        }
    }
}

static socklen_t loopback(int family, struct sockaddr_storage *address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    if (family == AF_INET6) {
        memcpy(address, &v6, sizeof v6);
        return sizeof v6;
    }
    memcpy(address, &v4, sizeof v4);
    return sizeof v4;
}

/* Signals are for the test's thread. */
static void start_thread(struct planted_server *server)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    need(-pthread_create(&server->thread, NULL, serve, server), "pthread_create");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void planted_server_start(struct planted_server *server, int family, planted_answer *answer,
                          void *context)
{
    memset(server, 0, sizeof *server);
    for (int i = 0; i < PLANTED_CLIENTS_MAX; i++)
        server->clients[i].fd = -1;
    server->answer = answer;
    server->context = context;
    server->started_ms = now_ms();
    server->address_length = loopback(family, &server->address);
    server->listener =
        need(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
    need(bind(server->listener, (struct sockaddr *)&server->address, server->address_length),
         "bind");
    need(listen(server->listener, 1024), "listen");
    server->address_length = sizeof server->address;
    getsockname(server->listener, (struct sockaddr *)&server->address, &server->address_length);
    server->epoll = need(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    server->stop = need(eventfd(0, EFD_CLOEXEC), "eventfd");
    watch(server, server->listener);
    watch(server, server->stop);
    start_thread(server);
}

void planted_server_stop(struct planted_server *server)
{
    eventfd_write(server->stop, 1);
    pthread_join(server->thread, NULL);
    for (int i = 0; i < PLANTED_CLIENTS_MAX; i++) {
        if (server->clients[i].fd >= 0)
            planted_close(&server->clients[i]);
    }
    close(server->listener);
    close(server->stop);
    close(server->epoll);
}

void planted_send(struct planted_client *client, const void *data, size_t size)
{
    const unsigned char *next = data;
    while (size > 0 && client->fd >= 0) {
        /* Not a blocking send: it would not see the server's end. */
        ssize_t sent = send(client->fd, next, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd wait[2] = {{client->fd, POLLOUT, 0}, {client->server->stop, POLLIN, 0}};
            poll(wait, 2, -1);
            if (wait[1].revents)
                return;
            continue;
        }
        if (sent < 0)
            return;
        next += sent;
        size -= (size_t)sent;
    }
}

void planted_close(struct planted_client *client)
{
    int fd = client->fd;
    client->fd = -1;
    close(fd);
    atomic_fetch_sub(&client->server->open, 1);
}

void planted_reset(struct planted_client *client)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    planted_close(client);
}

void planted_echo(struct planted_client *client, const unsigned char *data, size_t size)
{
    planted_send(client, data, size);
}
