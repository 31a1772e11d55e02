/* accept_loop.c - accepts connections, starts their workers, and does all control work: requests
 * and the drain here, timeouts and reaping through watch.h.
 *
 * One thread, the one in thrdsrv_server_run(). It never blocks but in epoll_wait(2). It knows
 * neither threads nor processes: a worker is something behind struct worker_model. */
#include "server/accept_loop.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "server/admit.h"
#include "server/backlog.h"
#include "server/clock.h"
#include "server/handover.h"
#include "server/proxy_wait.h"
#include "server/report.h"
#include "server/server.h"
#include "server/wakeup.h"
#include "server/watch.h"

#define ACCEPTS_IN_A_ROW 16  /* then control work and the other listeners get their turn */
#define PAUSE_MS         100 /* after accept(2) or epoll_ctl(2) ran out of descriptors or memory */
#define HANDSHAKE_MS     10  /* some round trips to a client, or a load balancer, that is not far */

/* What epoll reports: a kind in the upper two bits; a listener's number; a slot and its generation,
 * so that an event of a child that has been reaped meanwhile is recognised as old; and the same of
 * a place of proxy_wait.h. */
#define TAG_KIND(tag)  ((tag) >> 62)
#define TAG_WAKEUP     (0ull << 62)
#define TAG_LISTENER   (1ull << 62)
#define TAG_CHILD      (2ull << 62)
#define TAG_HEADER     (3ull << 62)
#define TAG_INDEX(tag) ((unsigned)((tag) >> 32 & 0x3fffffff))

uint64_t accept_loop_child_tag(const struct SockInfo *slot)
{
    return TAG_CHILD | (uint64_t)slot->index << 32 | slot->generation;
}

uint64_t accept_loop_header_tag(unsigned place, uint32_t generation)
{
    return TAG_HEADER | (uint64_t)place << 32 | generation;
}

int accept_loop_init(struct thrdsrv_server *server)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = TAG_WAKEUP};
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->wakeup, &event) < 0)
        return THRDSRV_E_SYSTEM;
    for (unsigned i = 0; i < server->listener_count; i++) {
        event.events = EPOLLET; /* accept_loop_prepare() turns it on */
        event.data.u64 = TAG_LISTENER | (uint64_t)i << 32;
        if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listeners[i].fd, &event) < 0)
            return THRDSRV_E_SYSTEM;
    }
    return 0;
}

/* Returns whether all are as they should be. epoll_ctl(2) may be short of memory: then it is tried
 * again, or a listener would never be looked at any more. */
static bool poll_listeners(struct thrdsrv_server *server, bool on) REQUIRES(ACCEPT_LOOP)
{
    bool done = true;
    if (server->polling == on)
        return true;
    for (unsigned i = 0; i < server->listener_count; i++) {
        /* A hang-up is reported whatever is asked for; edge-triggered it is so only once. */
        struct epoll_event event = {.events = on ? EPOLLIN : EPOLLET,
                                    .data.u64 = TAG_LISTENER | (uint64_t)i << 32};
        if (server->listeners[i].fd >= 0 &&
            epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listeners[i].fd, &event) < 0)
            done = false;
    }
    if (done)
        server->polling = on;
    return done;
}

/* Whether somebody may still wait at a listener. */
static bool is_open(const struct thrdsrv_server *server)
{
    for (unsigned i = 0; i < server->listener_count; i++)
        if (backlog_is_open(&server->listeners[i]))
            return true;
    return false;
}

int accept_loop_prepare(struct thrdsrv_server *server)
{
    int64_t now_ms = clock_ns() / 1000000;
    int64_t next_ms = server->check_at_ms;
    /* The rate's pause is told by its bucket alone, so that nothing else can end it. */
    int64_t resume_ms = clock_later(server->pause_until_ms, admit_ready_ms(server));
    bool paused = resume_ms > now_ms;
    bool wanted = !server->full && !paused && proxy_wait_has_room(server);
    if (!poll_listeners(server, server->phase <= PHASE_DRAINING && wanted))
        next_ms = clock_earlier(next_ms, now_ms + PAUSE_MS);
    if (paused && server->phase <= PHASE_DRAINING)
        next_ms = clock_earlier(next_ms, resume_ms);
    if (server->phase == PHASE_DRAINING)
        next_ms = clock_earlier(next_ms, server->drain_until_ms);
    if (server->phase == PHASE_DRAINING && is_open(server) &&
        (wanted || now_ms < server->sealed_until_ms))
        next_ms = clock_earlier(next_ms, server->sealed_until_ms);
    if (server->unwatched > 0)
        next_ms = clock_earlier(next_ms, now_ms + WATCH_REAP_MS);
    next_ms = clock_earlier(next_ms, proxy_wait_due_ms(server, now_ms));
    if (next_ms == CLOCK_NEVER)
        return -1;
    return next_ms <= now_ms ? 0 : (int)clock_earlier(next_ms - now_ms, INT_MAX);
}

static void close_listener(struct thrdsrv_server *server, struct listener *listener)
    REQUIRES(ACCEPT_LOOP)
{
    /* Removed by name: a child that is just being forked may still hold a copy. */
    if (listener->fd >= 0)
        epoll_ctl(server->epoll, EPOLL_CTL_DEL, listener->fd, NULL);
    listener_close(listener);
}

void accept_loop_close_listeners(struct thrdsrv_server *server)
{
    unsigned unserved = 0;
    for (unsigned i = 0; i < server->listener_count; i++) {
        unserved += backlog_reset(&server->listeners[i]);
        close_listener(server, &server->listeners[i]);
    }
    report_unserved(server, unserved);
    proxy_wait_close_all(server);
}

/* drain_listeners() closes those that have a backlog of ours. */
static void seal_listeners(struct thrdsrv_server *server, int64_t now_ms) REQUIRES(ACCEPT_LOOP)
{
    for (unsigned i = 0; i < server->listener_count; i++) {
        struct listener *listener = &server->listeners[i];
        backlog_seal(listener);
        if (!listener->sealed)
            close_listener(server, listener);
    }
    server->sealed_until_ms = clock_after(now_ms, HANDSHAKE_MS);
    proxy_wait_hurry(server, now_ms);
}

/* SERVING -> DRAINING or CUTTING, DRAINING -> CUTTING. */
static void begin_stop(struct thrdsrv_server *server, bool at_once) REQUIRES(ACCEPT_LOOP)
{
    int64_t now_ms = clock_ns() / 1000000;
    bool cut = at_once || server->config.drain_ms <= 0;
    if (server->phase >= (cut ? PHASE_CUTTING : PHASE_DRAINING))
        return;
    /* Counting begins before anybody can see from outside that we stop. */
    unsigned active = slot_table_begin_drain(&server->table);
    server->phase = cut ? PHASE_CUTTING : PHASE_DRAINING;
    if (cut) {
        accept_loop_close_listeners(server);
        report_quiesce(server, active, "cut");
        server->check_at_ms = now_ms;
    } else {
        seal_listeners(server, now_ms);
        server->drain_until_ms = clock_after(now_ms, server->config.drain_ms);
    }
}

/* The sockets live on in another process, and so do their files. */
static void hand_over(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP)
{
    for (unsigned i = 0; i < server->listener_count; i++)
        listener_share(&server->listeners[i]);
    begin_stop(server, false);
}

static void report_accept_failure(struct thrdsrv_server *server, int error, bool broken)
{
    struct log_line line;
    uint64_t repeated = 1;
    if (!broken && !log_limit_due(&server->limit_accept, clock_ns() / 1000000, &repeated))
        return;
    log_begin(&line, "accept failed");
    log_text(&line, "error", strerror(error));
    log_text(&line, "action", broken ? "stop" : "pause");
    if (error == EMFILE || error == ENFILE)
        log_text(&line, "remedy",
                 "raise the limit of open files (ulimit -n, fs.file-max) or "
                 "lower --slots");
    log_number(&line, "repeated", repeated);
    log_send(&server->config, broken ? THRDSRV_LOG_ERROR : THRDSRV_LOG_WARN, &line);
}

/* accept(2) gave no connection. Returns the verdict. */
static enum accept_verdict after_failed_accept(struct thrdsrv_server *server,
                                               enum accept_verdict verdict, int error)
    REQUIRES(ACCEPT_LOOP)
{
    switch (verdict) {
    case ACCEPT_GO_ON:
        if (error != EINTR)
            slot_table_count_accept_error(&server->table, false);
        break;
    case ACCEPT_PAUSE:
        slot_table_count_accept_error(&server->table, true);
        slot_table_want_wake(&server->table); /* a connection that ends gives back what is short */
        server->pause_until_ms = clock_ns() / 1000000 + PAUSE_MS;
        report_accept_failure(server, error, false);
        break;
    case ACCEPT_BROKEN:
        report_accept_failure(server, error, true);
        server->failed_errno = error;
        begin_stop(server, false);
        break;
    default:
        break;
    }
    return verdict;
}

static void report_spawn_failure(struct thrdsrv_server *server, int error)
{
    struct log_line line;
    uint64_t repeated;
    if (!log_limit_due(&server->limit_spawn, clock_ns() / 1000000, &repeated))
        return;
    log_begin(&line, "cannot start worker");
    log_text(&line, "mode", server->model->name);
    log_text(&line, "error", strerror(error));
    log_text(&line, "remedy",
             "a limit of processes, threads or memory is reached (ulimit -u, "
             "pids.max): raise it or lower --slots");
    log_number(&line, "repeated", repeated);
    log_send(&server->config, THRDSRV_LOG_WARN, &line);
}

/* The connection is the worker's from here on, or closed: nothing else is lost. */
static void start_worker(struct thrdsrv_server *server, struct SockInfo *slot) REQUIRES(ACCEPT_LOOP)
{
    int64_t now_ms = slot->accepted_at_ns / 1000000;
    watch_by(server, clock_after(now_ms, server->look_ms));
    if (log_wanted(&server->config, THRDSRV_LOG_DEBUG))
        report_begin(slot);
    if (server->model->start(server, slot) == 0)
        return; /* and the slot may have been released and taken again already */
    int error = errno;
    const struct rusage none = {0};
    close(slot_table_take(&server->table, slot));
    report_end(slot, 0, (struct end){THRDSRV_END_NO_WORKER, 0}, &none);
    slot_table_release(&server->table, slot, THRDSRV_END_NO_WORKER, 0);
    report_spawn_failure(server, error);
}

/* Fills the slot's fields for the connection before anybody else sees it. */
static void book(struct thrdsrv_server *server, struct SockInfo *slot,
                 const struct accepted *accepted) REQUIRES(ACCEPT_LOOP)
{
    slot->peer = accepted->peer;
    slot->local = accepted->local;
    slot->proxy = accepted->proxy;
    slot->listener_text = accepted->listener->text;
    if (!slot->local.family && report_end_wanted(server))
        conn_local_address(accepted->fd, &slot->local);
    slot->accepted_at_ns = clock_ns();
    slot->rate = (struct rate_window){0};
    slot_table_book(&server->table, slot, accepted->fd);
}

/* One that was accepted, and for which a slot is reserved. */
static void let_in(struct thrdsrv_server *server, struct SockInfo *slot,
                   const struct accepted *accepted) REQUIRES(ACCEPT_LOOP)
{
    if (!admit_connection(server, slot, accepted->fd, &accepted->peer, accepted->listener)) {
        slot_table_unreserve(&server->table, slot);
        return;
    }
    book(server, slot, accepted);
    start_worker(server, slot);
}

/* Those whose PROXY header has come. Returns whether all of them are in, or refused. In mode inline
 * each of them is served before the next, and the list is another one meanwhile. */
static bool let_in_ready(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP)
{
    while (proxy_wait_is_ready(server)) {
        struct SockInfo *slot;
        enum admission admission = admit_next(server, &slot);
        server->full = admission == ADMIT_WAIT;
        if (admission == ADMIT_WAIT || admission == ADMIT_LATER)
            return false;
        struct accepted accepted = proxy_wait_take(server);
        if (admission == ADMIT_REFUSE)
            admit_refuse_full(server, accepted.fd, &accepted.peer);
        else
            let_in(server, slot, &accepted);
    }
    return true;
}

/* Who connects is known when the header has come: until then there is no slot for it. Returns as
 * accept_one() does. */
static enum accept_verdict accept_proxied(struct thrdsrv_server *server,
                                          const struct listener *listener) REQUIRES(ACCEPT_LOOP)
{
    struct accepted accepted = {.listener = listener};
    if (!proxy_wait_has_room(server))
        return ACCEPT_PAUSE;
    enum accept_verdict verdict = backlog_accept(listener, &accepted.fd, &accepted.peer);
    if (verdict != ACCEPT_CONNECTION)
        return after_failed_accept(server, verdict, errno);
    proxy_wait_begin(server, &accepted);
    return let_in_ready(server) ? ACCEPT_CONNECTION : ACCEPT_PAUSE;
}

/* Returns what accept(2) said, or ACCEPT_PAUSE where it was not asked, or is not to be asked again
 * now. */
static enum accept_verdict accept_one(struct thrdsrv_server *server,
                                      const struct listener *listener) REQUIRES(ACCEPT_LOOP)
{
    struct SockInfo *slot;
    struct accepted accepted = {.listener = listener};
    if (proxy_wait_is_for(server, listener))
        return accept_proxied(server, listener);
    enum admission admission = admit_next(server, &slot);
    if (admission == ADMIT_WAIT) {
        server->full = true;
        return ACCEPT_PAUSE;
    }
    if (admission == ADMIT_LATER)
        return ACCEPT_PAUSE;
    enum accept_verdict verdict = backlog_accept(listener, &accepted.fd, &accepted.peer);
    if (verdict != ACCEPT_CONNECTION) {
        int error = errno;
        if (admission == ADMIT)
            slot_table_unreserve(&server->table, slot);
        return after_failed_accept(server, verdict, error);
    }
    if (admission == ADMIT_REFUSE) {
        admit_refuse_full(server, accepted.fd, &accepted.peer);
        return ACCEPT_CONNECTION;
    }
    let_in(server, slot, &accepted);
    return ACCEPT_CONNECTION;
}

/* Returns what the last accept_one() did. */
static enum accept_verdict accept_some(struct thrdsrv_server *server, struct listener *listener)
    REQUIRES(ACCEPT_LOOP)
{
    enum accept_verdict verdict = ACCEPT_CONNECTION;
    /* In mode inline accept_one() serves, and the listener may have been closed meanwhile. */
    for (int i = 0; i < ACCEPTS_IN_A_ROW && backlog_is_open(listener); i++) {
        verdict = accept_one(server, listener);
        if (verdict == ACCEPT_BROKEN)
            close_listener(server, listener);
        if (verdict != ACCEPT_CONNECTION && verdict != ACCEPT_GO_ON)
            return verdict;
    }
    return verdict;
}

/* A slot, and with it descriptors and memory, became free: whoever waits in a backlog is next. */
static void after_release(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP)
{
    bool waited = server->full || server->pause_until_ms > 0;
    server->full = false;
    server->pause_until_ms = 0;
    if (!let_in_ready(server))
        return;
    for (unsigned i = 0; waited && i < server->listener_count; i++)
        accept_some(server, &server->listeners[i]);
}

/* Right behind the clearing of the wake-up that announced them: in mode inline the next event may
 * serve a client for long, and nothing would announce them again. */
static void carry_out_requests(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP)
{
    unsigned requests = atomic_exchange(&server->requests, 0);
    if (requests & REQUEST_DUMP)
        report_dump(server);
    if ((requests & REQUEST_CALL) && server->config.on_call)
        server->config.on_call(server, server->config.user);
    if (requests & REQUEST_HAND_OVER)
        hand_over(server);
    if (requests & REQUEST_QUIESCE)
        begin_stop(server, false);
    if (requests & REQUEST_STOP)
        begin_stop(server, true);
}

static void on_event(struct thrdsrv_server *server, uint64_t tag) REQUIRES(ACCEPT_LOOP)
{
    switch (TAG_KIND(tag)) {
    case TAG_KIND(TAG_WAKEUP):
        wakeup_clear(server->wakeup);
        carry_out_requests(server);
        after_release(server);
        break;
    case TAG_KIND(TAG_LISTENER):
        accept_some(server, &server->listeners[TAG_INDEX(tag)]);
        break;
    case TAG_KIND(TAG_CHILD):
        if (watch_reap(server, &server->table.slots[TAG_INDEX(tag)], (uint32_t)tag))
            after_release(server);
        break;
    case TAG_KIND(TAG_HEADER):
        proxy_wait_look(server, TAG_INDEX(tag), (uint32_t)tag);
        break;
    }
}

/* By time, and after all events: a header that has come, a rate that lets the next one in. */
static void go_on_with_headers(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP)
{
    proxy_wait_check(server, clock_ns() / 1000000);
    if (!server->full)
        let_in_ready(server);
}

/* It is closed as soon as nobody can get in any more, and nobody is left behind. */
static void drain_listener(struct thrdsrv_server *server, struct listener *listener)
    REQUIRES(ACCEPT_LOOP)
{
    if (listener->fd >= 0 && backlog_withdraw(listener))
        close_listener(server, listener);
    if (!server->full && server->pause_until_ms == 0 &&
        accept_some(server, listener) == ACCEPT_NOTHING)
        close_listener(server, listener); /* also where there was no memory to take them out */
}

/* Whether nobody can get in any more: no socket of ours listens. */
static bool is_closed(const struct thrdsrv_server *server)
{
    for (unsigned i = 0; i < server->listener_count; i++)
        if (server->listeners[i].fd >= 0 && server->listeners[i].family != AF_UNSPEC)
            return false;
    return true;
}

static void drain_listeners(struct thrdsrv_server *server, int64_t now_ms) REQUIRES(ACCEPT_LOOP)
{
    for (unsigned i = 0; i < server->listener_count; i++) {
        struct listener *listener = &server->listeners[i];
        bool is_tcp = listener->family == AF_INET || listener->family == AF_INET6;
        if (backlog_is_open(listener) && (!is_tcp || now_ms >= server->sealed_until_ms))
            drain_listener(server, listener);
    }
    if (!server->quiesced && is_closed(server)) {
        server->quiesced = true;
        report_quiesce(server, slot_table_active(&server->table), "quiesce");
    }
}

/* Whether the stop has got further. The wish to be woken comes before the look: a worker that
 * releases in between wakes us. */
static void advance_stop(struct thrdsrv_server *server, int64_t now_ms) REQUIRES(ACCEPT_LOOP)
{
    if (server->phase == PHASE_DRAINING && now_ms >= server->drain_until_ms)
        begin_stop(server, true);
    if (server->phase == PHASE_DRAINING)
        drain_listeners(server, now_ms);
    slot_table_want_wake(&server->table);
    if (slot_table_active(&server->table) == 0 && !is_open(server) && proxy_wait_is_empty(server))
        server->phase = PHASE_STOPPED;
}

/* The epoll set is gone, which only a host that closes descriptors of ours can bring about. Nothing
 * can wake us any more: the workers are cut, and looked after by time. */
static void give_up(struct thrdsrv_server *server, int error) REQUIRES(ACCEPT_LOOP)
{
    struct timespec pause = {.tv_nsec = 1000000};
    if (server->failed_errno == 0) {
        struct log_line line;
        log_begin(&line, "cannot wait for events");
        log_text(&line, "error", strerror(error));
        log_send(&server->config, THRDSRV_LOG_ERROR, &line);
        server->failed_errno = error;
        begin_stop(server, true);
    }
    nanosleep(&pause, NULL);
}

void accept_loop_turn(struct thrdsrv_server *server, int timeout_ms)
{
    struct epoll_event events[64];
    int count = epoll_wait(server->epoll, events, 64, timeout_ms);
    if (count < 0 && errno != EINTR)
        give_up(server, errno);
    for (int i = 0; i < count; i++)
        on_event(server, events[i].data.u64);
    if (server->unwatched > 0 && watch_reap_unwatched(server))
        after_release(server);
    go_on_with_headers(server);
    int64_t now_ms = clock_ns() / 1000000;
    if (server->phase == PHASE_DRAINING || server->phase == PHASE_CUTTING)
        advance_stop(server, now_ms);
    if (now_ms >= server->check_at_ms && server->phase != PHASE_STOPPED)
        watch_check(server, now_ms);
    if (server->pause_until_ms > 0 && now_ms >= server->pause_until_ms)
        server->pause_until_ms = 0;
}
