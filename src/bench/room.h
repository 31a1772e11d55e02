/* room.h - whether there is memory for a measurement, before it is begun: a server that takes more
 * than there is makes the kernel end some process, and which one is nobody's choice.
 *
 * What it does: estimates, low rather than high, so that nothing is refused that would have worked.
 * What it does not do: it reads nothing from the system. Pure; called by measure.c. */
#ifndef BENCH_ROOM_H
#define BENCH_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/measure.h"

/* What the server and its connections will take at least: the ballast and, where each connection
 * has a process, the page tables for it in each. 0 for servers that are not ours. */
int64_t room_needed(const struct measure_cell *cell);

/* available_bytes: MemAvailable; -1: not known. Returns true, or false with the reason in text. */
bool room_is_there(const struct measure_cell *cell, int64_t available_bytes, char *text,
                   size_t size);

#endif
