/* connect_command.h - thrd connect ADDRESS: standard input to a server, its answers to standard
 * output.
 *
 * What it does: reads the arguments, connects, has client/split_io.c do the work, and tells how it
 * ended. Called by commands.c on the main thread. */
#ifndef THRD_CLI_CONNECT_COMMAND_H
#define THRD_CLI_CONNECT_COMMAND_H

/* argv[0] is "connect". Returns the exit status: also 1 where there is no connection, 3 where the
 * server ended before it had all of the input, 4 where the connection broke, 5 where --idle has
 * passed, each with a line on stderr. */
int connect_command(int argc, char *argv[]);

#endif
