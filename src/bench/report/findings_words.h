/* findings_words.h - what sentences about a ratio have in common. Called by the files that find;
 * any thread. */
#ifndef BENCH_FINDINGS_WORDS_H
#define BENCH_FINDINGS_WORDS_H

#include <stdbool.h>

#include <jansson.h>

#include "bench/report/sentence.h"
#include "bench/statistics.h"

/* The interval of the ratio has 1 in it. */
bool findings_no_difference(const struct estimate *ratio);

/* "4.1x (3.9 to 4.3)" */
void findings_add_ratio(struct sentence *sentence, const struct estimate *ratio);

/* Whether the clients of this cell could not send more while the machine had something to spare:
 * then the throughput is theirs, not the server's. */
bool findings_is_load_busy(const json_t *cell);

#endif
