/* support/random.h - repeatable random numbers for tests.
 *
 * The seed is fixed, so that a failure comes back; another one can be given in the environment
 * variable TEST_SEED, e.g. to let a loop look for new failures. It is printed either way. */
#ifndef SUPPORT_RANDOM_H
#define SUPPORT_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct random_source {
    uint64_t state;
};

static inline struct random_source random_source_init(const char *what)
{
    const char *text = getenv("TEST_SEED");
    struct random_source source = {text != NULL ? strtoull(text, NULL, 0) : 20261121};

    fprintf(stderr, "%s: TEST_SEED=%llu\n", what, (unsigned long long)source.state);
    return source;
}

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
static inline uint64_t random_next(struct random_source *source)
{
    uint64_t z = source->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 … limit - 1; the bias of the remainder does not matter to tests. */
static inline size_t random_below(struct random_source *source, size_t limit)
{
    return (size_t)(random_next(source) % limit);
}

static inline void random_fill(struct random_source *source, void *data, size_t size)
{
    unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)random_next(source);
}

#endif
