/* faults - what a soak run found wrong. Each is printed when it is found; the first stay for the
 * report. */
#ifndef SOAK_FAULTS_H
#define SOAK_FAULTS_H

#include <stdbool.h>
#include <stdio.h>

/* One fault, in words. More than a hundred are counted, and no longer printed. */
void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

unsigned faults_count(void);

/* The first of them, a line each. */
void faults_print(FILE *out);

#endif
