/* bucket.h - token buckets: so many in a period, and so many at once. Pure functions: no clock, no
 * lock.
 *
 * A bucket is one number, the moment at which it will be full again; before that moment it lacks a
 * token for every interval that is still to come (this form of it is known as the generic cell rate
 * algorithm, ITU-T I.371). So nothing has to be filled by time, a new bucket is 0, and fractions
 * of a token are exact. All times are nanoseconds of one clock, 0 or more. */
#ifndef SERVER_BUCKET_H
#define SERVER_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* With these no sum below can pass 64 bits (a million tokens of an hour each are 3.6e18 ns), and an
 * interval is 1 us or more. */
#define BUCKET_TOKENS_MAX    1000000u
#define BUCKET_PERIOD_MIN_MS 1000
#define BUCKET_PERIOD_MAX_MS 3600000

/* How fast buckets fill, and how much they hold. */
struct bucket_rate {
    int64_t interval_ns; /* in which a token comes; 0: there is no limit */
    int64_t depth_ns;    /* of the tokens beyond the first */
};

/* tokens in each period (0: no limit), and burst at once (0: what comes in a second, at least 1).
 * The interval is a whole number of nanoseconds, so the rate is good to a thousandth. */
static inline struct bucket_rate bucket_rate(unsigned tokens, int64_t period_ms, unsigned burst)
{
    if (tokens == 0)
        return (struct bucket_rate){0, 0};
    int64_t interval_ns = period_ms * 1000000 / tokens;
    int64_t most = burst > 0 ? burst : (int64_t)tokens * 1000 / period_ms;
    return (struct bucket_rate){interval_ns, most > 1 ? (most - 1) * interval_ns : 0};
}

static inline bool bucket_is_limited(const struct bucket_rate *rate)
{
    return rate->interval_ns > 0;
}

/* The moment from which on there is a token. */
static inline int64_t bucket_ready_ns(const struct bucket_rate *rate, int64_t full_at_ns)
{
    return full_at_ns - rate->depth_ns;
}

/* Takes a token if there is one. */
static inline bool bucket_take(const struct bucket_rate *rate, int64_t *full_at_ns, int64_t now_ns)
{
    if (bucket_ready_ns(rate, *full_at_ns) > now_ns)
        return false;
    *full_at_ns = (*full_at_ns > now_ns ? *full_at_ns : now_ns) + rate->interval_ns;
    return true;
}

#endif
