/* open_files.c - see open_files.h. */
#include "client/open_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Besides what is asked for: what the rest of the program opens meanwhile. */
#define RESERVE 32

/* How many descriptors are open; a guess where /proc does not tell. */
static rlim_t count_open(void)
{
    DIR *directory = opendir("/proc/self/fd");
    rlim_t count = 0;
    if (!directory)
        return RESERVE;
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

int open_files_allow(rlim_t more, char *error, size_t size)
{
    struct rlimit limit;
    rlim_t needed = count_open() + more + RESERVE;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        snprintf(error, size, "cannot ask for the limit of open files: %s", strerror(errno));
        return -1;
    }
    if (limit.rlim_cur >= needed)
        return 0;
    if (limit.rlim_max < needed) {
        snprintf(error, size,
                 "%ju open files are needed, the hard limit is %ju (RLIMIT_NOFILE): take fewer "
                 "connections, or raise it (root: ulimit -Hn %ju)",
                 (uintmax_t)needed, (uintmax_t)limit.rlim_max, (uintmax_t)needed);
        return -1;
    }
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return 0;
    snprintf(error, size, "cannot raise the soft limit of open files to %ju (RLIMIT_NOFILE): %s",
             (uintmax_t)needed, strerror(errno));
    return -1;
}
