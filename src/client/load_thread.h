/* load_thread.h - one load thread: an epoll loop and the connections that are its own.
 *
 * load_thread.c is the loop, load_thread_life.c makes and frees it, load_connection.c the life of a
 * connection, exchange.c what is said on it. Everything here belongs to the thread itself, except
 * what is marked: [C] constant while it runs, [A] atomic. The caller reads the tally when it has
 * joined the thread. */
#ifndef CLIENT_LOAD_THREAD_H
#define CLIENT_LOAD_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "client/dial.h"
#include "client/load.h"
#include "client/load_control.h"
#include "client/payload.h"
#include "client/schedule.h"
#include "client/tally.h"

/* What the load is to do: constant, shared by all threads. */
struct load_plan {
    struct load_config config;
    bool reconnects; /* a connection for each exchange */
    unsigned depth;  /* requests under way on a connection */
    struct payload payload;
    struct dial dial;
};

/* When an exchange that is under way was begun, and when the last byte of its request was sent. */
struct exchange_times {
    int64_t begun_ns;
    int64_t sent_ns;
};

enum load_connection_state {
    CONNECTION_NONE = 0,   /* no socket: not made yet, or between two exchanges that reconnect */
    CONNECTION_CONNECTING, /* connect(2) is under way */
    CONNECTION_UP,
    CONNECTION_PAUSED, /* it failed; made again at since_ns */
};

/* Exchanges are numbered on a connection from 0. answered <= requested <= begun; those from
 * answered on are under way, at most depth. The numbers go on over failures and reconnects. */
struct load_connection {
    int fd; /* -1: none */
    enum load_connection_state state;
    unsigned number; /* among all connections of the load */
    bool is_held;
    bool has_been_up;    /* has come up once; told to the caller */
    bool is_at_work;     /* its first exchange is over, well or not; told to the caller */
    bool is_quiet;       /* a held one that has had its exchange */
    bool is_watched;     /* is in the epoll set … */
    bool is_out_watched; /* … also for room to send */
    bool has_ended;      /* epoll has told of the server's end, or of an error */
    bool is_full;        /* the last send was short: wait for room */
    int64_t since_ns;    /* of the last connect(2); CONNECTION_PAUSED: until when */
    uint64_t begun;
    uint64_t requested;           /* sent to their last byte */
    uint64_t answered;            /* received to their last byte, or given up */
    size_t sent;                  /* bytes of request number `requested` */
    size_t received;              /* bytes of reply number `answered` */
    uint64_t age_ns;              /* LOAD_AGE: the number as far as it has come */
    bool has_age;                 /* … and its line end has come */
    struct exchange_times *times; /* a ring, see load_thread_times() */
};

/* Whose a descriptor of the epoll set is. */
enum load_descriptor_use {
    DESCRIPTOR_OTHER = 0, /* a connection's, or none of this thread's connections */
    DESCRIPTOR_RETIRED,   /* its exchange is over, the server's end is waited for */
    DESCRIPTOR_SPARE,     /* may be connected again */
};

struct load_descriptor {
    struct load_connection *connection; /* NULL: none */
    enum load_descriptor_use use;
    unsigned number; /* DESCRIPTOR_RETIRED: whose it was, and which exchange */
    uint64_t exchange;
};

#define LOAD_THREAD_EVENTS 512

/* How many sockets a thread keeps for connections to come, see spare_sockets.h: twice as many as
 * are busy, for servers that take long to close, and a few. */
#define LOAD_THREAD_SPARES(busy) (2 * (busy) + 16)

struct load_thread {
    const struct load_plan *plan; /* [C] */
    struct load_control *control; /* [C] */
    unsigned index;               /* [C] */
    pthread_t id;                 /* [C] */
    int epoll;                    /* [C] */
    int wakeup;                   /* [C] eventfd: new orders */
    int timer;                    /* [C] timerfd of an open loop, else -1 */
    struct load_connection *connections;
    unsigned busy; /* [C] the first ones; the held ones come behind */
    unsigned held; /* [C] */
    struct exchange_times *times;
    uint64_t ring_mask; /* [C] slots of a ring - 1 */
    unsigned char *buffer;
    struct load_descriptor *descriptors; /* by number */
    size_t descriptor_count;
    int *spare; /* a stack */
    unsigned spares;
    unsigned retired;
    unsigned spares_max; /* [C] of both together; 0 where connections stay */

    struct load_orders orders; /* as of `version` */
    unsigned version;
    struct schedule schedule;
    uint64_t cursor_exchange; /* the next one due of all that are this thread's */
    unsigned cursor_connection;
    int64_t timer_ns; /* that the timer is set for */
    unsigned made;    /* standing connections that have been begun before go */
    unsigned coming;  /* of those: not up yet */
    unsigned paused;
    unsigned turn; /* source addresses */
    bool has_gone;
    bool has_drained;
    int64_t now_ns; /* as of the last look at the clock */
    int64_t look_ns;
    int64_t cpu_begin_ns; /* CPU time of the thread at the window's ends; -1: not there yet */
    int64_t cpu_end_ns;
    struct tally tally;
    struct epoll_event events[LOAD_THREAD_EVENTS];

    /* Counts the orders. The caller writes it, the thread looks at it after each receive: on a
     * cache line that nobody else writes to. */
    _Alignas(64) atomic_uint order_count; /* [A] */
};

/* Makes a thread with its share of the connections, and starts it, all signals blocked. Returns 0,
 * or -1 with errno. */
int load_thread_start(struct load_thread **thread, const struct load_plan *plan,
                      struct load_control *control, unsigned index);

/* The orders have changed. */
void load_thread_notify(struct load_thread *thread);

/* Joins it; what it counted can be read afterwards. */
void load_thread_join(struct load_thread *thread);

/* Frees a joined thread. */
void load_thread_free(struct load_thread *thread);

/* What the thread runs; argument is the struct load_thread. */
void *load_thread_main(void *argument);

/* For the thread itself: reads the clock and takes new orders, so that no exchange is counted by
 * old ones. Returns the time. */
int64_t load_thread_look(struct load_thread *thread);

static inline struct exchange_times *load_thread_times(const struct load_thread *thread,
                                                       const struct load_connection *connection,
                                                       uint64_t exchange)
{
    return &connection->times[connection->is_held ? 0 : exchange & thread->ring_mask];
}

#endif
