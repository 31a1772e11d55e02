/* watch.c - see watch.h. */
#include "server/watch.h"

#include "server/clock.h"
#include "server/server.h"

#define SLOTS_IN_A_ROW 256 /* are looked at under the lock; then the workers get their turn */

/* The slots are looked at no more often than every CHECK_MS, and where there are very many so
 * seldom that it takes a twentieth of the loop's time: 10,000 in use take 0.2 ms, 100,000 take 3.5
 * ms, and are looked at every 70. Cutting does not count: it is done once for each connection, and
 * many that are overdue together must not keep the others from being cut in time. */
#define CHECK_MS    10
#define CHECK_SHARE 20

/* How long a worker that was cut may take to end before it is forced to. A handler's own clean-up
 * in the middle of service has a second; when the whole server stops, the drain was the time. */
#define GRACE_MS         1000
#define GRACE_AT_STOP_MS 50

bool watch_reap(struct thrdsrv_server *server, struct SockInfo *slot, uint32_t generation)
{
    slot_table_lock(&server->table);
    bool in_use = slot->state == THRDSRV_SLOT_ACTIVE || slot->state == THRDSRV_SLOT_STOPPING;
    slot_table_unlock(&server->table);
    return in_use && slot->generation == generation && server->model->reap &&
           server->model->reap(server, slot);
}

bool watch_reap_unwatched(struct thrdsrv_server *server)
{
    unsigned left = server->unwatched;
    bool any = false;
    for (unsigned i = 0; left > 0 && i < server->table.count; i++) {
        struct SockInfo *slot = &server->table.slots[i];
        if (slot->unwatched) {
            left--;
            any |= watch_reap(server, slot, slot->generation);
        }
    }
    return any;
}

static void request_stop(struct thrdsrv_server *server, struct SockInfo *slot, bool force)
    REQUIRES(TABLE_LOCK, ACCEPT_LOOP)
{
    int64_t begun_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    server->model->request_stop(slot, force);
    server->cutting_ns += clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns;
}

static void cut(struct thrdsrv_server *server, struct SockInfo *slot,
                enum thrdsrv_end_reason reason, int64_t now_ms) REQUIRES(TABLE_LOCK, ACCEPT_LOOP)
{
    slot_table_cut(slot, reason, now_ms);
    request_stop(server, slot, false);
}

static enum thrdsrv_end_reason overdue(struct thrdsrv_server *server, struct SockInfo *slot,
                                       int64_t now_ms, int64_t *next_ms)
{
    struct progress *progress = slot->progress;
    int64_t accepted_ms = slot->accepted_at_ns / 1000000;
    int64_t waited_ms = (int64_t)progress_read(&progress->waited_ms);
    struct timeout_view view = {
        .accepted_at_ms = accepted_ms,
        .waited_ms = clock_within(waited_ms, 0, now_ms - accepted_ms),
        .bytes_in = progress_read(&progress->bytes_in),
        .bytes_out = progress_read(&progress->bytes_out),
    };
    view.waiting = progress_waiting(progress, &view.waiting_since_ms);
    view.waiting_since_ms = clock_within(view.waiting_since_ms, 0, now_ms);
    return timeouts_check(&server->timeouts, &view, &slot->rate, now_ms, next_ms);
}

/* Cuts the slot if that is due, forces it if it was cut and lingers. Returns when to look again. */
static int64_t check_slot(struct thrdsrv_server *server, struct SockInfo *slot, int64_t now_ms)
    REQUIRES(TABLE_LOCK, ACCEPT_LOOP)
{
    bool stopping = server->phase == PHASE_CUTTING;
    int64_t grace_ms = stopping ? GRACE_AT_STOP_MS : GRACE_MS;
    int64_t next_ms = CLOCK_NEVER;
    switch (slot->state) {
    case THRDSRV_SLOT_FREE:
        return CLOCK_NEVER;
    case THRDSRV_SLOT_RESERVED: /* its worker is about to announce itself */
        return now_ms + CHECK_MS;
    case THRDSRV_SLOT_ACTIVE: {
        if (server->config.program)
            traffic_look(slot, now_ms);
        enum thrdsrv_end_reason reason =
            stopping ? THRDSRV_END_STOPPED : overdue(server, slot, now_ms, &next_ms);
        if (reason == THRDSRV_END_NONE)
            return clock_earlier(next_ms, clock_after(now_ms, server->look_ms));
        cut(server, slot, reason, now_ms);
        return now_ms + grace_ms;
    }
    case THRDSRV_SLOT_STOPPING:
        if (progress_cut(slot->progress) ==
            THRDSRV_END_NONE) /* the worker is ending it by itself */
            return stopping ? now_ms + CHECK_MS : CLOCK_NEVER;
        if (now_ms - slot->cut_at_ms >= grace_ms) {
            request_stop(server, slot, true);
            return now_ms + grace_ms;
        }
        return slot->cut_at_ms + grace_ms;
    }
    return CLOCK_NEVER; /* not reached: every state is above */
}

/* Looks at the slots from first on, SLOTS_IN_A_ROW of them. Returns when to look again. */
static int64_t check_some(struct thrdsrv_server *server, unsigned first, int64_t now_ms)
    REQUIRES(ACCEPT_LOOP)
{
    int64_t next_ms = CLOCK_NEVER;
    slot_table_lock(&server->table);
    for (unsigned i = first; i < server->table.count && i - first < SLOTS_IN_A_ROW; i++)
        next_ms = clock_earlier(next_ms, check_slot(server, &server->table.slots[i], now_ms));
    slot_table_unlock(&server->table);
    return next_ms;
}

void watch_check(struct thrdsrv_server *server, int64_t now_ms)
{
    int64_t next_ms = CLOCK_NEVER;
    int64_t begun_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    server->cutting_ns = 0;
    for (unsigned i = 0; i < server->table.count; i += SLOTS_IN_A_ROW)
        next_ms = clock_earlier(next_ms, check_some(server, i, now_ms));
    int64_t took_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns - server->cutting_ns;
    int64_t pause_ms = CHECK_MS;
    if (server->phase != PHASE_CUTTING && took_ns * CHECK_SHARE > CHECK_MS * 1000000)
        pause_ms = took_ns * CHECK_SHARE / 1000000;
    server->rest_until_ms = now_ms + pause_ms;
    server->check_at_ms = clock_later(next_ms, server->rest_until_ms);
}

void watch_by(struct thrdsrv_server *server, int64_t at_ms)
{
    server->check_at_ms =
        clock_earlier(server->check_at_ms, clock_later(at_ms, server->rest_until_ms));
}
