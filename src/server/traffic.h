/* traffic.h - what has moved on a connection that a program of its own serves (program.h), as the
 * kernel knows it: nobody here sees the program's reads and writes.
 *
 * With that the timeouts, the dump and the end line hold for a program as for a handler, but for
 * this: the kernel cannot tell what a program waits for. Idle is who moves no byte, for whatever
 * reason. And of a connection that is not TCP the kernel tells nothing: then nothing has moved, and
 * the connection's whole life is the only limit. */
#ifndef SERVER_TRAFFIC_H
#define SERVER_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "server/thread_safety.h"

struct SockInfo;

/* What the looks at one connection remember. All zero at first. */
struct traffic {
    uint64_t acknowledged; /* bytes that the peer had at the last look, */
    int64_t since_ms;      /* and since when that many */
    bool is_over;          /* no more looks: the program has ended, or was cut */
};

/* Brings the slot's progress up to date, from the descriptor that is in the slot. */
void traffic_look(struct SockInfo *slot, int64_t now_ms) REQUIRES(TABLE_LOCK);

#endif
