/* whoami.h - a service that tells each client who serves it: the blocking handler to learn from.
 *
 * Called by the library, in the worker of each connection. */
#ifndef THRD_CLI_WHOAMI_H
#define THRD_CLI_WHOAMI_H

#include <thrdsrv/conn.h>

/* A thrdsrv_serve_fn. user points to the enum thrdsrv_mode that the server runs in. */
int whoami_serve(struct thrdsrv_conn *conn, void *user);

#endif
