/* compare.h - what compare.c tells of two documents besides the text of views.h. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdbool.h>

#include <jansson.h>

/* Whether there is a figure that both have: otherwise nothing was compared, and no news is not good
 * news. */
bool compare_has_common(const json_t *old_document, const json_t *new_document);

#endif
