/* compare_judge.h - whether a figure became better or worse. Pure; any thread. */
#ifndef BENCH_COMPARE_JUDGE_H
#define BENCH_COMPARE_JUDGE_H

#include "bench/figures.h"
#include "bench/statistics.h"

enum compare_verdict {
    COMPARE_SAME = 0, /* or no difference that can be told */
    COMPARE_BETTER,
    COMPARE_WORSE,
};

struct compare_change {
    double share; /* new / old - 1; NaN where old is not above 0 */
    enum compare_verdict verdict;
};

/* A figure changes when its median moves by more than fail_over (of the old one; below 0: however
 * little) and the intervals do not overlap. Without intervals (one round) nothing can be told below
 * 0, and the medians decide alone otherwise. FIGURE_NEITHER never changes. */
struct compare_change compare_judge(enum figure figure, const struct estimate *old_figure,
                                    const struct estimate *new_figure, double fail_over);

#endif
