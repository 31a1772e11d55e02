/* demo_isolation.h - thrd demo isolation: whom the fault of one connection hurts, in each mode.
 *
 * What it does: brings about each fault in each mode (demo_experiment.h), prints what was seen as a
 * table of at most 100 columns, and says in a few sentences what that means.
 * What it does not do: leave anything behind, also when it is interrupted.
 * Called by main.c on the main thread; takes some seconds. */
#ifndef THRD_CLI_DEMO_ISOLATION_H
#define THRD_CLI_DEMO_ISOLATION_H

/* Returns the exit status: 0; or 1 with one line on standard error where the system refused what
 * the demo needs, or standard output does not take all of the output. */
int demo_isolation_run(void);

#endif
