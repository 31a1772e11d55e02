/* admit.h - may one more connection in, and if not, what becomes of it. Accept loop only. */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

struct SockInfo;
struct thrdsrv_server;

enum admission {
    ADMIT,        /* *slot is reserved for it */
    ADMIT_WAIT,   /* leave it in the kernel's backlog; the next release of a slot wakes the loop */
    ADMIT_REFUSE, /* accept it, then admit_refuse() */
};

/* Asked before accept(2): a slot is set aside first, so that no limit is counted late. */
enum admission admit_next(struct thrdsrv_server *server, struct SockInfo **slot);

/* Turns an accepted connection away as the policy says, and closes it. Never blocks. */
void admit_refuse(struct thrdsrv_server *server, int fd);

#endif
