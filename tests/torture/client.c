/* client.c - the clients of a server under test: see play.h. They are part of the driver, so none
 * of their calls fails but for what the server does. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "play.h"

static socklen_t address_of(struct play *play, unsigned listener, struct sockaddr_storage *address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int family = play->port ? AF_INET : play->control->listener[listener].family;
    unsigned port = play->port ? play->port : play->control->listener[listener].port;
    memset(address, 0, sizeof *address);
    if (family == AF_UNIX) {
        strcpy(un.sun_path, play->path);
        memcpy(address, &un, sizeof un);
        return sizeof un;
    }
    if (family == AF_INET6) {
        v6.sin6_port = htons((in_port_t)port);
        memcpy(address, &v6, sizeof v6);
        return sizeof v6;
    }
    v4.sin_port = htons((in_port_t)port);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(address, &v4, sizeof v4);
    return sizeof v4;
}

/* On loopback a connection is there at once; a full backlog would be another matter. */
static int dial(struct play *play, unsigned listener)
{
    struct sockaddr_storage address;
    socklen_t length = address_of(play, listener, &address);
    int low = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd = fcntl(low, F_DUPFD_CLOEXEC, 20);
    close(low);
    if (connect(fd, (struct sockaddr *)&address, length) < 0) {
        int kept = errno;
        close(fd);
        errno = kept;
        return -1;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

static int add(struct play *play, int fd)
{
    if (play->client_count == CLIENTS_MAX)
        abort();
    if (fd < 0) {
        if (!play_may_lose(play))
            play_violation(play, "a client cannot connect: %s", strerror(errno));
        return -1;
    }
    play->clients[play->client_count] = fd;
    play->exchanges[play->client_count] = 0;
    return (int)play->client_count++;
}

int client_open_at(struct play *play, unsigned listener)
{
    return add(play, dial(play, listener));
}

/* A start may have gone through several listeners before it had one to stay with. */
int client_open(struct play *play)
{
    unsigned count = atomic_load(&play->control->listeners);
    int fd = dial(play, 0);
    for (unsigned i = 1; fd < 0 && i < count && i < LISTENERS_MAX; i++)
        fd = dial(play, i);
    return add(play, fd);
}

/* ---- Exchanges ----------------------------------------------------------------------------- */

/* What a client says and hears in one exchange. The tag is the client's number. */
struct exchange {
    const struct service *service;
    unsigned tag, number;
    char asked[ASK_MAX];
    size_t to_say, said;
    char heard[HEARD_MAX];
    size_t size;
};

static struct exchange exchange;

static void begin(struct play *play, int client)
{
    exchange.service = play->point->scenario->service;
    exchange.tag = (unsigned)client;
    exchange.number = play->exchanges[client]++;
    exchange.to_say = exchange.service->ask(exchange.asked, exchange.tag, exchange.number);
    exchange.said = exchange.size = 0;
}

static bool say(int fd)
{
    ssize_t count = send(fd, exchange.asked + exchange.said, exchange.to_say - exchange.said,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0)
        exchange.said += (size_t)count;
    return count >= 0 || errno == EAGAIN;
}

/* 1: heard something; 0: the end, or a reset; -1: nothing there. */
static int hear(int fd)
{
    ssize_t count =
        recv(fd, exchange.heard + exchange.size, HEARD_MAX - exchange.size, MSG_DONTWAIT);
    if (count > 0)
        exchange.size += (size_t)count;
    if (count < 0 && errno == EAGAIN)
        return -1;
    return count > 0;
}

static enum heard judge(bool *all)
{
    *all = false;
    return exchange.service->is_right(exchange.heard, exchange.size, exchange.tag, exchange.number,
                                      all)
               ? HEARD_PART
               : HEARD_WRONG;
}

static enum heard listen_to(struct play *play, int fd, unsigned limit_ms)
{
    for (bool all;;) {
        if (judge(&all) == HEARD_WRONG)
            return HEARD_WRONG;
        if (all && exchange.said == exchange.to_say && !exchange.service->ends)
            return HEARD_ALL;
        bool speaks = exchange.said < exchange.to_say;
        short events = play_poll(play, fd, speaks ? POLLIN | POLLOUT : POLLIN, limit_ms);
        if (events == 0)
            return HEARD_LATE;
        if (events & POLLOUT && speaks && !say(fd))
            return HEARD_PART;
        int result = events & (POLLIN | POLLHUP | POLLERR) ? hear(fd) : -1;
        if (result == 0)
            return all && exchange.service->ends ? HEARD_ALL : HEARD_PART;
    }
}

enum heard client_talk_within(struct play *play, int client, unsigned limit_ms)
{
    if (client < 0)
        return HEARD_PART;
    begin(play, client);
    return listen_to(play, play->clients[client], limit_ms);
}

enum heard client_talk(struct play *play, int client)
{
    return client_talk_within(play, client, PATIENCE_MS);
}

void client_must_talk(struct play *play, int client)
{
    switch (client_talk(play, client)) {
    case HEARD_ALL:
        break;
    case HEARD_PART:
        if (!play_may_lose(play))
            play_violation(play,
                           "client %d got %zu bytes, and then the end, though nothing was to "
                           "be lost",
                           client, exchange.size);
        break;
    case HEARD_WRONG:
        play_violation(play, "client %d got other bytes than its own: '%.80s'", client,
                       exchange.heard);
        break;
    case HEARD_LATE:
        play_violation(play, "client %d got %zu bytes, and nothing more", client, exchange.size);
        break;
    }
}

/* ---- Ends ---------------------------------------------------------------------------------- */

void client_must_be_cut(struct play *play, int client)
{
    char dropped[65536];
    if (client < 0)
        return;
    for (;;) {
        if (!play_poll(play, play->clients[client], POLLIN, PATIENCE_MS)) {
            play_violation(play, "client %d was not cut", client);
            return;
        }
        ssize_t count = recv(play->clients[client], dropped, sizeof dropped, MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN))
            return;
    }
}

void client_say(struct play *play, int client, const char *text)
{
    if (client >= 0)
        send(play->clients[client], text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void client_half_close(struct play *play, int client)
{
    if (client >= 0)
        shutdown(play->clients[client], SHUT_WR);
}

void client_reset(struct play *play, int client)
{
    struct linger at_once = {.l_onoff = 1};
    if (client < 0)
        return;
    setsockopt(play->clients[client], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    client_close(play, client);
}

void client_close(struct play *play, int client)
{
    if (client >= 0 && play->clients[client] >= 0)
        close(play->clients[client]);
    if (client >= 0)
        play->clients[client] = -1;
}

void client_close_all(struct play *play)
{
    for (unsigned i = 0; i < play->client_count; i++)
        client_close(play, (int)i);
}
