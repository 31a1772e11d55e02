/* status_command.h - thrd status: the slots and the counters of a server that runs.
 *
 * Called by commands.c, on the main thread. */
#ifndef THRD_CLI_STATUS_COMMAND_H
#define THRD_CLI_STATUS_COMMAND_H

#include "cli/arguments.h"

/* The arguments from the command's name on. Returns the exit status. */
int status_command(int argc, char *argv[]);

extern const struct argument_table status_table;

#endif
