/* status_servers.c - see status_servers.h. */
#include "cli/status_servers.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/status_fetch.h"

static int is_usual(const struct dirent *entry)
{
    return control_path_process(entry->d_name) > 0;
}

static int by_process(const struct dirent **one, const struct dirent **other)
{
    pid_t a = control_path_process((*one)->d_name);
    pid_t b = control_path_process((*other)->d_name);
    return (a > b) - (a < b);
}

static int fail_none(const char *directory)
{
    fprintf(stderr,
            "thrd: status: no server with a control socket in %s; start one with "
            "'thrd --control', or name its socket: --control=PATH\n",
            directory);
    return COMMAND_SYSTEM;
}

/* A socket file may be left of a server that was killed. */
static bool is_alive(const struct dirent *entry, char path[CONTROL_PATH_SIZE])
{
    return control_path_of(control_path_process(entry->d_name), path) == 0 &&
           status_fetch_is_alive(path);
}

static int choose(struct dirent *const *entries, int count, const char *directory,
                  char path[CONTROL_PATH_SIZE])
{
    int alive = 0;
    char other[CONTROL_PATH_SIZE];
    for (int i = 0; i < count; i++) {
        if (!is_alive(entries[i], alive == 0 ? path : other))
            continue;
        if (++alive == 2)
            fprintf(stderr,
                    "thrd: status: several servers have a control socket; choose one:\n"
                    "    thrd status --control=%s\n",
                    path);
        if (alive >= 2)
            fprintf(stderr, "    thrd status --control=%s\n", other);
    }
    if (alive == 0)
        return fail_none(directory);
    return alive == 1 ? COMMAND_DONE : COMMAND_USAGE;
}

int status_servers_find(char path[CONTROL_PATH_SIZE])
{
    const char *directory = control_path_directory();
    struct dirent **entries;
    if (!directory) {
        fprintf(stderr, "thrd: status: where is the control socket? XDG_RUNTIME_DIR names no "
                        "directory of yours; name the socket: --control=PATH\n");
        return COMMAND_SYSTEM;
    }
    int count = scandir(directory, &entries, is_usual, by_process);
    if (count < 0) {
        fprintf(stderr, "thrd: status: cannot look for control sockets in %s: %s\n", directory,
                strerror(errno));
        return COMMAND_SYSTEM;
    }
    int status = choose(entries, count, directory, path);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return status;
}
