/* endpoint.c - addresses and a connection to one; see endpoint.h. */
#include "client/endpoint.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/monotonic.h"

/* Between two tries at a Unix-domain socket whose queue is full: nothing tells when it is not. */
#define QUEUE_PAUSE_MS 5

/* ---- Addresses --------------------------------------------------------------------------- */

struct endpoint endpoint_on_loopback(in_port_t port)
{
    const struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct endpoint endpoint = {.length = sizeof v4};
    memcpy(&endpoint.address, &v4, sizeof v4);
    return endpoint;
}

/* getaddrinfo(3) takes 70000 for 4464, and 0 is no port to connect to. */
static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '\0')
        return *text != '\0'; /* the name of a service, perhaps */
    text += strspn(text, "0");
    return *text != '\0' && strlen(text) <= 5 && atoi(text) <= 65535;
}

/* Takes "HOST:PORT" or "[V6]:PORT" apart. False: it is neither. */
static bool split(const char *text, char *host, size_t size, const char **port)
{
    bool is_bracketed = text[0] == '[';
    const char *begin = text + is_bracketed;
    const char *end = is_bracketed ? strchr(text, ']') : strrchr(text, ':');
    if (!end || end == begin || (size_t)(end - begin) >= size)
        return false;
    const char *colon = end + is_bracketed;
    if (*colon != ':' || strchr(colon + 1, ':') || !is_port(colon + 1))
        return false;
    /* "::1:80": is the 80 a port or part of the address? */
    if (!is_bracketed && memchr(begin, ':', (size_t)(end - begin)))
        return false;
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *port = colon + 1;
    return true;
}

bool endpoint_is_address(const char *text)
{
    char host[NI_MAXHOST];
    const char *port;
    return split(text, host, sizeof host, &port);
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

bool endpoint_at_path(struct endpoint *endpoint, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof un.sun_path)
        return false;
    memcpy(un.sun_path, path, length + 1);
    *endpoint = (struct endpoint){.length = sizeof un};
    memcpy(&endpoint->address, &un, sizeof un);
    return true;
}

/* ---- A connection ------------------------------------------------------------------------ */

/* What is left until the deadline, as poll(2) takes it; below 0: for ever. */
static int left_ms(int64_t deadline_ms)
{
    if (deadline_ms < 0)
        return -1;
    int64_t left = deadline_ms - monotonic_ms();
    if (left > INT_MAX)
        return INT_MAX;
    return left > 0 ? (int)left : 0;
}

/* The outcome of a connection that is under way: 0 or an errno. */
static int wait_connected(int fd, int64_t deadline_ms)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;
    int ready;
    do
        ready = poll(&writable, 1, left_ms(deadline_ms));
    while (ready < 0 && errno == EINTR);
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

/* EAGAIN is a Unix-domain socket's whose queue is full. */
static int connect_by(int fd, const struct endpoint *endpoint, int64_t deadline_ms)
{
    while (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->length) < 0) {
        if (errno == EINPROGRESS)
            return wait_connected(fd, deadline_ms);
        if (errno != EAGAIN)
            return errno;
        int left = left_ms(deadline_ms);
        if (left == 0)
            return ETIMEDOUT;
        poll(NULL, 0, left < 0 || left > QUEUE_PAUSE_MS ? QUEUE_PAUSE_MS : left);
    }
    return 0;
}

static int connect_one(const struct endpoint *endpoint, int64_t deadline_ms, int *fd)
{
    *fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return errno;
    int error = connect_by(*fd, endpoint, deadline_ms);
    if (error == 0 && is_its_own_peer(*fd)) {
        /* Forget it at once: the waiting time of a usual close would keep the port from the server.
         */
        const struct linger reset = {.l_onoff = 1, .l_linger = 0};
        setsockopt(*fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        error = ECONNREFUSED;
    }
    if (error != 0)
        close(*fd);
    return error;
}

int endpoint_connect(const struct endpoint *endpoints, int count, int64_t timeout_ms, int *fd)
{
    int64_t deadline_ms = timeout_ms < 0 ? -1 : monotonic_ms() + timeout_ms;
    int error = EADDRNOTAVAIL;
    for (int i = 0; i < count && error != 0; i++)
        error = connect_one(&endpoints[i], deadline_ms, fd);
    return error;
}

int endpoint_try(const struct endpoint *endpoint, int timeout_ms)
{
    int fd;
    int error = endpoint_connect(endpoint, 1, timeout_ms, &fd);
    if (error == 0)
        close(fd);
    return error;
}
