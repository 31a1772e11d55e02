/* bench_command.h - thrd bench: from the arguments to the benchmark.
 *
 * Called by commands.c on the main thread. */
#ifndef THRD_CLI_BENCH_COMMAND_H
#define THRD_CLI_BENCH_COMMAND_H

/* argv[0] is "bench". Returns the exit status, an enum bench_status. */
int bench_command(int argc, char *argv[]);

#endif
