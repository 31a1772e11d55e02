/* server.h - struct thrdsrv_server, for the files of src/server that work on it.
 *
 * Fields carry their guard, see slot_table.h: [C] constant after create, [A] run() thread only. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <thrdsrv/server.h>

#include "server/listener.h"
#include "server/log.h"
#include "server/program.h"
#include "server/proxy_wait.h"
#include "server/rules.h"
#include "server/slot_table.h"
#include "server/timeouts.h"
#include "server/worker.h"

/* What the run() thread is about. It only ever goes forward. */
enum phase {
    PHASE_SERVING = 0, /* accepts */
    PHASE_DRAINING,    /* nobody new gets in; all may end until drain_until_ms */
    PHASE_CUTTING,     /* every connection is being cut */
    PHASE_STOPPED,     /* no slot is in use */
};

/* How far a server has come, bits of one word. */
enum life {
    LIFE_FINISHED = 1, /* run() or wait() is over: they touch nothing of the server any more */
    LIFE_JOINABLE = 2, /* start()'s thread is there, and nobody waits for it yet */
    LIFE_KEPT = 4,     /* destroy() was refused, and the log says so */
};

/* Requests from outside, bits of one word. */
enum request {
    REQUEST_QUIESCE = 1,
    REQUEST_STOP = 2,
    REQUEST_DUMP = 4,
    REQUEST_CALL = 8,
    REQUEST_HAND_OVER = 16,
};

struct thrdsrv_server {
    struct thrdsrv_config config;     /* [C] strings are our own copies */
    struct timeouts timeouts;         /* [C] */
    int64_t created_at_ns;            /* [C] CLOCK_MONOTONIC */
    int64_t look_ms;                  /* [C] how often a connection is looked at, at least */
    struct bucket_rate rate;          /* [C] of connections that are let in */
    struct netblock *reserved;        /* [C] the networks that may have every slot */
    struct program program;           /* [C] config.program */
    const struct worker_model *model; /* [C] */
    struct listener *listeners;       /* [C] the array; [A] the fds after run() has begun */
    unsigned listener_count;          /* [C] */
    int epoll;                        /* [C] */
    int wakeup;                       /* [C] */
    int handover;                     /* [C] write end of the pipe of adopted connections; -1 */
    unsigned depth;                   /* [C] see server_is_child_copy() */
    _Atomic unsigned requests;        /* any thread, any signal handler */
    _Atomic unsigned requesting;      /* callers that are about to wake the loop */

    _Atomic pid_t owner;     /* the process that called run() or start(); 0: none has */
    _Atomic unsigned life;   /* bits of enum life; any thread */
    sigset_t host_mask;      /* of the thread that called run() or start(), for children */
    sigset_t mask;           /* of our threads, see thread.h */
    _Atomic int loop_thread; /* thread id of the run() thread; 0: none */
    pthread_t thread;        /* start()'s thread, written before LIFE_JOINABLE */
    int result;              /* of run() in that thread, read when it has been joined */
    int result_errno;        /* the same */

    struct slot_table table;                    /* has guards of its own */
    struct rules *rules GUARDED_BY(TABLE_LOCK); /* who may connect; NULL: everybody */

    /* [A] */
    enum phase phase GUARDED_BY(ACCEPT_LOOP);
    int failed_errno GUARDED_BY(ACCEPT_LOOP); /* why the server gave up by itself; 0: it did not */
    bool polling GUARDED_BY(ACCEPT_LOOP);     /* the listeners are in the epoll set */
    bool full GUARDED_BY(ACCEPT_LOOP); /* no slot was free when last tried, and we wait for one */
    int64_t pause_until_ms GUARDED_BY(ACCEPT_LOOP);  /* accept(2) is short of something; 0: not */
    int64_t rate_full_at_ns GUARDED_BY(ACCEPT_LOOP); /* the bucket of the rate, see bucket.h */
    int64_t check_at_ms GUARDED_BY(ACCEPT_LOOP);     /* when to look at the timeouts again */
    int64_t rest_until_ms GUARDED_BY(ACCEPT_LOOP);   /* until when they need not be looked at */
    int64_t cutting_ns GUARDED_BY(ACCEPT_LOOP);      /* CPU time of this look that went to cuts */
    int64_t drain_until_ms GUARDED_BY(ACCEPT_LOOP);
    int64_t sealed_until_ms GUARDED_BY(ACCEPT_LOOP); /* before, a handshake may still end */
    bool quiesced GUARDED_BY(ACCEPT_LOOP); /* nobody gets in any more, and the log says so */
    struct proxy_wait proxy_wait GUARDED_BY(ACCEPT_LOOP);
    unsigned unwatched GUARDED_BY(ACCEPT_LOOP); /* children whose end nothing tells: are polled */
    struct log_limit limit_accept GUARDED_BY(ACCEPT_LOOP);
    struct log_limit limit_spawn GUARDED_BY(ACCEPT_LOOP);
    struct log_limit limit_refused[REFUSAL_COUNT] GUARDED_BY(ACCEPT_LOOP); /* by enum refusal */
};

/* server.c: whether run() or start() may go on, which is so once in a server's life; on the thread
 * that called it. */
bool server_begin(struct thrdsrv_server *server);

/* server.c: what run() does, once, on the calling thread. */
int server_serve(struct thrdsrv_server *server);

/* Whether this is a child's copy of a server, which it got from its parent by fork(2): a table
 * whose lock may be held for ever, and descriptors that are closed (mode fork's children) or the
 * parent's too. Nothing may be done with it. A server that a child creates for itself is none, nor
 * is one that has not run yet in a child that the host forks (daemon(3)). Async-signal-safe. */
bool server_is_child_copy(struct thrdsrv_server *server);

/* worker_fork.c, in a new child: every server that there is becomes a copy. */
void server_enter_child(void);

/* config.c: checks and copies. 0, or E_INVALID, E_MEMORY, E_UNSUPPORTED after a log line. */
int config_copy(struct thrdsrv_config *copy, const struct thrdsrv_config *config);
void config_free(struct thrdsrv_config *copy);

/* The same without any check or copy of what it points to; false where its size is too small. */
bool config_read(struct thrdsrv_config *copy, const struct thrdsrv_config *config);

#endif
