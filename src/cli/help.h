/* help.h - the text of --help.
 *
 * What it does: lays an argument_table out in lines of at most 80 columns (the tests hold every
 * table to that).
 * Called by commands.c and command.c, on the main thread. */
#ifndef THRD_CLI_HELP_H
#define THRD_CLI_HELP_H

#include <stdio.h>

#include "cli/arguments.h"

/* Writes the text. Errors are the stream's: ferror(). */
void help_write(FILE *stream, const struct argument_table *table);

#endif
