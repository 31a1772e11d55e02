/* manual.h - whether a man page describes the options of a table.
 *
 * Called by the tests of the command lines; a check that fails ends the test. */
#ifndef UNIT_MANUAL_H
#define UNIT_MANUAL_H

#include "cli/arguments.h"

/* The source of a page as a string, the caller's to free(). */
char *manual_read(const char *path);

/* Fails where the page has no item for the option, or does not give its default there. */
void manual_check_item(const char *text, const struct argument_spec *spec);

#endif
