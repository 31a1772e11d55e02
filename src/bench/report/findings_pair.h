/* findings_pair.h - which measurements stand beside each other in a sentence.
 *
 * What it does: chooses, of all shapes that a workload was measured in, the one to speak of, and
 * the servers that were measured in it. What it does not do: speak. Called by document_findings.c;
 * any thread. */
#ifndef BENCH_FINDINGS_PAIR_H
#define BENCH_FINDINGS_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/report/document_read.h"

/* The shape that stands for a workload: the least ballast, the fewest held connections (where their
 * memory is measured, the most: it is told best by many), and of several numbers of busy
 * connections the middle one of those that the reference was measured with. */
struct findings_choice {
    struct document_shape shape;
    size_t sweep; /* of how many numbers of connections */
};

/* One server beside the reference in the chosen shape. */
struct findings_pair {
    const struct findings_choice *choice;
    const char *target;
    const char *reference_target;
    const json_t *cell;
    const json_t *reference;
};

struct findings; /* the caller's own */
typedef void findings_pair_fn(struct findings *findings, const struct findings_pair *pair);

/* Calls fn for every server but the reference that was measured in this shape, closed loop or open.
 * Mode inline is a baseline, and no choice that somebody has: no sentence is about it. */
void findings_for_each_pair(const json_t *document, const char *workload, bool open_loop,
                            findings_pair_fn *fn, struct findings *findings);

#endif
