/* option_table.h - which options there are.
 *
 * What it does: one table describes every option; parsing, error texts, suggestions (options.c) and
 * --help (help.c) are made from it.
 * What it does not do: it never prints, exits, allocates or asks the system.
 * Called by options.c, help.c and ready.c; any thread. */
#ifndef THRD_CLI_OPTION_TABLE_H
#define THRD_CLI_OPTION_TABLE_H

#include <stddef.h>

#include <thrdsrv/server.h>

struct options;

enum options_group {
    OPTIONS_LISTENING = 0,
    OPTIONS_SERVICE,
    OPTIONS_WORKERS,
    OPTIONS_TIMEOUTS,
    OPTIONS_OTHER,
};

/* One option. */
struct option_spec {
    const char *name;     /* without the dashes */
    char letter;          /* short form without the dash; '\0': none */
    const char *argument; /* how help calls the value; NULL: the option takes none */
    const char *initial;  /* the default as it would be typed; NULL: none */
    const char *allowed;  /* for error texts; NULL where argument is */
    enum options_group group;
    const char *help; /* '\n' begins a second line */

    /* Puts the value (NULL where argument is) into options. Returns NULL, or what is wrong. */
    const char *(*set)(struct options *options, const char *value);
};

/* Option number index (0, 1, 2 …) in the order of help, groups together; NULL past the last. */
const struct option_spec *option_table_at(size_t index);

/* Puts the default of every option into options. */
void option_table_defaults(struct options *options);

/* "thread", "fork", "inline". */
const char *option_table_mode_name(enum thrdsrv_mode mode);

#endif
