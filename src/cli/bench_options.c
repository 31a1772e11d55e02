/* bench_options.c - the values that thrd bench takes, one function each, then the table of its
 * options; see bench_options.h. */
#include "cli/bench_options.h"

#include <string.h>

#include "cli/list.h"
#include "cli/units.h"

#define NANOSECONDS   INT64_C(1000000) /* in a millisecond */
#define DURATION_MIN  INT64_C(50)      /* milliseconds */
#define DURATION_MAX  INT64_C(3600000)
#define ROUNDS_MAX    101
#define RATE_MAX      INT64_C(1000000000)
#define BALLAST_MAX   UNITS_SIZE_MAX
#define FAIL_OVER_MAX 1000

/* ---- Values ------------------------------------------------------------------------------ */

static const char *complaint(enum units_status status)
{
    return status == UNITS_OK ? NULL : units_complaint(status);
}

static const char *set_number(struct bench_options *options, enum bench_option option,
                              const char *value, int64_t max, unsigned *field)
{
    int64_t number = 0;
    enum units_status status = units_parse_number(value, 1, max, &number);
    if (status != UNITS_OK)
        return complaint(status);
    *field = (unsigned)number;
    options->given[option] = true;
    return NULL;
}

static const char *set_time(struct bench_options *options, enum bench_option option,
                            const char *value, int64_t min, int64_t *field)
{
    int64_t ms = 0;
    enum units_status status = units_parse_time(value, min, DURATION_MAX, &ms);
    if (status != UNITS_OK)
        return complaint(status);
    *field = ms * NANOSECONDS;
    options->given[option] = true;
    return NULL;
}

static const char *add_workload(void *target, const char *item)
{
    struct bench_config *config = &((struct bench_options *)target)->config;
    const struct workload *workload = workload_find(item);
    if (!workload)
        return "no such workload";
    for (size_t i = 0; i < config->workload_count; i++)
        if (config->workloads[i] == workload)
            return "a workload stands there twice";
    if (config->workload_count == BENCH_WORKLOADS_MAX)
        return "too many workloads";
    config->workloads[config->workload_count++] = workload;
    return NULL;
}

static const char *set_workload(void *target, const char *value)
{
    struct bench_options *options = target;
    options->given[BENCH_OPTION_WORKLOAD] = true;
    options->config.workload_count = 0;
    return list_each(value, add_workload, options);
}

/* Not a list: what --sweep does is to be asked for by its name. */
static const char *set_one(struct bench_options *options, enum bench_option option,
                           const char *value, int64_t min, unsigned *field)
{
    int64_t number = 0;
    if (strchr(value, ','))
        return "not one number; --sweep takes several";
    enum units_status status = units_parse_number(value, min, LOAD_CONNECTIONS_MAX, &number);
    *field = (unsigned)number;
    options->given[option] = true;
    return complaint(status);
}

static const char *set_connections(void *target, const char *value)
{
    struct bench_options *options = target;
    options->config.connections_count = 1;
    return set_one(options, BENCH_OPTION_CONNECTIONS, value, 1, options->config.connections);
}

static const char *set_held(void *target, const char *value)
{
    struct bench_options *options = target;
    options->config.held_count = 1;
    return set_one(options, BENCH_OPTION_HELD, value, 0, options->config.held);
}

static const char *add_swept(void *target, const char *item)
{
    struct bench_options *options = target;
    int64_t number = 0;
    int64_t min = options->swept == BENCH_OPTION_HELD ? 0 : 1;
    enum units_status status = units_parse_number(item, min, LOAD_CONNECTIONS_MAX, &number);
    if (status != UNITS_OK)
        return complaint(status);
    for (size_t i = 0; i < options->sweep_count; i++)
        if (options->sweep[i] == (unsigned)number)
            return "a number stands there twice";
    if (options->sweep_count == BENCH_LIST_MAX)
        return "more than 32 numbers";
    options->sweep[options->sweep_count++] = (unsigned)number;
    return NULL;
}

/* Kept apart from --connections and --held until all is read: of two sweeps the last one counts,
 * and leaves nothing of the first. */
static const char *set_sweep(void *target, const char *value)
{
    static const enum bench_option can_be_swept[] = {BENCH_OPTION_CONNECTIONS, BENCH_OPTION_HELD};
    struct bench_options *options = target;
    options->given[BENCH_OPTION_SWEEP] = true;
    options->sweep_count = 0;
    for (size_t i = 0; i < sizeof can_be_swept / sizeof can_be_swept[0]; i++) {
        const char *name = bench_option_name(can_be_swept[i]);
        options->swept = can_be_swept[i];
        if (strncmp(value, name, strlen(name)) == 0 && value[strlen(name)] == '=')
            return list_each(value + strlen(name) + 1, add_swept, options);
    }
    return "only connections and held can be swept";
}

/* What is swept takes the place of the one number, which nobody has given. */
static void settle_sweep(struct bench_options *options)
{
    struct bench_config *config = &options->config;
    bool is_held = options->swept == BENCH_OPTION_HELD;
    if (!options->given[BENCH_OPTION_SWEEP])
        return;
    memcpy(is_held ? config->held : config->connections, options->sweep, sizeof options->sweep);
    *(is_held ? &config->held_count : &config->connections_count) = options->sweep_count;
}

static const char *set_size(void *target, const char *value)
{
    struct bench_options *options = target;
    int64_t bytes = 0;
    enum units_status status = units_parse_size(value, 1, LOAD_SIZE_MAX, &bytes);
    options->config.size_bytes = (size_t)bytes;
    options->given[BENCH_OPTION_SIZE] = true;
    return complaint(status);
}

static const char *set_rate(void *target, const char *value)
{
    struct bench_options *options = target;
    int64_t number = 0;
    enum units_status status = units_parse_number(value, 1, RATE_MAX, &number);
    options->config.rate = (double)number;
    options->given[BENCH_OPTION_RATE] = true;
    return complaint(status);
}

static const char *add_ballast(void *target, const char *item)
{
    struct bench_config *config = &((struct bench_options *)target)->config;
    int64_t bytes = 0;
    enum units_status status = units_parse_size(item, 0, BALLAST_MAX, &bytes);
    if (status != UNITS_OK)
        return complaint(status);
    for (size_t i = 0; i < config->ballast_count; i++)
        if (config->ballast_bytes[i] == bytes)
            return "a size stands there twice";
    if (config->ballast_count == BENCH_LIST_MAX)
        return "more than 32 sizes";
    config->ballast_bytes[config->ballast_count++] = bytes;
    return NULL;
}

static const char *set_ballast(void *target, const char *value)
{
    struct bench_options *options = target;
    options->given[BENCH_OPTION_BALLAST] = true;
    options->config.ballast_count = 0;
    return list_each(value, add_ballast, options);
}

static const char *set_stevens(void *target, const char *value)
{
    struct bench_options *options = target;
    (void)value;
    options->config.stevens = true;
    options->given[BENCH_OPTION_STEVENS] = true;
    return NULL;
}

static const char *set_rounds(void *target, const char *value)
{
    struct bench_options *options = target;
    return set_number(options, BENCH_OPTION_ROUNDS, value, ROUNDS_MAX, &options->config.rounds);
}

static const char *set_duration(void *target, const char *value)
{
    struct bench_options *options = target;
    return set_time(options, BENCH_OPTION_DURATION, value, DURATION_MIN,
                    &options->config.window_ns);
}

static const char *set_warmup(void *target, const char *value)
{
    struct bench_options *options = target;
    return set_time(options, BENCH_OPTION_WARMUP, value, 0, &options->config.warmup_ns);
}

static const char *set_threads(void *target, const char *value)
{
    struct bench_options *options = target;
    return set_number(options, BENCH_OPTION_THREADS, value, LOAD_THREADS_MAX,
                      &options->config.threads);
}

/* No value: standard output, which bench.h calls "-". */
static const char *set_output(struct bench_options *options, enum bench_option option,
                              const char *value, const char **field)
{
    options->given[option] = true;
    *field = value ? value : "-";
    return **field == '\0' ? "no file name" : NULL;
}

static const char *set_json(void *target, const char *value)
{
    struct bench_options *options = target;
    return set_output(options, BENCH_OPTION_JSON, value, &options->config.json);
}

static const char *set_csv(void *target, const char *value)
{
    struct bench_options *options = target;
    return set_output(options, BENCH_OPTION_CSV, value, &options->config.csv);
}

static const char *set_html(void *target, const char *value)
{
    struct bench_options *options = target;
    return set_output(options, BENCH_OPTION_HTML, value, &options->config.html);
}

static const char *set_svg(void *target, const char *value)
{
    struct bench_options *options = target;
    return set_output(options, BENCH_OPTION_SVG, value, &options->config.svg);
}

static const char *set_compare(void *target, const char *value)
{
    struct bench_options *options = target;
    (void)value;
    options->given[BENCH_OPTION_COMPARE] = true;
    return NULL;
}

static const char *set_fail_over(void *target, const char *value)
{
    struct bench_options *options = target;
    int64_t percent = 0;
    enum units_status status = units_parse_percent(value, 0, FAIL_OVER_MAX, &percent);
    options->fail_over = (double)percent / 100;
    options->given[BENCH_OPTION_FAIL_OVER] = true;
    return complaint(status);
}

static const char *take_file(void *target, size_t index, const char *word)
{
    struct bench_options *options = target;
    if (workload_find(word))
        return "unexpected; a workload is chosen with --workload";
    if (!options->given[BENCH_OPTION_COMPARE])
        return "unexpected; the names of two files stand behind --compare, and nothing else";
    options->files[index] = word;
    options->file_count = index + 1;
    return *word == '\0' ? "no file name" : NULL;
}

/* ---- The table --------------------------------------------------------------------------- */

enum group { GROUP_SERVERS = 0, GROUP_LOAD, GROUP_ROUNDS, GROUP_OUTPUT };

static const char *const groups[] = {
    [GROUP_SERVERS] = "Servers",
    [GROUP_LOAD] = "Load (defaults: as is right for each workload)",
    [GROUP_ROUNDS] = "Rounds",
    [GROUP_OUTPUT] = "Results (a table, where standard output gets nothing else)",
};

/* In the order of --help and of enum bench_option. tests/unit/test_bench_options.c checks the
 * names of the workloads, and that what a text allows is what is allowed. */
static const struct argument_spec specs[] = {
    {"modes", '\0', "LIST", NULL, "thread, fork and inline, with commas, or none", GROUP_SERVERS,
     "of our own: thread, fork, inline, or none [all]", bench_servers_set_modes, false},
    {"against", '\0', "NAME=COMMAND", NULL,
     "NAME=COMMAND with {port} where COMMAND is to listen on 127.0.0.1", GROUP_SERVERS,
     "another server too, in the same rounds; may be\n"
     "repeated. {port} in COMMAND: where it is to listen",
     bench_servers_set_against, false},
    {"target", '\0', "[NAME=]HOST:PORT", NULL, "HOST:PORT or [V6]:PORT, NAME= before it",
     GROUP_SERVERS, "a server that runs already too; may be repeated", bench_servers_set_target,
     false},
    {"workload", '\0', "LIST", "rr,crr,stream,start,hold",
     "rr, crr, stream, start, hold, churn, bytes, rot13 and rot13-stream, with commas", GROUP_LOAD,
     "what the clients do", set_workload, false},
    {"connections", '\0', "N", NULL, "1 to 100000", GROUP_LOAD, "busy connections at once",
     set_connections, false},
    {"sweep", '\0', "WHAT=LIST", NULL,
     "connections=N,N,... of 1 to 100000 or held=N,N,... of 0 to 100000, at most 32", GROUP_LOAD,
     "one after another: connections=1,8,64 or held=0,10000", set_sweep, false},
    {"held", '\0', "N", NULL, "0 to 100000", GROUP_LOAD,
     "idle connections besides, in rr, hold and churn", set_held, false},
    {"size", '\0', "SIZE", NULL, "1 to 16m", GROUP_LOAD, "bytes of a request, or with k, m",
     set_size, false},
    {"rate", '\0', "N", NULL, "1 to 1000000000", GROUP_LOAD,
     "exchanges a second, on a fixed schedule, instead of as\nfast as replies come", set_rate,
     false},
    {"ballast", '\0', "LIST", NULL, "sizes of 0 to 1048576g, with commas, at most 32", GROUP_LOAD,
     "memory that our servers hold besides, such as 0,64m,1g", set_ballast, false},
    {"stevens", '\0', NULL, NULL, NULL, GROUP_LOAD,
     "instead: 10 clients, 500 connections each, 4000 bytes\n"
     "(rows 0, 1 and 6 of Unix Network Programming, 30.1)",
     set_stevens, false},
    {"rounds", '\0', "N", "5", "1 to 101", GROUP_ROUNDS, "of all servers in turn", set_rounds,
     false},
    {"duration", '\0', "TIME", "500ms", "50ms to 1h", GROUP_ROUNDS, "of each measurement",
     set_duration, false},
    {"warmup", '\0', "TIME", "100ms", "0 to 1h", GROUP_ROUNDS, "before it, not measured",
     set_warmup, false},
    {"threads", '\0', "N", NULL, "1 to 64", GROUP_ROUNDS, "of the load [one for four processors]",
     set_threads, false},
    {"json", '\0', "FILE", NULL, "a file, or - for standard output", GROUP_OUTPUT,
     "all results as JSON", set_json, true},
    {"csv", '\0', "FILE", NULL, "a file, or - for standard output", GROUP_OUTPUT,
     "all figures as CSV", set_csv, true},
    {"html", '\0', "FILE", NULL, "a file, or - for standard output", GROUP_OUTPUT,
     "a page with plots that needs nothing else", set_html, false},
    {"svg", '\0', "FILE", NULL, "a file, or - for standard output", GROUP_OUTPUT,
     "a picture: CPU over --sweep or --ballast, one workload", set_svg, false},
    {"compare", '\0', NULL, NULL, NULL, GROUP_OUTPUT,
     "measure nothing; compare two files of --json", set_compare, false},
    {"fail-over", '\0', "PERCENT", NULL, "0 to 1000, and % if you like", GROUP_OUTPUT,
     "with --compare: status 4 when a figure is so much worse", set_fail_over, false},
};

_Static_assert(sizeof specs / sizeof specs[0] == BENCH_OPTIONS, "an option for each name");

static bool workload_names(size_t index, const char **name, const char **summary)
{
    const struct workload *workload = workload_at(index);
    if (!workload)
        return false;
    *name = workload->name;
    *summary = workload->summary;
    return true;
}

static const char *finish(void *target)
{
    struct bench_options *options = target;
    const char *what = bench_servers_finish(options);
    what = what ? what : bench_conflicts_find(options);
    settle_sweep(options);
    return what;
}

static const struct argument_list workloads = {"Workloads", workload_names};

const struct argument_table bench_table = {
    .command = "bench",
    .usage = "Usage: thrd bench [OPTIONS]   threads against processes, on this machine\n"
             "       thrd bench --compare OLD.json NEW.json [--fail-over=PERCENT]\n",
    .epilogue = "Exit status: 0 all measured, 3 a server failed or sent a wrong byte, 4 worse by\n"
                "         --fail-over, 2 usage, 1 the system refused, 130 Ctrl-C.\n",
    .shown = &workloads,
    .specs = specs,
    .spec_count = BENCH_OPTIONS,
    .groups = groups,
    .words_max = 2,
    .take = take_file,
    .words = "the two files of --compare",
    .finish = finish,
};

const char *bench_option_name(enum bench_option option)
{
    return specs[option].name;
}

void bench_options_defaults(struct bench_options *options)
{
    *options = (struct bench_options){.config = {.warmup_ns = -1}, .fail_over = -1};
}
