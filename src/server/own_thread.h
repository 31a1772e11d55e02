/* own_thread.h - a server that runs in a thread of its own: start, wait, and what destroy needs. */
#ifndef SERVER_OWN_THREAD_H
#define SERVER_OWN_THREAD_H

#include <stdbool.h>

struct thrdsrv_server;

/* Whether the calling thread is the run() thread or serves a connection of the server in our
 * memory: then it may not wait for the server's end. */
bool own_thread_is_caller(struct thrdsrv_server *server);

#endif
