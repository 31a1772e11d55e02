/* command.h - what the commands of thrd have in common: how they begin, and how they end.
 *
 * Called by the files of the commands, commands.c and main.c, on the main thread. The exit statuses
 * are thrd(1)'s, EXIT STATUS. */
#ifndef THRD_CLI_COMMAND_H
#define THRD_CLI_COMMAND_H

#include <stdbool.h>

#include "cli/arguments.h"

enum command_status {
    COMMAND_DONE = 0,
    COMMAND_SYSTEM = 1, /* the system refused something; the reason is on stderr */
    COMMAND_USAGE = 2,  /* the arguments are wrong; what is wrong with them is on stderr */
};

/* Reads the arguments of a command, argv[0] being its name, into target. True: the command is to
 * be carried out. False: it is over, with *status; help or version has been shown, or a mistake. */
bool command_begin(const struct argument_table *table, void *target, int argc, char *const argv[],
                   int *status);

/* The same for arguments that have been read already: shows what end and message say. */
bool command_goes_on(const struct argument_table *table, enum arguments_end end,
                     const char *message, int *status);

/* For commands that open descriptors: gives a standard stream that is closed to /dev/null, for
 * reading only. Its number would else be that of the first socket, and our output go to a server;
 * so it stays an error to write to it. */
void command_hold_streams(void);

/* The status of a command whose output is complete, or was lost on its way (disk full, closed
 * pipe): that must not look like success to a script. Says so on stderr. */
int command_finish_stdout(void);

/* Closes standard output when all has been written to it without stdio: network file systems may
 * report only now what write(2) could not write (close(2)). EBADF: it was closed all the time, and
 * nothing was to be written. Returns COMMAND_DONE, or COMMAND_SYSTEM and says so on stderr. */
int command_close_stdout(void);

/* Says that standard output cannot be written because of errno error. Returns COMMAND_SYSTEM. */
int command_fail_stdout(int error);

#endif
