/* free_port.c - see free_port.h. */
#include "bench/free_port.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

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

in_port_t free_port(void)
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
