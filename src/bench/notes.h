/* notes.h - what has to be said beside a cell's figures, so that nobody takes them for more than
 * they are: sentences into result_cell.notes. Called by bench.c after the last round. */
#ifndef BENCH_NOTES_H
#define BENCH_NOTES_H

#include "bench/results.h"

void notes_add(struct results *results);

#endif
