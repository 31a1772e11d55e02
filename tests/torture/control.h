/* control.h - what the driver and the programs under test share: which call is to fail, and how
 * many were made. One block of memory, mapped by the program and all its children. */
#ifndef TORTURE_CONTROL_H
#define TORTURE_CONTROL_H

#include <stdatomic.h>

#include "calls.h"

/* The environment variable that names the file to map. */
#define CONTROL_VARIABLE "TORTURE_CONTROL"

#define LISTENERS_MAX    8

/* Faults that the wrappers themselves bring in once the point has struck, so that it can be seen
 * that the driver finds them (planted.sh). */
enum plant {
    PLANT_NONE,
    PLANT_LEAK,     /* close(2) closes nothing */
    PLANT_ZOMBIE,   /* waitid(2) says that there is no such child */
    PLANT_FOREIGN,  /* send(2) sends other bytes */
    PLANT_ABORT,    /* abort(3) */
    PLANT_HANG,     /* accept4(2) accepts nobody any more */
    PLANT_STATUS,   /* exit(3) with status 0 */
    PLANT_LOG,      /* a line in the log that is no line of the server's */
    PLANT_COUNTERS, /* counters that do not add up */
    PLANT_LINGER,   /* a thread that never ends */
    PLANT_DROP,     /* send(2) says that the connection is gone */
    PLANT_SILENCE,  /* nothing is written */
    PLANTS
};

struct control {
    /* Set by the driver while no program maps the block, but for armed. */
    _Atomic int armed; /* calls are counted, and fail, only while it is set */
    int call;          /* enum call; CALLS: none fails */
    unsigned nth;      /* the first, second … such call since it was armed */
    int variant;
    int stays; /* it and all behind it */
    int plant; /* enum plant */
    int lacks; /* enum call + 1 that the kernel does not have: ENOSYS always; 0: none */

    /* Set by the programs. */
    _Atomic unsigned made[CALLS];
    _Atomic unsigned struck; /* how many calls have failed */
    _Atomic unsigned turns;  /* calls of epoll_wait(2), armed or not: the first says "ready" */
    _Atomic unsigned listeners;
    struct {
        int family;
        unsigned port; /* 0: not TCP */
    } listener[LISTENERS_MAX];
};

#endif
