/* check.c - see check.h. */
#include "cli/check.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <thrdsrv/server.h>

#include "bench/held_memory.h"
#include "cli/limits.h"
#include "cli/limits_read.h"
#include "cli/wrap.h"

#define HELD_MAX 200 /* connections for the measurement */
#define HELD_MIN 10  /* fewer say too little about one */
#define BESIDE   50  /* descriptors and tasks of the clients' side */

/* "localhost:43211", the default. */
#define LISTENERS 2

static const struct {
    enum thrdsrv_mode mode;
    const char *name;
} modes[] = {{THRDSRV_MODE_THREAD, "thread"}, {THRDSRV_MODE_FORK, "fork"}};

/* All about one mode. */
struct answer {
    const char *name;
    const struct limits *limits;
    struct limits_cost cost;
    struct limits_wall walls[LIMITS];
    size_t wall_count;
    struct held_memory memory;
    unsigned held;     /* connections that were measured; 0: none, */
    char failure[300]; /* because of this */
};

/* ---- Finding out --------------------------------------------------------------------------- */

/* A server that is stopped in the middle would leave its log behind: Ctrl-C waits. */
static int measure_undisturbed(struct answer *answer, unsigned held)
{
    sigset_t signals, kept;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &kept);
    int status = held_memory_measure(answer->name, held, &answer->memory, answer->failure,
                                     sizeof answer->failure);
    sigprocmask(SIG_SETMASK, &kept, NULL);
    return status;
}

/* With half as many as the limits leave beside what the measurement itself takes: others want to
 * live too. */
static void measure(struct answer *answer)
{
    int64_t held = (answer->walls[0].connections - BESIDE) / 2;
    held = held > HELD_MAX ? HELD_MAX : held;
    if (held < HELD_MIN)
        snprintf(answer->failure, sizeof answer->failure,
                 "the limits allow too few connections for that");
    else if (measure_undisturbed(answer, (unsigned)held) == 0)
        answer->held = (unsigned)held;
}

static void find_out(struct answer *answer, enum thrdsrv_mode mode, const char *name,
                     const struct limits *limits)
{
    const struct thrdsrv_config defaults = THRDSRV_CONFIG_INIT;
    *answer = (struct answer){.name = name, .limits = limits};
    answer->cost = limits_cost(mode, defaults.stack_size, false);
    limits_walls(limits, &answer->cost, answer->walls);
    measure(answer);
    if (answer->held > 0) {
        int64_t each = held_memory_total(&answer->memory);
        answer->cost.of[LIMIT_MEMORY] = each;
        answer->cost.of[LIMIT_CGROUP_MEMORY] = each;
        /* Some C libraries have no map for the guard, and some kernels join stacks. */
        if (mode == THRDSRV_MODE_THREAD && answer->memory.maps >= 0)
            answer->cost.of[LIMIT_MAPS] = (int64_t)(answer->memory.maps + 0.5);
    }
    answer->wall_count = limits_walls(limits, &answer->cost, answer->walls);
}

/* ---- Telling it ---------------------------------------------------------------------------- */

static bool is_memory(enum limit limit)
{
    return limit == LIMIT_MEMORY || limit == LIMIT_CGROUP_MEMORY;
}

static const char *amount(enum limit limit, int64_t value, char *buf, size_t size)
{
    if (strcmp(limits_unit(limit), "bytes") != 0)
        snprintf(buf, size, "%jd %s", (intmax_t)value, limits_unit(limit));
    else if (value >= INT64_C(10) << 30)
        snprintf(buf, size, "%.1f GiB", (double)value / (1 << 30));
    else
        snprintf(buf, size, "%.1f MiB", (double)value / (1 << 20));
    return buf;
}

/* wanted: 0: what would be needed for twice as many as it allows now. */
static void print_wall(const struct answer *answer, const struct limits_wall *wall, int64_t wanted)
{
    char now[40], remedy[100];
    int64_t goal = wanted > 0 ? wanted : 2 * wall->connections;
    int64_t needed = limits_needed(answer->limits, &answer->cost, wall->limit, goal);
    limits_remedy(answer->limits, wall->limit, needed, remedy, sizeof remedy);
    printf("  %s%9jd  %-18s  %-19s  %s\n", is_memory(wall->limit) ? "~" : " ",
           (intmax_t)wall->connections, limits_name(wall->limit),
           amount(wall->limit, answer->limits->of[wall->limit].max, now, sizeof now),
           wanted > 0 && wall->connections >= wanted ? "enough" : remedy);
}

/* Those that come after the program's own limit are never run into. */
static void print_walls(const struct answer *answer, int64_t wanted)
{
    char title[40] = "for twice as many";
    if (wanted > 0)
        snprintf(title, sizeof title, "for %jd", (intmax_t)wanted);
    printf("  %10s  %-18s  %-19s  %s\n", "up to", "limit", "as it is now", title);
    for (size_t i = 0; i < answer->wall_count; i++) {
        print_wall(answer, &answer->walls[i], wanted);
        if (answer->walls[i].limit == LIMIT_SLOTS)
            break;
    }
}

static double kib(int64_t bytes)
{
    return bytes > 0 ? (double)bytes / 1024 : 0;
}

static void print_memory(const struct answer *answer)
{
    char text[400];
    const struct held_memory *memory = &answer->memory;
    if (answer->held == 0) {
        snprintf(text, sizeof text, "Memory of a connection is not measured: %s.", answer->failure);
        wrap_print(text);
        return;
    }
    printf("  Memory of a connection: %.1f KiB: process %.1f, page tables %.1f, kernel %.1f%s.\n"
           "  Measured just now with %u held connections to the service echo, after 64 bytes on "
           "each.\n",
           kib(held_memory_total(memory)), kib(memory->pss_bytes), kib(memory->page_tables_bytes),
           kib(memory->kernel_bytes), memory->kernel_bytes < 0 ? " (not known)" : "", answer->held);
}

static bool can_reach(const struct answer *answer, int64_t slots)
{
    return answer->walls[0].connections >= slots;
}

static void print_answer(const struct answer *answer, int64_t slots)
{
    const struct limits_wall *first = &answer->walls[0];
    printf("--mode=%s: %jd connections, then %s is in the way", answer->name,
           (intmax_t)first->connections, limits_name(first->limit));
    if (slots > 0)
        printf("\n  %jd connections %s be reached", (intmax_t)slots,
               can_reach(answer, slots) ? "can" : "CANNOT");
    printf(".\n");
    print_walls(answer, slots);
    print_memory(answer);
    printf("\n");
}

/* ---- What holds for all modes -------------------------------------------------------------- */

/* The limits whose value is this one, if there are any. */
static void print_those(const struct limits *limits, int64_t max, const char *title)
{
    char text[600];
    size_t begin = (size_t)snprintf(text, sizeof text, "%s", title);
    size_t used = begin;
    for (enum limit limit = 0; limit < LIMITS; limit++)
        if (limits->of[limit].max == max && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                     used > begin ? ", " : " ", limits_name(limit));
    if (used > begin)
        wrap_print(text);
}

static void print_somaxconn(void)
{
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
    int value;
    if (file && fscanf(file, "%d", &value) == 1)
        printf("net.core.somaxconn=%d: so many may wait to be accepted; no limit of connections.\n",
               value);
    if (file)
        fclose(file);
}

static void print_notes(const struct limits *limits, bool measured)
{
    print_those(limits, LIMITS_NONE, "No limit here:");
    print_those(limits, LIMITS_UNKNOWN, "Could not be read, and is not counted:");
    if (limits->cgroup_tasks_file[0] != '\0')
        printf("cgroup pids.max is that of %s\n", limits->cgroup_tasks_file);
    if (limits->cgroup_memory_file[0] != '\0')
        printf("cgroup memory.max is that of %s\n", limits->cgroup_memory_file);
    print_somaxconn();
    if (measured)
        wrap_print(
            "Memory is an estimate: the difference of what the server and the kernel had before "
            "the connections and with them. What a service of yours uses comes on top, and so "
            "do socket buffers under load. The clients' ends of the connections were on this "
            "machine too, and are in the kernel's part, as is whatever else happened here.");
}

int check_run(unsigned slots, const char *mode)
{
    struct limits limits;
    bool reached = true, measured = false;
    limits_read(&limits, LISTENERS, LIMITS_NONE);
    printf("Connections at once that the limits of this machine allow, as they are now for user "
           "%ju:\n\n",
           (uintmax_t)getuid());
    fflush(stdout);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct answer answer;
        if (!thrdsrv_mode_supported(modes[i].mode) || (mode && strcmp(mode, modes[i].name) != 0))
            continue;
        find_out(&answer, modes[i].mode, modes[i].name, &limits);
        print_answer(&answer, slots);
        reached = reached && can_reach(&answer, slots);
        measured = measured || answer.held > 0;
    }
    if (!thrdsrv_mode_supported(THRDSRV_MODE_FORK))
        printf("This build has no mode fork.\n");
    print_notes(&limits, measured);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "thrd: cannot write to standard output: %s\n", strerror(errno));
        return CHECK_SYSTEM;
    }
    return reached ? CHECK_YES : CHECK_NO;
}
