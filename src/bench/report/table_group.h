/* table_group.h - the rows of one workload on a terminal. Called by table.c; any thread. */
#ifndef BENCH_TABLE_GROUP_H
#define BENCH_TABLE_GROUP_H

#include "bench/report/layout.h"
#include "bench/report/table_column.h"

/* The heading, the rows, and below them what there is to say about single ones. */
void table_group_write(const struct layout *layout, const struct table_rows *rows);

#endif
