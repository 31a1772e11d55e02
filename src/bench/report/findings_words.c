/* findings_words.c - see findings_words.h. */
#include "bench/report/findings_words.h"

#include "bench/report/document_read.h"
#include "bench/report/quantity.h"

/* A load thread so busy, on a machine that has so much to spare, holds the server back. */
#define LOAD_IS_BUSY    0.9
#define MACHINE_IS_IDLE 0.1

bool findings_no_difference(const struct estimate *ratio)
{
    return ratio->coverage > 0 && ratio->low <= 1 && ratio->high >= 1;
}

void findings_add_ratio(struct sentence *sentence, const struct estimate *ratio)
{
    struct quantity middle;
    struct quantity interval;
    sentence_add(sentence, "%sx (%s)", quantity_ratio(&middle, ratio->median),
                 quantity_ratio_interval(&interval, ratio));
}

bool findings_is_load_busy(const json_t *cell)
{
    struct estimate busy, idle;
    return document_figure(cell, FIGURE_LOAD_BUSIEST_SHARE, &busy) &&
           document_figure(cell, FIGURE_MACHINE_IDLE_SHARE, &idle) && busy.median >= LOAD_IS_BUSY &&
           idle.median >= MACHINE_IS_IDLE;
}
