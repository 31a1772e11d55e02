/* pseudo_terminal - a terminal for the program under test, and its keyboard. */
#ifndef SUPPORT_PSEUDO_TERMINAL_H
#define SUPPORT_PSEUDO_TERMINAL_H

/* Returns the keyboard's end, which also hears what is written to the terminal; the terminal does
 * not show what is typed. Both are the case's to close. */
int pseudo_terminal_open(int *terminal);

#endif
