/* cgroup_box - see cgroup_box.h. */
#include "cgroup_box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

enum { BOXES = 4, LINE_SIZE = 1024, PATH_SIZE = 512 };

static char made[BOXES][PATH_SIZE];
static size_t made_count;

static void remove_all(void)
{
    while (made_count > 0)
        rmdir(made[--made_count]);
}

/* Whether a word is in a list that the separator divides. */
static bool has_word(const char *list, const char *word, char separator)
{
    size_t length = strlen(word);
    for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word)) {
        bool begins = at == list || at[-1] == separator;
        bool ends = at[length] == '\0' || at[length] == separator || at[length] == '\n';
        if (begins && ends)
            return true;
    }
    return false;
}

/* Where the hierarchy of the controller is mounted; for "" that of cgroup v2. */
static bool find_mount(const char *controller, char *path)
{
    char line[LINE_SIZE];
    bool found = false;
    FILE *mounts = fopen("/proc/self/mounts", "re");
    while (mounts != NULL && !found && fgets(line, sizeof line, mounts) != NULL) {
        char where[PATH_SIZE], type[64], options[PATH_SIZE];
        if (sscanf(line, "%*s %511s %63s %511s", where, type, options) != 3)
            continue;
        found = controller[0] == '\0'
                    ? strcmp(type, "cgroup2") == 0
                    : strcmp(type, "cgroup") == 0 && has_word(options, controller, ',');
        if (found)
            snprintf(path, PATH_SIZE, "%s", where);
    }
    if (mounts != NULL)
        fclose(mounts);
    return found;
}

/* This process's group in that hierarchy, a line "7:pids,cpu:/some/group" or "0::/some/group". */
static bool find_own_group(const char *controller, char *group)
{
    char line[LINE_SIZE];
    bool found = false;
    FILE *groups = fopen("/proc/self/cgroup", "re");
    while (groups != NULL && !found && fgets(line, sizeof line, groups) != NULL) {
        char *list = strchr(line, ':');
        char *path = list != NULL ? strchr(list + 1, ':') : NULL;
        if (path == NULL)
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        found = controller[0] == '\0' ? list[1] == '\0' : has_word(list + 1, controller, ',');
        if (found)
            snprintf(group, PATH_SIZE, "%s", strcmp(path, "/") == 0 ? "" : path);
    }
    if (groups != NULL)
        fclose(groups);
    return found;
}

/* Whether groups made in this one of cgroup v2 have the controller. */
static bool hands_on(const char *path, const char *controller)
{
    char file[PATH_SIZE + 32], line[LINE_SIZE] = "";
    snprintf(file, sizeof file, "%s/cgroup.subtree_control", path);
    FILE *control = fopen(file, "re");
    if (control == NULL)
        return false;
    bool has = fgets(line, sizeof line, control) != NULL && has_word(line, controller, ' ');
    fclose(control);
    return has;
}

/* The group to make one in. Version 2: the nearest that hands the controller on to those in it; one
 * that has processes of its own does not, and none is changed for a test. */
static bool find_parent(struct cgroup_box *box, const char *controller)
{
    char mount[PATH_SIZE], group[PATH_SIZE];
    box->unified = !find_mount(controller, mount);
    if (!box->unified) {
        if (!find_own_group(controller, group))
            return false;
        int length = snprintf(box->path, sizeof box->path, "%s%s", mount, group);
        return length > 0 && (size_t)length < sizeof box->path - 64;
    }
    if (!find_mount("", mount) || !find_own_group("", group))
        return false;
    for (;;) {
        int length = snprintf(box->path, sizeof box->path, "%s%s", mount, group);
        if (length < 0 || (size_t)length >= sizeof box->path - 64)
            return false;
        if (hands_on(box->path, controller))
            return true;
        char *last = strrchr(group, '/');
        if (last == NULL)
            return false;
        *last = '\0';
    }
}

void cgroup_box_make(struct cgroup_box *box, const char *controller)
{
    if (made_count == 0)
        atexit(remove_all);
    assert_true(made_count < BOXES);
    if (!find_parent(box, controller))
        suite_skip("this system has no cgroup with the controller %s to make a group in",
                   controller);
    size_t length = strlen(box->path);
    snprintf(box->path + length, sizeof box->path - length, "/thrd-test-%d-%zu", (int)getpid(),
             made_count);
    if (mkdir(box->path, 0755) < 0)
        suite_skip("no cgroup %s can be made: %s", box->path, strerror(errno));
    snprintf(made[made_count++], PATH_SIZE, "%s", box->path);
}

bool cgroup_box_set(const struct cgroup_box *box, const char *file_v1, const char *file_v2,
                    const char *text)
{
    char path[sizeof box->path + 64];
    snprintf(path, sizeof path, "%s/%s", box->path, box->unified ? file_v2 : file_v1);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int kept = errno;
    close(fd);
    errno = kept;
    return done;
}

bool cgroup_box_enter(const struct cgroup_box *box, pid_t pid)
{
    char text[32];
    snprintf(text, sizeof text, "%d", (int)pid);
    return cgroup_box_set(box, "cgroup.procs", "cgroup.procs", text);
}
