/* services.h - what --handler and "thrd run" can name.
 *
 * What it does: puts the library's built-in handlers (bytes in, bytes out) and the program's own
 * blocking ones into one list in the order of their names.
 * Called by option_table.c (--handler), run_command.c and handlers_command.c; constant, any
 * thread. */
#ifndef THRD_CLI_SERVICES_H
#define THRD_CLI_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

#include <thrdsrv/server.h>

/* Exactly one of handler and serve is set, as in struct thrdsrv_config; a filter has handler. */
struct service {
    const char *name;
    const char *summary;
    const struct thrdsrv_handler *handler;
    thrdsrv_serve_fn *serve;
};

/* Service number index (0, 1, 2 …) in the order of the names; false past the last. */
bool services_at(size_t index, struct service *service);

/* The service of that name; false where there is none. */
bool services_find(const char *name, struct service *service);

#endif
