/* bench_conflicts.c - which options of thrd bench do not go together; see bench_options.h. */
#include "cli/bench_options.h"

#include <stdio.h>
#include <string.h>

/* Two options, and why they contradict each other. */
static const struct conflict {
    enum bench_option first;
    enum bench_option second;
    const char *why;
} conflicts[] = {
    {BENCH_OPTION_STEVENS, BENCH_OPTION_WORKLOAD, "Stevens' clients are a workload of their own"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_CONNECTIONS, "his clients are ten"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_SWEEP, "his clients are ten"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_HELD, "his clients leave no connection idle"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_SVG, "his figure is a table, and nothing is swept"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_SIZE, "his clients ask for 4000 bytes"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_RATE, "his clients wait for each reply"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_BALLAST, "his servers hold no memory besides"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_DURATION, "his clients end after 5000 connections"},
    {BENCH_OPTION_STEVENS, BENCH_OPTION_WARMUP, "his clients have no warm-up"},
};

static const char *tell(struct bench_options *options, enum bench_option first,
                        enum bench_option second, const char *why)
{
    snprintf(options->problem, sizeof options->problem, "--%s and --%s: %s",
             bench_option_name(first), bench_option_name(second), why);
    return options->problem;
}

static const char *check_pairs(struct bench_options *options)
{
    if (options->given[BENCH_OPTION_SWEEP] && options->given[options->swept])
        return tell(options, options->swept, BENCH_OPTION_SWEEP,
                    options->swept == BENCH_OPTION_HELD
                        ? "both say how many connections are held"
                        : "both say how many connections there are");
    for (size_t i = 0; i < sizeof conflicts / sizeof conflicts[0]; i++)
        if (options->given[conflicts[i].first] && options->given[conflicts[i].second])
            return tell(options, conflicts[i].first, conflicts[i].second, conflicts[i].why);
    return NULL;
}

/* A comparison measures nothing, so nothing that says what to measure can have an effect. */
static const char *check_compare(struct bench_options *options)
{
    if (!options->given[BENCH_OPTION_COMPARE])
        return options->given[BENCH_OPTION_FAIL_OVER]
                   ? "--fail-over: has a meaning with --compare only"
                   : NULL;
    for (int i = 0; i < BENCH_OPTION_COMPARE; i++)
        if (options->given[i])
            return tell(
                options, BENCH_OPTION_COMPARE, (enum bench_option)i,
                "a comparison of two files measures nothing; only --fail-over goes with it");
    if (options->file_count < 2)
        return "--compare: needs two files, the old one and the new one";
    return NULL;
}

static const char *check_outputs(struct bench_options *options)
{
    const struct bench_config *config = &options->config;
    const char *const names[] = {config->json, config->csv, config->html, config->svg};
    const int count = sizeof names / sizeof names[0];
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++)
            if (names[i] && names[j] && strcmp(names[i], names[j]) == 0)
                return tell(options, (enum bench_option)(BENCH_OPTION_JSON + i),
                            (enum bench_option)(BENCH_OPTION_JSON + j),
                            strcmp(names[i], "-") == 0
                                ? "both go to standard output; give one of them a file"
                                : "both go to the same file");
    return NULL;
}

static bool is_busy(const struct workload *workload)
{
    return workload->connections > 0;
}

static bool is_holding(const struct workload *workload)
{
    return workload->takes_held;
}

static bool is_sending(const struct workload *workload)
{
    return workload->service != LOAD_AGE;
}

/* An option that none of the workloads that were chosen takes up would be dropped silently. */
static const char *check_workloads(struct bench_options *options)
{
    static const struct {
        enum bench_option option;
        bool (*is_taken_up)(const struct workload *workload);
        const char *why;
    } rows[] = {
        {BENCH_OPTION_CONNECTIONS, is_busy, "no workload that was chosen has busy connections"},
        {BENCH_OPTION_RATE, is_busy, "no workload that was chosen has busy connections"},
        {BENCH_OPTION_HELD, is_holding, "no workload that was chosen holds idle connections"},
        {BENCH_OPTION_SIZE, is_sending, "no workload that was chosen sends requests"},
    };
    const struct bench_config *config = &options->config;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool is_swept = options->given[BENCH_OPTION_SWEEP] && options->swept == rows[i].option;
        bool is_taken_up = config->workload_count == 0;
        for (size_t j = 0; j < config->workload_count; j++)
            is_taken_up = is_taken_up || rows[i].is_taken_up(config->workloads[j]);
        if ((is_swept || options->given[rows[i].option]) && !is_taken_up)
            return tell(options, BENCH_OPTION_WORKLOAD,
                        is_swept ? BENCH_OPTION_SWEEP : rows[i].option, rows[i].why);
    }
    return NULL;
}

/* The usual run has hold in it too. */
static const char *check_held(struct bench_options *options)
{
    const struct bench_config *config = &options->config;
    bool measures_memory = config->workload_count == 0;
    for (size_t i = 0; i < config->workload_count; i++)
        measures_memory = measures_memory || config->workloads[i]->measures_memory;
    if (options->given[BENCH_OPTION_HELD] && config->held[0] == 0 && measures_memory)
        return tell(options, BENCH_OPTION_WORKLOAD, BENCH_OPTION_HELD,
                    "hold measures held connections, and there would be none");
    return NULL;
}

/* ---- The picture ------------------------------------------------------------------------- */

static bool is_inline(const struct target *target)
{
    return target->kind == TARGET_OURS && strcmp(target->mode, "inline") == 0;
}

/* Whether the picture will have more than one point of this server, as bench/plan.c has it. */
static bool has_line(const struct bench_options *options, const struct target *target)
{
    const struct workload *workload = options->config.workloads[0];
    bool is_swept = options->sweep_count > 1;
    if (target->kind == TARGET_OURS && !is_inline(target))
        return true;
    if (is_inline(target))
        return is_swept && options->swept == BENCH_OPTION_CONNECTIONS && workload->runs_inline &&
               workload->reconnect;
    return target->kind == TARGET_COMMAND && is_swept && !workload->is_for_ours_only;
}

/* A picture that could not be drawn is to be known before a minute has gone into it. */
static const char *check_svg(struct bench_options *options)
{
    const struct bench_config *config = &options->config;
    bool is_swept = options->sweep_count > 1;
    bool has_line_at_all = false;
    if (!options->given[BENCH_OPTION_SVG])
        return NULL;
    if (config->workload_count != 1)
        return "--svg: draws one workload; choose it with --workload=crr or another";
    if (!is_busy(config->workloads[0]))
        return "--svg: workload hold has no operations whose CPU time could be drawn";
    if (!is_swept && config->ballast_count < 2)
        return "--svg: nothing is swept; give two values or more to --sweep=connections=LIST, "
               "--sweep=held=LIST or --ballast=LIST";
    if (is_swept && config->ballast_count > 1)
        return "--svg: --sweep and --ballast have several values each, and the picture has one "
               "axis for them; give one value to one of them";
    for (size_t i = 0; i < config->target_count; i++)
        has_line_at_all = has_line_at_all || has_line(options, &config->targets[i]);
    return has_line_at_all ? NULL
                           : "--svg: no server that was chosen can be drawn: of one that runs "
                             "already no CPU time is known, --ballast is for thread and fork, "
                             "inline serves one client at a time";
}

const char *bench_conflicts_find(struct bench_options *options)
{
    const char *(*const checks[])(struct bench_options *) = {
        check_compare, check_pairs, check_outputs, check_workloads, check_held, check_svg};
    const char *what = NULL;
    for (size_t i = 0; !what && i < sizeof checks / sizeof checks[0]; i++)
        what = checks[i](options);
    return what;
}
