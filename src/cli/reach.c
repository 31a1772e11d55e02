/* reach.c - see reach.h. */
#include "cli/reach.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include "cli/limits.h"
#include "cli/limits_read.h"
#include "cli/log_line.h"

/* Beside those of slots and listeners: the standard streams, epoll, the wake-up, the same and a
 * connection for the control socket, what a handler or libc opens for a moment, and some room. */
#define DESCRIPTORS_BESIDE 16

/* The soft limit is only low for the sake of programs that use select(2). */
static void raise_soft_limit(const struct limits_cost *cost, unsigned slots, size_t listeners)
{
    struct rlimit limit;
    rlim_t needed =
        (rlim_t)slots * (rlim_t)cost->of[LIMIT_PROCESS_FILES] + listeners + DESCRIPTORS_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || needed <= limit.rlim_cur)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* refused: what can be reached is told below */
}

static void warn(const struct thrdsrv_config *config, unsigned slots, const struct limits *limits,
                 const struct limits_cost *cost, const struct limits_wall *wall)
{
    char remedy[160], name[64], file[300] = "", quoted[290];
    int64_t needed = limits_needed(limits, cost, wall->limit, slots);
    limits_remedy(limits, wall->limit, needed, remedy, sizeof remedy);
    if (wall->limit == LIMIT_CGROUP_TASKS)
        snprintf(file, sizeof file, " file=%s",
                 log_line_quote(quoted, sizeof quoted, limits->cgroup_tasks_file));
    log_line_printf(config, THRDSRV_LOG_WARN,
                    "msg=\"cannot reach all slots\" slots=%u reachable=%jd limit=%s%s %s=%jd "
                    "needed=%jd remedy=\"%s, or lower --slots\"",
                    slots, (intmax_t)wall->connections,
                    log_line_quote(name, sizeof name, limits_name(wall->limit)), file,
                    limits_unit(wall->limit), (intmax_t)limits->of[wall->limit].max,
                    (intmax_t)needed, remedy);
}

void reach_prepare(const struct thrdsrv_config *config)
{
    struct limits limits;
    struct limits_wall walls[LIMITS];
    struct limits_cost cost =
        limits_cost(config->mode, config->stack_size, config->program != NULL);
    /* "localhost:PORT" and ":PORT" make two listeners, one for each family. */
    size_t listeners = 2 * (config->listen_count > 0 ? config->listen_count : 1);
    unsigned slots = config->mode == THRDSRV_MODE_INLINE ? 1 : config->slots;
    raise_soft_limit(&cost, slots, listeners);
    limits_read(&limits, listeners, slots);
    if (limits_walls(&limits, &cost, walls) > 0 && walls[0].connections < slots)
        warn(config, slots, &limits, &cost, &walls[0]);
}
