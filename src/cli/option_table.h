/* option_table.h - which options the server has.
 *
 * What it does: one table describes every option of a server (arguments.h says what is made from
 * it).
 * What it does not do: it never prints, exits, allocates or asks the system.
 * Called by options.c, complete_command.c, bench_options.c, notify.c and ready.c; any thread. */
#ifndef THRD_CLI_OPTION_TABLE_H
#define THRD_CLI_OPTION_TABLE_H

#include <thrdsrv/server.h>

#include "cli/arguments.h"

struct options;

enum options_group {
    OPTIONS_LISTENING = 0,
    OPTIONS_SERVICE,
    OPTIONS_WORKERS,
    OPTIONS_ACCESS,
    OPTIONS_SOURCES,
    OPTIONS_TIMEOUTS,
    OPTIONS_PRIVILEGES,
    OPTIONS_OTHER,
};

/* Its target is a struct options. */
extern const struct argument_table option_table;

/* Puts the default of every option into options. */
void option_table_defaults(struct options *options);

/* "thread", "fork", "inline". */
const char *option_table_mode_name(enum thrdsrv_mode mode);

#endif
