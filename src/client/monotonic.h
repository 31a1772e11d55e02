/* monotonic.h - the clock of the load generator and of bench/: CLOCK_MONOTONIC. Any thread; no
 * system call where the kernel's vDSO has the clock. */
#ifndef CLIENT_MONOTONIC_H
#define CLIENT_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* A moment that never comes. */
#define MONOTONIC_NEVER INT64_MAX

static inline int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t monotonic_ms(void)
{
    return monotonic_ns() / 1000000;
}

/* The moment delay_ns (at least 0) after now_ns, or never. */
static inline int64_t monotonic_after(int64_t now_ns, int64_t delay_ns)
{
    return delay_ns < MONOTONIC_NEVER - now_ns ? now_ns + delay_ns : MONOTONIC_NEVER;
}

#endif
