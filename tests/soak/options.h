/* options - what a soak run is asked for on its command line. */
#ifndef SOAK_OPTIONS_H
#define SOAK_OPTIONS_H

#include <stdint.h>

struct options {
    const char *program;   /* thrd */
    const char *preload;   /* a library with planted faults, NULL: none */
    const char *mode;      /* thread, fork */
    const char *csv;       /* where the samples go, NULL: nowhere */
    const char *park;      /* as for thrd, NULL: its default */
    double minutes;        /* then the wave that is under way is the last */
    unsigned waves;        /* the most there are, however much time is left */
    double wave_seconds;   /* how long clients come, on average */
    double settle_seconds; /* how long after a wave a server may take to be at its baseline */
    unsigned rate;         /* new clients a second at most, all servers together */
    unsigned clients;      /* connected at once, in the highest wave, without the flood */
    unsigned slots; /* of each server; glibc's cache of stacks holds no more than 150 or so */
    uint64_t seed;
};

/* Reads the command line. Where it is wrong: says which argument, and what is allowed, and ends the
 * program with status 2. */
void options_read(struct options *options, int argc, char **argv);

#endif
