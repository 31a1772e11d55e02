/* quantity.h - figures as people read them: two or three digits and a unit.
 *
 * For sentences and tables; the document and the CSV hold the numbers themselves. Each writes into
 * the caller's text and returns it. Any thread. */
#ifndef BENCH_QUANTITY_H
#define BENCH_QUANTITY_H

#include <stddef.h>

#include "bench/statistics.h"

struct quantity {
    char text[48];
};

/* "912", "9.12k", "91k", "1.68M" */
const char *quantity_count(struct quantity *quantity, double value);
/* "650 MB/s", "1.68 GB/s" */
const char *quantity_megabytes_rate(struct quantity *quantity, double megabytes_per_second);
/* "0.85 us", "17 us", "1.2 ms", "3.4 s" */
const char *quantity_time(struct quantity *quantity, double us);
/* The same with three digits: "17.1 us", "7.76 ms" */
const char *quantity_time_exact(struct quantity *quantity, double us);
/* "812 bytes", "4.2 KiB", "110 KiB", "1.5 MiB" */
const char *quantity_bytes(struct quantity *quantity, double bytes);
/* A number of things: "8", "10,000" */
const char *quantity_whole(struct quantity *quantity, double value);
/* A size that somebody has asked for: "64 bytes", "64 KiB", "1 GiB", "4000 bytes": exact. */
const char *quantity_size(struct quantity *quantity, double bytes);
/* "0.52", "3.1", "82" */
const char *quantity_ratio(struct quantity *quantity, double ratio);
/* "2.9 to 3.4"; "within 1 %" where both ends read alike; "one round" where there is no interval. */
const char *quantity_ratio_interval(struct quantity *quantity, const struct estimate *estimate);

#endif
