/* handlers_command.h - thrd handlers: a line "NAME  SUMMARY" for each service, in the order of the
 * names. Called by commands.c on the main thread. */
#ifndef THRD_CLI_HANDLERS_COMMAND_H
#define THRD_CLI_HANDLERS_COMMAND_H

#include "cli/arguments.h"

/* argv[0] is "handlers". Returns the exit status. */
int handlers_command(int argc, char *argv[]);

extern const struct argument_table handlers_table;

#endif
