/* commands.h - which commands thrd has besides serving.
 *
 * What it does: one table names every command; "thrd --help" lists it, and main.c finds a command
 * in it. Each command has a file of its own, with options and help of its own.
 * Called by main.c on the main thread. */
#ifndef THRD_CLI_COMMANDS_H
#define THRD_CLI_COMMANDS_H

#include <stdbool.h>

#include "cli/arguments.h"

/* Whether the arguments of the program ask for a command: whether the first is a word. */
bool commands_are_asked_for(int argc, char *const argv[]);

/* Carries out the command that argv[1] names. Returns the process's exit status; 2, with a line on
 * stderr that suggests what may have been meant, where there is no such command. */
int commands_run(int argc, char *argv[]);

/* The options and words of the command of that name; NULL where there is no such command. */
const struct argument_table *commands_table(const char *name);

/* All commands, for help. */
extern const struct argument_list commands_list;

#endif
