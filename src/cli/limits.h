/* limits.h - how many connections the limits of this machine allow, and how to move each limit.
 *
 * What it does: from readings of the limits, and from what a connection takes in a mode, computes
 * the walls that a growing number of connections runs into, the first one first.
 * What it does not do: it reads nothing from the system (limits_read.h does), prints nothing.
 * Called by check.c and reach.c; every function is pure and may run in any thread. */
#ifndef THRD_CLI_LIMITS_H
#define THRD_CLI_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/server.h>

enum limit {
    LIMIT_SLOTS = 0,     /* of --slots itself */
    LIMIT_PROCESS_FILES, /* RLIMIT_NOFILE, the hard one: serve.c raises the soft one to it */
    LIMIT_NR_OPEN,       /* fs.nr_open: what RLIMIT_NOFILE may be */
    LIMIT_SYSTEM_FILES,  /* fs.file-max */
    LIMIT_USER_TASKS,    /* RLIMIT_NPROC, the soft one */
    LIMIT_CGROUP_TASKS,  /* pids.max of our cgroup or one above it */
    LIMIT_PIDS,          /* kernel.pid_max */
    LIMIT_SYSTEM_TASKS,  /* kernel.threads-max */
    LIMIT_MAPS,          /* vm.max_map_count */
    LIMIT_ADDRESS_SPACE, /* RLIMIT_AS, bytes */
    LIMIT_MEMORY,        /* MemAvailable, bytes */
    LIMIT_CGROUP_MEMORY, /* memory.max of our cgroup or one above it, bytes */
    LIMITS,              /* how many there are */
};

#define LIMITS_UNKNOWN INT64_C(-1) /* could not be read */
#define LIMITS_NONE    INT64_MAX   /* there is no such limit, or it does not bind us */

/* One limit as it is now. */
struct limits_reading {
    int64_t max;
    int64_t used; /* without any connection; LIMITS_UNKNOWN counts as 0 */
};

struct limits {
    struct limits_reading of[LIMITS];
    char cgroup_tasks_file[256]; /* "/sys/fs/cgroup/…/pids.max"; "" where there is none */
    char cgroup_memory_file[256];
};

/* What one connection takes of each; 0: nothing. */
struct limits_cost {
    int64_t of[LIMITS];
};

/* In that mode; stack_size is config.stack_size. Memory is left 0: it has to be measured. */
struct limits_cost limits_cost(enum thrdsrv_mode mode, size_t stack_size, bool runs_program);

struct limits_wall {
    enum limit limit;
    int64_t connections; /* that it allows; 0 or more */
};

/* Every limit that is known and that connections take from, in the order in which they are run
 * into. Returns how many there are. */
size_t limits_walls(const struct limits *limits, const struct limits_cost *cost,
                    struct limits_wall walls[LIMITS]);

/* What the limit would have to be for so many connections. */
int64_t limits_needed(const struct limits *limits, const struct limits_cost *cost, enum limit limit,
                      int64_t connections);

/* As administrators call it, e.g. "vm.max_map_count". Never NULL. */
const char *limits_name(enum limit limit);

/* What there is a limit of, as one word: "descriptors", "tasks", "maps", "bytes", "slots". */
const char *limits_unit(enum limit limit);

/* What to type so that the limit becomes needed, or that nothing can be typed. Returns buf. */
char *limits_remedy(const struct limits *limits, enum limit limit, int64_t needed, char *buf,
                    size_t size);

#endif
