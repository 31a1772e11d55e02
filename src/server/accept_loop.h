/* accept_loop.h - the loop of the run() thread: accepts, and does all control work. */
#ifndef SERVER_ACCEPT_LOOP_H
#define SERVER_ACCEPT_LOOP_H

#include <stdint.h>

#include "server/thread_safety.h"

struct SockInfo;
struct thrdsrv_server;

/* Puts the descriptors that the loop waits for into the epoll set. 0, or THRDSRV_E_SYSTEM. */
int accept_loop_init(struct thrdsrv_server *server);

/* Before waiting: polls the listeners or not, as it should be now. Returns how long to wait at
 * most, in milliseconds as poll(2) takes them; -1: until something happens. */
int accept_loop_prepare(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

/* Waits up to timeout_ms for events, and deals with them and with all that is due by time. In mode
 * inline it runs inside itself, one level deep, while the worker waits for its client. */
void accept_loop_turn(struct thrdsrv_server *server, int timeout_ms) REQUIRES(ACCEPT_LOOP);

/* Accepts no more; connections that were handed over and wait are closed, as are those that wait
 * behind a load balancer, and the log says so. The loop, or whoever destroys a server that never
 * ran. */
void accept_loop_close_listeners(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

/* What epoll reports for the pidfd of the child in a slot. */
uint64_t accept_loop_child_tag(const struct SockInfo *slot);

/* And for a connection whose PROXY header is awaited: its place, and how often that was used. */
uint64_t accept_loop_header_tag(unsigned place, uint32_t generation);

#endif
