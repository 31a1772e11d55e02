/* load_control.h - what the caller's thread and the load threads tell each other.
 *
 * Down go orders, up goes news (connections that are up, exchanges that are over, failures).
 * [L]: guarded by the lock, a leaf: nothing blocks under it. [C]: constant while threads run.
 * Atomics are read-modify-writes, which Helgrind understands. Nobody waits here for a load
 * thread in its hot path: a thread looks at one word of its own, see load_thread.h. */
#ifndef CLIENT_LOAD_CONTROL_H
#define CLIENT_LOAD_CONTROL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/load.h"

struct load_orders {
    bool go;          /* the busy connections' exchanges begin … */
    int64_t go_ns;    /* … at this moment, which is the schedule's zero */
    int64_t begin_ns; /* the window; MONOTONIC_NEVER: not yet known */
    int64_t end_ns;
    bool quit;
};

struct load_control {
    pthread_mutex_t lock;
    struct load_orders orders;        /* [L] */
    unsigned up;                      /* [L] connections that have come up */
    unsigned at_work;                 /* [L] busy ones whose first exchange is over */
    unsigned drained;                 /* [L] threads with nothing under way after the window */
    bool is_down;                     /* [L] a connection failed that had never been up */
    uint64_t failures[LOAD_FAILURES]; /* [L] */
    char first_failure[200];          /* [L] "": none */
    char down_reason[200];            /* [L] with is_down */
    uint64_t limit;                   /* [C] 0: none */
    atomic_uint_fast64_t taken;       /* of the limit: exchanges begun */
    atomic_uint_fast64_t settled;     /* of those begun: over, well or not; counted with a limit */
    int news;                         /* [C] an eventfd that the caller waits for */
};

/* Returns 0, or -1 with errno. */
int load_control_init(struct load_control *control, uint64_t limit);
void load_control_fini(struct load_control *control);

/* Any load thread: */
struct load_orders load_control_orders(struct load_control *control);
void load_control_tell_up(struct load_control *control);
void load_control_tell_at_work(struct load_control *control);
void load_control_tell_drained(struct load_control *control);

/* text: what happened, one line. was_up: whether its connection had ever come up. */
void load_control_tell_failures(struct load_control *control, enum load_failure failure,
                                uint64_t count, bool was_up, const char *text);

/* Takes one of the exchanges that the limit allows; false: there is none left. */
bool load_control_take(struct load_control *control);
bool load_control_has_any(struct load_control *control);

/* So many that were taken are over. */
void load_control_settle(struct load_control *control, uint64_t count);

/* The caller's thread: waits for news or until this moment (MONOTONIC_NEVER: none). Returns false
 * where a signal came first. */
bool load_control_wait(struct load_control *control, int64_t until_ns);

#endif
