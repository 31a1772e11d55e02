/* complete.h - what may stand on a command line next: for the Tab key of shells.
 *
 * What it does: finds the candidates in the tables that parse the command line (arguments.h), so
 * that a new option is completed from the moment that it is known. The values of an option are the
 * words in the text of what it allows ("thread, fork or inline").
 * What it does not do: it knows no shell, and looks at no file; where a file's name is wanted it
 * says so.
 * Called by complete_command.c; any thread. */
#ifndef THRD_CLI_COMPLETE_H
#define THRD_CLI_COMPLETE_H

#include <stdio.h>

#include "cli/arguments.h"

/* What stands there: the last two words behind the program's or the command's name, up to the
 * cursor. */
struct complete_words {
    const char *previous; /* NULL: there is none */
    const char *last;     /* to be completed; "" where nothing of it is there yet */
};

/* Writes a line for each candidate: the whole word, and behind a tab its explanation. A line of ":"
 * says that the rest of the word, behind '=', is the name of a file. Errors are the stream's. */
void complete_write(FILE *stream, const struct argument_table *table,
                    const struct complete_words *words);

/* The names of a list alone. */
void complete_write_list(FILE *stream, const struct argument_list *list, const char *last);

#endif
