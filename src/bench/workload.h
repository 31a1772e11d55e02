/* workload.h - what the clients do: the named workloads and their shapes. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "client/load.h"

/* A workload by name. What the command line changes (connections, size, …) starts from these
 * values. */
struct workload {
    const char *name;    /* "rr", "crr", "stream", "hold", "churn", "bytes", "start", "rot13" … */
    const char *summary; /* one line, for help and manual */
    const char *handler; /* that our servers run */
    enum load_service service;
    bool reconnect;
    bool starts_workers; /* each connection is to start a worker: no thread of ours stays parked */
    bool is_for_ours_only; /* needs a handler that only our servers have */
    bool runs_inline; /* has a meaning, without held ones, when one client is served at a time */
    bool measures_memory; /* of held connections, so there must be some */
    bool takes_held;      /* its clients can leave connections idle besides */
    unsigned connections; /* busy ones */
    unsigned held;        /* idle ones */
    unsigned depth;
    size_t size;
};

const struct workload *workload_at(size_t index); /* NULL past the last */
const struct workload *workload_find(const char *name);

#endif
