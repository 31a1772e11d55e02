/* shortage - what the tests of a server that lacks something have in common. */
#ifndef FAULTS_SHORTAGE_H
#define FAULTS_SHORTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#include "suite.h"

/* Ends the case as skipped where a failed start of a thread would be reported as a fault. */
void shortage_need_silent_tool(void);

/* The rest of a case whose server can have some ten workers: connects until one client is refused,
 * and demands that this costs nobody else anything. The refused hear the end within 100 ms, all is
 * given back that was taken for them, those who are served go on, and when one of them leaves there
 * is room again. */
void shortage_of_workers(struct process *server);

/* Sets the soft limit of the running server; 0: as far up as it may go. */
void shortage_set_limit(struct process *server, int resource, rlim_t limit);

/* One try of a client: true when it was answered, false when it was refused. Closed again. */
bool shortage_client_is_served(struct process *server);

#endif
