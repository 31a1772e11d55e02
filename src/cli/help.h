/* help.h - the text of --help.
 *
 * What it does: lays the table of option_table.c out as one screen: at most 40 lines of at
 * most 80 columns (tests/unit/test_options.c holds it to that).
 * Called by commands.c, on the main thread. */
#ifndef THRD_CLI_HELP_H
#define THRD_CLI_HELP_H

#include <stdio.h>

/* Writes the text. Errors are the stream's: ferror(). */
void help_write(FILE *stream);

#endif
