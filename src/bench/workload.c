/* workload.c - the named workloads; see workload.h. */
#include "bench/workload.h"

#include <string.h>

#define KIB 1024u

/* In the order of the manual. Sizes are small where the price of a connection or an exchange is
 * what one asks for, so that copying does not hide it. */
static const struct workload workloads[] = {
    {.name = "rr",
     .summary = "requests and replies on connections that stay",
     .handler = "echo",
     .service = LOAD_ECHO,
     .connections = 64,
     .depth = 1,
     .size = 64,
     .runs_inline = true,
     .takes_held = true},
    {.name = "crr",
     .summary = "connect, one request and its reply, close",
     .handler = "echo",
     .service = LOAD_ECHO,
     .reconnect = true,
     .connections = 8,
     .depth = 1,
     .size = 64,
     .runs_inline = true},
    {.name = "stream",
     .summary = "bulk: requests of 64 KiB, four under way on each connection",
     .handler = "echo",
     .service = LOAD_ECHO,
     .connections = 4,
     .depth = 4,
     .size = 64 * KIB,
     .runs_inline = true},
    {.name = "start",
     .summary = "from accept to the first instruction of the handler",
     .handler = "age",
     .service = LOAD_AGE,
     .reconnect = true,
     .starts_workers = true,
     .is_for_ours_only = true,
     .connections = 1,
     .depth = 1,
     .size = 1,
     .runs_inline = true},
    {.name = "hold",
     .summary = "idle connections: the memory of each",
     .handler = "echo",
     .service = LOAD_ECHO,
     .held = 500,
     .depth = 1,
     .size = 64,
     .measures_memory = true,
     .takes_held = true},
    {.name = "churn",
     .summary = "as crr, while others stay connected and idle",
     .handler = "echo",
     .service = LOAD_ECHO,
     .reconnect = true,
     .connections = 8,
     .held = 500,
     .depth = 1,
     .size = 64,
     .runs_inline = true,
     .takes_held = true},
    {.name = "bytes",
     .summary = "connect, ask for 4000 bytes, get them, close: Stevens' request",
     .handler = "bytes",
     .service = LOAD_BYTES,
     .reconnect = true,
     .starts_workers = true,
     .connections = 10,
     .depth = 1,
     .size = 4000,
     .runs_inline = true},
    {.name = "rot13",
     .summary = "as rr, in lines that come back with their letters rotated",
     .handler = "rot13",
     .service = LOAD_ROT13,
     .connections = 64,
     .depth = 1,
     .size = 64,
     .runs_inline = true},
    {.name = "rot13-stream",
     .summary = "as stream, in lines of 64 bytes that come back rotated",
     .handler = "rot13",
     .service = LOAD_ROT13,
     .connections = 4,
     .depth = 4,
     .size = 64 * KIB,
     .runs_inline = true},
};

#define WORKLOAD_COUNT (sizeof workloads / sizeof workloads[0])

const struct workload *workload_at(size_t index)
{
    return index < WORKLOAD_COUNT ? &workloads[index] : NULL;
}

const struct workload *workload_find(const char *name)
{
    for (size_t i = 0; i < WORKLOAD_COUNT; i++)
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    return NULL;
}
