/* spare_sockets.h - where each exchange has a connection of its own: the sockets of those that are
 * over are used again.
 *
 * On loopback connect(2) does the server's half of the handshake, too, and a new socket for each
 * exchange costs as much again as the server's whole work on it. So a connection is ended with
 * shutdown(2): the server sees just what close(2) would have shown it, at the same moment, and the
 * exchange that follows does not wait for anything. When the server has ended its side the kernel
 * has taken the connection over (TIME_WAIT), and the socket can connect again; it is in the epoll
 * set already. Besides, what the server may have sent behind its reply is seen.
 *
 * Called by the load thread alone. None of the functions blocks. */
#ifndef CLIENT_SPARE_SOCKETS_H
#define CLIENT_SPARE_SOCKETS_H

#include <stdbool.h>

#include "client/load_thread.h"

/* Ends the connection, whose exchange is over, and keeps its socket; false: it does not, and the
 * caller is to close it. */
bool spare_sockets_retire(struct load_thread *thread, struct load_connection *connection);

/* epoll tells of a socket that was retired. */
void spare_sockets_event(struct load_thread *thread, int fd);

/* A socket that is ready for connect(2) and in the epoll set; -1: none. */
int spare_sockets_take(struct load_thread *thread);

/* Closes those that are still waited for, and the spare ones. */
void spare_sockets_close_all(struct load_thread *thread);

#endif
