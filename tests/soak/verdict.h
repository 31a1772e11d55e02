/* verdict - whether what was seen is sound. What is not, becomes a fault (faults.h). Looks at
 * nothing but its arguments. */
#ifndef SOAK_VERDICT_H
#define SOAK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "sample.h"

/* What a server holds while nobody is connected, before the first client came. */
struct baseline {
    int fds;
    int tasks;
};

/* Whether the server holds no more than that, and has no child; and a fault for each thing that it
 * does hold. who: names the server. */
bool verdict_is_at_baseline(const struct sample *sample, struct baseline baseline);
void verdict_baseline(const char *who, const struct sample *sample, struct baseline baseline);

/* How a figure went over the connections: Theil and Sen's slope, the median of the slopes between
 * all pairs of samples, which a few odd samples do not move. */
struct trend {
    size_t samples;
    double per_million; /* KiB for a million connections */
    double growth;      /* KiB, over the connections between first and last sample */
    double allowed;     /* KiB, see verdict_trend() */
};

/* Growth is allowed up to 256 KiB (64 pages, which parts of stacks or of libraries may still add
 * when they are used for the first time) or a quarter of a byte for each connection, whichever is
 * more. The smallest thing that malloc(3) gives away takes 32 bytes: one lost in 128 connections
 * exceeds that in a long run, and one in four in a minute. */
enum { TREND_FLOOR_KIB = 256, TREND_SAMPLES_MIN = 4 };
#define TREND_BYTES_A_CONNECTION 0.25

struct trend verdict_trend(const double *connections, const double *kib, size_t count);

/* Too few samples are no fault, but a trend with samples = 0. what: "RSS". */
void verdict_memory(const char *who, const char *what, const struct trend *trend);

/* The counters of a server that nobody is connected to, beside what its clients know. was_late:
 * the soak was too late at some time, so a client may have been cut for another reason than its
 * own. */
void verdict_counters(const char *who, const struct counters *counters,
                      const struct account *account, bool is_policy_wait, bool was_late);

/* The same for a wave in which only orderly clients came: to the last byte. Before and after it. */
struct ledger {
    struct counters counters;
    struct account account;
};
void verdict_exact(const char *who, const struct ledger *before, const struct ledger *after);

#endif
