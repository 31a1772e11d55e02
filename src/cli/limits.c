/* limits.c - the table of limits, and the arithmetic on it; see limits.h. */
#include "cli/limits.h"

#include <stdio.h>

#define GUARD_SIZE 4096 /* behind each stack; a larger page would hardly change the sum */

/* PID_MAX_LIMIT of Linux on 64 bits. */
#define PID_MAX_LIMIT (INT64_C(4) * 1024 * 1024)

#define MIB           (INT64_C(1) << 20)

static const struct {
    const char *name;
    const char *unit;
} table[LIMITS] = {
    [LIMIT_SLOTS] = {"--slots", "slots"},
    [LIMIT_PROCESS_FILES] = {"RLIMIT_NOFILE", "descriptors"},
    [LIMIT_NR_OPEN] = {"fs.nr_open", "descriptors"},
    [LIMIT_SYSTEM_FILES] = {"fs.file-max", "files"},
    [LIMIT_USER_TASKS] = {"RLIMIT_NPROC", "tasks"},
    [LIMIT_CGROUP_TASKS] = {"cgroup pids.max", "tasks"},
    [LIMIT_PIDS] = {"kernel.pid_max", "tasks"},
    [LIMIT_SYSTEM_TASKS] = {"kernel.threads-max", "tasks"},
    [LIMIT_MAPS] = {"vm.max_map_count", "maps"},
    [LIMIT_ADDRESS_SPACE] = {"RLIMIT_AS", "bytes"},
    [LIMIT_MEMORY] = {"memory", "bytes"},
    [LIMIT_CGROUP_MEMORY] = {"cgroup memory.max", "bytes"},
};

const char *limits_name(enum limit limit)
{
    return table[limit].name;
}

const char *limits_unit(enum limit limit)
{
    return table[limit].unit;
}

/* A thread has its connection, a stack and the guard behind it, which are two maps. Of a child the
 * parent has a pidfd; the connection is a file too, and the child's alone, unless it is a
 * program's. For a program a thread has a pidfd and one task more. Mode inline has all it needs
 * before the first connection, but for that one. */
struct limits_cost limits_cost(enum thrdsrv_mode mode, size_t stack_size, bool runs_program)
{
    struct limits_cost cost = {{0}};
    int64_t tasks = (mode != THRDSRV_MODE_INLINE) + (runs_program && mode != THRDSRV_MODE_FORK);
    cost.of[LIMIT_SLOTS] = 1;
    cost.of[LIMIT_PROCESS_FILES] = runs_program ? 2 : 1;
    cost.of[LIMIT_NR_OPEN] = cost.of[LIMIT_PROCESS_FILES];
    cost.of[LIMIT_SYSTEM_FILES] = mode == THRDSRV_MODE_FORK || runs_program ? 2 : 1;
    cost.of[LIMIT_USER_TASKS] = tasks;
    cost.of[LIMIT_CGROUP_TASKS] = tasks;
    cost.of[LIMIT_PIDS] = tasks;
    cost.of[LIMIT_SYSTEM_TASKS] = tasks;
    if (mode == THRDSRV_MODE_THREAD) {
        cost.of[LIMIT_MAPS] = 2;
        cost.of[LIMIT_ADDRESS_SPACE] = (int64_t)stack_size + GUARD_SIZE;
    }
    return cost;
}

static int64_t used(const struct limits *limits, enum limit limit)
{
    return limits->of[limit].used == LIMITS_UNKNOWN ? 0 : limits->of[limit].used;
}

/* Behind those that allow as many, so that the order of the enumeration decides. */
static void insert(struct limits_wall *walls, size_t count, struct limits_wall wall)
{
    size_t at = count;
    for (; at > 0 && walls[at - 1].connections > wall.connections; at--)
        walls[at] = walls[at - 1];
    walls[at] = wall;
}

size_t limits_walls(const struct limits *limits, const struct limits_cost *cost,
                    struct limits_wall walls[LIMITS])
{
    size_t count = 0;
    for (enum limit limit = 0; limit < LIMITS; limit++) {
        int64_t max = limits->of[limit].max;
        if (max == LIMITS_UNKNOWN || max == LIMITS_NONE || cost->of[limit] <= 0)
            continue;
        int64_t left = max - used(limits, limit);
        struct limits_wall wall = {limit, left > 0 ? left / cost->of[limit] : 0};
        insert(walls, count++, wall);
    }
    return count;
}

int64_t limits_needed(const struct limits *limits, const struct limits_cost *cost, enum limit limit,
                      int64_t connections)
{
    int64_t each = cost->of[limit];
    int64_t base = used(limits, limit);
    return each > 0 && connections > (LIMITS_NONE - base) / each ? LIMITS_NONE
                                                                 : base + connections * each;
}

static int remedy_for_descriptors(const struct limits *limits, int64_t needed, char *buf,
                                  size_t size)
{
    int64_t most = limits->of[LIMIT_NR_OPEN].max;
    const char *first = most != LIMITS_UNKNOWN && needed > most ? "fs.nr_open first, then " : "";
    return snprintf(buf, size, "%sulimit -Hn %jd, LimitNOFILE=%jd", first, (intmax_t)needed,
                    (intmax_t)needed);
}

static int remedy_for_pids(int64_t needed, char *buf, size_t size)
{
    if (needed > PID_MAX_LIMIT)
        return snprintf(buf, size, "none: it can be %jd at most", (intmax_t)PID_MAX_LIMIT);
    return snprintf(buf, size, "sysctl -w kernel.pid_max=%jd", (intmax_t)needed);
}

char *limits_remedy(const struct limits *limits, enum limit limit, int64_t needed, char *buf,
                    size_t size)
{
    intmax_t value = needed;
    switch (limit) {
    case LIMIT_PROCESS_FILES:
        remedy_for_descriptors(limits, needed, buf, size);
        break;
    case LIMIT_PIDS:
        remedy_for_pids(needed, buf, size);
        break;
    case LIMIT_NR_OPEN:
    case LIMIT_SYSTEM_FILES:
    case LIMIT_SYSTEM_TASKS:
    case LIMIT_MAPS:
        snprintf(buf, size, "sysctl -w %s=%jd", table[limit].name, value);
        break;
    case LIMIT_USER_TASKS:
        snprintf(buf, size, "ulimit -u %jd, LimitNPROC=%jd", value, value);
        break;
    case LIMIT_CGROUP_TASKS:
        snprintf(buf, size, "TasksMax=%jd, or into its pids.max", value);
        break;
    case LIMIT_ADDRESS_SPACE:
        snprintf(buf, size, "ulimit -v unlimited, LimitAS=infinity, smaller --stack");
        break;
    case LIMIT_CGROUP_MEMORY:
        snprintf(buf, size, "MemoryMax=%jdM, or into its memory.max", (value + MIB - 1) / MIB);
        break;
    case LIMIT_MEMORY:
        snprintf(buf, size, "a machine with more memory");
        break;
    case LIMIT_SLOTS:
    case LIMITS:
        snprintf(buf, size, "none: the program's own limit");
        break;
    }
    return buf;
}
