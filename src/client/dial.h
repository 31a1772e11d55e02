/* dial.h - how a connection to the server begins: a socket, a source address, connect(2).
 *
 * Source addresses: a closed connection keeps its pair of addresses and ports for a minute
 * (TIME_WAIT), and one source address has some 28,000 ports (ip_local_port_range). At 20,000
 * connections a second they are used up after two seconds, and the search for a free one gets
 * slower before. All of 127/8 is this machine, so connections to a server there come from
 * DIAL_SOURCES addresses in turn: 7 million pairs, enough for 100,000 connections a second for
 * ever, and so few of them taken that the kernel's first try is free.
 *
 * Knows nothing of exchanges. Constant after dial_init(); any thread. */
#ifndef CLIENT_DIAL_H
#define CLIENT_DIAL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24 /* <linux/in.h>; musl before 1.2 lacks it */
#endif

/* 127.1.1.1 to 127.1.1.254 */
#define DIAL_SOURCES 254u

struct dial {
    struct sockaddr_storage address;
    socklen_t address_length;
    bool spreads;
    char name[80]; /* "127.0.0.1:43211", "[::1]:43211" */
};

void dial_init(struct dial *dial, const struct sockaddr_storage *address, socklen_t length);

/* A new TCP socket: non-blocking, close-on-exec, TCP_NODELAY, bound to source address number turn
 * modulo DIAL_SOURCES where addresses are spread. Returns it, or -1 with errno, and in *call what
 * failed. */
int dial_socket(const struct dial *dial, unsigned turn, const char **call);

/* Makes a socket of dial_socket(), whose connection both sides have ended, one that can be
 * connected again, from another source address. Returns 0, or -1 with errno. */
int dial_again(const struct dial *dial, int fd, unsigned turn);

/* connect(2): 0, or -1 with errno, EINPROGRESS mostly. Called again it tells how it went:
 * EALREADY while it is under way. */
int dial_connect(const struct dial *dial, int fd);

#endif
