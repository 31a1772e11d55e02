/* plan.c - see plan.h. */
#include "bench/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/load.h"

#define ROUNDS    5
#define WARMUP_NS (INT64_C(100) * 1000000)
#define WINDOW_NS (INT64_C(500) * 1000000)

#define MIB       (INT64_C(1) << 20)

/* Stevens, UNIX Network Programming, volume 1, section 30.2: ten clients in all (five on each of
 * two hosts) make 500 connections each and ask for 4000 bytes on each. */
#define STEVENS_EXCHANGES  5000u
#define STEVENS_LONGEST_NS (INT64_C(120) * 1000000000)

/* What is measured when no workload is asked for: a whole answer within a minute on two cores. */
static const struct {
    const char *workload;
    int64_t ballast_bytes;
} usual[] = {
    {"rr", 0}, {"crr", 0}, {"crr", 64 * MIB}, {"stream", 0}, {"start", 0}, {"hold", 0},
};

/* What one cell is made of, before it is known whether it makes sense. */
struct wish {
    const struct bench_config *config;
    const struct workload *workload;
    unsigned connections; /* 0: the workload's own */
    unsigned held;        /* idle ones besides */
    int64_t ballast_bytes;
    bool is_first; /* of several numbers of connections */
};

static bool is_inline(const struct target *target)
{
    return target->kind == TARGET_OURS && strcmp(target->mode, "inline") == 0;
}

static bool makes_sense(const struct wish *wish, const struct target *target)
{
    const struct workload *workload = wish->workload;
    if (workload->measures_memory && wish->held == 0)
        return false; /* of no connection there is no memory */
    if (target->kind != TARGET_OURS)
        return !workload->is_for_ours_only && wish->ballast_bytes == 0;
    if (!is_inline(target))
        return true;
    /* Inline starts no worker whose price could depend on the server's memory. It serves one
     * connection at a time: a held one would be the last, and where they stay, more of them are
     * the same measurement again. */
    return workload->runs_inline && wish->held == 0 && wish->ballast_bytes == 0 &&
           (workload->reconnect || wish->is_first);
}

static struct workload shape(const struct wish *wish, const struct target *target)
{
    const struct bench_config *config = wish->config;
    struct workload workload = *wish->workload;
    if (wish->connections > 0 && workload.connections > 0)
        workload.connections = wish->connections;
    workload.held = wish->held;
    if (config->size_bytes > 0 && workload.service != LOAD_AGE)
        workload.size = config->size_bytes;
    /* One client at a time: all others would wait for the first to go, which it never does. */
    if (is_inline(target) && !workload.reconnect)
        workload.connections = 1;
    return workload;
}

static int add_cell(struct results *results, const struct wish *wish, const struct target *target)
{
    struct workload workload = shape(wish, target);
    struct result_cell *cells =
        realloc(results->cells, (results->cell_count + 1) * sizeof *results->cells);
    if (!cells)
        return -1;
    results->cells = cells;
    struct result_cell *cell = &cells[results->cell_count++];
    memset(cell, 0, sizeof *cell);
    cell->cell = (struct measure_cell){
        .target = *target,
        .workload = workload,
        .ballast_bytes = wish->ballast_bytes,
        .memory_limit_bytes = wish->config->memory_limit_bytes,
        .rate = workload.connections > 0 ? wish->config->rate : 0,
        .threads = results->load_threads,
        .limit = results->is_stevens ? STEVENS_EXCHANGES : 0,
        .warmup_ns = results->warmup_ns,
        .window_ns = results->window_ns,
    };
    for (size_t figure = 0; figure < FIGURES; figure++)
        for (size_t round = 0; round < RESULTS_ROUNDS_MAX; round++)
            cell->figures[figure][round] = NAN;
    for (size_t round = 0; round < RESULTS_ROUNDS_MAX; round++)
        cell->server_cpu_s[round] = NAN;
    histogram_init(&cell->latency);
    histogram_init(&cell->uncorrected);
    return 0;
}

static int add_targets(struct results *results, const struct wish *wish)
{
    const struct bench_config *config = wish->config;
    for (size_t i = 0; i < config->target_count; i++)
        if (makes_sense(wish, &config->targets[i]) &&
            add_cell(results, wish, &config->targets[i]) < 0)
            return -1;
    return 0;
}

/* Every number of held connections with every ballast. */
static int add_held(struct results *results, const struct wish *wish)
{
    const struct bench_config *config = wish->config;
    bool is_swept = wish->workload->takes_held && config->held_count > 0;
    size_t held = is_swept ? config->held_count : 1;
    size_t ballasts = config->ballast_count > 0 ? config->ballast_count : 1;
    for (size_t i = 0; i < held; i++)
        for (size_t j = 0; j < ballasts; j++) {
            struct wish one = *wish;
            one.held = is_swept ? config->held[i] : wish->workload->held;
            one.ballast_bytes = config->ballast_count > 0 ? config->ballast_bytes[j] : 0;
            if (add_targets(results, &one) < 0)
                return -1;
        }
    return 0;
}

/* Every number of busy connections with all those. */
static int add_workload(struct results *results, const struct bench_config *config,
                        const struct workload *workload)
{
    size_t sweep =
        config->connections_count > 0 && workload->connections > 0 ? config->connections_count : 1;
    for (size_t i = 0; i < sweep; i++) {
        struct wish wish = {
            .config = config,
            .workload = workload,
            .connections = config->connections_count > 0 ? config->connections[i] : 0,
            .is_first = i == 0,
        };
        if (add_held(results, &wish) < 0)
            return -1;
    }
    return 0;
}

static int add_usual(struct results *results, const struct bench_config *config)
{
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        struct bench_config with_ballast = *config;
        /* A ballast that was asked for takes the place of ours. */
        if (config->ballast_count > 0 && usual[i].ballast_bytes > 0)
            continue;
        if (config->ballast_count == 0) {
            with_ballast.ballast_bytes[0] = usual[i].ballast_bytes;
            with_ballast.ballast_count = 1;
        }
        if (add_workload(results, &with_ballast, workload_find(usual[i].workload)) < 0)
            return -1;
    }
    return 0;
}

static int add_all(struct results *results, const struct bench_config *config)
{
    if (config->stevens)
        return add_workload(results, config, workload_find("bytes"));
    if (config->workload_count == 0)
        return add_usual(results, config);
    for (size_t i = 0; i < config->workload_count; i++)
        if (add_workload(results, config, config->workloads[i]) < 0)
            return -1;
    return 0;
}

static void settle(struct results *results, const struct bench_config *config, unsigned cpus)
{
    *results = (struct results){
        .argc = config->argc,
        .argv = config->argv,
        .rounds = config->rounds > 0 ? config->rounds : ROUNDS,
        .warmup_ns = config->warmup_ns >= 0 ? config->warmup_ns : WARMUP_NS,
        .window_ns = config->window_ns > 0 ? config->window_ns : WINDOW_NS,
        /* A quarter of the machine is enough for the clients: an exchange costs them less than
         * the server, which has the rest. */
        .load_threads = config->threads > 0 ? config->threads
                        : cpus / 4 > 0      ? cpus / 4
                                            : 1,
        .is_stevens = config->stevens,
    };
    if (results->load_threads > LOAD_THREADS_MAX)
        results->load_threads = LOAD_THREADS_MAX;
    if (config->stevens) {
        results->warmup_ns = 0;
        results->window_ns = STEVENS_LONGEST_NS;
    }
}

int plan_create(const struct bench_config *config, unsigned cpus, struct results *results,
                char *error, size_t size)
{
    settle(results, config, cpus);
    if (add_all(results, config) < 0) {
        snprintf(error, size, "no memory for the plan of %zu measurements", results->cell_count);
        return -1;
    }
    if (results->cell_count == 0) {
        snprintf(
            error, size,
            "nothing to measure: no server that was chosen can run a workload that was chosen "
            "(start and --ballast are for our own modes, held connections not for inline, hold "
            "not with none held)");
        return -1;
    }
    return 0;
}

void plan_destroy(struct results *results)
{
    free(results->cells);
    results->cells = NULL;
    results->cell_count = 0;
}
