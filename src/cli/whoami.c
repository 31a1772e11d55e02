/* whoami.c - a service that tells each client who serves it.
 *
 *     $ nc localhost 43211
 *     you are 127.0.0.1:50312, connection 17 at 127.0.0.1:43211
 *     slot 3, mode thread: thread 4730 of process 4711 serves you, and nobody else
 *     say something, or "quit"
 *     hello
 *     17.1: hello
 *     quit
 *     17: goodbye
 *
 * This is a blocking handler (thrdsrv/conn.h), and the example to start your own from. Three
 * things make such a handler simple:
 *
 *   - It is about one client. Reading and writing wait, and nobody else waits with it, because
 *     every connection has a worker of its own.
 *   - What belongs to the connection is local variables. Nothing is shared, so nothing is locked.
 *   - It has no timeouts, signals or clean-up of its own. When the peer is gone, a timeout has
 *     passed or the server stops, the next call returns a negative number: hand it up.
 *
 * Called by the library: in mode thread on the connection's thread, in mode fork in its child
 * process, in mode inline on the server's own thread. */
#include "cli/whoami.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <thrdsrv/server.h>

/* Longer lines are answered in pieces. A buffer on the stack is right for a worker, as long as
 * it is small against the stack (--stack, 256 KiB unless told otherwise). */
#define LINE_SIZE 512

/* Tells what serves this connection: here the three modes differ, and nowhere below. */
static int introduce_worker(struct thrdsrv_conn *conn, enum thrdsrv_mode mode)
{
    unsigned slot = thrdsrv_conn_slot(conn);
    switch (mode) {
    case THRDSRV_MODE_THREAD:
        return thrdsrv_conn_printf(
            conn, "slot %u, mode thread: thread %d of process %d serves you, and nobody else\n",
            slot, (int)gettid(), (int)getpid());
    case THRDSRV_MODE_FORK:
        return thrdsrv_conn_printf(
            conn, "slot %u, mode fork: process %d, a child of %d, serves you, and nobody else\n",
            slot, (int)getpid(), (int)getppid());
    case THRDSRV_MODE_INLINE:
        return thrdsrv_conn_printf(
            conn, "slot %u, mode inline: process %d serves you; the next client waits for you\n",
            slot, (int)getpid());
    }
    return THRDSRV_E_INVALID;
}

static int greet(struct thrdsrv_conn *conn, enum thrdsrv_mode mode)
{
    int error =
        thrdsrv_conn_printf(conn, "you are %s, connection %ju at %s\n", thrdsrv_conn_peer(conn),
                            (uintmax_t)thrdsrv_conn_id(conn), thrdsrv_conn_local(conn));
    if (error < 0)
        return error;
    error = introduce_worker(conn, mode);
    if (error < 0)
        return error;
    return thrdsrv_conn_printf(conn, "say something, or \"quit\"\n");
}

/* Answers lines until "quit", the end of the input, or an error. */
static int answer_lines(struct thrdsrv_conn *conn)
{
    uintmax_t id = thrdsrv_conn_id(conn);
    for (unsigned long number = 1;; number++) {
        char line[LINE_SIZE];
        ssize_t length = thrdsrv_conn_read_line(conn, line, sizeof line);
        if (length == THRDSRV_E_EOF)
            return 0; /* the client is done; that is how a connection should end */
        if (length == THRDSRV_E_TOO_LONG)
            length = sizeof line - 1; /* answer this piece; the next call reads the rest */
        if (length < 0)
            return (int)length;
        if (strcmp(line, "quit") == 0)
            return thrdsrv_conn_printf(conn, "%ju: goodbye\n", id);
        /* The line is a string here; a service for which bytes of value 0 count would give length
         * to thrdsrv_conn_write(). */
        int error = thrdsrv_conn_printf(conn, "%ju.%lu: %s\n", id, number, line);
        if (error < 0)
            return error;
    }
}

int whoami_serve(struct thrdsrv_conn *conn, void *user)
{
    const enum thrdsrv_mode *mode = user;
    int error = greet(conn, *mode);
    if (error < 0)
        return error;
    return answer_lines(conn);
}
