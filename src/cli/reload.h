/* reload.h - the rules of who may connect: --allow, --deny and --rules at the start, and the file
 * again at SIGHUP.
 *
 * What it does: the first reading, whose mistakes end the program; and a thread that waits for
 * requests to read again, because reading a file may take its time and nobody may wait for it. A
 * file with a mistake changes nothing, and the log says so.
 * What it does not do: the file is read as the server is by then, by its user and below its root
 * directory. Nothing is kept open for it: a directory outside --chroot would be a way out of there.
 * Called by serve.c on the main thread, once each, reload_request() by its signal handler. */
#ifndef THRD_CLI_RELOAD_H
#define THRD_CLI_RELOAD_H

#include <stdbool.h>

#include "cli/options.h"
#include "cli/serve.h"

/* Puts the rules of --rules, if it is given, behind those in options->config, where they stay until
 * reload_start() or reload_stop(). False: stderr says why, *status is the exit status. */
bool reload_first(struct options *options, enum serve_status *status);

/* From here on requests are met; nothing to do without --rules. Warns where that will not be
 * possible. False: as above. */
bool reload_start(struct options *options, struct thrdsrv_server *server,
                  enum serve_status *status);

/* Reads the file again, soon, in the thread. Async-signal-safe. */
void reload_request(void);

/* When no request comes any more; from here on nothing of the server is used. Also where nothing
 * was started. */
void reload_stop(void);

#endif
