/* process_launch - internal to thrd_process.c: starts the program, waits for nothing. */
#ifndef SUPPORT_PROCESS_LAUNCH_H
#define SUPPORT_PROCESS_LAUNCH_H

#include <stdarg.h>
#include <stdbool.h>

#include "thrd_process.h"

/* Starts "THRD_WRAPPER THRD ARGS...", with --mode and the defaults of thrd_process.h or without.
 * Sets p->pid, p->out and p->launched. */
void process_launch(struct process *p, bool with_defaults, va_list args);

#endif
