/* serve.h - the program's main business: a server from start to end.
 *
 * What it does: what a library must leave to the program. Signals, resource limits, standard
 * streams, what is said to supervisors, and the exit status.
 * Called by main.c on the main thread, once. */
#ifndef THRD_CLI_SERVE_H
#define THRD_CLI_SERVE_H

#include "cli/options.h"

/* The statuses are documented in thrd(1), EXIT STATUS. */
enum serve_status {
    SERVE_DRAINED = 0, /* stopped, and every connection had ended by itself */
    SERVE_SYSTEM = 1,  /* the system refused what the server needs */
    SERVE_USAGE = 2,   /* the options cannot be served as given */
    SERVE_CUT = 3,     /* stopped, and connections were cut */
};

/* Serves until a signal stops it; one that comes before the server can act on it waits until it
 * can. Fills in the rest of options->config. Returns the exit status; stderr has got the reason
 * where it is 1 or 2. */
enum serve_status serve_run(struct options *options);

#endif
