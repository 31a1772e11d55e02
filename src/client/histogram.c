/* histogram.c - see histogram.h. No system calls, no allocation. */
#include "client/histogram.h"

#include <float.h>
#include <stddef.h>
#include <string.h>

/* Below EXACT a bucket holds one value. From there on each doubling has STEPS buckets: a value is
 * told by its HIGH_BITS highest bits, the first of which is always set. */
#define EXACT     2048
#define STEPS     1024
#define HIGH_BITS 11

static size_t bucket_of(uint64_t value)
{
    if (value < EXACT)
        return (size_t)value;
    unsigned bits = 64u - (unsigned)__builtin_clzll(value);
    unsigned dropped = bits - HIGH_BITS;
    return EXACT + (size_t)(dropped - 1) * STEPS + ((size_t)(value >> dropped) - STEPS);
}

static int64_t largest_of(size_t bucket)
{
    if (bucket < EXACT)
        return (int64_t)bucket;
    size_t dropped = (bucket - EXACT) / STEPS + 1;
    size_t high = (bucket - EXACT) % STEPS + STEPS;
    return (int64_t)(((uint64_t)(high + 1) << dropped) - 1);
}

static int64_t within_range(int64_t ns)
{
    return ns < 0 ? 0 : ns > HISTOGRAM_MAX_NS ? HISTOGRAM_MAX_NS : ns;
}

void histogram_init(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
    histogram->min_ns = INT64_MAX;
    histogram->max_ns = -1;
}

void histogram_record(struct histogram *histogram, int64_t ns)
{
    int64_t value = within_range(ns);
    histogram->count++;
    histogram->buckets[bucket_of((uint64_t)value)]++;
    if (value < histogram->min_ns)
        histogram->min_ns = value;
    if (value > histogram->max_ns)
        histogram->max_ns = value;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    if (other->count == 0)
        return;
    histogram->count += other->count;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->buckets[i] += other->buckets[i];
    if (other->min_ns < histogram->min_ns)
        histogram->min_ns = other->min_ns;
    if (other->max_ns > histogram->max_ns)
        histogram->max_ns = other->max_ns;
}

/* How many of count values are the part that quantile asks for, rounded up, at least 1. A quantile
 * such as 0.07 is a little more than it says when it is a double: what rounding has added is taken
 * off, or 7 of 100 would become 8. */
static uint64_t rank_of(double quantile, uint64_t count)
{
    double part = quantile * (double)count;
    part -= part * 4 * DBL_EPSILON;
    if (!(part > 1))
        return 1;
    if (part >= (double)count)
        return count;
    uint64_t rank = (uint64_t)part;
    return (double)rank < part ? rank + 1 : rank;
}

int64_t histogram_quantile(const struct histogram *histogram, double quantile)
{
    if (histogram->count == 0)
        return -1;
    uint64_t rank = rank_of(quantile, histogram->count);
    uint64_t passed = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        passed += histogram->buckets[i];
        if (passed >= rank) {
            int64_t value = largest_of(i);
            return value < histogram->max_ns ? value : histogram->max_ns;
        }
    }
    return histogram->max_ns;
}

uint64_t histogram_count_above(const struct histogram *histogram, int64_t ns)
{
    uint64_t above = 0;
    if (ns < 0)
        return histogram->count;
    for (size_t i = bucket_of((uint64_t)within_range(ns)) + 1; i < HISTOGRAM_BUCKETS; i++)
        above += histogram->buckets[i];
    return above;
}
