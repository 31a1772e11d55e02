/* raw_terminal.h - a terminal in raw mode, which is given back as it was whatever ends the program.
 *
 * What it does: in raw mode (cfmakeraw(3)) the terminal hands on each key as it is pressed, Ctrl-C
 * too, shows none, and changes no line end. The signals that usually end a program, SIGPIPE among
 * them, restore the terminal and then end it all the same; those that are ignored stay so.
 * What it does not do: a program that is stopped, not ended, leaves the terminal to the shell.
 * One terminal at a time. Called by connect_command.c on the main thread. */
#ifndef THRD_CLI_RAW_TERMINAL_H
#define THRD_CLI_RAW_TERMINAL_H

/* fd is open until raw_terminal_leave(). Returns 0, or -1 with errno, and all is as it was. */
int raw_terminal_enter(int fd);

void raw_terminal_leave(void);

#endif
