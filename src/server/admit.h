/* admit.h - may one more connection in, and if not, what becomes of it. Accept loop only. */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

#include <stdbool.h>

struct SockInfo;
struct address;
struct listener;
struct thrdsrv_server;

enum admission {
    ADMIT,        /* *slot is reserved for it */
    ADMIT_WAIT,   /* leave it in the kernel's backlog; the next release of a slot wakes the loop */
    ADMIT_REFUSE, /* accept it, then admit_refuse_full() */
};

/* Asked before accept(2): a slot is set aside first, so that no limit is counted late. */
enum admission admit_next(struct thrdsrv_server *server, struct SockInfo **slot);

/* Turns an accepted connection away as the policy for a full table says. Never blocks. */
void admit_refuse_full(struct thrdsrv_server *server, int fd);

/* Asks the host about an accepted connection. Where it says no the connection is closed and
 * counted, and false returned; the slot is still the caller's. */
bool admit_ask(struct thrdsrv_server *server, int fd, const struct address *peer,
               const struct listener *listener);

#endif
