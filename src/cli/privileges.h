/* privileges.h - giving up what only the start needs: --user, --group, --chroot.
 *
 * What it does: looks up who to be while the files that say so can be seen; later, when the
 * listeners are open and nothing is accepted yet, becomes that user for good.
 * What it does not do: the environment stays as it is, HOME and USER too.
 * Called by serve.c on the main thread, before there is another. */
#ifndef THRD_CLI_PRIVILEGES_H
#define THRD_CLI_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/options.h"
#include "cli/serve.h"

struct privileges {
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* gid among them */
    int group_count;
};

/* Looks up --user and --group, where they are given. False: stderr says why, *status is the exit
 * status, nothing is to be freed. */
bool privileges_find(struct privileges *privileges, const struct options *options,
                     enum serve_status *status);

/* Root directory, groups, group, user, in this order, as far as they are given: each of them needs
 * what the next one takes away. Then sees to it that there is no way back. What is run from here on
 * gets no more privileges either (setuid programs), unless a program is served without --user.
 * False: as above, and the process is neither as it was nor as it should be. */
bool privileges_drop(const struct privileges *privileges, const struct options *options,
                     enum serve_status *status);

void privileges_free(struct privileges *privileges);

#endif
