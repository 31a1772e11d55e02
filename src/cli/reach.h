/* reach.h - whether all slots can be in use at once.
 *
 * What it does: raises the soft limit of open files as far as the slots need it, and warns when a
 * limit of the system lies below --slots.
 * What it does not do: it never keeps the server from starting: those who come are served as far as
 * the limits go. Memory is not looked at, for what a connection takes is not known ("thrd check"
 * measures it).
 * Called by serve.c on the main thread, before the server is created. */
#ifndef THRD_CLI_REACH_H
#define THRD_CLI_REACH_H

#include <thrdsrv/server.h>

/* At most one line goes to config's log. */
void reach_prepare(const struct thrdsrv_config *config);

#endif
