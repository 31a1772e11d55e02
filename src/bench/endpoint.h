/* endpoint.h - where a server listens: a port that is free, an address looked up, whether somebody
 * answers there.
 *
 * What it does not do: send or receive anything. Blocks for as long as is said; any thread. */
#ifndef BENCH_ENDPOINT_H
#define BENCH_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct endpoint {
    struct sockaddr_storage address;
    socklen_t length;
};

/* A TCP port on which nobody listens now and no connection is left, on any local address. Nothing
 * keeps it free. 0, with errno, where there is none. */
in_port_t endpoint_free_port(void);

/* 127.0.0.1 and that port. */
struct endpoint endpoint_on_loopback(in_port_t port);

/* "HOST:PORT" or "[V6]:PORT"; the host may be a name and the port a service's. Stores at most max
 * addresses and returns how many, or -1 with the reason in error. */
int endpoint_resolve(const char *text, struct endpoint *endpoints, int max, char *error,
                     size_t size);

/* Connects once, waits for that so long at most, and closes. Returns 0 or an errno. */
int endpoint_try(const struct endpoint *endpoint, int timeout_ms);

#endif
