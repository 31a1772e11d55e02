/* footprint - what a process holds: threads, descriptors, children. A library that has stopped must
 * have left nothing of it behind. */
#ifndef SUPPORT_FOOTPRINT_H
#define SUPPORT_FOOTPRINT_H

#include <stdbool.h>

struct footprint {
    int threads;
    int descriptors;
};

/* Of the calling process, now. */
struct footprint footprint_now(void);

/* Waits until the process holds what it held before and has no child; fails, saying what is left,
 * when that does not come. Who has been told that all has ended needs no wait: see
 * footprint_expect(). */
void footprint_wait(struct footprint before);

/* Fails unless it is so already. */
void footprint_expect(struct footprint before);

/* Whether a file is mapped whose name contains this. */
bool is_mapped(const char *part_of_name);

#endif
