/* ready.h - telling those who wait that the server accepts connections.
 *
 * What it does: the ready line on stdout and on --ready-fd, the supervisor (notify.h), and for
 * people the line with what to type next.
 * What it does not do: whoever does not listen costs a warning, never the service.
 * Called by main.c and serve.c on the main thread. */
#ifndef THRD_CLI_READY_H
#define THRD_CLI_READY_H

#include <stdbool.h>

#include "cli/options.h"

/* Whether the descriptor is open for writing. To be asked before anything is opened, or a
 * descriptor of our own may answer. */
bool ready_fd_is_usable(int fd);

/* Announces that server accepts connections, and where it can be asked for its state; control is
 * NULL where it cannot. Closes options->ready_fd. */
void ready_announce(const struct options *options, const struct thrdsrv_server *server,
                    const char *control);

#endif
