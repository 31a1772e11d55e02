/* arguments.h - what may stand on a command line, as data, and the walk that reads it.
 *
 * What it does: a table describes the options and words of the program or of one of its commands;
 * parsing, error texts, suggestions (arguments.c, complaint.c), --help (help.c) and what the Tab
 * key offers (complete.c) are made from it. -h, --help and -V, --version belong to every table.
 * What it does not do: it never prints, exits, allocates or asks the system. Called by options.c
 * for serving and command.c for the commands; any thread. */
#ifndef THRD_CLI_ARGUMENTS_H
#define THRD_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Enough for every message of arguments_parse(). */
#define ARGUMENTS_MESSAGE_SIZE 512

/* One option. */
struct argument_spec {
    const char *name;     /* without the dashes */
    char letter;          /* short form without the dash; '\0': none */
    const char *argument; /* how help calls the value; NULL: the option takes none */
    const char *initial;  /* the default as it would be typed; NULL: none */
    const char *allowed;  /* for error texts; NULL where argument is */
    int group;            /* in argument_table.groups */
    const char *help;     /* '\n' begins a second line */

    /* Puts the value (NULL where there is none) into the target. Returns NULL, or what is wrong. */
    const char *(*set)(void *target, const char *value);

    bool value_is_optional; /* then it stands behind '=' only, never as the next argument */
};

/* Names with a line of explanation each. */
struct argument_list {
    const char *title;
    /* Name number index (0, 1, 2 …); false past the last. */
    bool (*at)(size_t index, const char **name, const char **summary);
};

/* What the program, or one command, takes. Constant data. */
struct argument_table {
    const char *command;               /* "bench"; NULL: the program without a command */
    const char *usage;                 /* the first lines of help, and */
    const char *epilogue;              /* its last; NULL: none */
    const struct argument_list *shown; /* that help shows before the options; NULL: none */

    const struct argument_spec *specs; /* in the order of help, groups together */
    size_t spec_count;
    const char *const *groups; /* their titles */

    /* Arguments that belong to no option: at most so many, the first with index 0. take returns
     * NULL, or what is wrong. */
    size_t words_max;
    const char *(*take)(void *target, size_t index, const char *word);
    const char *words;                   /* what they are: "the name of a handler"; may be NULL */
    const struct argument_list *choices; /* all that a word may be; NULL: that cannot be listed */

    /* All that stands behind "--", at least one, which is then no word but another program and its
     * arguments. Returns NULL, or what is wrong. NULL: "--" only says that no option follows. */
    const char *(*take_rest)(void *target, char *const rest[]);

    /* Completes the target when all has been read. Returns NULL, or what is missing or
     * contradictory, a text that lives as long as the target. May be NULL. */
    const char *(*finish)(void *target);
};

enum arguments_end {
    ARGUMENTS_WRONG = -1,   /* the message says why */
    ARGUMENTS_COMPLETE = 0, /* the target is filled in */
    ARGUMENTS_HELP,         /* --help was found: what follows was not looked at */
    ARGUMENTS_VERSION,
};

/* Group of --help and --version: that of the option before them. */
#define ARGUMENTS_SAME_GROUP (-1)

/* Option number index (0, 1, 2 …) in the order of help, --help and --version last; NULL past them.
 */
const struct argument_spec *arguments_spec_at(const struct argument_table *table, size_t index);

/* Parses argv[1] … argv[argc - 1] into *target, which holds the defaults. message gets one or two
 * lines without a newline at the end, of at most ARGUMENTS_MESSAGE_SIZE - 1 bytes; "" where nothing
 * is wrong. The strings of argv must live as long as *target. argc may be 0. */
enum arguments_end arguments_parse(const struct argument_table *table, void *target, int argc,
                                   char *const argv[], char *message, size_t size);

#endif
