/* histogram.h - a log-linear histogram of times.
 *
 * Values are nanoseconds from 0 to HISTOGRAM_MAX_NS; what is larger counts as that. Values below
 * 2048 are kept exactly; above, a bucket is at most 1/1024 of its value wide, so each value is
 * told to 3 significant digits. Recording is an addition in an array: no lock, no allocation.
 * A histogram belongs to one thread at a time. */
#ifndef CLIENT_HISTOGRAM_H
#define CLIENT_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_MAX_NS ((INT64_C(1) << 42) - 1) /* 73 minutes */

/* 2048 buckets of one ns, then 1024 for each doubling up to 2^42. */
#define HISTOGRAM_BUCKETS (2048 + (42 - 11) * 1024)

struct histogram {
    uint64_t count; /* of all values */
    int64_t min_ns; /* of all values, exact; INT64_MAX where there is none */
    int64_t max_ns; /* exact; -1 where there is none */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_init(struct histogram *histogram);

/* Negative values count as 0 (clocks do not run backwards, but a caller may subtract wrongly). */
void histogram_record(struct histogram *histogram, int64_t ns);

/* Adds what other holds. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The smallest value v such that at least quantile (0 to 1) of all values are at most v, as the
 * largest value of its bucket, but never more than max_ns; -1 where there is no value. */
int64_t histogram_quantile(const struct histogram *histogram, double quantile);

/* How many values are above ns, give or take the bucket that holds ns. */
uint64_t histogram_count_above(const struct histogram *histogram, int64_t ns);

#endif
