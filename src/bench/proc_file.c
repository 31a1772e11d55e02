/* proc_file.c - files of /proc and their texts; see proc_file.h. */
#include "bench/proc_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Most files of /proc come with one read, /proc/cpuinfo in several. */
static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t got = 1;
    while (got != 0 && length < size) {
        got = read(fd, text + length, size - length);
        if (got < 0 && errno != EINTR)
            return -1;
        length += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)length;
}

ssize_t proc_file_read(int directory, const char *path, char *text, size_t size)
{
    text[0] = '\0';
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read_all(fd, text, size - 1);
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    text[length > 0 ? length : 0] = '\0';
    return length;
}

/* What stands behind "field:" on a line of its own, blanks before the colon being no difference and
 * those behind it left out; NULL: there is no such line. */
static const char *find_field(const char *text, const char *field)
{
    size_t length = strlen(field);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, field, length) != 0)
            continue;
        const char *colon = line + length + strspn(line + length, " \t");
        if (*colon == ':')
            return colon + 1 + strspn(colon + 1, " \t");
    }
    return NULL;
}

int64_t proc_file_bytes(const char *text, const char *field)
{
    long long kib;
    int length = 0; /* stays so where there is no unit */
    const char *found = find_field(text, field);
    if (!found || sscanf(found, "%lld kB%n", &kib, &length) != 1 || length == 0 || kib < 0)
        return -1;
    return (int64_t)kib * 1024;
}

int64_t proc_file_idle_ticks(const char *text)
{
    long long idle, io_wait;
    /* "cpu0", which is one CPU, would do for the pattern. */
    if (strncmp(text, "cpu ", 4) != 0 ||
        sscanf(text, "cpu %*d %*d %*d %lld %lld", &idle, &io_wait) != 2)
        return -1;
    return (int64_t)(idle + io_wait);
}

bool proc_file_words(const char *text, const char *field, char *words, size_t size)
{
    size_t length = 0;
    const char *found = find_field(text, field);
    if (found) {
        for (; *found && *found != '\n' && length < size - 1; found++) {
            bool ends_word = isspace((unsigned char)*found);
            if (!ends_word)
                words[length++] = *found;
            else if (length > 0 && words[length - 1] != ' ')
                words[length++] = ' ';
        }
    }
    length -= length > 0 && words[length - 1] == ' ';
    words[length] = '\0';
    return length > 0;
}

bool proc_file_stat(const char *text, struct proc_stat *stat)
{
    long long faults[4], ticks[4];
    int pid, parent, group;
    unsigned threads;
    const char *name_end = strrchr(text, ')');
    if (!name_end || sscanf(text, "%d", &pid) != 1)
        return false;
    if (sscanf(name_end,
               ") %c %d %d %*d %*d %*d %*u %lld %lld %lld %lld %lld %lld %lld %lld %*d %*d %u",
               &stat->state, &parent, &group, &faults[0], &faults[1], &faults[2], &faults[3],
               &ticks[0], &ticks[1], &ticks[2], &ticks[3], &threads) != 12)
        return false;
    stat->pid = (pid_t)pid;
    stat->parent = (pid_t)parent;
    stat->group = (pid_t)group;
    stat->threads = threads;
    stat->user_ticks = ticks[0];
    stat->system_ticks = ticks[1];
    stat->waited_user_ticks = ticks[2];
    stat->waited_system_ticks = ticks[3];
    stat->page_faults = faults[0] + faults[1] + faults[2] + faults[3];
    return true;
}
