/* load_case - what the tests of the load generator (src/client) have in common: a planted server,
 * a load on it, and its result. On the test's thread. */
#ifndef UNIT_LOAD_CASE_H
#define UNIT_LOAD_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "client/load.h"
#include "planted_server.h"

#define MS INT64_C(1000000)

/* One of each is enough: cases run one after another. Both are too large for a stack. */
extern struct planted_server server;
extern struct load_result result;

int64_t now_ns(void);

/* The server starts with this answer; the configuration is: echo of 64 bytes on one connection, one
 * thread, closed loop, 10 s patience, to that server. */
struct load_config case_config(planted_answer *answer);

/* load_start(), which must succeed. */
struct load *case_start(const struct load_config *config);

/* A window of so many ms, or up to the limit of the configuration, and the result; then the server
 * is stopped. The sums in the result must go together. */
void case_run(const struct load_config *config, int64_t window_ms);

/* The same for a load that was started, without stopping the server. */
void case_finish(struct load *load, int64_t window_ms);

/* No failure at all; so many of this one and none of another. */
void case_expect_no_failure(void);
void case_expect_failures(enum load_failure failure, uint64_t count);

/* The first failure in words. */
void case_expect_words(const char *words);

#endif
