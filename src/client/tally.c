/* tally.c - see tally.h. */
#include "client/tally.h"

void tally_init(struct tally *tally, bool open_loop)
{
    tally->open_loop = open_loop;
    tally->begin_ns = MONOTONIC_NEVER;
    tally->end_ns = MONOTONIC_NEVER;
    tally->exchanges = tally->connects = 0;
    tally->bytes_in = tally->bytes_out = 0;
    tally->all_exchanges = tally->all_connects = 0;
    histogram_init(&tally->total);
    histogram_init(&tally->late);
    histogram_init(&tally->first);
    histogram_init(&tally->connect);
    histogram_init(&tally->ages);
}

/* How many there were is told of those that ended in the window: a server that is asked for more
 * than it can do would seem to do it all if those that end later counted, too. How long they took
 * is told of the same in a closed loop, but in an open one of what was due in the window, or else
 * the exchanges that a stall has held up beyond its end would be missing. */
void tally_exchange(struct tally *tally, int64_t intended_ns, int64_t begun_ns, int64_t ended_ns)
{
    tally->all_exchanges++;
    bool has_ended_in_window = tally_is_in_window(tally, ended_ns);
    tally->exchanges += has_ended_in_window;
    if (tally->open_loop ? !tally_is_in_window(tally, intended_ns) : !has_ended_in_window)
        return;
    histogram_record(&tally->total, ended_ns - intended_ns);
    if (tally->open_loop)
        histogram_record(&tally->late, ended_ns - begun_ns);
}

void tally_unanswered(struct tally *tally, int64_t due_ns, int64_t now_ns)
{
    if (tally_is_in_window(tally, due_ns))
        histogram_record(&tally->total, now_ns - due_ns);
}

void tally_first_byte(struct tally *tally, int64_t sent_ns, int64_t now_ns)
{
    if (tally_is_in_window(tally, now_ns))
        histogram_record(&tally->first, now_ns - sent_ns);
}

void tally_connect(struct tally *tally, int64_t begun_ns, int64_t now_ns)
{
    tally->all_connects++;
    if (tally_is_in_window(tally, now_ns))
        tally->connects++;
    histogram_record(&tally->connect, now_ns - begun_ns);
}

void tally_age(struct tally *tally, uint64_t age_ns, int64_t now_ns)
{
    if (tally_is_in_window(tally, now_ns))
        histogram_record(&tally->ages, age_ns < INT64_MAX ? (int64_t)age_ns : INT64_MAX);
}
