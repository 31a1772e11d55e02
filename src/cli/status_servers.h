/* status_servers.h - which servers of this user have a control socket in its usual place.
 *
 * Called by status.c, on the main thread. */
#ifndef THRD_CLI_STATUS_SERVERS_H
#define THRD_CLI_STATUS_SERVERS_H

#include "cli/control_path.h"

/* The path of the only one that answers. Returns COMMAND_DONE, or another exit status after saying
 * on stderr that there is none, or which there are. */
int status_servers_find(char path[CONTROL_PATH_SIZE]);

#endif
