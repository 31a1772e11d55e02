/* age.h - a service that tells each client how long after its accept(2) its handler began.
 *
 * Called by the library, in the worker of each connection. */
#ifndef THRD_CLI_AGE_H
#define THRD_CLI_AGE_H

#include <thrdsrv/conn.h>

/* A thrdsrv_serve_fn; user is not looked at. */
int age_serve(struct thrdsrv_conn *conn, void *user);

#endif
