/* limits_read.c - see limits_read.h; what each limit binds is in getrlimit(2), proc(5), pids(7) of
 * cgroups, and in fork.c and mmap.c of Linux. */
#include "cli/limits_read.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cgroup.h"

/* What a server holds before its first connection: 0, 1, 2, epoll, the wake-up. */
#define SERVER_FILES 5

/* Programs, libraries, heap, the main thread's stack: 25 maps linked dynamically. */
#define SERVER_MAPS 32

/* RESERVED_PIDS of Linux: numbers below are not given out again. */
#define RESERVED_PIDS 300

/* The number that the file begins with, or LIMITS_UNKNOWN. */
static int64_t read_number(const char *path)
{
    FILE *file = fopen(path, "re");
    long long number;
    if (!file)
        return LIMITS_UNKNOWN;
    if (fscanf(file, "%lld", &number) != 1)
        number = LIMITS_UNKNOWN;
    fclose(file);
    return number;
}

/* What getrlimit(2) gave with this status. */
static int64_t value_of(const struct rlimit *limit, bool hard, int status)
{
    rlim_t value = hard ? limit->rlim_max : limit->rlim_cur;
    if (status < 0)
        return LIMITS_UNKNOWN;
    return value > (rlim_t)LIMITS_NONE ? LIMITS_NONE : (int64_t)value; /* RLIM_INFINITY too */
}

/* ---- Privileges ---------------------------------------------------------------------------- */

/* Whether root here is root of the machine: in a user namespace of its own privileges do not lift
 * the machine's limits. */
static bool is_first_user_namespace(void)
{
    FILE *file = fopen("/proc/self/uid_map", "re");
    unsigned long inside, outside, count;
    if (!file)
        return true;
    bool first = fscanf(file, "%lu %lu %lu", &inside, &outside, &count) != 3 ||
                 (inside == 0 && outside == 0 && count == 4294967295ul);
    fclose(file);
    return first;
}

/* Numbers of capabilities(7). */
#define CAPABILITY_SYS_ADMIN    21
#define CAPABILITY_SYS_RESOURCE 24

/* "CapEff: 000001fffeffffff"; none where it cannot be read. */
static uint64_t read_capabilities(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long long set = 0;
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file) && sscanf(line, "CapEff: %llx", &set) != 1)
        ;
    fclose(file);
    return set;
}

/* What this process may go beyond. */
struct privileges {
    bool any_tasks; /* as many as it likes: RLIMIT_NPROC does not bind */
    bool any_files; /* fs.file-max does not bind */
};

static struct privileges read_privileges(void)
{
    uint64_t set = read_capabilities();
    bool is_admin = set >> CAPABILITY_SYS_ADMIN & 1;
    bool has_resources = set >> CAPABILITY_SYS_RESOURCE & 1;
    if (!is_first_user_namespace())
        return (struct privileges){false, false};
    return (struct privileges){getuid() == 0 || is_admin || has_resources, is_admin};
}

/* ---- Tasks --------------------------------------------------------------------------------- */

/* All of the machine; "0.20 0.18 0.12 1/80 11206" in /proc/loadavg. */
static int64_t count_tasks(void)
{
    FILE *file = fopen("/proc/loadavg", "re");
    long long count;
    if (!file)
        return LIMITS_UNKNOWN;
    if (fscanf(file, "%*f %*f %*f %*d/%lld", &count) != 1)
        count = LIMITS_UNKNOWN;
    fclose(file);
    return count;
}

/* The threads of a process if its real user is uid. Reading costs 20 us, so the owner of the folder
 * is asked first: that is the effective user (or root, where a process is not to be looked into).
 */
static int64_t count_threads_of(DIR *proc, const char *process, uid_t uid)
{
    char path[64], line[256];
    struct stat folder;
    unsigned owner = 0;
    int threads = 0;
    if (fstatat(dirfd(proc), process, &folder, 0) < 0 || folder.st_uid != uid)
        return 0;
    snprintf(path, sizeof path, "/proc/%.20s/status", process);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0; /* it has ended */
    while (threads == 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "Uid: %u", &owner) != 1)
            sscanf(line, "Threads: %d", &threads);
    fclose(file);
    return owner == uid ? threads : 0;
}

static int64_t count_tasks_of(uid_t uid)
{
    DIR *proc = opendir("/proc");
    int64_t count = 0;
    if (!proc)
        return LIMITS_UNKNOWN;
    for (struct dirent *entry = readdir(proc); entry; entry = readdir(proc))
        if (isdigit((unsigned char)entry->d_name[0]))
            count += count_threads_of(proc, entry->d_name, uid);
    closedir(proc);
    return count > 0 ? count : LIMITS_UNKNOWN; /* we are one ourselves: this is another's /proc */
}

/* Linux counts the tasks of a real user, and asks nobody who is user 0 or may go beyond limits. */
static void read_user_tasks(struct limits *limits, bool is_exempt, int64_t wanted)
{
    struct rlimit limit = {0};
    struct limits_reading *reading = &limits->of[LIMIT_USER_TASKS];
    int64_t all = limits->of[LIMIT_SYSTEM_TASKS].used;
    reading->max = value_of(&limit, false, getrlimit(RLIMIT_NPROC, &limit));
    reading->used = LIMITS_UNKNOWN;
    if (is_exempt)
        reading->max = LIMITS_NONE;
    if (reading->max == LIMITS_NONE || reading->max == LIMITS_UNKNOWN)
        return;
    if (all == LIMITS_UNKNOWN || wanted > reading->max - all)
        reading->used = count_tasks_of(getuid());
}

static void read_tasks(struct limits *limits, bool is_exempt, int64_t wanted)
{
    int64_t all = count_tasks();
    limits->of[LIMIT_SYSTEM_TASKS].max = read_number("/proc/sys/kernel/threads-max");
    limits->of[LIMIT_SYSTEM_TASKS].used = all;
    limits->of[LIMIT_PIDS].max = read_number("/proc/sys/kernel/pid_max");
    limits->of[LIMIT_PIDS].used = all == LIMITS_UNKNOWN ? all : all + RESERVED_PIDS;
    read_user_tasks(limits, is_exempt, wanted);
}

/* ---- Files and memory ---------------------------------------------------------------------- */

static void read_files(struct limits *limits, size_t listeners, bool is_exempt)
{
    struct rlimit limit = {0};
    int64_t used = SERVER_FILES + (int64_t)listeners;
    limits->of[LIMIT_PROCESS_FILES].max = value_of(&limit, true, getrlimit(RLIMIT_NOFILE, &limit));
    limits->of[LIMIT_PROCESS_FILES].used = used;
    limits->of[LIMIT_NR_OPEN].max = read_number("/proc/sys/fs/nr_open");
    limits->of[LIMIT_NR_OPEN].used = used;
    limits->of[LIMIT_SYSTEM_FILES].max =
        is_exempt ? LIMITS_NONE : read_number("/proc/sys/fs/file-max");
    limits->of[LIMIT_SYSTEM_FILES].used = read_number("/proc/sys/fs/file-nr");
}

/* MemAvailable: what can be had without swapping, as the kernel estimates it. */
static int64_t read_available(void)
{
    FILE *file = fopen("/proc/meminfo", "re");
    char line[128];
    long long kib = -1;
    if (!file)
        return LIMITS_UNKNOWN;
    while (kib < 0 && fgets(line, sizeof line, file))
        sscanf(line, "MemAvailable: %lld", &kib);
    fclose(file);
    return kib < 0 ? LIMITS_UNKNOWN : (int64_t)kib * 1024;
}

static void read_memory(struct limits *limits)
{
    struct rlimit limit = {0};
    int64_t pages = read_number("/proc/self/statm");
    limits->of[LIMIT_MAPS].max = read_number("/proc/sys/vm/max_map_count");
    limits->of[LIMIT_MAPS].used = SERVER_MAPS;
    limits->of[LIMIT_ADDRESS_SPACE].max = value_of(&limit, false, getrlimit(RLIMIT_AS, &limit));
    limits->of[LIMIT_ADDRESS_SPACE].used =
        pages < 0 ? LIMITS_UNKNOWN : pages * sysconf(_SC_PAGESIZE);
    limits->of[LIMIT_MEMORY].max = read_available();
    limits->of[LIMIT_MEMORY].used = 0;
}

/* ---- Control groups ------------------------------------------------------------------------ */

static enum cgroup_found find_cgroup(struct cgroup *cgroup, const char *controller)
{
    FILE *cgroups = fopen("/proc/self/cgroup", "re");
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    enum cgroup_found found =
        cgroups && mounts ? cgroup_find(cgroup, cgroups, mounts, controller) : CGROUP_HIDDEN;
    if (cgroups)
        fclose(cgroups);
    if (mounts)
        fclose(mounts);
    return found;
}

/* files: of version 1 and of version 2. */
static void read_cgroup(struct limits *limits, enum limit which, const char *controller,
                        const struct cgroup_files files[2], char file[256])
{
    struct cgroup cgroup;
    struct cgroup_limit limit = {.max = LIMITS_NONE};
    enum cgroup_found found = find_cgroup(&cgroup, controller);
    if (found == CGROUP_FOUND)
        cgroup_tightest(&cgroup, &files[cgroup.is_unified], &limit);
    else if (found == CGROUP_HIDDEN)
        limit.max = LIMITS_UNKNOWN;
    limits->of[which] = (struct limits_reading){limit.max, limit.used};
    memcpy(file, limit.file, sizeof limit.file);
}

static void read_cgroups(struct limits *limits)
{
    static const struct cgroup_files tasks[] = {
        {"pids.max", "pids.current", NULL},
        {"pids.max", "pids.current", NULL},
    };
    static const struct cgroup_files memory[] = {
        {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
        {"memory.max", "memory.current", "inactive_file"},
    };
    read_cgroup(limits, LIMIT_CGROUP_TASKS, "pids", tasks, limits->cgroup_tasks_file);
    read_cgroup(limits, LIMIT_CGROUP_MEMORY, "memory", memory, limits->cgroup_memory_file);
}

void limits_read(struct limits *limits, size_t listeners, int64_t wanted)
{
    struct privileges privileges = read_privileges();
    *limits = (struct limits){.of[LIMIT_SLOTS] = {THRDSRV_SLOTS_MAX, 0}};
    read_files(limits, listeners, privileges.any_files);
    read_tasks(limits, privileges.any_tasks, wanted);
    read_memory(limits);
    read_cgroups(limits);
}
