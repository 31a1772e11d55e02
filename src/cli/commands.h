/* commands.h - what thrd does besides serving: print something and leave.
 *
 * Called by main.c on the main thread. Each returns the process's exit status: 0, or 1 with one
 * line on stderr when standard output does not take the text. */
#ifndef THRD_CLI_COMMANDS_H
#define THRD_CLI_COMMANDS_H

/* thrd handlers: a line "NAME  SUMMARY" for each service, in the order of the names. */
int commands_list_handlers(void);

/* thrd --help */
int commands_show_help(void);

/* thrd --version */
int commands_show_version(void);

#endif
