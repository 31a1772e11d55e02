/* endpoint.h - where a server is: an address looked up, a socket connected to it.
 *
 * What it does not do: send or receive anything. Blocks for as long as is said, and the look-up of
 * a name for as long as the resolver takes; any thread. */
#ifndef CLIENT_ENDPOINT_H
#define CLIENT_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An address of a TCP or Unix-domain stream socket. */
struct endpoint {
    struct sockaddr_storage address;
    socklen_t length;
};

/* 127.0.0.1 and that port. */
struct endpoint endpoint_on_loopback(in_port_t port);

/* Whether text is "HOST:PORT" or "[V6]:PORT", whatever they are. A port that is a number has to be
 * 1 to 65535. */
bool endpoint_is_address(const char *text);

/* "HOST:PORT" or "[V6]:PORT"; the host may be a name and the port a service's. Stores at most max
 * addresses and returns how many, or -1 with the reason in error. */
int endpoint_resolve(const char *text, struct endpoint *endpoints, int max, char *error,
                     size_t size);

/* The Unix-domain socket of that name. False: the path is empty or longer than such a name can be,
 * which is 107 bytes. */
bool endpoint_at_path(struct endpoint *endpoint, const char *path);

/* Connects to one after the other until one can be, and waits so long at most for all together;
 * below 0: as long as the kernel does. Returns 0 and the socket, which is non-blocking and
 * close-on-exec, or the errno of the last one: names of both families have IPv6 first, which many
 * machines have no way to. */
int endpoint_connect(const struct endpoint *endpoints, int count, int64_t timeout_ms, int *fd);

/* Connects to one in the same way, and closes. Returns 0 or an errno. */
int endpoint_try(const struct endpoint *endpoint, int timeout_ms);

#endif
