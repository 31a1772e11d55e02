/* processes.c - reading the table of processes; see processes.h. */
#include "bench/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/* Longer than any line of /proc/PID/stat: 52 numbers of at most 20 digits and a name of 64. */
#define STAT_SIZE 1280

static bool look(int directory, const char *path, struct proc_stat *stat)
{
    char text[STAT_SIZE];
    return proc_file_read(directory, path, text, sizeof text) > 0 && proc_file_stat(text, stat);
}

bool processes_look(pid_t pid, struct proc_stat *stat)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return look(AT_FDCWD, path, stat);
}

/* Room for one more. Returns 0, or -1 with errno. */
static int make_room(struct processes *list, size_t *room)
{
    if (list->count < *room)
        return 0;
    size_t wanted = *room > 0 ? 2 * *room : 256;
    struct process_entry *larger = realloc(list->all, wanted * sizeof *larger);
    if (!larger)
        return -1;
    list->all = larger;
    *room = wanted;
    return 0;
}

static int by_pid(const void *left, const void *right)
{
    pid_t a = ((const struct process_entry *)left)->stat.pid;
    pid_t b = ((const struct process_entry *)right)->stat.pid;
    return (a > b) - (a < b);
}

/* Returns 0 or an errno. */
static int read_entries(DIR *directory, struct processes *list)
{
    size_t room = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry)
            return errno;
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        char path[sizeof entry->d_name + sizeof "/stat"];
        snprintf(path, sizeof path, "%s/stat", entry->d_name);
        if (make_room(list, &room) < 0)
            return errno;
        struct process_entry *next = &list->all[list->count];
        next->has_children = false;
        if (look(dirfd(directory), path, &next->stat))
            list->count++; /* else it has gone in the meantime */
    }
}

int processes_list(struct processes *list)
{
    *list = (struct processes){NULL, 0};
    DIR *directory = opendir("/proc");
    if (!directory)
        return -1;
    int error = read_entries(directory, list);
    closedir(directory);
    if (error != 0) {
        processes_free(list);
        errno = error;
        return -1;
    }
    if (list->count > 0)
        qsort(list->all, list->count, sizeof *list->all, by_pid);
    return 0;
}

/* Where the process stands in the list; its count where it does not. */
static size_t find(const struct processes *list, pid_t pid)
{
    const struct process_entry key = {.stat.pid = pid};
    const struct process_entry *found =
        list->count > 0 ? bsearch(&key, list->all, list->count, sizeof key, by_pid) : NULL;
    return found ? (size_t)(found - list->all) : list->count;
}

/* Marks the process and its descendants. A child may have a lower number than its parent, so the
 * list is gone through until nobody is found any more: once for each generation at most. */
static void mark_descendants(const struct processes *list, size_t first, bool *is_marked)
{
    bool found_one = true;
    is_marked[first] = true;
    while (found_one) {
        found_one = false;
        for (size_t i = 0; i < list->count; i++) {
            size_t parent = is_marked[i] ? list->count : find(list, list->all[i].stat.parent);
            if (parent < list->count && is_marked[parent]) {
                is_marked[i] = true;
                list->all[parent].has_children = true;
                found_one = true;
            }
        }
    }
}

static void keep_marked(struct processes *list, const bool *is_marked)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (is_marked[i])
            list->all[kept++] = list->all[i];
    list->count = kept;
}

int processes_descendants(pid_t pid, struct processes *list)
{
    if (processes_list(list) < 0)
        return -1;
    size_t first = find(list, pid);
    if (first == list->count) {
        processes_free(list);
        return 0;
    }
    bool *is_marked = calloc(list->count, sizeof *is_marked);
    if (!is_marked) {
        processes_free(list);
        errno = ENOMEM;
        return -1;
    }
    mark_descendants(list, first, is_marked);
    keep_marked(list, is_marked);
    free(is_marked);
    return 0;
}

void processes_free(struct processes *list)
{
    free(list->all);
    *list = (struct processes){NULL, 0};
}
