/* room.c - see room.h. */
#include "bench/room.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)

/* Rather less than the least that was seen: kernel stack, task, sockets, the stack's first pages;
 * of a process its page tables and what it has written to, too. */
#define THREAD_BYTES  (32 * KIB)
#define PROCESS_BYTES (128 * KIB)

/* What the rest of the machine needs to go on. */
#define LEFT_BYTES (64 * MIB)

static bool has_mode(const struct measure_cell *cell, const char *mode)
{
    return strcmp(cell->target.mode, mode) == 0;
}

/* One entry for each page of the ballast. */
static int64_t page_tables_of(int64_t bytes)
{
    long page = sysconf(_SC_PAGESIZE);
    return bytes / (page > 0 ? page : 4096) * (int64_t)sizeof(uint64_t);
}

int64_t room_needed(const struct measure_cell *cell)
{
    int64_t workers = (int64_t)cell->workload.connections + cell->workload.held;
    int64_t needed = cell->ballast_bytes + page_tables_of(cell->ballast_bytes);
    if (cell->target.kind != TARGET_OURS)
        return 0;
    if (has_mode(cell, "fork"))
        needed += workers * (PROCESS_BYTES + page_tables_of(cell->ballast_bytes));
    else if (has_mode(cell, "thread"))
        needed += workers * THREAD_BYTES;
    return needed;
}

static double in_gib(int64_t bytes)
{
    return (double)bytes / (double)(1024 * MIB);
}

bool room_is_there(const struct measure_cell *cell, int64_t available_bytes, char *text,
                   size_t size)
{
    int64_t needed = room_needed(cell);
    bool is_limited = cell->memory_limit_bytes > 0 &&
                      (available_bytes < 0 || cell->memory_limit_bytes < available_bytes);
    int64_t there = is_limited ? cell->memory_limit_bytes : available_bytes;
    if (needed == 0 || there < 0 || needed + LEFT_BYTES <= there)
        return true;
    snprintf(text, size,
             "the server needs %.2f GiB or more, %.2f GiB are free (%s): take less --%s",
             in_gib(needed), in_gib(there),
             is_limited ? "the memory limit of our control group" : "MemAvailable",
             cell->ballast_bytes > 0 ? "ballast" : "connections or --held");
    return false;
}
