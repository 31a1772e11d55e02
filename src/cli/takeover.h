/* takeover.h - the sockets of a predecessor: this process was started by a server of the same
 * command line, which goes as soon as we are ready.
 *
 * What it does: finds out from THRD_RESTART whether that is so, and makes the descriptors that were
 * handed over the listeners, instead of --listen, and the control socket, instead of a new one of
 * the same path. Whoever waits for our ready line is the predecessor alone: --ready-fd was closed
 * long ago.
 * What it does not do: it opens nothing. The predecessor's half is in successor.c.
 * Called by serve.c on the main thread, before anything of ours is opened. */
#ifndef THRD_CLI_TAKEOVER_H
#define THRD_CLI_TAKEOVER_H

#include <stdbool.h>

#include "cli/options.h"

/* "PID:LISTENERS:CONTROL:ALONE": the predecessor's number, how many listeners there are from
 * descriptor TAKEOVER_FIRST_FD on, whether (1 or 0) the control socket is behind them, and whether
 * nobody but the predecessor accepts at those of TCP. Behind all is the descriptor for the ready
 * line. */
#define TAKEOVER_VARIABLE "THRD_RESTART"
#define TAKEOVER_FIRST_FD 3

/* Listeners at most: "localhost:PORT" and ":PORT" make two. */
#define TAKEOVER_LISTENERS_MAX (2 * OPTIONS_LISTEN_MAX)

/* True where all is well, also without a predecessor. False: the variable or the descriptors are
 * wrong, and stderr has got the reason. */
bool takeover_take(struct options *options);

#endif
