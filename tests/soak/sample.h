/* sample - what one server holds at one moment: memory, descriptors, tasks, slots. */
#ifndef SOAK_SAMPLE_H
#define SOAK_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target.h"

struct sample {
    double seconds;  /* since the run began */
    unsigned target; /* which server */
    unsigned wave;
    bool is_quiet;   /* no client is connected; otherwise it is the peak of the wave */
    int64_t rss_kib; /* of the server itself, without its children */
    int64_t pss_kib;
    int64_t private_kib;
    int fds;
    int tasks;    /* threads of the server itself */
    int children; /* processes, zombies among them */
    int zombies;
    uint64_t log_bytes;
    struct counters counters; /* as they were last logged */
};

/* Looks at the server now. Memory is counted page by page (smaps_rollup), because the kernel's
 * quick figure may be off by some pages for each task. */
void sample_take(struct sample *sample, const struct target *target);

/* Samples in the order in which they were taken. */
struct samples {
    struct sample *all;
    size_t count;
    size_t room;
};
void samples_add(struct samples *samples, const struct sample *sample);
void samples_fini(struct samples *samples);

#endif
