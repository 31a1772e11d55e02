/* report.h - the log lines about the server and its connections, and the hook on_end. No lock is
 * held; no child calls. */
#ifndef SERVER_REPORT_H
#define SERVER_REPORT_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <thrdsrv/observe.h>

#include "server/slot_table.h"

struct thrdsrv_server;

void report_start(const struct thrdsrv_server *server);
void report_quiesce(const struct thrdsrv_server *server, unsigned active, const char *how);
void report_stop(struct thrdsrv_server *server);

/* Why a connection ended; code is a signal number or an exit status, else 0. */
struct end {
    enum thrdsrv_end_reason reason;
    int code;
};

/* One connection; the caller still owns the slot. worker is the thread's or process's id, 0: none.
 */
void report_begin(const struct SockInfo *slot);
void report_end(const struct SockInfo *slot, pid_t worker, struct end end,
                const struct rusage *usage);

/* Whether anybody wants to know of the end of a connection: ask before finding out what is costly.
 */
bool report_end_wanted(const struct thrdsrv_server *server);

/* Connections that were handed over, and closed by the stop before a slot was free for them. */
void report_unserved(const struct thrdsrv_server *server, unsigned count);

/* A connection was refused: one line a second of each kind. */
void report_refused(struct thrdsrv_server *server, enum refusal why, const struct address *peer);

/* thrdsrv_server_destroy() was called while the server runs. */
void report_destroy_refused(const struct thrdsrv_server *server);

/* What a program has used belongs to its connection. */
void report_usage_add(struct rusage *to, const struct rusage *what);

/* after becomes what was used between before and after. */
void report_usage_since(struct rusage *after, const struct rusage *before);

/* Logs what thrdsrv_server_report() says. Accept loop only. */
void report_dump(struct thrdsrv_server *server);

#endif
