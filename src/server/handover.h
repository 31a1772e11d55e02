/* handover.h - connections that the host hands over: a pipe of descriptor numbers.
 *
 * Its read end is polled, accepted from and closed as a listener is, so that a connection that was
 * handed over goes the way of all others, the wait for a slot and every policy included: the pipe
 * is its backlog. The write end belongs to thrdsrv_server_adopt(). */
#ifndef SERVER_HANDOVER_H
#define SERVER_HANDOVER_H

#include "server/listener.h"

/* Opens the pipe: its read end becomes *listener (family AF_UNSPEC), which refers to config.
 * Returns the write end, or E_SYSTEM with errno. */
int handover_open(struct listener *listener, const struct thrdsrv_config *config);

/* As listener_accept(). */
enum accept_verdict handover_accept(const struct listener *listener, int *fd, struct address *peer);

#endif
