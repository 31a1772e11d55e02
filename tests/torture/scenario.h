/* scenario.h - what happens to a server while its calls fail.
 *
 * A point is one scenario, in one mode, with one call that fails in one way. Each point has a
 * server of its own. See run_point.c for the order of events. */
#ifndef TORTURE_SCENARIO_H
#define TORTURE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "control.h"
#include "service.h"

struct play;

enum mode { MODE_THREAD, MODE_FORK, MODES };

extern const char *const mode_names[MODES];

struct scenario {
    const char *name;
    const char *about;
    const struct service *service; /* what a client gets */
    const char *const *options;    /* of the program; NULL ends the list */
    const char *host;              /* the part of the program host; NULL: it is thrd */
    unsigned servers;              /* in that process; 0: one */
    bool from_start;   /* calls fail from the beginning of main(), else when it is ready */
    bool at_end;       /* they fail while it stops too: play() stops it */
    bool stops_itself; /* without a signal */
    int lacks;         /* enum call + 1 that the kernel does not have; 0: none */
    unsigned files;    /* limit of open files; 0: the usual one */
    unsigned tasks;    /* limit of its user's tasks, who is not user 0; 0: none */
    bool thread_only;  /* in mode fork it would be nothing new */
    bool hurries;      /* limits of time pass while a fault stays, or the machine stalls */
    int status;        /* of its end, if nothing is lost */
    const char
        *counted;     /* what the counters then say, as " idle=1 "; " idle=": 1 or more; or NULL */
    const char *said; /* messages of the log besides the usual ones, or NULL */
    void (*set_up)(struct play *); /* before it is started; or NULL */
    void (*play)(struct play *);   /* while calls fail; or NULL */
};

/* All of them; a NULL ends the list. */
extern const struct scenario *const scenarios[];

struct point {
    const struct scenario *scenario;
    enum mode mode;
    int call; /* enum call; CALLS: none fails */
    unsigned nth;
    int variant;
    bool stays;
};

#endif
