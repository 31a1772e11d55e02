/* access.h - the rules that are in force for a server: those of its configuration, or others that
 * the host has put in their place.
 *
 * What they say of an address is rules.h's. A table of them is made before anybody sees it, and
 * found and replaced under the table's lock: so the accept loop never sees half of one, and whoever
 * has replaced one may free it. */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include <stdbool.h>

#include "server/thread_safety.h"

struct address;
struct thrdsrv_server;

/* Takes the rules of server->config, which is left without. Returns 0, or THRDSRV_E_INVALID or
 * THRDSRV_E_MEMORY, the first after a log line. When the server is created. */
int access_init(struct thrdsrv_server *server) EXCLUDES(TABLE_LOCK);

/* When nobody else knows the server any more. */
void access_fini(struct thrdsrv_server *server) EXCLUDES(TABLE_LOCK);

/* Whether they let this peer in, wherever its address is known from. Any thread. */
bool access_allows(struct thrdsrv_server *server, const struct address *peer) EXCLUDES(TABLE_LOCK);

#endif
