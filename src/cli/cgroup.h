/* cgroup.h - the limits that control groups put on this process.
 *
 * What it does: finds the group of this process in the hierarchy of a controller, version 1 or 2,
 * and of that group and all above it the one that leaves the least room.
 * What it does not do: it changes nothing, and keeps no descriptor open.
 * Called by limits_read.c; any thread. */
#ifndef THRD_CLI_CGROUP_H
#define THRD_CLI_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A group as a folder. */
struct cgroup {
    char folder[1024];
    size_t mount_length; /* so much of folder is where the hierarchy is mounted */
    bool is_unified;     /* version 2 */
};

enum cgroup_found {
    CGROUP_NONE = 0, /* no hierarchy has the controller: there is no limit */
    CGROUP_HIDDEN,   /* it is not mounted where we can see it */
    CGROUP_FOUND,
};

/* The group of the process whose /proc/PID/cgroup and /proc/PID/mountinfo are given, for a
 * controller such as "pids". */
enum cgroup_found cgroup_find(struct cgroup *cgroup, FILE *cgroups, FILE *mounts,
                              const char *controller);

/* The files of a limit. reclaimable is a line of memory.stat that does not count as used; NULL. */
struct cgroup_files {
    const char *max;
    const char *used;
    const char *reclaimable;
};

struct cgroup_limit {
    int64_t max; /* INT64_MAX: no group has one */
    int64_t used;
    char file[256]; /* that holds max; "" where there is none */
};

/* Walks from the group up to the mount. */
void cgroup_tightest(const struct cgroup *cgroup, const struct cgroup_files *files,
                     struct cgroup_limit *limit);

#endif
