/* check.h - thrd check: how many connections this machine carries, and what stands in the way.
 *
 * What it does: for each mode with workers, measures what a connection takes in memory (with a
 * server of our own on 127.0.0.1, for some tenths of a second), compares what connections take with
 * the limits, and prints the walls in the order in which they are run into.
 * What it does not do: it changes no limit.
 * Called by main.c on the main thread. */
#ifndef THRD_CLI_CHECK_H
#define THRD_CLI_CHECK_H

enum check_status {
    CHECK_YES = 0,    /* or nothing was asked */
    CHECK_SYSTEM = 1, /* standard output does not take all of the output */
    CHECK_NO = 3,     /* so many connections cannot be reached */
};

/* slots: can so many be reached? 0: nothing is asked. mode: "thread" or "fork"; NULL: all modes
 * with workers that were built, and each has to reach them. Returns an enum check_status. */
int check_run(unsigned slots, const char *mode);

#endif
