/* admit.h - may one more connection in, and if not, what becomes of it. Accept loop only. */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "server/slot_table.h"
#include "server/thread_safety.h"

struct address;
struct listener;
struct thrdsrv_server;

enum admission {
    ADMIT,        /* *slot is reserved for it */
    ADMIT_WAIT,   /* leave it in the kernel's backlog; the next release of a slot wakes the loop */
    ADMIT_LATER,  /* leave it there until admit_ready_ms() */
    ADMIT_REFUSE, /* accept it, then admit_refuse_full() */
};

/* Asked before accept(2): a slot is set aside first, so that no limit is counted late. */
enum admission admit_next(struct thrdsrv_server *server, struct SockInfo **slot)
    REQUIRES(ACCEPT_LOOP);

/* From when on the rate lets the next connection in, in milliseconds of CLOCK_MONOTONIC; 0: now. */
int64_t admit_ready_ms(const struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

/* Turns an accepted connection away as the policy for a full table says, or the rules. Never
 * blocks. */
void admit_refuse_full(struct thrdsrv_server *server, int fd, const struct address *peer);

/* Closes one that is accepted and whose PROXY header is not believed, or did not come, without a
 * word: it is the balancer's, and no client's. */
void admit_refuse_proxied(struct thrdsrv_server *server, int fd, const struct address *peer,
                          enum refusal why);

/* Whether an accepted connection may have the slot that is reserved: asks the rules, the limits of
 * its source, and the host. Where it may not it is closed and counted; the slot is still the
 * caller's. */
bool admit_connection(struct thrdsrv_server *server, struct SockInfo *slot, int fd,
                      const struct address *peer, const struct listener *listener);

#endif
