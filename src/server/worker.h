/* worker.h - the small interface behind which a thread, a child process or the caller serves.
 *
 * Nothing here assumes that a slot has a blocked worker of its own: a model may serve many slots
 * from one thread, as long as each slot goes through its states. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include <thrdsrv/server.h>

#include "server/conn.h"
#include "server/program.h"
#include "server/report.h"
#include "server/slot_table.h"

struct worker_model {
    const char *name;
    bool is_process; /* a worker is a process of its own, which may become another program */

    /* Called once, before the first start. NULL where there is nothing to do. */
    void (*begin)(struct thrdsrv_server *server);

    /* Starts a worker for a booked slot (RESERVED, fd in the table). Returns 0: the worker owns
     * slot and fd, and sees to their end. Negative, with errno: nothing was started, and both are
     * still the caller's. Accept loop only. */
    int (*start)(struct thrdsrv_server *server, struct SockInfo *slot);

    /* Wakes the worker of a slot that has just been cut, so that it ends; with force, so that it
     * ends even if it does not listen, as far as the model can. Never blocks. Under the table lock
     * (the attribute that says so stands at each definition: pointers cannot carry it). */
    void (*request_stop)(struct SockInfo *slot, bool force);

    /* Looks whether the worker has ended without releasing the slot, and if so, releases it. NULL
     * where workers release their own. Accept loop only. */
    bool (*reap)(struct thrdsrv_server *server, struct SockInfo *slot);

    /* Returns when nothing of the system's that ran a worker is left; every slot is FREE. NULL
     * where that is so already. Accept loop only; blocks for microseconds. */
    void (*settle)(struct thrdsrv_server *server);
};

extern const struct worker_model worker_thread;
extern const struct worker_model worker_fork; /* start is NULL in a build without fork */
extern const struct worker_model worker_inline;

/* The model of a mode; NULL for a number that is no mode. */
const struct worker_model *worker_model_of(enum thrdsrv_mode mode);

/* Serves the connection of a slot that is ACTIVE, from the start hook to the linger. Returns why it
 * ended, which stands in the slot's progress before the linger begins: by then the service is over,
 * and a cut changes no more than how long the peer is waited for. fd is still open. *run becomes
 * what a program was. On the worker's thread, or in the child. */
struct end worker_serve(struct SockInfo *slot, int fd, const struct conn_waiter *waiter,
                        struct program_run *run);

/* How a process has ended. */
struct end worker_end_of(const siginfo_t *status);

/* For struct worker_model: asks whoever serves the slot's connection on a thread of ours to end. */
void worker_request_stop(struct SockInfo *slot, bool force) REQUIRES(TABLE_LOCK);

/* The same for a worker that shares our memory (thread, inline), which then closes the connection
 * and writes the end line. Returns the reason, with which the caller gives the slot back. */
enum thrdsrv_end_reason worker_run(struct SockInfo *slot, int fd, pid_t worker,
                                   const struct conn_waiter *waiter);

#endif
