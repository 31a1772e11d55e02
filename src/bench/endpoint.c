/* endpoint.c - ports, addresses and a first connection; see endpoint.h. */
#include "bench/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* ---- A free port ------------------------------------------------------------------------- */

/* Binds to port 0 of all addresses, for there a port is free for every server, whatever of them it
 * takes. Returns the port, or 0 with errno. */
static in_port_t bind_anywhere(int fd, const struct sockaddr *any, socklen_t length)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    if (bind(fd, any, length) < 0 || getsockname(fd, (struct sockaddr *)&bound, &size) < 0)
        return 0;
    if (bound.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&bound)->sin_port);
    return ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
}

/* Both families at once. 0 where this machine has no IPv6. */
static in_port_t free_port_v6(void)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    const int v6_only = 0;
    in_port_t port = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) == 0)
        port = bind_anywhere(fd, (const struct sockaddr *)&any, sizeof any);
    close(fd);
    return port;
}

in_port_t endpoint_free_port(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET};
    in_port_t port = free_port_v6();
    if (port != 0)
        return port;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    port = bind_anywhere(fd, (const struct sockaddr *)&any, sizeof any);
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return port;
}

struct endpoint endpoint_on_loopback(in_port_t port)
{
    const struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct endpoint endpoint = {.length = sizeof v4};
    memcpy(&endpoint.address, &v4, sizeof v4);
    return endpoint;
}

/* ---- Addresses --------------------------------------------------------------------------- */

/* Takes "HOST:PORT" or "[V6]:PORT" apart. False: it is neither. */
static bool split(const char *text, char *host, size_t size, const char **port)
{
    bool is_bracketed = text[0] == '[';
    const char *begin = text + is_bracketed;
    const char *end = is_bracketed ? strchr(text, ']') : strrchr(text, ':');
    if (!end || end == begin || (size_t)(end - begin) >= size)
        return false;
    const char *colon = end + is_bracketed;
    if (*colon != ':' || colon[1] == '\0' || strchr(colon + 1, ':'))
        return false;
    /* "::1:80": is the 80 a port or part of the address? */
    if (!is_bracketed && memchr(begin, ':', (size_t)(end - begin)))
        return false;
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *port = colon + 1;
    return true;
}

int endpoint_resolve(const char *text, struct endpoint *endpoints, int max, char *error,
                     size_t size)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[NI_MAXHOST];
    const char *port;
    int count = 0;
    if (!split(text, host, sizeof host, &port)) {
        snprintf(error, size, "'%.100s' is not an address: HOST:PORT or [V6]:PORT", text);
        return -1;
    }
    int failure = getaddrinfo(host, port, &wanted, &found);
    if (failure != 0) {
        const char *why = failure == EAI_SYSTEM ? strerror(errno) : gai_strerror(failure);
        snprintf(error, size, "cannot look up '%.100s': %s", text, why);
        return -1;
    }
    for (const struct addrinfo *one = found; one && count < max; one = one->ai_next) {
        if (one->ai_addrlen > sizeof endpoints->address)
            continue;
        endpoints[count] = (struct endpoint){.length = one->ai_addrlen};
        memcpy(&endpoints[count++].address, one->ai_addr, one->ai_addrlen);
    }
    freeaddrinfo(found);
    return count;
}

/* ---- A first connection ------------------------------------------------------------------ */

/* The outcome of a connection that is under way: 0 or an errno. */
static int wait_connected(int fd, int timeout_ms)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;
    int ready = poll(&writable, 1, timeout_ms);
    if (ready < 0)
        return errno;
    if (ready == 0)
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

/* While nobody listens on it, a port that the kernel gives to a client may be the very one that the
 * client connects to: TCP then connects the socket with itself. */
static bool is_its_own_peer(int fd)
{
    struct sockaddr_storage own, peer;
    socklen_t own_length = sizeof own, peer_length = sizeof peer;
    memset(&own, 0, sizeof own);
    memset(&peer, 0, sizeof peer);
    return getsockname(fd, (struct sockaddr *)&own, &own_length) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
           own_length == peer_length && memcmp(&own, &peer, own_length) == 0;
}

int endpoint_try(const struct endpoint *endpoint, int timeout_ms)
{
    int error = 0;
    int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->length) < 0)
        error = errno == EINPROGRESS ? wait_connected(fd, timeout_ms) : errno;
    if (error == 0 && is_its_own_peer(fd)) {
        /* Forget it at once: the waiting time of a usual close would keep the port from the server.
         */
        const struct linger reset = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        error = ECONNREFUSED;
    }
    close(fd);
    return error;
}
