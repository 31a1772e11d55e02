/* stage - all clients of a run, on one thread with one epoll set: they are started, go on when
 * something happens or their moment has come, and are counted.
 *
 * Numbers of clients go up from 1 and are never used twice in a run. */
#ifndef SOAK_STAGE_H
#define SOAK_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "actor.h"

enum { STAGE_ACTORS = 2048 };

struct stage {
    struct random_source random;
    size_t active;
    size_t peak;
    uint64_t started;
    uint64_t shortages; /* no port or descriptor was left for a client */
    int64_t late_ms;    /* when the stage was last late by more than STAGE_LATE_MS */
    uint64_t lates;
    struct actor *actors; /* STAGE_ACTORS of them */

    /* Internal. */
    int epoll;
    size_t used; /* actors from there on have never been */
    int64_t turned_ms;
};

/* A pause of this one program after which a client may have been cut for its silence. */
enum { STAGE_LATE_MS = 300 };

void stage_init(struct stage *stage, uint64_t seed);

/* Starts one client, if there is room. */
void stage_start(struct stage *stage, const struct kind *kind, const struct target *target,
                 struct account *account);

/* Lets all go on that can, for a few milliseconds at most when nothing happens. */
void stage_turn(struct stage *stage);

/* All clients end as soon as they can, as their kinds do. */
void stage_wind_down(struct stage *stage);

/* All clients are gone at once, and no longer counted: for a run that is given up. */
void stage_drop(struct stage *stage);

void stage_fini(struct stage *stage);

#endif
