/* The slot table: every transition, every forbidden one, full, order, generation, accounting, and
 * eight threads that hammer it. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/slot_table.h"
#include "server/wakeup.h"
#include "suite.h"

static struct slot_table table;
static int wakeup;

static int set_up_two(void **state)
{
    (void)state;
    wakeup = wakeup_open();
    return wakeup < 0 ? -1 : slot_table_init(&table, 2, NULL, wakeup);
}

static int tear_down(void **state)
{
    (void)state;
    slot_table_fini(&table);
    return close(wakeup);
}

/* Whether the loop has been woken since the last call. */
static bool woken(void)
{
    uint64_t count;
    return read(wakeup, &count, sizeof count) == sizeof count;
}

static enum thrdsrv_slot_state state_of(struct SockInfo *slot)
{
    slot_table_lock(&table);
    enum thrdsrv_slot_state state = slot->state;
    slot_table_unlock(&table);
    return state;
}

static int fd_of(struct SockInfo *slot)
{
    slot_table_lock(&table);
    int fd = slot->fd;
    slot_table_unlock(&table);
    return fd;
}

static void cut(struct SockInfo *slot, enum thrdsrv_end_reason reason)
{
    slot_table_lock(&table);
    slot_table_cut(slot, reason, 1);
    slot_table_unlock(&table);
}

static struct SockInfo *active_slot(int fd)
{
    struct SockInfo *slot = slot_table_reserve(&table);
    slot_table_book(&table, slot, fd);
    assert_int_equal(slot_table_activate(&table, slot, 1), fd);
    return slot;
}

static void end(struct SockInfo *slot, enum thrdsrv_end_reason reason)
{
    slot_table_take(&table, slot);
    slot_table_release(&table, slot, reason, 0);
}

static struct thrdsrv_stats stats(void)
{
    struct thrdsrv_stats copy;
    slot_table_stats(&table, &copy);
    return copy;
}

static void test_a_connection_goes_round(void **state)
{
    (void)state;
    struct SockInfo *slot = slot_table_reserve(&table);
    assert_non_null(slot);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_RESERVED);
    assert_int_equal(fd_of(slot), -1);
    assert_int_equal(stats().active, 0);

    slot_table_book(&table, slot, 7);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_RESERVED);
    assert_int_equal(fd_of(slot), 7);
    assert_int_equal(stats().active, 1);
    assert_int_equal(slot->conn_id, 1);

    assert_int_equal(slot_table_activate(&table, slot, 42), 7);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_ACTIVE);
    assert_int_equal(fd_of(slot), 7);

    assert_int_equal(slot_table_take(&table, slot), 7);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_STOPPING);
    assert_int_equal(fd_of(slot), -1);
    assert_int_equal(slot_table_take(&table, slot), -1);

    slot_table_release(&table, slot, THRDSRV_END_EOF, 0);
    assert_false(woken());
    assert_int_equal(state_of(slot), THRDSRV_SLOT_FREE);
    assert_int_equal(stats().active, 0);
    assert_int_equal(stats().served, 1);
}

static void test_hand_over_takes_the_parents_fd_out(void **state)
{
    (void)state;
    struct SockInfo *slot = slot_table_reserve(&table);
    slot_table_book(&table, slot, 9);
    assert_int_equal(slot_table_hand_over(&table, slot, 99), 9);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_ACTIVE);
    assert_int_equal(fd_of(slot), -1);
    end(slot, THRDSRV_END_EOF);
}

static void test_cut_keeps_the_fd_and_the_first_reason(void **state)
{
    (void)state;
    struct SockInfo *slot = active_slot(5);
    assert_int_equal(progress_cut(slot->progress), THRDSRV_END_NONE);
    cut(slot, THRDSRV_END_IDLE);
    progress_set_cut(slot->progress, THRDSRV_END_TERMINATED);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_STOPPING);
    assert_int_equal(fd_of(slot), 5);
    assert_int_equal(progress_cut(slot->progress), THRDSRV_END_IDLE);
    assert_int_equal(slot_table_take(&table, slot), 5);
    slot_table_release(&table, slot, THRDSRV_END_IDLE, 0);
    assert_int_equal(stats().timeouts_idle, 1);

    slot = active_slot(6); /* nothing of the last use is left */
    while (slot->index != 0) {
        end(slot, THRDSRV_END_EOF);
        slot = active_slot(6);
    }
    assert_int_equal(progress_cut(slot->progress), THRDSRV_END_NONE);
    end(slot, THRDSRV_END_EOF);
}

static void test_a_start_that_fails_gives_the_slot_back(void **state)
{
    (void)state;
    struct SockInfo *slot = slot_table_reserve(&table);
    slot_table_book(&table, slot, 3);
    assert_int_equal(slot_table_take(&table, slot), 3);
    slot_table_release(&table, slot, THRDSRV_END_NO_WORKER, 0);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_FREE);
    assert_int_equal(stats().spawn_failures, 1);
    assert_int_equal(stats().served, 0);
    assert_int_equal(stats().accepted, 1);
}

static void test_errors_of_accept_are_counted_by_their_class(void **state)
{
    (void)state;
    slot_table_count_accept_error(&table, false);
    slot_table_count_accept_error(&table, true);
    slot_table_count_accept_error(&table, true);
    assert_int_equal(stats().accept_errors_conn, 1);
    assert_int_equal(stats().accept_errors_system, 2);
}

static void test_a_start_that_fails_keeps_the_last_thread(void **state)
{
    (void)state;
    struct SockInfo *slot = active_slot(3);
    slot_table_take(&table, slot);
    slot_table_release(&table, slot, THRDSRV_END_EOF, 17);
    end(active_slot(4), THRDSRV_END_EOF); /* the other slot: then it is the first one's turn */
    assert_ptr_equal(slot_table_reserve(&table), slot);
    slot_table_book(&table, slot, 3);
    slot_table_take(&table, slot);
    slot_table_release(&table, slot, THRDSRV_END_NO_WORKER, 0);
    slot_table_lock(&table);
    assert_int_equal(slot->departed, 17);
    slot_table_unlock(&table);
}

static void test_unreserve_puts_the_slot_first(void **state)
{
    (void)state;
    struct SockInfo *slot = slot_table_reserve(&table);
    slot_table_unreserve(&table, slot);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_FREE);
    assert_ptr_equal(slot_table_reserve(&table), slot);
    slot_table_unreserve(&table, slot);
    struct SockInfo *last = NULL; /* also when it was the only free one */
    assert_non_null(slot_table_reserve(&table));
    last = slot_table_reserve(&table);
    slot_table_unreserve(&table, last);
    assert_ptr_equal(slot_table_reserve(&table), last);
    slot_table_unreserve(&table, last);
    slot_table_unreserve(&table, slot);
}

static void test_full_table_wakes_at_the_next_release(void **state)
{
    (void)state;
    struct SockInfo *one = active_slot(3);
    struct SockInfo *two = active_slot(4);
    assert_null(slot_table_reserve(&table));
    end(one, THRDSRV_END_EOF);
    assert_true(woken());
    end(two, THRDSRV_END_EOF);
    assert_false(woken()); /* once for each wish */
    slot_table_want_wake(&table);
    end(active_slot(3), THRDSRV_END_EOF);
    assert_true(woken());
    assert_int_equal(stats().peak, 2);
}

static void test_slots_rest_longest(void **state)
{
    (void)state;
    struct SockInfo *first = active_slot(3);
    end(first, THRDSRV_END_EOF);
    struct SockInfo *second = active_slot(3);
    assert_ptr_not_equal(first, second);
    end(second, THRDSRV_END_EOF);
    struct SockInfo *third = active_slot(3);
    assert_ptr_equal(first, third);
    end(third, THRDSRV_END_EOF);
}

/* ---- a worker stays parked ---- */

static void park(struct SockInfo *slot, pid_t worker)
{
    slot_table_take(&table, slot);
    slot_table_park(&table, slot, THRDSRV_END_EOF, worker);
}

static void test_the_slot_parked_last_is_taken_first(void **state)
{
    (void)state;
    struct SockInfo *one = active_slot(3);
    struct SockInfo *two = active_slot(4);
    assert_false(one->has_parked);
    park(one, 11);
    park(two, 12);
    assert_int_equal(state_of(two), THRDSRV_SLOT_FREE);
    assert_int_equal(stats().served, 2);
    assert_int_equal(stats().active, 0);
    assert_ptr_equal(slot_table_reserve(&table), two);
    assert_true(two->has_parked);
    slot_table_unreserve(&table, two); /* nothing to accept: it is parked as before */
    assert_ptr_equal(slot_table_reserve(&table), two);
    assert_true(two->has_parked);
    slot_table_book(&table, two, 5);
    assert_int_equal(slot_table_activate(&table, two, 12), 5);
    assert_ptr_equal(slot_table_reserve(&table), one);
    slot_table_unreserve(&table, one);
    end(two, THRDSRV_END_EOF);                         /* without parking: an empty slot … */
    assert_ptr_equal(slot_table_reserve(&table), one); /* … comes after the parked one */
    assert_ptr_equal(slot_table_reserve(&table), two);
    assert_false(two->has_parked);
    slot_table_unreserve(&table, two);
    slot_table_unreserve(&table, one);
}

static void test_parking_wakes_a_loop_that_waits(void **state)
{
    (void)state;
    struct SockInfo *one = active_slot(3);
    struct SockInfo *two = active_slot(4);
    assert_null(slot_table_reserve(&table));
    park(one, 11);
    assert_true(woken());
    park(two, 12);
    assert_false(woken());
}

static pid_t departed_of(struct SockInfo *slot)
{
    slot_table_lock(&table);
    pid_t departed = slot->departed;
    slot_table_unlock(&table);
    return departed;
}

static void test_a_parked_worker_leaves(void **state)
{
    (void)state;
    struct SockInfo *slot = active_slot(3);
    park(slot, 11);
    assert_int_equal(departed_of(slot), 0);
    assert_ptr_equal(slot_table_reserve(&table), slot);
    assert_false(slot_table_leave(&table, slot, 11)); /* a connection may be on its way */
    slot_table_unreserve(&table, slot);
    assert_true(slot_table_leave(&table, slot, 11));
    assert_int_equal(departed_of(slot), 11); /* the task is still to go */
    struct SockInfo *other = slot_table_reserve(&table);
    assert_ptr_not_equal(other, slot); /* the slot rests: it went behind the other */
    slot_table_unreserve(&table, other);
    assert_false(slot_table_dismiss(&table, slot));
}

static void test_a_parked_worker_is_dismissed(void **state)
{
    (void)state;
    struct SockInfo *slot = active_slot(3);
    assert_false(slot_table_dismiss(&table, &table.slots[1 - slot->index]));
    park(slot, 11);
    assert_true(slot_table_dismiss(&table, slot));
    assert_int_equal(departed_of(slot), 11);
    assert_int_equal(slot_table_activate(&table, slot, 11), -1);
    assert_int_equal(state_of(slot), THRDSRV_SLOT_FREE);
    assert_true(slot_table_leave(&table, slot, 11));     /* had it waited long enough just now */
    struct SockInfo *first = slot_table_reserve(&table); /* each slot is in the list once */
    struct SockInfo *second = slot_table_reserve(&table);
    assert_true(first && second && first != second);
    assert_null(slot_table_reserve(&table));
    slot_table_unreserve(&table, second);
    slot_table_unreserve(&table, first);
}

static void test_generation_wraps(void **state)
{
    (void)state;
    struct SockInfo *slot = slot_table_reserve(&table);
    slot->generation = UINT32_MAX - 1;
    slot_table_book(&table, slot, 3);
    assert_int_equal(slot->generation, UINT32_MAX);
    end(slot, THRDSRV_END_EOF);
    end(active_slot(3), THRDSRV_END_EOF); /* the other slot */
    struct SockInfo *again = active_slot(3);
    assert_ptr_equal(again, slot);
    assert_int_equal(again->generation, 0);
    end(again, THRDSRV_END_EOF);
}

static void test_counters_add_up(void **state)
{
    (void)state;
    static const enum thrdsrv_end_reason reasons[] = {
        THRDSRV_END_EOF,      THRDSRV_END_IDLE, THRDSRV_END_FIRST_BYTE, THRDSRV_END_WRITE_STALL,
        THRDSRV_END_LIFETIME, THRDSRV_END_RATE, THRDSRV_END_RESET};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        struct SockInfo *slot = active_slot(3);
        progress_add(&slot->progress->bytes_in, 10);
        progress_add(&slot->progress->bytes_out, 20);
        end(slot, reasons[i]);
    }
    slot_table_count_refused(&table, REFUSAL_FULL);
    struct SockInfo *stopped = active_slot(3);
    struct SockInfo *drained = active_slot(4);
    assert_int_equal(slot_table_begin_drain(&table), 2);
    cut(stopped, THRDSRV_END_STOPPED);
    end(stopped, THRDSRV_END_STOPPED);
    end(drained, THRDSRV_END_EOF);
    struct thrdsrv_stats s = stats();
    assert_int_equal(s.accepted, s.active + s.served + s.refused_full + s.spawn_failures);
    assert_int_equal(s.served, 9);
    assert_int_equal(s.refused_full, 1);
    assert_int_equal(s.timeouts_idle + s.timeouts_first_byte + s.timeouts_write_stall +
                         s.timeouts_lifetime + s.timeouts_rate,
                     5);
    assert_int_equal(s.drained, 1);
    assert_int_equal(s.cut, 1);
    assert_int_equal(s.bytes_in, 70);
    assert_int_equal(s.bytes_out, 140);
}

/* ---- who may have a slot ---- */

static const struct siphash_key key = {{1, 2}};

static void limit(unsigned reserve, unsigned per_source, unsigned rate)
{
    struct slot_limits limits = {reserve, per_source, bucket_rate(rate, 1000, 0), false};
    assert_int_equal(slot_table_limit(&table, &limits, &key), 0);
}

/* Somebody from source number n, 0: without a source. */
static enum refusal claim(struct SockInfo *slot, unsigned char n)
{
    struct claimant claimant = {.has_source = n > 0, .source.first.bytes[15] = n};
    return slot_table_claim(&table, slot, &claimant, 1);
}

/* A connection of source n, or NULL and why not. */
static struct SockInfo *claimed_slot(unsigned char n, enum refusal *why)
{
    struct SockInfo *slot = slot_table_reserve(&table);
    assert_non_null(slot);
    *why = claim(slot, n);
    if (*why == REFUSAL_NONE) {
        slot_table_book(&table, slot, 3);
        assert_int_equal(slot_table_activate(&table, slot, 1), 3);
        return slot;
    }
    slot_table_unreserve(&table, slot);
    return NULL;
}

/* A source that may have one connection has it back, whichever way the last one left. */
static void test_source_has_its_connection_back(void **state)
{
    (void)state;
    enum refusal why;
    limit(0, 1, 0);
    for (int way = 0; way < 3; way++) {
        struct SockInfo *slot = claimed_slot(1, &why);
        assert_non_null(slot);
        assert_null(claimed_slot(1, &why));
        assert_int_equal(why, REFUSAL_SOURCE);
        slot_table_take(&table, slot);
        if (way == 0)
            slot_table_release(&table, slot, THRDSRV_END_EOF, 0);
        else if (way == 1)
            slot_table_release(&table, slot, THRDSRV_END_NO_WORKER, 0);
        else
            slot_table_park(&table, slot, THRDSRV_END_EOF, 1);
    }
    struct SockInfo *unused = slot_table_reserve(&table);
    assert_int_equal(claim(unused, 1), REFUSAL_NONE);
    slot_table_unreserve(&table, unused);
    end(claimed_slot(1, &why), THRDSRV_END_EOF);
}

static void test_parked_worker_is_no_connection(void **state)
{
    (void)state;
    enum refusal why;
    limit(0, 1, 0);
    struct SockInfo *slot = claimed_slot(1, &why);
    slot_table_take(&table, slot);
    slot_table_park(&table, slot, THRDSRV_END_EOF, 1);
    slot = claimed_slot(2, &why); /* in the same slot */
    assert_non_null(slot);
    end(claimed_slot(1, &why), THRDSRV_END_EOF);
    end(slot, THRDSRV_END_EOF);
}

static void test_without_a_source_there_is_no_limit(void **state)
{
    (void)state;
    enum refusal why;
    limit(0, 1, 1);
    struct SockInfo *slots[2] = {claimed_slot(0, &why), claimed_slot(0, &why)};
    end(slots[0], THRDSRV_END_EOF);
    end(slots[1], THRDSRV_END_EOF);
    end(claimed_slot(0, &why), THRDSRV_END_EOF);
}

static void test_source_that_comes_too_fast(void **state)
{
    (void)state;
    enum refusal why;
    limit(0, 0, 2);
    end(claimed_slot(1, &why), THRDSRV_END_EOF);
    end(claimed_slot(1, &why), THRDSRV_END_EOF);
    assert_null(claimed_slot(1, &why));
    assert_int_equal(why, REFUSAL_SOURCE_RATE);
    end(claimed_slot(2, &why), THRDSRV_END_EOF);
}

/* The last slot is for those who are trusted, whoever has the first. */
static void test_last_slots_are_reserved(void **state)
{
    (void)state;
    const struct claimant trusted = {.trusted = true};
    enum refusal why;
    limit(1, 0, 0);
    struct SockInfo *first = claimed_slot(1, &why);
    assert_null(claimed_slot(1, &why));
    assert_int_equal(why, REFUSAL_RESERVED);
    struct SockInfo *last = slot_table_reserve(&table);
    assert_int_equal(slot_table_claim(&table, last, &trusted, 1), REFUSAL_NONE);
    slot_table_book(&table, last, 4);
    end(first, THRDSRV_END_EOF);
    assert_null(claimed_slot(1, &why));
    assert_int_equal(why, REFUSAL_RESERVED);
    end(last, THRDSRV_END_EOF);
    end(claimed_slot(1, &why), THRDSRV_END_EOF);
}

static void test_refusals_are_counted(void **state)
{
    (void)state;
    for (enum refusal why = REFUSAL_FULL; why < REFUSAL_COUNT; why++)
        slot_table_count_refused(&table, why);
    struct thrdsrv_stats s = stats();
    assert_int_equal(s.accepted, REFUSAL_COUNT - REFUSAL_FULL);
    assert_int_equal(s.refused_full, 2);
    assert_int_equal(s.refused_source, 1);
    assert_int_equal(s.refused_rate, 1);
    assert_int_equal(s.refused_admission, 1);
    assert_int_equal(s.refused_rules, 1);
    assert_int_equal(s.refused_proxy, 4);
}

/* ---- what no state allows ---- */

static void bring_to(struct SockInfo *slot, enum thrdsrv_slot_state wanted, bool booked)
{
    if (wanted == THRDSRV_SLOT_FREE)
        return;
    slot = slot_table_reserve(&table);
    if (booked || wanted > THRDSRV_SLOT_RESERVED)
        slot_table_book(&table, slot, 3);
    if (wanted > THRDSRV_SLOT_RESERVED)
        slot_table_activate(&table, slot, 1);
    if (wanted > THRDSRV_SLOT_ACTIVE)
        cut(slot, THRDSRV_END_IDLE);
}

enum door { UNRESERVE, BOOK, ACTIVATE, HAND_OVER, CUT, TAKE, RELEASE, PARK, CLAIM };

static void go_through(enum door door, struct SockInfo *slot)
{
    switch (door) {
    case UNRESERVE:
        slot_table_unreserve(&table, slot);
        break;
    case BOOK:
        slot_table_book(&table, slot, 4);
        break;
    case ACTIVATE:
        slot_table_activate(&table, slot, 1);
        break;
    case HAND_OVER:
        slot_table_hand_over(&table, slot, 1);
        break;
    case CUT:
        cut(slot, THRDSRV_END_IDLE);
        break;
    case TAKE:
        slot_table_take(&table, slot);
        break;
    case RELEASE:
        slot_table_release(&table, slot, THRDSRV_END_EOF, 0);
        break;
    case PARK:
        slot_table_park(&table, slot, THRDSRV_END_EOF, 1);
        break;
    case CLAIM:
        claim(slot, 1);
        break;
    }
}

/* Whether the door is closed: a child tries it, and must be stopped by the broken invariant. */
static bool aborts(enum thrdsrv_slot_state from, bool booked, enum door door)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        int quiet = dup2(STDOUT_FILENO, STDERR_FILENO);
        (void)quiet;
        struct SockInfo *slot = &table.slots[0];
        bring_to(slot, from, booked);
        go_through(door, slot);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGABRT : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void test_every_door_from_every_state(void **state)
{
    (void)state;
    static const struct {
        enum thrdsrv_slot_state from;
        bool booked;
        bool open[9]; /* in the order of enum door */
    } rules[] = {
        {THRDSRV_SLOT_FREE, false, {0, 0, 0, 0, 0, 0, 0, 0, 0}},
        {THRDSRV_SLOT_RESERVED, false, {1, 1, 0, 0, 0, 1, 0, 0, 1}},
        {THRDSRV_SLOT_RESERVED, true, {0, 0, 1, 1, 0, 1, 0, 0, 0}},
        {THRDSRV_SLOT_ACTIVE, true, {0, 0, 0, 0, 1, 1, 0, 0, 0}},
        {THRDSRV_SLOT_STOPPING,
         true,
         {0, 0, 0, 0, 0, 1, 0, 0, 0}}, /* released only when the fd is taken out */
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        for (enum door door = UNRESERVE; door <= CLAIM; door++)
            if (aborts(rules[i].from, rules[i].booked, door) == rules[i].open[door])
                fail_msg("state %s%s, door %d: %s", thrdsrv_slot_state_name(rules[i].from),
                         rules[i].booked ? " (booked)" : "", (int)door,
                         rules[i].open[door] ? "closed, should be open" : "open, should be closed");
}

/* ---- children ---- */

/* Whether what begins a mapping here is there, in a child that is forked now. */
static bool child_has(void *page)
{
    unsigned char resident;
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(mincore(page, 1, &resident) == 0 ? 1 : errno == ENOMEM ? 0 : 2);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void test_children_do_not_get_the_slots(void **state)
{
    (void)state;
    limit(0, 1, 0);
    slot_table_lock(&table);
    void *const mappings[] = {table.slots, table.sources.sources};
    slot_table_unlock(&table);
    for (int i = 0; i < 2; i++)
        assert_true(child_has(mappings[i])); /* a server may be created before daemon(3) */
    slot_table_keep_from_children(&table);
    for (int i = 0; i < 2; i++)
        assert_false(child_has(mappings[i]));
    end(active_slot(3), THRDSRV_END_EOF);
}

/* ---- many threads ---- */

enum { HAMMERS = 8, HAMMER_SLOTS = 5, SOURCES = 3, PER_SOURCE = 2 };

static struct {
    _Atomic int owners; /* of the slot; never more than one */
    _Atomic unsigned wrong;
} hammered[HAMMER_SLOTS];

static _Atomic int held_by[SOURCES]; /* connections of each source; never more than its limit */
static _Atomic unsigned over_limit;

/* Reserving and booking are the loop's alone, so the test's threads take turns at them. */
static pthread_mutex_t accepting = PTHREAD_MUTEX_INITIALIZER;

static struct SockInfo *accept_for(int source, int fd)
{
    pthread_mutex_lock(&accepting);
    struct SockInfo *slot = slot_table_reserve(&table);
    if (slot && claim(slot, (unsigned char)(source + 1)) != REFUSAL_NONE) {
        slot_table_unreserve(&table, slot);
        slot = NULL;
    }
    if (slot)
        slot_table_book(&table, slot, fd);
    pthread_mutex_unlock(&accepting);
    return slot;
}

static void *hammer(void *argument)
{
    int fd = (int)(intptr_t)argument + 100;
    int source = fd % SOURCES;
    int rounds = (int)scaled(20000);
    for (int i = 0; i < rounds; i++) {
        struct SockInfo *slot = accept_for(source, fd);
        if (!slot)
            continue;
        if (atomic_fetch_add(&held_by[source], 1) >= PER_SOURCE)
            atomic_fetch_add(&over_limit, 1);
        if (atomic_fetch_add(&hammered[slot->index].owners, 1) != 0)
            atomic_fetch_add(&hammered[slot->index].wrong, 1);
        if (slot_table_activate(&table, slot, 1) != fd)
            atomic_fetch_add(&hammered[slot->index].wrong, 1);
        if (i % 7 == 0)
            cut(slot, THRDSRV_END_IDLE);
        if (slot_table_take(&table, slot) != fd)
            atomic_fetch_add(&hammered[slot->index].wrong, 1);
        atomic_fetch_sub(&hammered[slot->index].owners, 1);
        atomic_fetch_sub(&held_by[source], 1);
        if (i % 3 == 0) {
            slot_table_release(&table, slot, THRDSRV_END_EOF, 0);
        } else {
            slot_table_park(&table, slot, THRDSRV_END_EOF, 1);
            if (i % 5 == 0)
                slot_table_leave(&table, slot, 1); /* or somebody else has it: all are number 1 */
        }
    }
    return NULL;
}

static void test_eight_threads(void **state)
{
    (void)state;
    pthread_t threads[HAMMERS];
    assert_int_equal(slot_table_init(&table, HAMMER_SLOTS, NULL, -1), 0);
    limit(0, PER_SOURCE, 0);
    for (intptr_t i = 0; i < HAMMERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)i), 0);
    for (int i = 0; i < HAMMERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < HAMMER_SLOTS; i++) {
        assert_int_equal(atomic_fetch_add(&hammered[i].wrong, 0), 0);
        assert_int_equal(state_of(&table.slots[i]), THRDSRV_SLOT_FREE);
    }
    assert_int_equal(atomic_fetch_add(&over_limit, 0), 0);
    struct thrdsrv_stats s = stats();
    assert_int_equal(s.active, 0);
    assert_int_equal(s.accepted, s.served);
    assert_true(s.accepted > 0 && s.peak <= HAMMER_SLOTS);
    slot_table_fini(&table);
}

#define WITH_TWO(test) cmocka_unit_test_setup_teardown(test, set_up_two, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TWO(test_a_connection_goes_round),
        WITH_TWO(test_hand_over_takes_the_parents_fd_out),
        WITH_TWO(test_cut_keeps_the_fd_and_the_first_reason),
        WITH_TWO(test_a_start_that_fails_gives_the_slot_back),
        WITH_TWO(test_errors_of_accept_are_counted_by_their_class),
        WITH_TWO(test_a_start_that_fails_keeps_the_last_thread),
        WITH_TWO(test_unreserve_puts_the_slot_first),
        WITH_TWO(test_full_table_wakes_at_the_next_release),
        WITH_TWO(test_slots_rest_longest),
        WITH_TWO(test_the_slot_parked_last_is_taken_first),
        WITH_TWO(test_parking_wakes_a_loop_that_waits),
        WITH_TWO(test_a_parked_worker_leaves),
        WITH_TWO(test_a_parked_worker_is_dismissed),
        WITH_TWO(test_generation_wraps),
        WITH_TWO(test_counters_add_up),
        WITH_TWO(test_source_has_its_connection_back),
        WITH_TWO(test_parked_worker_is_no_connection),
        WITH_TWO(test_without_a_source_there_is_no_limit),
        WITH_TWO(test_source_that_comes_too_fast),
        WITH_TWO(test_last_slots_are_reserved),
        WITH_TWO(test_refusals_are_counted),
        WITH_TWO(test_every_door_from_every_state),
        WITH_TWO(test_children_do_not_get_the_slots),
        cmocka_unit_test(test_eight_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
