/* restart.h - restart without loss: at SIGUSR2 the program file is started anew on the same
 * sockets, and when that serves, this process drains.
 *
 * What it does: a thread for as long as the new process starts, because nobody may wait for that;
 * what went wrong is a line in the log, and this process goes on as before.
 * What it does not do: once the new process is ready it is on its own, whatever becomes of it.
 * Called by serve.c on the main thread, once each; restart_cancel() by its signal handler. The
 * library calls restart_on_call(), on that thread too. */
#ifndef THRD_CLI_RESTART_H
#define THRD_CLI_RESTART_H

#include <signal.h>
#include <stdbool.h>

#include "cli/control.h"
#include "cli/options.h"

/* What a restart needs; all of it outlives restart_end(). mask: the signals that were blocked when
 * the program began. */
void restart_begin(const struct options *options, struct thrdsrv_server *server,
                   struct control *control, const sigset_t *mask);

/* Begins a restart, or says in the log why not. A config.on_call. */
void restart_on_call(struct thrdsrv_server *server, void *user);

/* This process is to stop: there will be no restart, and one that is under way is given up. False:
 * it is too late for that, and a drain has begun already. Async-signal-safe. */
bool restart_cancel(void);

/* The server does not run any more. */
void restart_end(void);

#endif
