/* complaint.h - what is said of arguments that are wrong.
 *
 * What it does: one text for each kind of mistake, which names what was given and what is allowed,
 * or where to read more. What somebody typed is shown without control characters, which would act
 * on the terminal, and no longer than a line.
 * What it does not do: it prints nothing, and knows no option.
 * Called by arguments.c and commands.c; any thread. */
#ifndef THRD_CLI_COMPLAINT_H
#define THRD_CLI_COMPLAINT_H

#include <stddef.h>

#include "cli/arguments.h"

/* Where the text goes: one or two lines without a newline at the end; cut where size is short. */
struct complaint {
    char *text;
    size_t size;
    const char *command; /* that the arguments belong to; NULL: the program itself */
};

/* "thrd: --slots=abc: not a number; allowed: 1 to 1000000, default 128". value may be NULL. */
void complaint_value(const struct complaint *complaint, const struct argument_spec *spec,
                     const char *value, const char *what);

/* "thrd: unknown option --slot; did you mean --slots?" and where to read more. The first length
 * bytes of typed are shown; suggestion may be NULL. */
void complaint_unknown(const struct complaint *complaint, const char *kind, const char *typed,
                       size_t length, const char *dashes, const char *suggestion);

/* A word too many: "thrd: handlers: unexpected argument x"; where a command takes some, words says
 * what: "thrd: run takes the name of a handler, and no more; unexpected argument x". */
void complaint_unexpected(const struct complaint *complaint, const char *words, const char *typed);

/* "thrd: run rot31: no such handler; did you mean rot13?" and, in a second line, all choices.
 * word is NULL where it is missing, choices where there is no list. */
void complaint_word(const struct complaint *complaint, const char *word, const char *what,
                    const struct argument_list *choices);

#endif
