/* ballast.h - memory that a server has for no other reason than that it has it.
 *
 * fork(2) copies the page tables of its parent, so a process costs more the more memory the server
 * has; a thread does not. --ballast shows it. Called by serve.c before the server is made. */
#ifndef THRD_CLI_BALLAST_H
#define THRD_CLI_BALLAST_H

#include <stdint.h>

/* Takes bytes of private memory and writes to each page, for the rest of the process's life.
 * Returns 0, or -1 with errno. Blocks for some 0.3 s a GiB. */
int ballast_take(int64_t bytes);

#endif
