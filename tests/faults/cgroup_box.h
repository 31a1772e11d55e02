/* cgroup_box - a control group of the test's own, to put a server into that is to have little of
 * something. Works with cgroup v1 and v2, where this process may make groups: mostly as root. */
#ifndef FAULTS_CGROUP_BOX_H
#define FAULTS_CGROUP_BOX_H

#include <stdbool.h>
#include <sys/types.h>

struct cgroup_box {
    char path[512];
    bool unified; /* cgroup v2 */
};

/* Makes a group that the controller ("pids", "memory") limits. Ends the case as skipped where none
 * can be made. The group goes at the program's end; nobody may be in it any more by then. */
void cgroup_box_make(struct cgroup_box *box, const char *controller);

/* Writes a line into one of its files: file_v1 or file_v2, as the system has it. Returns false,
 * with errno, where that is refused. */
bool cgroup_box_set(const struct cgroup_box *box, const char *file_v1, const char *file_v2,
                    const char *text);

/* Moves a process with all its threads into it. */
bool cgroup_box_enter(const struct cgroup_box *box, pid_t pid);

#endif
