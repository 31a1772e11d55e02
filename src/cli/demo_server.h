/* demo_server.h - a server in a process of its own, for "thrd demo isolation".
 *
 * What it does: starts the service with faults (demo_faults.h) on a free port of 127.0.0.1, tells
 * whether it still runs and what it uses, ends it with all that belongs to it.
 * It dies with us whatever happens, and leaves no core file.
 * One at a time, by a process that has no other children and only one thread. */
#ifndef THRD_CLI_DEMO_SERVER_H
#define THRD_CLI_DEMO_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <thrdsrv/server.h>

struct demo_server {
    pid_t pid;  /* 0: it has ended, and */
    int status; /* this is how, see wait(2) */
    uint16_t port;
};

/* Returns 0, or -1: the reason is on standard error. */
int demo_server_start(struct demo_server *server, enum thrdsrv_mode mode);

/* Waits at most so long for its end. */
bool demo_server_has_ended(struct demo_server *server, int milliseconds);

/* Resident memory of the server's process, in bytes; -1: the system does not tell. */
int64_t demo_server_memory(const struct demo_server *server);

/* Processor time so far, in nanoseconds, of the server's process and of a worker's, which may be
 * the same, or gone. */
int64_t demo_server_cpu_ns(const struct demo_server *server, pid_t worker);

/* Returns when neither it nor a child of it is left. */
void demo_server_end(struct demo_server *server);

#endif
