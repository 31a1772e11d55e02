/* timeouts.h - when a connection has waited too long. A pure function: no clock, no lock, no I/O.
 *
 * All times are milliseconds of CLOCK_MONOTONIC. */
#ifndef SERVER_TIMEOUTS_H
#define SERVER_TIMEOUTS_H

#include <stdint.h>

#include <thrdsrv/observe.h>

#include "server/progress.h"

/* The limits, as in struct thrdsrv_config; 0 or less: none. */
struct timeouts {
    int64_t idle_ms;
    int64_t first_byte_ms;
    int64_t write_stall_ms;
    int64_t lifetime_ms;
    int64_t rate_bytes;
    int64_t rate_ms;
};

/* What the accept loop knows of one connection at one moment. */
struct timeout_view {
    enum thrdsrv_wait waiting;
    int64_t waiting_since_ms;
    int64_t accepted_at_ms;
    int64_t waited_ms; /* how long it waited for its peer before the present waiting began */
    uint64_t bytes_in;
    uint64_t bytes_out;
};

/* The window of the minimum rate: all zeros at first, and the caller keeps it from one check to the
 * next. It is as long as the worker waits for its peer: time in which the handler computes is not
 * the peer's. */
struct rate_window {
    int64_t waited_ms; /* how long the worker had waited when the window began */
    uint64_t bytes;    /* bytes moved, in and out, at that moment */
};

/* The shortest limit that is set: nothing can pass sooner after any event. CLOCK_NEVER: none. */
int64_t timeouts_shortest(const struct timeouts *limits);

/* Returns the limit that has passed, or THRDSRV_END_NONE and in *next_ms the moment at which one
 * may pass at the earliest if the connection's state does not change. */
enum thrdsrv_end_reason timeouts_check(const struct timeouts *limits,
                                       const struct timeout_view *view, struct rate_window *window,
                                       int64_t now_ms, int64_t *next_ms);

#endif
