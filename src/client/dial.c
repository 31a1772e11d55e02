/* dial.c - see dial.h. */
#include "client/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FIRST_SOURCE 0x7f010101u /* 127.1.1.1 */

static void write_name(struct dial *dial)
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (dial->address.ss_family == AF_INET6) {
        struct sockaddr_in6 address;
        memcpy(&address, &dial->address, sizeof address);
        inet_ntop(AF_INET6, &address.sin6_addr, host, sizeof host);
        snprintf(dial->name, sizeof dial->name, "[%s]:%u", host, ntohs(address.sin6_port));
    } else {
        struct sockaddr_in address;
        memcpy(&address, &dial->address, sizeof address);
        inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
        snprintf(dial->name, sizeof dial->name, "%s:%u", host, ntohs(address.sin_port));
        dial->spreads = ntohl(address.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
}

void dial_init(struct dial *dial, const struct sockaddr_storage *address, socklen_t length)
{
    *dial = (struct dial){.address = *address, .address_length = length};
    write_name(dial);
}

static int bind_source(int fd, unsigned turn)
{
    struct sockaddr_in source = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(FIRST_SOURCE + turn % DIAL_SOURCES),
    };
    return bind(fd, (const struct sockaddr *)&source, sizeof source);
}

/* Without IP_BIND_ADDRESS_NO_PORT, bind(2) would take a port that no other connection from this
 * address may have, whatever it leads to: the ports would be used up as before. */
static int bind_new(int fd, unsigned turn)
{
    const int on = 1;
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) < 0)
        return -1;
    return bind_source(fd, turn);
}

int dial_socket(const struct dial *dial, unsigned turn, const char **call)
{
    const int on = 1;
    *call = "socket";
    int fd = socket(dial->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    *call = "set TCP_NODELAY";
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0) {
        *call = "bind to a source address in 127.1.1/24";
        if (!dial->spreads || bind_new(fd, turn) == 0)
            return fd;
    }
    int kept = errno;
    close(fd);
    errno = kept;
    return -1;
}

/* connect(2) to no address ends the old connection; options stay. */
int dial_again(const struct dial *dial, int fd, unsigned turn)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    if (connect(fd, &nowhere, sizeof nowhere) < 0)
        return -1;
    return dial->spreads ? bind_source(fd, turn) : 0;
}

int dial_connect(const struct dial *dial, int fd)
{
    return connect(fd, (const struct sockaddr *)&dial->address, dial->address_length);
}
