/* table_stevens.h - the rows of Stevens' Figure 30.1 on a terminal. Called by table.c; any thread.
 */
#ifndef BENCH_TABLE_STEVENS_H
#define BENCH_TABLE_STEVENS_H

#include <jansson.h>

#include "bench/report/layout.h"

/* Writes nothing where the document has no such rows. */
void table_stevens_write(const struct layout *layout, const json_t *document);

#endif
