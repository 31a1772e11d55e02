/* wrap.h - paragraphs for people: text of any length as lines of at most 100 columns.
 *
 * Called by check.c and demo_isolation.c on the main thread. */
#ifndef THRD_CLI_WRAP_H
#define THRD_CLI_WRAP_H

#define WRAP_COLUMNS 100

/* Prints the text to standard output, lines broken between words, with a newline at the end. A word
 * that is longer than a line has a line of its own. */
void wrap_print(const char *text);

#endif
