/* slot_table.c - reserve, book, activate, cut, take, release: see slot_table.h for the states.
 *
 * Knows no sockets, threads or processes: an fd and a worker's id are numbers to it. Called by the
 * accept loop and by workers, on their threads; never in a forked child. */
#include "server/slot_table.h"

#include <string.h>
#include <sys/mman.h>

#include "server/clock.h"
#include "server/invariant.h"
#include "server/wakeup.h"

struct table_lock TABLE_LOCK;

void slot_table_lock(struct slot_table *table) NO_THREAD_SAFETY_CHECK
{
    INVARIANT(pthread_mutex_lock(&table->mutex) == 0);
}

void slot_table_unlock(struct slot_table *table) NO_THREAD_SAFETY_CHECK
{
    INVARIANT(pthread_mutex_unlock(&table->mutex) == 0);
}

/* Debug builds use a mutex that notices a second lock by the same thread and an unlock by another:
 * the tests find both for free. musl has none that is made without a call. */
#if defined(NDEBUG) || !defined(PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP)
static const pthread_mutex_t new_mutex = PTHREAD_MUTEX_INITIALIZER;
#else
static const pthread_mutex_t new_mutex = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
#endif

static void list_remove(struct free_list *list, struct SockInfo *slot) REQUIRES(TABLE_LOCK)
{
    if (slot->previous_free)
        slot->previous_free->next_free = slot->next_free;
    else
        list->first = slot->next_free;
    if (slot->next_free)
        slot->next_free->previous_free = slot->previous_free;
    else
        list->last = slot->previous_free;
}

static void list_prepend(struct free_list *list, struct SockInfo *slot) REQUIRES(TABLE_LOCK)
{
    slot->previous_free = NULL;
    slot->next_free = list->first;
    if (list->first)
        list->first->previous_free = slot;
    else
        list->last = slot;
    list->first = slot;
}

static void list_append(struct free_list *list, struct SockInfo *slot) REQUIRES(TABLE_LOCK)
{
    slot->next_free = NULL;
    slot->previous_free = list->last;
    if (list->last)
        list->last->next_free = slot;
    else
        list->first = slot;
    list->last = slot;
}

static void init_slots(struct slot_table *table, struct thrdsrv_server *server)
{
    slot_table_lock(table);
    for (unsigned i = 0; i < table->count; i++) {
        struct SockInfo *slot = &table->slots[i];
        slot->server = server;
        slot->progress = &table->progress[i];
        slot->index = i;
        slot->fd = -1;
        slot->process.pidfd = -1;
        sem_init(&slot->call, 0, 0);
        list_append(&table->empty, slot);
    }
    slot_table_unlock(table);
}

int slot_table_init(struct slot_table *table, unsigned count, struct thrdsrv_server *server,
                    int wakeup)
{
    memset(table, 0, sizeof *table);
    table->count = count;
    table->wakeup = wakeup;
    /* Pages of its own, see slot_table_keep_from_children(). */
    table->slots = mmap(NULL, count * sizeof *table->slots, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table->slots == MAP_FAILED)
        return THRDSRV_E_MEMORY;
    /* Shared with children, in every mode: one shape. Pages are only had when touched. */
    table->progress = mmap(NULL, count * sizeof *table->progress, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (table->progress == MAP_FAILED) {
        munmap(table->slots, count * sizeof *table->slots);
        return THRDSRV_E_MEMORY;
    }
    table->mutex = new_mutex;
    init_slots(table, server);
    return 0;
}

/* The mutex is made of a constant and only forgotten, as std::mutex is, and so are the semaphores:
 * pthread_mutex_destroy(3) would give nothing back, neither in glibc nor in musl. Helgrind's
 * version of that call reads what is inside, where a worker's last unlock has written after what
 * Helgrind takes for its end. Workers are detached, so nothing that it knows orders the two, and it
 * called a race what is none, once in some hundred servers: whenever it collected its own garbage
 * in between. */
void slot_table_fini(struct slot_table *table)
{
    INVARIANT(slot_table_active(table) == 0);
    slot_table_lock(table);
    source_table_fini(&table->sources);
    slot_table_unlock(table);
    munmap(table->progress, table->count * sizeof *table->progress);
    munmap(table->slots, table->count * sizeof *table->slots);
}

int slot_table_limit(struct slot_table *table, const struct slot_limits *limits,
                     const struct siphash_key *key)
{
    int error = 0;
    table->reserve = limits->reserve;
    slot_table_lock(table);
    if (limits->per_source > 0 || bucket_is_limited(&limits->source_rate) || limits->counts_sources)
        error = source_table_init(&table->sources, table->count, limits->per_source,
                                  &limits->source_rate, key);
    slot_table_unlock(table);
    return error;
}

void slot_table_keep_from_children(struct slot_table *table)
{
    madvise(table->slots, table->count * sizeof *table->slots, MADV_DONTFORK);
    slot_table_lock(table);
    source_table_keep_from_children(&table->sources);
    slot_table_unlock(table);
}

struct SockInfo *slot_table_reserve(struct slot_table *table)
{
    slot_table_lock(table);
    struct free_list *list = table->parked.first ? &table->parked : &table->empty;
    struct SockInfo *slot = list->first;
    if (slot) {
        INVARIANT(slot->state == THRDSRV_SLOT_FREE && slot->fd == -1);
        list_remove(list, slot);
        slot->state = THRDSRV_SLOT_RESERVED;
        slot->has_parked = slot->parked != 0;
    } else {
        table->wake_wanted = true;
    }
    slot_table_unlock(table);
    return slot;
}

static enum refusal refusal_of(enum source_verdict verdict)
{
    return verdict == SOURCE_FULL       ? REFUSAL_SOURCE
           : verdict == SOURCE_TOO_FAST ? REFUSAL_SOURCE_RATE
                                        : REFUSAL_NONE;
}

/* The slot itself is not counted as active yet, so it is one of those that are left. */
enum refusal slot_table_claim(struct slot_table *table, struct SockInfo *slot,
                              const struct claimant *claimant, int64_t now_ns)
{
    enum refusal refusal = REFUSAL_NONE;
    slot_table_lock(table);
    INVARIANT(slot->state == THRDSRV_SLOT_RESERVED && slot->fd == -1 && !slot->source);
    if (!claimant->trusted && table->count - table->stats.active <= table->reserve)
        refusal = REFUSAL_RESERVED;
    else if (claimant->has_source && table->sources.sources)
        refusal = refusal_of(
            source_table_admit(&table->sources, &claimant->source, now_ns, &slot->source));
    slot->conns_of_source = slot->source ? slot->source->active : 0;
    slot_table_unlock(table);
    return refusal;
}

static void leave_source(struct slot_table *table, struct SockInfo *slot) REQUIRES(TABLE_LOCK)
{
    if (slot->source)
        source_table_release(&table->sources, slot->source);
    slot->source = NULL;
}

/* It was not used: back where it came from. */
void slot_table_unreserve(struct slot_table *table, struct SockInfo *slot)
{
    slot_table_lock(table);
    INVARIANT(slot->state == THRDSRV_SLOT_RESERVED && slot->fd == -1);
    slot->state = THRDSRV_SLOT_FREE;
    leave_source(table, slot);
    list_prepend(slot->parked ? &table->parked : &table->empty, slot);
    slot_table_unlock(table);
}

void slot_table_book(struct slot_table *table, struct SockInfo *slot, int fd)
{
    progress_reset(slot->progress);
    slot_table_lock(table);
    INVARIANT(slot->state == THRDSRV_SLOT_RESERVED && slot->fd == -1 && fd >= 0);
    slot->fd = fd;
    slot->traffic = (struct traffic){0};
    slot->generation++;
    slot->conn_id = ++table->stats.accepted;
    if (++table->stats.active > table->stats.peak)
        table->stats.peak = table->stats.active;
    slot_table_unlock(table);
}

int slot_table_activate(struct slot_table *table, struct SockInfo *slot, pid_t worker)
{
    int fd = -1;
    slot_table_lock(table);
    if (!slot->dismissed) {
        INVARIANT(slot->state == THRDSRV_SLOT_RESERVED && slot->fd >= 0);
        slot->state = THRDSRV_SLOT_ACTIVE;
        slot->worker = worker;
        slot->parked = 0;
        fd = slot->fd;
    }
    slot_table_unlock(table);
    return fd;
}

int slot_table_hand_over(struct slot_table *table, struct SockInfo *slot, pid_t worker)
{
    slot_table_lock(table);
    INVARIANT(slot->state == THRDSRV_SLOT_RESERVED && slot->fd >= 0);
    slot->state = THRDSRV_SLOT_ACTIVE;
    slot->worker = worker;
    int fd = slot->fd;
    slot->fd = -1;
    slot_table_unlock(table);
    return fd;
}

void slot_table_share(struct slot_table *table, struct SockInfo *slot, pid_t worker)
{
    slot_table_lock(table);
    INVARIANT(slot->state == THRDSRV_SLOT_RESERVED && slot->fd >= 0);
    slot->state = THRDSRV_SLOT_ACTIVE;
    slot->worker = worker;
    slot_table_unlock(table);
}

bool slot_table_set_process(struct slot_table *table, struct SockInfo *slot,
                            const struct subprocess *process)
{
    slot_table_lock(table);
    slot->process = *process;
    bool is_cut = slot->state == THRDSRV_SLOT_STOPPING;
    slot_table_unlock(table);
    return is_cut;
}

void slot_table_forget_process(struct slot_table *table, struct SockInfo *slot)
{
    slot_table_lock(table);
    slot->process = (struct subprocess){.pidfd = -1};
    slot_table_unlock(table);
}

struct subprocess slot_table_process(struct slot_table *table, struct SockInfo *slot)
{
    slot_table_lock(table);
    struct subprocess process = slot->process;
    slot_table_unlock(table);
    return process;
}

void slot_table_cut(struct SockInfo *slot, enum thrdsrv_end_reason reason, int64_t now_ms)
{
    INVARIANT(slot->state == THRDSRV_SLOT_ACTIVE);
    slot->state = THRDSRV_SLOT_STOPPING;
    slot->cut_at_ms = now_ms;
    slot->traffic.is_over = true;
    progress_set_cut(slot->progress, reason);
}

int slot_table_take(struct slot_table *table, struct SockInfo *slot)
{
    slot_table_lock(table);
    INVARIANT(slot->state != THRDSRV_SLOT_FREE);
    slot->state = THRDSRV_SLOT_STOPPING;
    int fd = slot->fd;
    slot->fd = -1;
    slot->process = (struct subprocess){.pidfd = -1};
    slot_table_unlock(table);
    return fd;
}

static void count_end(struct thrdsrv_stats *stats, enum thrdsrv_end_reason reason)
{
    if (reason == THRDSRV_END_NO_WORKER) {
        stats->spawn_failures++;
        return;
    }
    stats->served++;
    switch (reason) {
    case THRDSRV_END_IDLE:
        stats->timeouts_idle++;
        break;
    case THRDSRV_END_FIRST_BYTE:
        stats->timeouts_first_byte++;
        break;
    case THRDSRV_END_WRITE_STALL:
        stats->timeouts_write_stall++;
        break;
    case THRDSRV_END_LIFETIME:
        stats->timeouts_lifetime++;
        break;
    case THRDSRV_END_RATE:
        stats->timeouts_rate++;
        break;
    default:
        break;
    }
}

/* While the server stops: was this one let end, by itself or by a limit that holds at any time, or
 * was it ended? A process that got a signal then was. */
static void count_end_of_drain(struct thrdsrv_stats *stats, enum thrdsrv_end_reason reason)
{
    if (reason == THRDSRV_END_STOPPED || reason == THRDSRV_END_SIGNAL ||
        reason == THRDSRV_END_TERMINATED)
        stats->cut++;
    else
        stats->drained++;
}

/* STOPPING -> FREE, but for the list; wakes the loop if it waits for that. */
static void free_slot(struct slot_table *table, struct SockInfo *slot,
                      enum thrdsrv_end_reason reason) REQUIRES(TABLE_LOCK)
{
    INVARIANT(slot->state == THRDSRV_SLOT_STOPPING && slot->fd == -1);
    slot->state = THRDSRV_SLOT_FREE;
    slot->worker = 0;
    leave_source(table, slot);
    table->stats.active--;
    table->stats.bytes_in += progress_read(&slot->progress->bytes_in);
    table->stats.bytes_out += progress_read(&slot->progress->bytes_out);
    count_end(&table->stats, reason);
    if (table->draining)
        count_end_of_drain(&table->stats, reason);
    if (table->wake_wanted)
        wakeup_send(table->wakeup);
    table->wake_wanted = false;
}

/* The slot's worker, a thread or none, lets go of it, or has. */
static void set_departed(struct SockInfo *slot, pid_t worker) REQUIRES(TABLE_LOCK)
{
    slot->departed = worker;
    slot->departed_at_ns = worker ? clock_read_ns(CLOCK_BOOTTIME) : 0;
}

void slot_table_release(struct slot_table *table, struct SockInfo *slot,
                        enum thrdsrv_end_reason reason, pid_t departed)
{
    slot_table_lock(table);
    free_slot(table, slot, reason);
    if (departed)
        set_departed(slot, departed);
    list_append(&table->empty, slot);
    slot_table_unlock(table);
}

void slot_table_park(struct slot_table *table, struct SockInfo *slot,
                     enum thrdsrv_end_reason reason, pid_t worker)
{
    slot_table_lock(table);
    free_slot(table, slot, reason);
    set_departed(slot, 0);
    slot->parked = worker;
    list_prepend(&table->parked, slot);
    slot_table_unlock(table);
}

/* The parked worker's place becomes empty. */
static void empty_slot(struct slot_table *table, struct SockInfo *slot) REQUIRES(TABLE_LOCK)
{
    INVARIANT(slot->state == THRDSRV_SLOT_FREE && slot->parked != 0);
    list_remove(&table->parked, slot);
    list_append(&table->empty, slot);
    set_departed(slot, slot->parked);
    slot->parked = 0;
}

bool slot_table_leave(struct slot_table *table, struct SockInfo *slot, pid_t worker)
{
    slot_table_lock(table);
    bool leaves = slot->state == THRDSRV_SLOT_FREE;
    if (leaves && slot->parked == worker) /* and not dismissed at this moment */
        empty_slot(table, slot);
    slot_table_unlock(table);
    return leaves;
}

bool slot_table_dismiss(struct slot_table *table, struct SockInfo *slot)
{
    slot_table_lock(table);
    slot->dismissed = slot->parked != 0;
    if (slot->dismissed)
        empty_slot(table, slot);
    bool dismissed = slot->dismissed;
    slot_table_unlock(table);
    return dismissed;
}

void slot_table_want_wake(struct slot_table *table)
{
    slot_table_lock(table);
    table->wake_wanted = true;
    slot_table_unlock(table);
}

/* Where only some slots were left, and those not for the peer, the table was full for it. */
static void count_refusal(struct thrdsrv_stats *stats, enum refusal why)
{
    uint64_t *const counters[REFUSAL_COUNT] = {
        [REFUSAL_FULL] = &stats->refused_full,
        [REFUSAL_RESERVED] = &stats->refused_full,
        [REFUSAL_SOURCE] = &stats->refused_source,
        [REFUSAL_SOURCE_RATE] = &stats->refused_rate,
        [REFUSAL_ADMISSION] = &stats->refused_admission,
        [REFUSAL_RULES] = &stats->refused_rules,
        [REFUSAL_PROXY_SOURCE] = &stats->refused_proxy,
        [REFUSAL_PROXY_HEADER] = &stats->refused_proxy,
        [REFUSAL_PROXY_LATE] = &stats->refused_proxy,
        [REFUSAL_PROXY_STOP] = &stats->refused_proxy,
    };
    if (counters[why])
        ++*counters[why];
}

void slot_table_count_refused(struct slot_table *table, enum refusal why)
{
    slot_table_lock(table);
    table->stats.accepted++;
    count_refusal(&table->stats, why);
    slot_table_unlock(table);
}

void slot_table_count_accept_error(struct slot_table *table, bool system)
{
    slot_table_lock(table);
    if (system)
        table->stats.accept_errors_system++;
    else
        table->stats.accept_errors_conn++;
    slot_table_unlock(table);
}

unsigned slot_table_begin_drain(struct slot_table *table)
{
    slot_table_lock(table);
    table->draining = true;
    unsigned active = (unsigned)table->stats.active;
    slot_table_unlock(table);
    return active;
}

void slot_table_stats(struct slot_table *table, struct thrdsrv_stats *stats)
{
    slot_table_lock(table);
    *stats = table->stats;
    slot_table_unlock(table);
}

bool slot_table_is_draining(struct slot_table *table)
{
    slot_table_lock(table);
    bool is_draining = table->draining;
    slot_table_unlock(table);
    return is_draining;
}

unsigned slot_table_active(struct slot_table *table)
{
    slot_table_lock(table);
    unsigned active = (unsigned)table->stats.active;
    slot_table_unlock(table);
    return active;
}

/* The [B] fields may be read under the lock from slot_table_book() on: the loop writes them before,
 * while the slot is RESERVED without an fd. */
static bool holds_connection(const struct SockInfo *slot) REQUIRES(TABLE_LOCK)
{
    return slot->state != THRDSRV_SLOT_FREE &&
           !(slot->state == THRDSRV_SLOT_RESERVED && slot->fd < 0);
}

static void fill_view(const struct SockInfo *slot, struct slot_view *view) REQUIRES(TABLE_LOCK)
{
    view->state = slot->state;
    view->is_process = slot->process.pid > 0;
    view->worker = view->is_process ? slot->process.pid : slot->worker;
    view->cpu_began_ns = view->is_process || slot->worker == 0 ? 0 : slot->cpu_began_ns;
    view->generation = slot->generation;
    view->conn_id = slot->conn_id;
    view->accepted_at_ns = slot->accepted_at_ns;
    view->peer = slot->peer;
    view->local = slot->local;
    view->listener_text = slot->listener_text;
    view->waits = progress_waiting(slot->progress, &view->waits_since_ms);
    view->bytes_in = progress_read(&slot->progress->bytes_in);
    view->bytes_out = progress_read(&slot->progress->bytes_out);
    view->moved_ms = (int64_t)progress_read(&slot->progress->moved_ms);
}

bool slot_table_view(struct slot_table *table, unsigned index, struct slot_view *view)
{
    const struct SockInfo *slot = &table->slots[index];
    slot_table_lock(table);
    bool in_use = holds_connection(slot);
    if (in_use)
        fill_view(slot, view);
    slot_table_unlock(table);
    return in_use;
}

bool slot_table_has_worker(struct slot_table *table, pid_t worker)
{
    bool has = false;
    slot_table_lock(table);
    for (unsigned i = 0; i < table->count && !has; i++)
        has = table->slots[i].worker == worker;
    slot_table_unlock(table);
    return has;
}
