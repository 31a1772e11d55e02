/* privileges.c - giving up what only the start needs; see privileges.h. */
#include "cli/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/log_line.h"
#include "cli/units.h"

#define GROUPS_AT_FIRST 64 /* more than users have as a rule */

/* "thrd: --user=nobdy: no such user" */
static bool complain(const char *option, const char *value, const char *what, const char *remedy)
{
    char quoted[256];
    fprintf(stderr, "thrd: --%s=%s: %s%s\n", option, log_line_quote(quoted, sizeof quoted, value),
            what, remedy);
    return false;
}

static bool refused(enum serve_status *status, const char *option, const char *value,
                    const char *remedy)
{
    *status = SERVE_SYSTEM;
    return complain(option, value, strerror(errno), remedy);
}

/* ---- Who to be --------------------------------------------------------------------------- */

/* A number that the system could give to a user or group; all ones means "leave it". */
static bool parse_id(const char *text, uint32_t *id)
{
    int64_t number;
    bool is_id = units_parse_number(text, 0, UINT32_MAX - 1, &number) == UNITS_OK;
    *id = is_id ? (uint32_t)number : 0;
    return is_id;
}

/* The user's groups, gid being one of them. False with errno. */
static bool list_groups(struct privileges *privileges, const char *name)
{
    int count = GROUPS_AT_FIRST;
    for (;;) {
        int room = count;
        gid_t *groups = reallocarray(privileges->groups, (size_t)room, sizeof *groups);
        if (!groups)
            return false;
        privileges->groups = groups;
        if (getgrouplist(name, privileges->gid, groups, &count) >= 0)
            break;
        if (count <= room) { /* it failed, and not for want of room */
            errno = EIO;
            return false;
        }
    }
    privileges->group_count = count;
    return true;
}

/* A user of whom no more is known than its number is a member of one group. */
static bool be_in_one_group(struct privileges *privileges)
{
    privileges->groups = malloc(sizeof *privileges->groups);
    if (!privileges->groups)
        return false;
    privileges->groups[0] = privileges->gid;
    privileges->group_count = 1;
    return true;
}

static bool find_group(gid_t *gid, const char *group, enum serve_status *status)
{
    char buffer[16384]; /* an entry lists the members */
    struct group entry, *found = NULL;
    if (parse_id(group, gid))
        return true;
    int error = getgrnam_r(group, &entry, buffer, sizeof buffer, &found);
    if (found)
        *gid = found->gr_gid;
    *status = error == 0 ? SERVE_USAGE : SERVE_SYSTEM;
    return found || complain("group", group, error == 0 ? "no such group" : strerror(error),
                             "; allowed: the name or number of a group");
}

/* What the system knows of the user: its number, its group, and its other groups. */
static bool find_user(struct privileges *privileges, const char *user, const char *group,
                      enum serve_status *status)
{
    char buffer[4096];
    struct passwd entry, *found = NULL;
    bool is_number = parse_id(user, &privileges->uid);
    int error = is_number ? getpwuid_r(privileges->uid, &entry, buffer, sizeof buffer, &found)
                          : getpwnam_r(user, &entry, buffer, sizeof buffer, &found);
    *status = error == 0 ? SERVE_USAGE : SERVE_SYSTEM;
    if (!found && error == 0 && is_number)
        return complain("user", user, "a user whose group is not known", "; give --group too");
    if (!found)
        return complain("user", user, error == 0 ? "no such user" : strerror(error),
                        "; allowed: the name or number of a user");
    privileges->uid = found->pw_uid;
    privileges->gid = found->pw_gid;
    if (group && !find_group(&privileges->gid, group, status))
        return false;
    return list_groups(privileges, found->pw_name) ||
           refused(status, "user", user, ": its groups cannot be listed");
}

/* Where both are numbers nothing is looked up: that works without an entry, and in a program that
 * is linked statically, which cannot ask what nsswitch.conf(5) names beside files. */
static bool take_numbers(struct privileges *privileges, const struct options *options)
{
    return options->group && parse_id(options->user, &privileges->uid) &&
           parse_id(options->group, &privileges->gid);
}

bool privileges_find(struct privileges *privileges, const struct options *options,
                     enum serve_status *status)
{
    const char *user = options->user;
    bool is_found;
    *privileges = (struct privileges){.groups = NULL};
    if (!user)
        return true;
    if (take_numbers(privileges, options))
        is_found = be_in_one_group(privileges) || refused(status, "user", user, "");
    else
        is_found = find_user(privileges, user, options->group, status);
    if (is_found && privileges->uid == 0) {
        *status = SERVE_USAGE;
        is_found = complain("user", user, "this is root, who has nothing to give up",
                            "; name another user, or leave --user out");
    }
    if (!is_found)
        privileges_free(privileges);
    return is_found;
}

void privileges_free(struct privileges *privileges)
{
    free(privileges->groups);
    privileges->groups = NULL;
}

/* ---- Being it ---------------------------------------------------------------------------- */

static bool change_root(const struct options *options, enum serve_status *status)
{
    const char *const *program = options->config.program;
    if (chroot(options->chroot) < 0)
        return refused(status, "chroot", options->chroot,
                       errno == EPERM ? "; start as root, or leave --chroot out" : "");
    if (chdir("/") < 0)
        return refused(status, "chroot", options->chroot, "");
    if (program && access(program[0], X_OK) < 0)
        return refused(status, "chroot", options->chroot,
                       ": the program behind -- is not there; it has to be below this directory "
                       "under the same path");
    return true;
}

/* Whether the user and the group are these and no other, and root cannot be had again: a kernel or
 * a start with capabilities may see it in another way. */
static bool is_for_good(const struct privileges *privileges)
{
    uid_t uids[3];
    gid_t gids[3];
    if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (uids[i] != privileges->uid || gids[i] != privileges->gid)
            return false;
    return setresuid((uid_t)-1, 0, (uid_t)-1) < 0 &&
           (privileges->gid == 0 || setresgid((gid_t)-1, 0, (gid_t)-1) < 0);
}

static bool change_user(const struct privileges *privileges, const struct options *options,
                        enum serve_status *status)
{
    uid_t uid = privileges->uid;
    gid_t gid = privileges->gid;
    int death_signal = 0; /* that whoever started us wants us to get at its end; forgotten below */
    prctl(PR_GET_PDEATHSIG, &death_signal);
    if (options->is_successor && is_for_good(privileges))
        return true; /* the predecessor is, and so are we */
    if (setgroups((size_t)privileges->group_count, privileges->groups) < 0 ||
        setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return refused(status, "user", options->user,
                       errno == EPERM ? "; start as root, or leave --user out" : "");
    prctl(PR_SET_PDEATHSIG, death_signal);
    if (is_for_good(privileges))
        return true;
    *status = SERVE_SYSTEM;
    return complain("user", options->user, "could become root again",
                    "; start as root, without other capabilities or securebits");
}

bool privileges_drop(const struct privileges *privileges, const struct options *options,
                     enum serve_status *status)
{
    if (options->chroot && !change_root(options, status))
        return false;
    if (options->user && !change_user(privileges, options, status))
        return false;
    if (options->config.program && !options->user)
        return true;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return true;
    *status = SERVE_SYSTEM;
    fprintf(stderr, "thrd: cannot forbid itself new privileges (PR_SET_NO_NEW_PRIVS): %s\n",
            strerror(errno));
    return false;
}
