/* tally.h - what one load thread counts: exchanges, bytes and times, in the window and in all.
 *
 * Belongs to its thread until that has been joined. No lock, no system call. */
#ifndef CLIENT_TALLY_H
#define CLIENT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/histogram.h"
#include "client/monotonic.h"

struct tally {
    bool open_loop;
    int64_t begin_ns; /* of the window; MONOTONIC_NEVER until it is opened, closed */
    int64_t end_ns;
    uint64_t exchanges; /* that ended in it */
    uint64_t connects;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t all_exchanges;
    uint64_t all_connects;
    struct histogram total;
    struct histogram late; /* open loop only */
    struct histogram first;
    struct histogram connect;
    struct histogram ages;
};

void tally_init(struct tally *tally, bool open_loop);

static inline bool tally_is_in_window(const struct tally *tally, int64_t moment_ns)
{
    return moment_ns >= tally->begin_ns && moment_ns < tally->end_ns;
}

/* An exchange of a busy connection has ended. intended_ns: when it was due, or else begun_ns. */
void tally_exchange(struct tally *tally, int64_t intended_ns, int64_t begun_ns, int64_t ended_ns);

/* An open loop's exchange was given up at now_ns. */
void tally_unanswered(struct tally *tally, int64_t due_ns, int64_t now_ns);

void tally_first_byte(struct tally *tally, int64_t sent_ns, int64_t now_ns);
void tally_connect(struct tally *tally, int64_t begun_ns, int64_t now_ns);
void tally_age(struct tally *tally, uint64_t age_ns, int64_t now_ns);

static inline void tally_received(struct tally *tally, size_t bytes, int64_t now_ns)
{
    if (tally_is_in_window(tally, now_ns))
        tally->bytes_in += bytes;
}

static inline void tally_sent(struct tally *tally, size_t bytes, int64_t now_ns)
{
    if (tally_is_in_window(tally, now_ns))
        tally->bytes_out += bytes;
}

#endif
