/* demo_command.h - thrd demo NAME: from the arguments to the demonstration.
 *
 * Called by commands.c on the main thread. */
#ifndef THRD_CLI_DEMO_COMMAND_H
#define THRD_CLI_DEMO_COMMAND_H

#include "cli/arguments.h"

/* argv[0] is "demo". Returns the exit status: that of the demonstration, or 2 for wrong arguments.
 */
int demo_command(int argc, char *argv[]);

extern const struct argument_table demo_table;

#endif
