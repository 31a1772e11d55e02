/* handover.c - see handover.h; thrdsrv_server_adopt(). A write of one number to a pipe is atomic
 * (pipe(7)), so any number of threads may hand over at once. */
#include "server/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "server/descriptor.h"
#include "server/server.h"

int handover_open(struct listener *listener, const struct thrdsrv_config *config)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
        return THRDSRV_E_SYSTEM;
    int out = descriptor_above_standard(ends[0]);
    int in = descriptor_above_standard(ends[1]);
    if (out < 0 || in < 0) {
        descriptor_discard(out < 0 ? in : out); /* the other one is closed, or there is none */
        return THRDSRV_E_SYSTEM;
    }
    *listener = (struct listener){
        .fd = out, .original = -1, .alone = true, .family = AF_UNSPEC, .config = config};
    snprintf(listener->text, sizeof listener->text, "adopted");
    return in;
}

static bool next(const struct listener *listener, int *fd)
{
    ssize_t count;
    do
        count = read(listener->fd, fd, sizeof *fd);
    while (count < 0 && errno == EINTR);
    return count == sizeof *fd;
}

/* What others have from their listener and from accept4(2). Only here, where the connection is no
 * longer the host's; and where an option is not known (SCTP), it is served without. */
static void prepare(int fd, const struct thrdsrv_config *config)
{
    int domain = descriptor_socket_option(fd, SO_DOMAIN);
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (flags >= 0) /* else it may not block: conn.c can do with that */
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    if (domain == AF_INET || domain == AF_INET6)
        listener_set_connection_options(fd, config);
}

enum accept_verdict handover_accept(const struct listener *listener, int *fd, struct address *peer)
{
    if (!next(listener, fd))
        return listener_classify(errno);
    prepare(*fd, listener->config);
    listener_name_peer(*fd, peer);
    return ACCEPT_CONNECTION;
}

/* Under the table lock, because the drain begins under it: behind that moment nothing may come, for
 * the loop ends when nobody waits any more. The write does not block. */
static int push(struct thrdsrv_server *server, int fd)
{
    int error = 0;
    slot_table_lock(&server->table);
    if (server->table.draining)
        error = THRDSRV_E_STOPPED;
    else if (write(server->handover, &fd, sizeof fd) < 0)
        error = errno == EAGAIN ? THRDSRV_E_FULL : THRDSRV_E_SYSTEM;
    slot_table_unlock(&server->table);
    return error;
}

int thrdsrv_server_adopt(struct thrdsrv_server *server, int fd)
{
    if (server_is_child_copy(server) || !server->config.adopt ||
        descriptor_socket_option(fd, SO_TYPE) != SOCK_STREAM ||
        descriptor_socket_option(fd, SO_ACCEPTCONN) != 0)
        return THRDSRV_E_INVALID;
    int own = fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int error = own < 0 ? THRDSRV_E_SYSTEM : push(server, own);
    if (own >= 0 && own != fd)
        descriptor_discard(error == 0 ? fd : own);
    return error;
}
