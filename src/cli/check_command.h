/* check_command.h - thrd check: from the arguments to check.c.
 *
 * Called by commands.c on the main thread. */
#ifndef THRD_CLI_CHECK_COMMAND_H
#define THRD_CLI_CHECK_COMMAND_H

#include "cli/arguments.h"

/* argv[0] is "check". Returns the exit status, an enum check_status, or 2 for wrong arguments. */
int check_command(int argc, char *argv[]);

extern const struct argument_table check_table;

#endif
