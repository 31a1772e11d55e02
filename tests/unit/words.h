/* words.h - command lines for the tests of those that parse them.
 *
 * On the test's thread; a check that fails ends the test. */
#ifndef UNIT_WORDS_H
#define UNIT_WORDS_H

enum { WORDS_MAX = 100 };

/* Fills in argv: name, and the words of arguments, which are separated by '|'. Returns argc. The
 * words live until the next call. */
int words_split(const char *name, const char *arguments, char *argv[WORDS_MAX + 1]);

/* Fails unless message is "COMMAND: ARGUMENT: WHAT; allowed: …". */
void words_check_refusal(const char *message, const char *command, const char *argument,
                         const char *what);

#endif
