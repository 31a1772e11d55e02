/* bench_command.c - thrd bench; see bench_command.h. */
#include "cli/bench_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "cli/bench_options.h"
#include "cli/command.h"
#include "cli/limits_read.h"

/* The whole command for the document, from "thrd" on, the caller's to free(); by whatever path we
 * were started. NULL: no memory. */
static char **whole_command(int argc, char *argv[])
{
    static char program[] = "thrd";
    char **words = calloc((size_t)argc + 2, sizeof *words);
    if (!words)
        return NULL;
    words[0] = program;
    memcpy(words + 1, argv, (size_t)argc * sizeof *words);
    return words;
}

/* The kernel's own figure of free memory knows nothing of such limits. */
static int64_t memory_limit(void)
{
    static struct limits limits;
    limits_read(&limits, 0, 0);
    const struct limits_reading *memory = &limits.of[LIMIT_CGROUP_MEMORY];
    if (memory->max == LIMITS_UNKNOWN || memory->max == LIMITS_NONE)
        return 0;
    return memory->max > memory->used ? memory->max - memory->used : 1;
}

static int measure(struct bench_options *options, int argc, char *argv[])
{
    char **words = whole_command(argc, argv);
    if (!words) {
        fputs("thrd: bench: no memory\n", stderr);
        return COMMAND_SYSTEM;
    }
    options->config.argc = argc + 1;
    options->config.argv = words;
    options->config.memory_limit_bytes = memory_limit();
    int status = (int)bench_run(&options->config);
    free(words);
    return status;
}

int bench_command(int argc, char *argv[])
{
    static struct bench_options options;
    int status;
    bench_options_defaults(&options);
    if (!command_begin(&bench_table, &options, argc, argv, &status))
        return status;
    command_hold_streams();
    if (options.given[BENCH_OPTION_COMPARE])
        return (int)bench_compare(options.files[0], options.files[1], options.fail_over);
    return measure(&options, argc, argv);
}
