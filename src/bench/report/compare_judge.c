/* compare_judge.c - see compare_judge.h. */
#include "bench/report/compare_judge.h"

#include <math.h>
#include <stdbool.h>

static bool overlap(const struct estimate *a, const struct estimate *b)
{
    return a->low <= b->high && b->low <= a->high;
}

static bool can_tell(const struct estimate *old_figure, const struct estimate *new_figure,
                     double fail_over)
{
    bool have_intervals = old_figure->coverage > 0 && new_figure->coverage > 0;
    return !overlap(old_figure, new_figure) && (have_intervals || fail_over >= 0);
}

struct compare_change compare_judge(enum figure figure, const struct estimate *old_figure,
                                    const struct estimate *new_figure, double fail_over)
{
    enum figure_better better = figure_info(figure)->better;
    struct compare_change change = {NAN, COMPARE_SAME};
    if (!(old_figure->median > 0))
        return change;
    change.share = new_figure->median / old_figure->median - 1;
    if (better == FIGURE_NEITHER || !can_tell(old_figure, new_figure, fail_over))
        return change;
    double worse_by = better == FIGURE_LOWER_IS_BETTER ? change.share : -change.share;
    if (worse_by > fmax(fail_over, 0))
        change.verdict = COMPARE_WORSE;
    else if (-worse_by > fmax(fail_over, 0))
        change.verdict = COMPARE_BETTER;
    return change;
}
