/* actor - the life of one client: it connects, says and hears what its kind does at its pace, and
 * ends. Every byte that it hears is checked.
 *
 * It never blocks. Its caller tells it what epoll has said, and when the moment has come that it
 * asked for. */
#ifndef SOAK_ACTOR_H
#define SOAK_ACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "random.h"
#include "tag.h"
#include "target.h"

struct actor {
    const struct kind *kind;
    const struct target *target;
    struct account *account;
    struct random_source *random;
    int fd;          /* -1: over */
    int64_t wake_ms; /* call actor_step() then, though nothing has happened */

    /* Internal. */
    bool is_connected;
    bool may_say; /* as far as is known the socket takes bytes, has some */
    bool may_hear;
    bool is_broken; /* nothing can be said any more */
    bool has_ended_side;
    uint64_t total; /* bytes to say in all */
    uint64_t said;
    uint64_t message_end;
    struct tag_check check; /* and bytes heard */
    size_t busy_text;       /* bytes of the refusal heard */
    int64_t began_ms;
    int64_t moved_ms; /* when a byte last moved */
    int64_t say_ms;   /* not before */
    int64_t hear_ms;
    int64_t leave_ms;
};

/* Begins to connect. False where this machine is short of ports or descriptors: nothing has begun.
 * The caller adds actor->fd to an edge-triggered epoll set. */
bool actor_begin(struct actor *actor, const struct kind *kind, const struct target *target,
                 struct account *account, struct random_source *random, uint32_t number);

/* Goes on. events are epoll's, 0: none. late_ms: when the caller was last late, so that an actor
 * may have been, too. After that fd may be -1. */
void actor_step(struct actor *actor, uint32_t events, int64_t late_ms);

/* The wave is over: it ends as soon as it can, as its kind does. */
void actor_wind_down(struct actor *actor);

#endif
