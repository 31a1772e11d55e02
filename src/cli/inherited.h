/* inherited.h - what we have been started with besides standard input, output and error is for us:
 * no program that we start gets it (--, and what the library has no way to close for it).
 *
 * What it does not do: it closes nothing, for --listen=fd:N and --ready-fd name some of it.
 * Called by serve.c on the main thread, before there is another. */
#ifndef THRD_CLI_INHERITED_H
#define THRD_CLI_INHERITED_H

/* Makes every descriptor from 3 on close-on-exec. */
void inherited_keep(void);

#endif
