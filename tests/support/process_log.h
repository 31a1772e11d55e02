/* process_log - what the program under test wrote to stderr: lines to wait for, counters, and the
 * invariants of every run. Patterns are those of log_line_matches(): words in any order. */
#ifndef SUPPORT_PROCESS_LOG_H
#define SUPPORT_PROCESS_LOG_H

#include "log_lines.h"
#include "thrd_process.h"

/* The first line of the log that matches; waits for it. Valid until the next call. */
const char *process_log_wait(struct process *p, const char *pattern);

/* The same without waiting: NULL when there is none so far. */
const char *process_log_find(struct process *p, const char *pattern);

/* How many lines match so far. */
size_t process_log_count(struct process *p, const char *pattern);

/* Waits until count lines match; more are a failure. */
void process_log_wait_count(struct process *p, const char *pattern, size_t count);

/* All of it so far, NUL-terminated; valid until the next call. */
const char *process_log_text(struct process *p);

/* Asks for a dump (SIGUSR1), waits for all of it and returns its last line, the counters. */
const char *process_dump(struct process *p);

/* Asks for dumps until one has a line that matches, and returns that line. A dump may come between
 * two steps of a worker: what it has sent is counted a moment after the client has it. */
const char *process_dump_until(struct process *p, const char *pattern);

/* A counter by its name in that line, as it is now; or when it has reached a value. */
long long process_counter(struct process *p, const char *name);
void process_wait_counter(struct process *p, const char *name, long long value);

/* What must hold for every server that ran and ended: each line of stderr is a log line (no
 * sanitizer's or valgrind's report), none of them is of level error, and the last counters say
 * accepted = served + spawn_failures + all that were refused, with active = 0. Prints what does
 * not hold and returns false. */
bool process_check_invariants(struct process *p);

#endif
