/* commands.h - what thrd does besides serving: say something, or filter, and leave.
 *
 * Called by main.c on the main thread. Each returns the process's exit status (thrd(1), EXIT
 * STATUS): 0; or 1 with one line on stderr when standard output does not take all of the output. */
#ifndef THRD_CLI_COMMANDS_H
#define THRD_CLI_COMMANDS_H

#include <thrdsrv/handler.h>

/* thrd handlers: a line "NAME  SUMMARY" for each service, in the order of the names. */
int commands_list_handlers(void);

/* thrd run NAME: standard input through the handler to standard output. Also 1 when standard input
 * cannot be read, and 3 when the handler refuses it, each with a line on stderr. */
int commands_run(const struct thrdsrv_handler *handler);

/* thrd --help */
int commands_show_help(void);

/* thrd --version */
int commands_show_version(void);

#endif
