/* report - what a soak run showed: as a text, and its samples as CSV. */
#ifndef SOAK_REPORT_H
#define SOAK_REPORT_H

#include <stdio.h>

#include "run.h"

/* Judges how the memory of each server went, and prints. Call it once, when the run is over. */
void report_memory(FILE *out, const struct run *run);

/* All else, and the verdict in its last line. */
void report_begin(FILE *out, const struct run *run);
void report_clients(FILE *out, const struct run *run);
void report_servers(FILE *out, const struct run *run);
void report_verdict(FILE *out, const struct run *run);

/* Returns 0, or -1 with errno. */
int report_csv(const char *path, const struct run *run);

#endif
