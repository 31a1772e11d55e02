/* clock.h - the clocks of the server, all in integers. Any thread; none blocks. */
#ifndef SERVER_CLOCK_H
#define SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

static inline int64_t clock_read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now); /* cannot fail for the clocks below */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline int64_t clock_ns(void)
{
    return clock_read_ns(CLOCK_MONOTONIC);
}

/* Milliseconds of the same clock as of the last kernel tick: cheap enough to read before every
 * receive, and good to the 1-10 ms that a timeout needs. */
static inline int64_t clock_coarse_ms(void)
{
    return clock_read_ns(CLOCK_MONOTONIC_COARSE) / 1000000;
}

/* CPU time so far of a thread of this process by its thread id, or of any process, in nanoseconds;
 * -1: there is none of that number. How the numbers of these clocks are made is a promise of the
 * kernel's: clock_getcpuclockid(3) makes those of processes so, and pthread_getcpuclockid(3) those
 * of threads, but of a pthread_t, which a detached thread may no longer have. */
static inline int64_t clock_cpu_ns(pid_t id, bool is_process)
{
    struct timespec used;
    clockid_t clock = (clockid_t)(~(unsigned)id << 3 | (is_process ? 2u : 6u));
    return clock_gettime(clock, &used) < 0 ? -1 : (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

/* A moment that never comes, and a delay that never ends. */
#define CLOCK_NEVER INT64_MAX

static inline int64_t clock_earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static inline int64_t clock_later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* A time that somebody else may have written, within what it can be. */
static inline int64_t clock_within(int64_t value, int64_t lowest, int64_t highest)
{
    return value < lowest ? lowest : value > highest ? highest : value;
}

/* The moment delay after now (both at least 0); delays are user input, up to CLOCK_NEVER. */
static inline int64_t clock_after(int64_t now, int64_t delay)
{
    return delay < CLOCK_NEVER - now ? now + delay : CLOCK_NEVER;
}

#endif
