/* slot_table.h - the fixed table of slots, and the one mutex that guards it.
 *
 * A slot (struct SockInfo) stands for one connection that is being served. It goes round the states
 * of enum thrdsrv_slot_state:
 *
 *     FREE -> RESERVED -> ACTIVE -> STOPPING -> FREE
 *
 * FREE      may be reserved; fd is -1. Nobody works on the slot: no worker knows it, or, in mode
 *           thread, the worker of its last connection is parked in it and waits for the next one.
 * RESERVED  the accept loop has set the slot aside, before it accepts: nothing is accepted that
 *           has no slot. After slot_table_book() fd is the accepted connection, and the loop, or
 *           a worker that has been started or called but has not yet announced itself, owns it.
 * ACTIVE    a worker serves. Mode thread and inline: fd is open and the worker's. Mode fork: worker
 *           is a child that has not been reaped; it has the only copy, and fd is -1, unless it
 *           becomes a program (program.h), and then fd is our copy, which only the loop uses.
 * STOPPING  on its way out: the loop has cut the connection (fd as in ACTIVE, until the worker
 *           takes it), or the worker has taken the fd out and closes it (fd is -1).
 *
 * What follows from it:
 * - An fd is in the table if and only if it is open and the worker has not taken it. The loop
 *   calls shutdown(2) only under the lock and on an fd in the table: never on a recycled number.
 * - A child in a slot of mode fork has not been reaped by us: only the loop reaps, and then
 * releases the slot. Signals go through the child's pidfd, so that they never meet a recycled pid
 * even where the host program reaps children that are not its own.
 * - From slot_table_claim() until it is FREE again a slot counts for its source (source.h).
 * - Nothing blocks, logs or calls back under the lock. The one system call under it wakes the loop
 *   at a release: after its unlock a worker touches no memory and no descriptor of the server's.
 *
 * Each function below is the only door for its transition and checks the state it starts from.
 * Of the free slots those with a parked worker are reserved first, the one that was parked last
 * before the others: its stack is still in the caches, and the others may go. Without one it is
 * first in, first out, so that a slot rests as long as possible between two uses: its last thread
 * has then really gone (worker_thread.c), and a stale number is noticed.
 *
 * Fields carry their guard: [T] table lock, [A] accept loop's thread only, [C] constant after
 * create, [B] written by the loop before the worker is started, constant until the slot is free. */
#ifndef SERVER_SLOT_TABLE_H
#define SERVER_SLOT_TABLE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <thrdsrv/server.h>

#include "server/address.h"
#include "server/subprocess.h"
#include "server/progress.h"
#include "server/source.h"
#include "server/thread_safety.h"
#include "server/timeouts.h"
#include "server/traffic.h"

struct SockInfo {
    struct thrdsrv_server *server; /* [C] */
    struct progress *progress;     /* [C] the pointer; what it points to is atomic */
    uint32_t index;                /* [C] number of the slot */

    enum thrdsrv_slot_state state GUARDED_BY(TABLE_LOCK); /* [T] */
    int fd GUARDED_BY(TABLE_LOCK);                        /* [T] */
    pid_t worker GUARDED_BY(TABLE_LOCK); /* [T] thread id or process id, 0: none yet */
    /* [T] mode fork: the child; mode thread, inline: the program that serves, if one does */
    struct subprocess process GUARDED_BY(TABLE_LOCK);
    struct traffic traffic GUARDED_BY(TABLE_LOCK);         /* [T] of a program's connection */
    struct SockInfo *next_free GUARDED_BY(TABLE_LOCK);     /* [T] in the list that it is in */
    struct SockInfo *previous_free GUARDED_BY(TABLE_LOCK); /* [T] */
    /* Thread id of the worker that waits in this slot, FREE or RESERVED, for its next connection;
     * 0: none does. And whether it was told to go. */
    pid_t parked GUARDED_BY(TABLE_LOCK);   /* [T] */
    bool dismissed GUARDED_BY(TABLE_LOCK); /* [T] */

    int64_t cut_at_ms GUARDED_BY(TABLE_LOCK);     /* [T] when the loop cut it */
    struct source *source GUARDED_BY(TABLE_LOCK); /* [T] that it counts for; NULL: for none */

    /* The last thread that served this slot and when (CLOCK_BOOTTIME, ns) it let go of it: the
     * task may take a moment longer to end than its work. */
    pid_t departed GUARDED_BY(TABLE_LOCK);         /* [T] */
    int64_t departed_at_ns GUARDED_BY(TABLE_LOCK); /* [T] */

    uint32_t generation;       /* [B] counts the slot's uses, wraps; tells one from the next */
    uint64_t conn_id;          /* [B] 1, 2, 3 … over the server's life */
    int64_t accepted_at_ns;    /* [B] CLOCK_MONOTONIC */
    struct address peer;       /* [B] */
    struct address local;      /* [B] family 0: not asked for, the system tells */
    struct address proxy;      /* [B] the balancer that named both; family 0: none did */
    unsigned conns_of_source;  /* [B] with this one; 0: not counted */
    const char *listener_text; /* [B] address of the listener that it came through */
    int64_t cpu_began_ns;      /* [B] but by the worker: CPU time of its thread when it began */

    sem_t call; /* posted when a parked worker has a connection, or is to go */

    /* [A] */
    bool has_parked GUARDED_BY(ACCEPT_LOOP); /* a worker was parked in it when it was reserved */
    struct rate_window rate GUARDED_BY(ACCEPT_LOOP); /* the minimum rate */
    bool unwatched GUARDED_BY(ACCEPT_LOOP);          /* mode fork: epoll tells nothing of it */
};

/* Slots that are FREE, in a doubly linked list. */
struct free_list {
    struct SockInfo *first;
    struct SockInfo *last;
};

struct slot_table {
    pthread_mutex_t mutex;     /* the ONE lock, called TABLE_LOCK in attributes */
    struct SockInfo *slots;    /* [C] */
    struct progress *progress; /* [C] one per slot, shared with children */
    unsigned count;            /* [C] */
    int wakeup;                /* [C] the loop's wake-up descriptor, not ours to close */
    unsigned reserve;          /* [C] so many slots, the last ones, are for trusted peers */

    struct free_list parked GUARDED_BY(TABLE_LOCK); /* with a parked worker */
    struct free_list empty GUARDED_BY(TABLE_LOCK);  /* without */
    bool wake_wanted GUARDED_BY(TABLE_LOCK);        /* the loop waits for the next release */
    bool draining GUARDED_BY(TABLE_LOCK);           /* the server has stopped accepting */
    struct thrdsrv_stats stats GUARDED_BY(TABLE_LOCK);
    struct source_table sources GUARDED_BY(TABLE_LOCK); /* all zero: sources have no limits */
};

/* Allocates count slots, all FREE. Returns 0 or THRDSRV_E_MEMORY. */
int slot_table_init(struct slot_table *table, unsigned count, struct thrdsrv_server *server,
                    int wakeup);

/* Who may have how many of the slots; 0 or no rate: all that there are. */
struct slot_limits {
    unsigned reserve;
    unsigned per_source;
    struct bucket_rate source_rate;
    bool counts_sources; /* also where there is no limit for them */
};

/* Sets the limits that slot_table_claim() asks for, before anything is accepted. Returns 0 or
 * THRDSRV_E_MEMORY. */
int slot_table_limit(struct slot_table *table, const struct slot_limits *limits,
                     const struct siphash_key *key) EXCLUDES(TABLE_LOCK);

/* Children that are forked from here on do not get the slots: nothing of them is copied, which for
 * 20,000 slots took longer than all else at a fork, and no child sees who else is connected. Nor
 * can it touch them: whatever a child is to know of its slot is copied for it before. */
void slot_table_keep_from_children(struct slot_table *table);

/* Every slot must be FREE, and no other thread may know the table any more. */
void slot_table_fini(struct slot_table *table);

void slot_table_lock(struct slot_table *table) ACQUIRES(TABLE_LOCK);
void slot_table_unlock(struct slot_table *table) RELEASES(TABLE_LOCK);

/* FREE -> RESERVED. NULL when no slot is free; the next release then wakes the loop. Loop only. */
struct SockInfo *slot_table_reserve(struct slot_table *table) EXCLUDES(TABLE_LOCK)
    REQUIRES(ACCEPT_LOOP);

/* Why a connection was not let in. */
enum refusal {
    REFUSAL_NONE = 0,
    REFUSAL_FULL,        /* no slot was free */
    REFUSAL_RESERVED,    /* those that were free are not for it */
    REFUSAL_SOURCE,      /* its source has as many as it may */
    REFUSAL_SOURCE_RATE, /* its source comes too fast */
    REFUSAL_ADMISSION,   /* config.admit said no */
    REFUSAL_RULES,       /* the rules deny it */
    /* A PROXY header was awaited: */
    REFUSAL_PROXY_SOURCE, /* from nobody who would be believed */
    REFUSAL_PROXY_HEADER, /* and something else came, or the end */
    REFUSAL_PROXY_LATE,   /* and did not come in time */
    REFUSAL_PROXY_STOP,   /* or a slot for its client was, when the server stopped */
    REFUSAL_COUNT
};

/* Who wants to have a slot. */
struct claimant {
    bool trusted;    /* may have any */
    bool has_source; /* else it counts for none */
    struct netblock source;
};

/* Whether the limits let the slot, which is RESERVED and will be booked, be the claimant's; then it
 * counts for its source until it is FREE again. Loop only. */
enum refusal slot_table_claim(struct slot_table *table, struct SockInfo *slot,
                              const struct claimant *claimant, int64_t now_ns) EXCLUDES(TABLE_LOCK);

/* RESERVED -> FREE: nothing was there to accept, or it was refused. Loop only. */
void slot_table_unreserve(struct slot_table *table, struct SockInfo *slot) EXCLUDES(TABLE_LOCK);

/* RESERVED stays, fd goes in, the connection is counted as accepted. Loop only; the [B] fields
 * other than conn_id and generation are the caller's to set. */
void slot_table_book(struct slot_table *table, struct SockInfo *slot, int fd) EXCLUDES(TABLE_LOCK);

/* RESERVED -> ACTIVE, by the worker itself (thread, inline). Returns the fd, which stays in the
 * table and is now the worker's. -1, and nothing is changed: the caller was parked, and has been
 * dismissed. */
int slot_table_activate(struct slot_table *table, struct SockInfo *slot, pid_t worker)
    EXCLUDES(TABLE_LOCK);

/* RESERVED -> ACTIVE, by the loop on behalf of a child. Returns the parent's copy of the fd, taken
 * out: the caller closes it. */
int slot_table_hand_over(struct slot_table *table, struct SockInfo *slot, pid_t worker)
    EXCLUDES(TABLE_LOCK);

/* RESERVED -> ACTIVE, by the loop on behalf of a child that becomes a program: we keep our copy of
 * the connection in the slot, to count what moves on it and to end it. */
void slot_table_share(struct slot_table *table, struct SockInfo *slot, pid_t worker)
    EXCLUDES(TABLE_LOCK);

/* The process that serves, from now on to be asked to stop. Returns whether the connection has been
 * cut already: then that is the caller's to do. */
bool slot_table_set_process(struct slot_table *table, struct SockInfo *slot,
                            const struct subprocess *process) EXCLUDES(TABLE_LOCK);

/* It has ended, and is not to be signalled any more; it may be reaped from now on. */
void slot_table_forget_process(struct slot_table *table, struct SockInfo *slot)
    EXCLUDES(TABLE_LOCK);

struct subprocess slot_table_process(struct slot_table *table, struct SockInfo *slot)
    EXCLUDES(TABLE_LOCK);

/* ACTIVE -> STOPPING, by the loop: the reason is left for the worker to find. The caller then
 * wakes the worker (struct worker_model, request_stop) under the same lock. */
void slot_table_cut(struct SockInfo *slot, enum thrdsrv_end_reason reason, int64_t now_ms)
    REQUIRES(TABLE_LOCK);

/* RESERVED, ACTIVE or STOPPING -> STOPPING, by whoever ends the connection: the fd leaves the table
 * and is returned, -1 where it was not there. From here on nobody else touches it. */
int slot_table_take(struct slot_table *table, struct SockInfo *slot) EXCLUDES(TABLE_LOCK);

/* STOPPING -> FREE, the last thing a worker does; wakes the loop if it waits for that. departed is
 * the worker's thread id, or 0 when it is known to have ended, or there was none: the slot's last
 * thread then stays the one to wait for. */
void slot_table_release(struct slot_table *table, struct SockInfo *slot,
                        enum thrdsrv_end_reason reason, pid_t departed) EXCLUDES(TABLE_LOCK);

/* STOPPING -> FREE as slot_table_release(), but the worker, whose thread id this is, stays parked
 * in the slot: to be posted slot->call. Its predecessor in the slot, if there was one, is gone. */
void slot_table_park(struct slot_table *table, struct SockInfo *slot,
                     enum thrdsrv_end_reason reason, pid_t worker) EXCLUDES(TABLE_LOCK);

/* A parked worker has waited long enough. Returns false where the slot has just been reserved: then
 * it waits on. After true it touches nothing of the table's any more. */
bool slot_table_leave(struct slot_table *table, struct SockInfo *slot, pid_t worker)
    EXCLUDES(TABLE_LOCK);

/* Takes the place from the worker that is parked in a FREE slot, if there is one: then returns
 * true, and the caller posts slot->call. Loop only, when nothing is accepted any more. */
bool slot_table_dismiss(struct slot_table *table, struct SockInfo *slot) EXCLUDES(TABLE_LOCK);

/* Asks that the next release wakes the loop. */
void slot_table_want_wake(struct slot_table *table) EXCLUDES(TABLE_LOCK);

/* A connection was accepted and refused. */
void slot_table_count_refused(struct slot_table *table, enum refusal why) EXCLUDES(TABLE_LOCK);

/* accept(2) failed: for want of descriptors or memory (system), or for that one connection. */
void slot_table_count_accept_error(struct slot_table *table, bool system) EXCLUDES(TABLE_LOCK);

/* From here on connections that end are counted as drained, or as cut. Returns the number of slots
 * that hold one. */
unsigned slot_table_begin_drain(struct slot_table *table) EXCLUDES(TABLE_LOCK);

/* A copy of the counters. Any thread. */
void slot_table_stats(struct slot_table *table, struct thrdsrv_stats *stats) EXCLUDES(TABLE_LOCK);

/* Whether the server has stopped accepting. Any thread. */
bool slot_table_is_draining(struct slot_table *table) EXCLUDES(TABLE_LOCK);

/* Slots that hold a connection. */
unsigned slot_table_active(struct slot_table *table) EXCLUDES(TABLE_LOCK);

/* What others may know of a slot in use. */
struct slot_view {
    enum thrdsrv_slot_state state;
    pid_t worker;
    bool is_process; /* worker is the number of a process, else of a thread */
    uint32_t generation;
    uint64_t conn_id;
    int64_t accepted_at_ns;
    int64_t cpu_began_ns; /* CPU time of the worker when it began with this connection */
    struct address peer;
    struct address local;
    const char *listener_text; /* lives as long as the server */
    enum thrdsrv_wait waits;
    int64_t waits_since_ms;
    uint64_t bytes_in;
    uint64_t bytes_out;
    int64_t moved_ms; /* when the last byte was; 0: none was */
};

/* Copies the slot, all of one moment. Returns false, and nothing else, where it holds no
 * connection. Any thread. */
bool slot_table_view(struct slot_table *table, unsigned index, struct slot_view *view)
    EXCLUDES(TABLE_LOCK);

/* Whether a slot's worker has this thread or process id. Any thread. */
bool slot_table_has_worker(struct slot_table *table, pid_t worker) EXCLUDES(TABLE_LOCK);

#endif
