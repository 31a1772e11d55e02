/* control_path.c - see control_path.h. */
#include "cli/control_path.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "thrd-";
static const char suffix[] = ".sock";

const char *control_path_complaint(const char *path)
{
    if (*path == '\0')
        return "no path";
    if (*path == '@')
        return "an abstract name has no owner; take a path";
    if (strlen(path) >= CONTROL_PATH_SIZE)
        return "the path is too long";
    return strchr(path, ',') ? "a comma in the path" : NULL;
}

/* Root may have kept the environment of another user (su(1)): that directory is not root's. */
const char *control_path_directory(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat directory;
    if (runtime && *runtime == '/' && stat(runtime, &directory) == 0 &&
        directory.st_uid == geteuid())
        return runtime;
    return geteuid() == 0 ? "/run" : NULL;
}

/* Returns 0, or -1 where name makes it too long. */
static int path_of_name(const char *name, char path[CONTROL_PATH_SIZE])
{
    const char *directory = control_path_directory();
    if (!directory)
        return -1;
    int length = snprintf(path, CONTROL_PATH_SIZE, "%s/%s", directory, name);
    return length > 0 && !control_path_complaint(path) && (size_t)length < CONTROL_PATH_SIZE ? 0
                                                                                             : -1;
}

int control_path_of(pid_t pid, char path[CONTROL_PATH_SIZE])
{
    char name[64];
    snprintf(name, sizeof name, "%s%d%s", prefix, (int)pid, suffix);
    return path_of_name(name, path);
}

/* "thrd-4711.sock" */
static int is_usual(const struct dirent *entry)
{
    const char *name = entry->d_name;
    if (strncmp(name, prefix, strlen(prefix)) != 0)
        return 0;
    const char *digits = name + strlen(prefix);
    size_t count = strspn(digits, "0123456789");
    return count > 0 && count < 12 && strcmp(digits + count, suffix) == 0;
}

static int by_number(const struct dirent **one, const struct dirent **other)
{
    long long a = atoll((*one)->d_name + strlen(prefix));
    long long b = atoll((*other)->d_name + strlen(prefix));
    return (a > b) - (a < b);
}

int control_path_list(char ***paths)
{
    struct dirent **entries;
    char path[CONTROL_PATH_SIZE];
    const char *directory = control_path_directory();
    *paths = NULL;
    if (!directory)
        return 0;
    int found = scandir(directory, &entries, is_usual, by_number);
    if (found <= 0)
        return found;
    int count = 0;
    *paths = calloc((size_t)found, sizeof **paths);
    for (int i = 0; i < found; i++) {
        if (*paths && path_of_name(entries[i]->d_name, path) == 0 &&
            ((*paths)[count] = strdup(path)))
            count++;
        free(entries[i]);
    }
    free(entries);
    return *paths ? count : -1;
}

void control_path_forget(char **paths, int count)
{
    for (int i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}
