/* proc_fs - see proc_fs.h. Reads only; knows nothing of the tests. */
#include "proc_fs.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Reads a small file whole. Returns its length, 0 where it cannot be read. */
static size_t read_file(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, buf, size - 1);
    close(fd);
    if (n < 0)
        n = 0;
    buf[n] = '\0';
    return (size_t)n;
}

/* Calls visit for every entry of a directory whose name is a number. */
static int for_each_number(const char *path, void (*visit)(pid_t number, void *arg), void *arg)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return -1;
    int count = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        if (visit != NULL)
            visit((pid_t)atoi(entry->d_name), arg);
        count++;
    }
    closedir(dir);
    return count;
}

static int count_numbers(pid_t pid, const char *what)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    return for_each_number(path, NULL, NULL);
}

int proc_count_fds(pid_t pid)
{
    return count_numbers(pid, "fd");
}

int proc_count_tasks(pid_t pid)
{
    return count_numbers(pid, "task");
}

struct live_tasks {
    pid_t pid;
    int count;
};

/* proc(5): flags is the seventh field behind the name. */
static void count_if_live(pid_t tid, void *argument)
{
    const unsigned is_exiting = 0x4; /* PF_EXITING of the kernel's <linux/sched.h> */
    struct live_tasks *live = argument;
    char path[64], text[1024];
    unsigned flags;
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)live->pid, (int)tid);
    if (read_file(path, text, sizeof text) == 0)
        return;
    const char *name_end = strrchr(text, ')');
    if (name_end && sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1)
        live->count += !(flags & is_exiting);
}

int proc_count_live_tasks(pid_t pid)
{
    struct live_tasks live = {.pid = pid};
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    return for_each_number(path, count_if_live, &live) < 0 ? -1 : live.count;
}

struct pid_list {
    pid_t parent;
    char state;
    pid_t *pids;
    size_t max;
    size_t count;
};

static void add_pid(struct pid_list *list, pid_t pid)
{
    if (list->count < list->max)
        list->pids[list->count] = pid;
    list->count++;
}

static void add_task(pid_t tid, void *arg)
{
    add_pid(arg, tid);
}

size_t proc_tasks(pid_t pid, pid_t *tids, size_t max)
{
    char path[64];
    struct pid_list list = {.pids = tids, .max = max};
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    for_each_number(path, add_task, &list);
    return list.count < max ? list.count : max;
}

/* The state letter and the parent, which follow the command's name in parentheses; the name
 * itself may hold anything, so the last parenthesis counts. */
static char state_and_parent(pid_t pid, pid_t *parent)
{
    char path[64];
    char text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_file(path, text, sizeof text) == 0)
        return 0;
    const char *end = strrchr(text, ')');
    char state = 0;
    int ppid = 0;
    if (end == NULL || sscanf(end, ") %c %d", &state, &ppid) != 2)
        return 0;
    *parent = ppid;
    return state;
}

static void add_child(pid_t pid, void *arg)
{
    struct pid_list *list = arg;
    pid_t parent = 0;
    char state = state_and_parent(pid, &parent);
    if (state != 0 && parent == list->parent && (list->state == 0 || list->state == state))
        add_pid(list, pid);
}

size_t proc_children(pid_t pid, char state, pid_t *pids, size_t max)
{
    struct pid_list list = {.parent = pid, .state = state, .pids = pids, .max = max};
    for_each_number("/proc", add_child, &list);
    return list.count;
}

char proc_state(pid_t pid)
{
    pid_t parent = 0;
    return state_and_parent(pid, &parent);
}

char *proc_line(pid_t pid, const char *file, char *buf, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    size_t n = read_file(path, buf, size);
    for (size_t i = 0; i < n; i++)
        if (buf[i] == '\0')
            buf[i] = ' ';
    while (n > 0 && (buf[n - 1] == ' ' || buf[n - 1] == '\n'))
        n--;
    buf[n] = '\0';
    return buf;
}

bool proc_fd_target(pid_t pid, int fd, char *buf, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    ssize_t n = readlink(path, buf, size - 1);
    buf[n > 0 ? n : 0] = '\0';
    return n > 0;
}

int proc_lowest_free_fd(pid_t pid)
{
    char target[256];
    int fd = 0;
    while (proc_fd_target(pid, fd, target, sizeof target))
        fd++;
    return fd;
}

int64_t proc_cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

bool proc_waits(pid_t pid, pid_t tid, struct proc_waits *waits)
{
    char path[64];
    char text[128];
    long long ns = 0;
    long long times = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", (int)pid, (int)tid);
    if (read_file(path, text, sizeof text) == 0 || sscanf(text, "%*d %lld %lld", &ns, &times) != 2)
        return false;
    *waits = (struct proc_waits){ns, times};
    return true;
}

/* A field of /proc/PID/statm, counted from 0, in KiB; -1 where the process is gone. */
static int64_t memory_kib(pid_t pid, int field)
{
    char text[128];
    char path[64];
    long pages[2] = {0};
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if (read_file(path, text, sizeof text) == 0 ||
        sscanf(text, "%ld %ld", &pages[0], &pages[1]) != 2)
        return -1;
    return (int64_t)pages[field] * sysconf(_SC_PAGESIZE) / 1024;
}

int64_t proc_space_kib(pid_t pid)
{
    return memory_kib(pid, 0);
}

int64_t proc_rss_kib(pid_t pid)
{
    return memory_kib(pid, 1);
}

int64_t proc_meminfo_kib(const char *field)
{
    char text[8192];
    read_file("/proc/meminfo", text, sizeof text);
    const char *found = strstr(text, field);
    return found != NULL && found[strlen(field)] == ':' ? atoll(found + strlen(field) + 1) : 0;
}

int64_t proc_number(const char *path, int64_t fallback)
{
    char text[64];
    return read_file(path, text, sizeof text) > 0 ? atoll(text) : fallback;
}
