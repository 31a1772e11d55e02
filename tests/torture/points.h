/* points.h - which points there are, by name and as a list. */
#ifndef TORTURE_POINTS_H
#define TORTURE_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "play.h"

/* What a run is to be. */
struct wanted {
    const char *scenario; /* NULL: all */
    const char *mode;     /* NULL: all */
    const char *point;    /* NULL: all */
    size_t count;         /* at most so many points, spread evenly; 0: all */
    uint64_t seed;
    bool modes[MODES]; /* those that were built */
};

/* A scenario in a mode, and what it needs without a fault. */
struct run {
    const struct scenario *scenario;
    enum mode mode;
    struct clean_run clean;
};

struct point_list {
    struct point *points;
    uint16_t *runs; /* the number of each one's run */
    size_t count;
};

/* "recv:3:ECONNRESET:once", "recv:3:ECONNRESET:on"; false: there is no such point. */
bool point_parse(const char *text, struct point *point);
void point_name(const struct point *point, char *text, size_t size);

/* The runs that are wanted, at most max; returns how many. */
size_t points_runs(const struct wanted *wanted, struct run *runs, size_t max);

/* All points of the runs, or those wanted. The order is by chance, from the seed. */
void points_list(const struct wanted *wanted, const struct run *runs, size_t run_count,
                 struct point_list *list);

#endif
