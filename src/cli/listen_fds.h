/* listen_fds.h - sockets that a supervisor opened and hands over: sd_listen_fds(3), without its
 * library, because the environment says all.
 *
 * What it does: finds out whether LISTEN_PID and LISTEN_FDS are meant for this process, looks at
 * the descriptors, from 3 on, and makes them the listeners where no --listen was given. Takes the
 * variables out of the environment, so that nobody whom we start takes them for its own.
 * What it does not do: the names in LISTEN_FDNAMES are not needed. What the sockets are listening
 * at, and how to serve it, is the library's ("fd:N").
 * Called by serve.c on the main thread, before anything of ours is opened. */
#ifndef THRD_CLI_LISTEN_FDS_H
#define THRD_CLI_LISTEN_FDS_H

#include <stdbool.h>

#include "cli/options.h"

/* True where all is well, also without such sockets. False: the variables or the descriptors are
 * wrong, and stderr has got the reason. Where --listen (or --inetd) says otherwise those that it
 * does not name are closed, with a warning: their clients would wait for ever. */
bool listen_fds_take(struct options *options);

#endif
