/* control_path.c - see control_path.h. */
#include "cli/control_path.h"

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

int control_path_of(pid_t pid, char path[CONTROL_PATH_SIZE])
{
    const char *directory = control_path_directory();
    if (!directory)
        return -1;
    int length =
        snprintf(path, CONTROL_PATH_SIZE, "%s/%s%d%s", directory, prefix, (int)pid, suffix);
    return (size_t)length < CONTROL_PATH_SIZE && !control_path_complaint(path) ? 0 : -1;
}

pid_t control_path_process(const char *name)
{
    pid_t pid = 0;
    if (strncmp(name, prefix, strlen(prefix)) != 0)
        return 0;
    for (name += strlen(prefix); *name >= '0' && *name <= '9'; name++)
        if (__builtin_mul_overflow(pid, 10, &pid) || __builtin_add_overflow(pid, *name - '0', &pid))
            return 0;
    return strcmp(name, suffix) == 0 ? pid : 0;
}
