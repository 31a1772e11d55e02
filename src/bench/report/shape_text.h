/* shape_text.h - in words what a measurement did: the head of a group, the line above some rows.
 * Any thread. */
#ifndef BENCH_SHAPE_TEXT_H
#define BENCH_SHAPE_TEXT_H

#include <stdbool.h>

#include "bench/report/document_read.h"
#include "bench/report/sentence.h"

/* Whether a and b belong under one heading: what they do is the same, how much of it may differ. */
bool shape_text_is_same_group(const struct document_shape *a, const struct document_shape *b);

/* "connect, one exchange of 64 bytes, close" */
void shape_text_add_work(struct sentence *sentence, const struct document_shape *shape);

/* "8 at once, while 500 others stay idle, with 64 MiB of parent memory"; may be nothing. */
void shape_text_add_amount(struct sentence *sentence, const struct document_shape *shape);

#endif
