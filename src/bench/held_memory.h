/* held_memory.h - what a connection that is held takes in memory, measured now on this machine.
 *
 * What it does: starts our own program in a mode, holds connections to it that have each made one
 * exchange, and takes the difference of what the server and the kernel had before and have then.
 * What it does not do: repeat. Whatever else happens on the machine in that moment is in the
 * kernel's part; and so are the clients' ends of the connections, which are on this machine too.
 * One thread of the caller's; blocks for some tenths of a second. */
#ifndef BENCH_HELD_MEMORY_H
#define BENCH_HELD_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Of one connection; -1: this machine does not tell. */
struct held_memory {
    int64_t pss_bytes;         /* of the server and its children */
    int64_t page_tables_bytes; /* theirs */
    int64_t kernel_bytes;      /* kernel stacks and slab of the whole machine */
    double maps;               /* of the server's process alone: /proc/PID/maps */
};

/* mode as in --mode=; connections at least 1. Returns 0 with *result, or -1 with the reason in
 * error (one line). The server is stopped in either case. */
int held_memory_measure(const char *mode, unsigned connections, struct held_memory *result,
                        char *error, size_t size);

/* All of it that is known. */
int64_t held_memory_total(const struct held_memory *memory);

#endif
