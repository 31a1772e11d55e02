/* run_command.h - thrd run NAME: standard input through a handler to standard output.
 *
 * What it does: reads the arguments, has filter.c do the work, and tells how it ended.
 * Called by commands.c on the main thread. */
#ifndef THRD_CLI_RUN_COMMAND_H
#define THRD_CLI_RUN_COMMAND_H

#include <thrdsrv/handler.h>

#include "cli/arguments.h"

/* argv[0] is "run". Returns the exit status: also 1 when standard input cannot be read, and 3 when
 * the handler refuses it, each with a line on stderr. */
int run_command(int argc, char *argv[]);

/* Its target is a const struct thrdsrv_handler *, which starts as NULL. */
extern const struct argument_table run_table;

#endif
