/* timeouts.c - see timeouts.h. Called by the accept loop for each slot in use. */
#include "server/timeouts.h"

#include <stdbool.h>

#include "server/clock.h"

static int64_t shorter(int64_t shortest, int64_t limit)
{
    return limit > 0 && limit < shortest ? limit : shortest;
}

int64_t timeouts_shortest(const struct timeouts *limits)
{
    int64_t shortest = CLOCK_NEVER;
    shortest = shorter(shortest, limits->idle_ms);
    shortest = shorter(shortest, limits->first_byte_ms);
    shortest = shorter(shortest, limits->write_stall_ms);
    shortest = shorter(shortest, limits->lifetime_ms);
    if (limits->rate_bytes > 0)
        shortest = shorter(shortest, limits->rate_ms);
    return shortest;
}

struct verdict {
    enum thrdsrv_end_reason reason;
    int64_t next_ms;
};

/* One limit: passed, or the moment when it will pass. */
static void apply(struct verdict *verdict, enum thrdsrv_end_reason reason, int64_t since_ms,
                  int64_t limit_ms, int64_t now_ms)
{
    if (limit_ms <= 0 || verdict->reason != THRDSRV_END_NONE)
        return;
    int64_t passes_ms = clock_after(since_ms, limit_ms);
    if (now_ms >= passes_ms)
        verdict->reason = reason;
    else if (passes_ms < verdict->next_ms)
        verdict->next_ms = passes_ms;
}

/* At the end of each window the bytes are counted, and the next one begins. */
static void apply_rate(struct verdict *verdict, const struct timeouts *limits,
                       const struct timeout_view *view, struct rate_window *window, int64_t now_ms)
{
    bool waits = view->waiting == THRDSRV_WAIT_READ || view->waiting == THRDSRV_WAIT_WRITE;
    int64_t waited_ms = view->waited_ms + (waits ? now_ms - view->waiting_since_ms : 0);
    uint64_t bytes = view->bytes_in + view->bytes_out;
    if (limits->rate_ms <= 0 || limits->rate_bytes <= 0)
        return;
    if (waited_ms - window->waited_ms >= limits->rate_ms) {
        if (bytes - window->bytes < (uint64_t)limits->rate_bytes &&
            verdict->reason == THRDSRV_END_NONE)
            verdict->reason = THRDSRV_END_RATE;
        window->waited_ms = waited_ms;
        window->bytes = bytes;
    }
    int64_t left_ms = limits->rate_ms - (waited_ms - window->waited_ms);
    int64_t next_ms = clock_after(now_ms, left_ms);
    if (next_ms < verdict->next_ms)
        verdict->next_ms = next_ms;
}

enum thrdsrv_end_reason timeouts_check(const struct timeouts *limits,
                                       const struct timeout_view *view, struct rate_window *window,
                                       int64_t now_ms, int64_t *next_ms)
{
    struct verdict verdict = {THRDSRV_END_NONE, CLOCK_NEVER};
    int64_t since_ms = view->waiting_since_ms;
    if (view->waiting == THRDSRV_WAIT_READ && view->bytes_in == 0)
        apply(&verdict, THRDSRV_END_FIRST_BYTE, since_ms, limits->first_byte_ms, now_ms);
    if (view->waiting == THRDSRV_WAIT_READ && (view->bytes_in > 0 || limits->first_byte_ms <= 0))
        apply(&verdict, THRDSRV_END_IDLE, since_ms, limits->idle_ms, now_ms);
    if (view->waiting == THRDSRV_WAIT_WRITE)
        apply(&verdict, THRDSRV_END_WRITE_STALL, since_ms, limits->write_stall_ms, now_ms);
    apply(&verdict, THRDSRV_END_LIFETIME, view->accepted_at_ms, limits->lifetime_ms, now_ms);
    apply_rate(&verdict, limits, view, window, now_ms);
    *next_ms = verdict.next_ms;
    return verdict.reason;
}
