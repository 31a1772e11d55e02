/* watch.h - watches the workers: cuts connections that are overdue, forces workers that do not end,
 * reaps children. Accept loop only; never blocks. */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "server/thread_safety.h"

struct SockInfo;
struct thrdsrv_server;

/* How often children whose end nothing tells us are asked after. */
#define WATCH_REAP_MS 20

/* Looks at every slot, and sets the moment at which it is to be called again. While the server cuts
 * (PHASE_CUTTING) every connection is overdue. */
void watch_check(struct thrdsrv_server *server, int64_t now_ms) REQUIRES(ACCEPT_LOOP);

/* Asks for a look at the slots at that moment; later where they have been looked at so lately that
 * the loop would have no time for anything else. */
void watch_by(struct thrdsrv_server *server, int64_t at_ms) REQUIRES(ACCEPT_LOOP);

/* Asks after the child in a slot, if that is still the use of the slot that generation names.
 * Returns whether it has ended and the slot is free. */
bool watch_reap(struct thrdsrv_server *server, struct SockInfo *slot, uint32_t generation);

/* Asks after the children without a pidfd. Returns whether any has ended. */
bool watch_reap_unwatched(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

#endif
