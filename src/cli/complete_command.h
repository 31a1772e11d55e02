/* complete_command.h - thrd complete -- WORD...: what shells ask at the Tab key.
 *
 * What it does: reads what is on the command line so far, and prints what may be its last word.
 * The files in src/completions ask it, and know nothing of options themselves.
 * Called by commands.c on the main thread. */
#ifndef THRD_CLI_COMPLETE_COMMAND_H
#define THRD_CLI_COMPLETE_COMMAND_H

#include "cli/arguments.h"

/* argv[0] is "complete". Returns the exit status. */
int complete_command(int argc, char *argv[]);

extern const struct argument_table complete_table;

#endif
