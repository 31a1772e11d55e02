/* program.h - a program of its own for each connection (config.program), as inetd and tcpserver run
 * them: the connection is its standard input and output. The worker's side of it.
 *
 * In mode fork the child becomes the program; in the other modes the worker starts it and waits. In
 * both the server keeps a copy of the connection: to count what moves (traffic.h), to wake a
 * program that is cut, and to end the connection so that nothing of its output is lost. A
 * connection ends with its program, whatever processes that one has left behind. */
#ifndef SERVER_PROGRAM_H
#define SERVER_PROGRAM_H

#include <sys/resource.h>

#include <thrdsrv/server.h>

#include "server/report.h"

struct thrdsrv_conn;

/* Variables that each program gets, at most. */
#define PROGRAM_VARIABLES_MAX 16

struct program {
    const char *const *arguments; /* config's */
    char *path;                   /* of the file */
    char **environment; /* PROGRAM_VARIABLES_MAX places, the host's variables, and a NULL */
    size_t count;       /* of all of them, with the NULL */
};

/* Looks for the program as a shell does, and keeps the variables of the environment as they are at
 * that moment, without those of another server like us. 0, E_MEMORY, or E_SYSTEM with errno where
 * there is no such program. */
int program_init(struct program *program, const char *const *arguments);
void program_fini(struct program *program);

/* Mode fork, in the child: does not return unless the program cannot be run. Returns its errno. */
int program_become(struct thrdsrv_conn *conn, const struct program *program);

/* A program that has ended; all zero: there was none. */
struct program_run {
    pid_t pid;
    struct rusage usage;
};

/* The other modes: returns when the program has ended. */
struct end program_run(struct thrdsrv_conn *conn, const struct program *program,
                       struct program_run *run);

#endif
