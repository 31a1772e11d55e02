/* stop_clock - how long a server takes from SIGTERM to its end, for tests with a limit that is not
 * much longer than what a busy machine may hold up any process. */
#ifndef FAULTS_STOP_CLOCK_H
#define FAULTS_STOP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "suite.h"

struct stop_time {
    int64_t took_us;
    int64_t held_up_us; /* of that the machine had others to run, see below */
};

/* Held up is what was ready to run and did not, by the kernel's own account: all tasks of the
 * server together, for one may have had to wait for the other, and this test, which only slept and
 * was not woken when it was due. Whoever sleeps too long, or waits for what is not due, is not held
 * up. */

/* SIGTERM, and a wait for the end, whose status must be 0 (drained) or 3 (some were cut). */
struct stop_time stop_clock(struct process *server);

/* Whether the stop took no longer than the drain, in ms, 100 ms, and what it was held up. */
bool stop_clock_in_time(struct stop_time time, int64_t drain_ms);

/* Ends the case as failed where it was not. */
void stop_clock_check(struct stop_time time, int64_t drain_ms);

#endif
