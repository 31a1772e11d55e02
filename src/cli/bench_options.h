/* bench_options.h - the command line of thrd bench.
 *
 * What it does: turns the arguments into what bench is to measure and where the results go, or into
 * one error text. Three files: bench_options.c has the values and the table, bench_servers.c the
 * servers that are measured, bench_conflicts.c what does not go together.
 * What it does not do: it never prints, exits, allocates or asks the system.
 * Called by bench_command.c; any thread. */
#ifndef THRD_CLI_BENCH_OPTIONS_H
#define THRD_CLI_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/server.h>

#include "bench/bench.h"
#include "cli/arguments.h"

/* A name of a server heads a column of the report. */
enum { BENCH_NAME_MAX = 20, BENCH_MODES_MAX = 3, BENCH_PROBLEM_SIZE = 200 };

/* The options of which it matters whether they were given. */
enum bench_option {
    BENCH_OPTION_MODES = 0,
    BENCH_OPTION_AGAINST,
    BENCH_OPTION_TARGET,
    BENCH_OPTION_WORKLOAD,
    BENCH_OPTION_CONNECTIONS,
    BENCH_OPTION_SWEEP,
    BENCH_OPTION_HELD,
    BENCH_OPTION_SIZE,
    BENCH_OPTION_RATE,
    BENCH_OPTION_BALLAST,
    BENCH_OPTION_STEVENS,
    BENCH_OPTION_ROUNDS,
    BENCH_OPTION_DURATION,
    BENCH_OPTION_WARMUP,
    BENCH_OPTION_THREADS,
    BENCH_OPTION_JSON,
    BENCH_OPTION_CSV,
    BENCH_OPTION_HTML,
    BENCH_OPTION_SVG,
    BENCH_OPTION_COMPARE,
    BENCH_OPTION_FAIL_OVER,
    BENCH_OPTIONS, /* how many there are */
};

/* Do not copy: config points into it, and at the argument strings. */
struct bench_options {
    struct bench_config config; /* targets: all that are to be measured, never none */
    enum bench_option swept;    /* --sweep: of --connections or of --held */
    unsigned sweep[BENCH_LIST_MAX];
    size_t sweep_count;
    bool given[BENCH_OPTIONS];
    enum thrdsrv_mode modes[BENCH_MODES_MAX];
    size_t mode_count;
    struct target others[BENCH_TARGETS_MAX]; /* of --against and --target */
    size_t other_count;
    char names[BENCH_TARGETS_MAX][BENCH_NAME_MAX + 1]; /* of others */
    const char *files[2];                              /* of --compare: old, new */
    size_t file_count;
    double fail_over; /* a share: 0.1 is 10 %; below 0: not given */
    char problem[BENCH_PROBLEM_SIZE];
};

/* Its target is a struct bench_options with the defaults. */
extern const struct argument_table bench_table;

/* Puts the defaults, those of struct bench_config, into options. */
void bench_options_defaults(struct bench_options *options);

/* ---- For the files of bench_options ------------------------------------------------------ */

/* "--workload" and so on, for texts. */
const char *bench_option_name(enum bench_option option);

/* Setters: --modes, --against, --target. */
const char *bench_servers_set_modes(void *target, const char *value);
const char *bench_servers_set_against(void *target, const char *value);
const char *bench_servers_set_target(void *target, const char *value);

/* Puts all servers into options->config: our modes, all that were built where none is named, then
 * the others. Returns NULL, or what is wrong. */
const char *bench_servers_finish(struct bench_options *options);

/* What of the options does not go together; NULL: they do. The servers are complete. */
const char *bench_conflicts_find(struct bench_options *options);

#endif
