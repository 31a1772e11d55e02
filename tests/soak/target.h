/* target - a server under test: the program, started with limits and a policy for a full table, and
 * what it logs.
 *
 * Its log comes through a pipe, which is read on and on: a long run fills no disk. Each line of it
 * is looked at, and what should not be there is a fault. */
#ifndef SOAK_TARGET_H
#define SOAK_TARGET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of the line "counters", in its order; see thrd(1). */
enum counter {
    COUNTER_ACCEPTED,
    COUNTER_ACTIVE,
    COUNTER_PEAK,
    COUNTER_SERVED,
    COUNTER_REFUSED_FULL,
    COUNTER_REFUSED_ADMISSION,
    COUNTER_SPAWN_FAILURES,
    COUNTER_IDLE,
    COUNTER_FIRST_BYTE,
    COUNTER_WRITE_STALL,
    COUNTER_LIFETIME,
    COUNTER_RATE,
    COUNTER_ACCEPT_ERRORS_CONN,
    COUNTER_ACCEPT_ERRORS_SYSTEM,
    COUNTER_BYTES_IN,
    COUNTER_BYTES_OUT,
    COUNTERS,
};
extern const char *const counter_names[COUNTERS];

struct counters {
    long long value[COUNTERS];
};

/* What the servers of a run have in common. */
struct target_setup {
    const char *program;
    const char *preload; /* a library for LD_PRELOAD, NULL: none */
    const char *mode;
    const char *park; /* --park, NULL: as it is by default */
    unsigned slots;
};

#define TARGET_BUSY_TEXT "full, try again\r\n"

struct target {
    const char *policy;  /* wait, close, busy */
    const char *handler; /* echo, rot13 */
    pid_t pid;
    struct sockaddr_in address;
    struct counters counters; /* of the last dump */
    unsigned dumps;           /* that were seen */
    uint64_t log_lines;
    uint64_t log_bytes;
    uint64_t warnings;
    bool has_stopped; /* its last word was "stop" */

    /* Internal. */
    int log;
    int64_t started_ms;
    size_t line_size;
    char line[4096];
};

/* Starts the server and waits until it is ready. Ends the program where that is not possible. */
void target_start(struct target *target, const struct target_setup *setup);

/* Reads what it has logged since; never blocks. False: it will log no more, having ended. */
bool target_read_log(struct target *target);

/* Asks for a dump, which is a line "slot" for each slot in use, and the counters. */
void target_ask_for_dump(const struct target *target);

/* Whether it has ended by itself. */
bool target_is_gone(const struct target *target);

/* SIGTERM; waits for the end. Returns the exit status, 128 + N for a
 * death by signal N, -1 where it did not come to an end in time and was killed. */
int target_stop(struct target *target);

#endif
