/* bench_command.c - thrd bench; see bench_command.h. */
#include "cli/bench_command.h"

#include "bench/bench.h"
#include "cli/bench_options.h"
#include "cli/command.h"

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
    options.config.argc = argc;
    options.config.argv = argv;
    return (int)bench_run(&options.config);
}
