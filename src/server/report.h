/* report.h - the log lines about the server and its connections. No lock is held; no child calls.
 */
#ifndef SERVER_REPORT_H
#define SERVER_REPORT_H

#include <sys/resource.h>
#include <sys/types.h>

#include "server/end_reason.h"

struct SockInfo;
struct thrdsrv_server;

void report_start(const struct thrdsrv_server *server);
void report_quiesce(const struct thrdsrv_server *server, unsigned active, const char *how);
void report_stop(struct thrdsrv_server *server);

/* One connection; the caller still owns the slot. worker is the thread's or process's id. */
void report_begin(const struct SockInfo *slot);
void report_end(const struct SockInfo *slot, pid_t worker, struct end end,
                const struct rusage *usage);

/* after becomes what was used between before and after. */
void report_usage_since(struct rusage *after, const struct rusage *before);

/* The slots in use, a line each, and then the counters. Accept loop only. */
void report_dump(struct thrdsrv_server *server);

#endif
