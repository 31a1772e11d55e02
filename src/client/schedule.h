/* schedule.h - the open loop: when which exchange is due.
 *
 * Exchange number n of all is due n / rate seconds after the beginning, whatever the server does,
 * and belongs to connection n mod connections. Plain arithmetic; any thread. */
#ifndef CLIENT_SCHEDULE_H
#define CLIENT_SCHEDULE_H

#include <stdint.h>

struct schedule {
    int64_t begin_ns;
    double interval_ns; /* between two exchanges of all; 0: no schedule, a closed loop */
    unsigned connections;
};

/* When exchange number `exchange` of this connection is due. Doubles hold whole nanoseconds for
 * 104 days. */
static inline int64_t schedule_due_ns(const struct schedule *schedule, unsigned connection,
                                      uint64_t exchange)
{
    double number = (double)exchange * schedule->connections + connection;
    return schedule->begin_ns + (int64_t)(number * schedule->interval_ns);
}

/* In which round of all connections, from 0, that moment is: in an earlier one everything has been
 * due by then. */
static inline uint64_t schedule_round(const struct schedule *schedule, int64_t moment_ns)
{
    double rounds =
        (double)(moment_ns - schedule->begin_ns) / (schedule->interval_ns * schedule->connections);
    return rounds > 0 ? (uint64_t)rounds : 0;
}

#endif
