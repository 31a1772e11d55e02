/* stop_clock - how long a server takes from SIGTERM to its end, for tests with a limit that is not
 * much longer than what a busy machine may hold up any process. */
#ifndef FAULTS_STOP_CLOCK_H
#define FAULTS_STOP_CLOCK_H

#include <stdint.h>

#include "suite.h"

struct stop_time {
    int64_t took_us;
    int64_t held_up_us; /* of that: this test, which only slept, was not woken when it was due */
};

/* SIGTERM, and a wait for the end, whose status must be 0 (drained) or 3 (some were cut). */
struct stop_time stop_clock(struct process *server);

/* Ends the case as failed when the stop took longer than the drain and 100 ms, both in ms; what the
 * test itself was held up is granted on top. */
void stop_clock_check(struct stop_time time, int64_t drain_ms);

#endif
