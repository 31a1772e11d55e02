/* cgroup.c - see cgroup.h; the formats are in cgroups(7) and proc(5). */
#include "cli/cgroup.h"

#include <stdlib.h>
#include <string.h>

/* Version 1 writes "no limit" of memory as the largest multiple of a page. */
#define UNLIMITED (INT64_C(1) << 60)

/* Whether word is one of those in a list with commas. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list != '\0') {
        size_t end = strcspn(list, ",");
        if (end == length && memcmp(list, word, length) == 0)
            return true;
        list += end + (list[end] == ',');
    }
    return false;
}

/* ---- Where it is --------------------------------------------------------------------------- */

/* Lines "8:pids:/path", or "0::/path" for version 2. A controller is in one hierarchy only, and
 * version 2 has those that no line of version 1 names. */
static bool find_path(FILE *cgroups, const char *controller, char *path, size_t size,
                      bool *is_unified)
{
    char line[1024];
    bool found = false;
    while (fgets(line, sizeof line, cgroups)) {
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':');
        char *name = names ? strchr(names + 1, ':') : NULL;
        if (!name)
            continue;
        *name = '\0';
        bool unified = names[1] == '\0';
        if (!has_word(names + 1, controller) && !unified)
            continue;
        snprintf(path, size, "%s", name + 1);
        *is_unified = unified;
        found = true;
        if (!unified)
            return true;
    }
    return found;
}

/* Spaces and their like are "\040" in mountinfo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* A line of mountinfo: "31 23 0:28 ROOT POINT rw shared:1 - TYPE SOURCE OPTIONS". */
struct mount {
    char *root;
    char *point;
    char *type;
    char *options;
};

static bool split_mount(char *line, struct mount *mount)
{
    char *rest = strstr(line, " - ");
    char *saved;
    if (!rest)
        return false;
    *rest = '\0';
    for (int i = 0; i < 3; i++)
        if (!strtok_r(i == 0 ? line : NULL, " ", &saved))
            return false;
    mount->root = strtok_r(NULL, " ", &saved);
    mount->point = strtok_r(NULL, " ", &saved);
    mount->type = strtok_r(rest + 3, " ", &saved);
    strtok_r(NULL, " ", &saved);
    mount->options = strtok_r(NULL, " \n", &saved);
    if (!mount->point || !mount->options)
        return false;
    unescape(mount->root);
    unescape(mount->point);
    return true;
}

/* The path in the hierarchy, as seen from the mount. Where a container has only its own group
 * mounted, that is the mount's root; and what is outside ("/../x") cannot be seen. */
static const char *below_root(const char *path, const char *root)
{
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0') ||
        strncmp(path, "/..", 3) == 0)
        return "";
    return path + length;
}

enum cgroup_found cgroup_find(struct cgroup *cgroup, FILE *cgroups, FILE *mounts,
                              const char *controller)
{
    char path[1024];
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    if (!find_path(cgroups, controller, path, sizeof path, &cgroup->is_unified))
        return CGROUP_NONE;
    while (!found && getline(&line, &size, mounts) > 0) {
        struct mount mount;
        found = split_mount(line, &mount) &&
                (cgroup->is_unified
                     ? strcmp(mount.type, "cgroup2") == 0
                     : strcmp(mount.type, "cgroup") == 0 && has_word(mount.options, controller));
        if (!found)
            continue;
        int length = snprintf(cgroup->folder, sizeof cgroup->folder, "%s%s", mount.point,
                              below_root(path, mount.root));
        cgroup->mount_length = strlen(mount.point);
        found = (size_t)length < sizeof cgroup->folder;
    }
    free(line);
    return found ? CGROUP_FOUND : CGROUP_HIDDEN;
}

/* ---- What it says -------------------------------------------------------------------------- */

static FILE *open_in(const char *folder, const char *name)
{
    char path[1280];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "re");
}

/* The number in a file; -1 where there is none, as in that of a limit that is "max". */
static int64_t read_number(const char *folder, const char *name)
{
    FILE *file = open_in(folder, name);
    long long number = -1;
    if (!file)
        return -1;
    if (fscanf(file, "%lld", &number) != 1)
        number = -1;
    fclose(file);
    return number;
}

static int64_t read_stat(const char *folder, const char *key)
{
    FILE *file = open_in(folder, "memory.stat");
    char name[64];
    long long value;
    int64_t found = 0;
    if (!file)
        return 0;
    while (fscanf(file, "%63s %lld", name, &value) == 2)
        if (strcmp(name, key) == 0)
            found = value;
    fclose(file);
    return found;
}

static void look_at(const char *folder, const struct cgroup_files *files,
                    struct cgroup_limit *limit)
{
    int64_t max = read_number(folder, files->max);
    if (max < 0 || max >= UNLIMITED)
        return;
    int64_t used = read_number(folder, files->used);
    if (used > 0 && files->reclaimable) {
        int64_t reclaimable = read_stat(folder, files->reclaimable);
        used = reclaimable < used ? used - reclaimable : 0;
    }
    used = used < 0 ? 0 : used;
    if (limit->max != INT64_MAX && max - used >= limit->max - limit->used)
        return;
    limit->max = max;
    limit->used = used;
    if ((size_t)snprintf(limit->file, sizeof limit->file, "%s/%s", folder, files->max) >=
        sizeof limit->file)
        limit->file[0] = '\0';
}

void cgroup_tightest(const struct cgroup *cgroup, const struct cgroup_files *files,
                     struct cgroup_limit *limit)
{
    char folder[sizeof cgroup->folder];
    snprintf(folder, sizeof folder, "%s", cgroup->folder);
    *limit = (struct cgroup_limit){.max = INT64_MAX};
    for (;;) {
        look_at(folder, files, limit);
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < cgroup->mount_length)
            return;
        *slash = '\0';
    }
}
