/* proc.c - see proc.h. */
#include "proc.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static DIR *open_directory(pid_t pid, const char *what)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    return opendir(path);
}

int proc_count(pid_t pid, const char *what)
{
    DIR *directory = open_directory(pid, what);
    int count = 0;
    if (!directory)
        return -1;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

/* Numbers with a space behind each. -1: the task has gone, or the kernel has no such file. */
static int children_of_task(pid_t pid, const char *tid)
{
    char path[96];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", (int)pid, tid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    for (int c = getc(file); c != EOF; c = getc(file))
        count += c == ' ';
    fclose(file);
    return count;
}

int proc_children(pid_t pid)
{
    DIR *directory = open_directory(pid, "task");
    int count = 0, known = 0;
    if (!directory)
        return -1;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        int more = entry->d_name[0] == '.' ? -1 : children_of_task(pid, entry->d_name);
        known += more >= 0;
        count += more > 0 ? more : 0;
    }
    closedir(directory);
    return known > 0 ? count : -1;
}
