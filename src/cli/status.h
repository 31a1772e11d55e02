/* status.h - thrd status: finds a server, asks it, once or again and again, and shows its answer.
 *
 * Called by status_command.c, on the main thread. */
#ifndef THRD_CLI_STATUS_H
#define THRD_CLI_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/status_table.h"

/* What is asked. */
struct status_request {
    const char *path; /* of the control socket; NULL: that of the only server which has one */
    int64_t watch_ms; /* from one answer to the next; 0: one is enough */
    bool json;
    enum status_order order;
};

/* Returns the exit status; what went wrong is on stderr. */
int status_run(const struct status_request *request);

#endif
