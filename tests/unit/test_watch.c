/* When the accept loop looks at its slots: often enough, not too often, and what cutting costs does
 * not put off the next look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/clock.h"
#include "server/server.h"
#include "server/wakeup.h"
#include "server/watch.h"
#include "thrd_process.h"

#define NOW_MS     1000
#define CUT_CPU_MS 50

static struct thrdsrv_server server;
static int cuts;

/* A cut that takes much longer than a look at the slots. */
static void cut_slowly(struct SockInfo *slot, bool force)
{
    (void)slot;
    (void)force;
    int64_t end_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) + CUT_CPU_MS * 1000000;
    while (clock_read_ns(CLOCK_THREAD_CPUTIME_ID) < end_ns)
        continue;
    cuts++;
}

static void cut_quickly(struct SockInfo *slot, bool force)
{
    (void)slot;
    (void)force;
    cuts++;
}

static const struct worker_model quick_to_cut = {.name = "quick", .request_stop = cut_quickly};
static const struct worker_model slow_to_cut = {.name = "slow", .request_stop = cut_slowly};

static int set_up(void **state)
{
    (void)state;
    server = (struct thrdsrv_server){.model = &slow_to_cut, .check_at_ms = CLOCK_NEVER};
    server.wakeup = wakeup_open();
    cuts = 0;
    return server.wakeup < 0 ? -1 : slot_table_init(&server.table, 2, &server, server.wakeup);
}

static int tear_down(void **state)
{
    (void)state;
    slot_table_fini(&server.table);
    return close(server.wakeup);
}

/* A connection that was accepted at time 0. */
static struct SockInfo *serve_one(void)
{
    struct SockInfo *slot = slot_table_reserve(&server.table);
    slot->accepted_at_ns = 0;
    slot_table_book(&server.table, slot, 5);
    slot_table_activate(&server.table, slot, 7);
    return slot;
}

static void end(struct SockInfo *slot)
{
    slot_table_take(&server.table, slot);
    slot_table_release(&server.table, slot, THRDSRV_END_LIFETIME, 0);
}

static void test_a_cut_does_not_put_off_the_next_look(void **state)
{
    (void)state;
    server.timeouts.lifetime_ms = NOW_MS;
    struct SockInfo *slot = serve_one();
    watch_check(&server, NOW_MS);
    assert_int_equal(cuts, 1);
    watch_by(&server, NOW_MS);
    /* By a twentieth it would be CUT_CPU_MS * 20. Two slots are looked at in microseconds. */
    assert_in_range(server.check_at_ms, NOW_MS + 10, NOW_MS + CUT_CPU_MS * 10);
    end(slot);
}

static void test_a_new_connection_does_not_hasten_the_next_look(void **state)
{
    (void)state;
    watch_check(&server, NOW_MS);
    assert_true(server.check_at_ms == CLOCK_NEVER); /* no slot is in use */
    watch_by(&server, NOW_MS + 1);
    assert_in_range(server.check_at_ms, NOW_MS + 10, NOW_MS + CUT_CPU_MS * 10);
}

static void test_a_look_is_taken_when_it_is_asked_for(void **state)
{
    (void)state;
    watch_by(&server, NOW_MS + 2);
    assert_int_equal(server.check_at_ms, NOW_MS + 2);
    watch_by(&server, NOW_MS + 3); /* the earlier wish stays */
    assert_int_equal(server.check_at_ms, NOW_MS + 2);
}

/* Between its last answer and its release: cut or not, and the server stopping or not. */
static void test_a_worker_that_ends_by_itself_is_let_be(void **state)
{
    (void)state;
    struct SockInfo *slot = serve_one();
    slot_table_take(&server.table, slot);
    watch_check(&server, NOW_MS);
    assert_true(server.check_at_ms == CLOCK_NEVER);
    server.phase = PHASE_CUTTING;
    watch_check(&server, NOW_MS);
    assert_in_range(server.check_at_ms, NOW_MS + 10, NOW_MS + 100);
    assert_int_equal(cuts, 0);
    slot_table_release(&server.table, slot, THRDSRV_END_DONE, 0);
}

static void test_a_worker_that_lingers_after_its_cut_is_forced_in_time(void **state)
{
    (void)state;
    server.phase = PHASE_CUTTING;
    struct SockInfo *slot = serve_one();
    watch_check(&server, NOW_MS);
    assert_int_equal(cuts, 1);
    assert_int_equal(server.check_at_ms, NOW_MS + 50);
    watch_check(&server, NOW_MS + 20); /* too early */
    assert_int_equal(cuts, 1);
    assert_int_equal(server.check_at_ms, NOW_MS + 50);
    watch_check(&server, NOW_MS + 50);
    assert_int_equal(cuts, 2);
    end(slot);
}

/* So many slots that to look at them takes longer than a twentieth of the usual pause. Nothing for
 * DRD, for which so many semaphores are a matter of minutes. */
static void test_a_long_look_is_followed_by_a_long_rest(void **state)
{
    (void)state;
    if (process_is_wrapped())
        skip();
    slot_table_fini(&server.table);
    assert_int_equal(slot_table_init(&server.table, 500000, &server, server.wakeup), 0);
    watch_check(&server, NOW_MS);
    assert_in_range(server.rest_until_ms, NOW_MS + 11, NOW_MS + 60000);
}

/* A worker that has been reserved announces itself at any moment. */
static void test_a_worker_that_begins_is_looked_at_soon(void **state)
{
    (void)state;
    struct SockInfo *slot = slot_table_reserve(&server.table);
    watch_check(&server, NOW_MS);
    assert_in_range(server.check_at_ms, NOW_MS + 10, NOW_MS + 100);
    slot_table_unreserve(&server.table, slot);
}

/* The lock is given back in between, so a large table is looked at in parts. */
static void test_every_slot_of_a_large_table_is_looked_at(void **state)
{
    (void)state;
    struct SockInfo *slots[600];
    const unsigned count = sizeof slots / sizeof *slots;
    slot_table_fini(&server.table);
    assert_int_equal(slot_table_init(&server.table, count, &server, server.wakeup), 0);
    server.model = &quick_to_cut;
    server.timeouts.lifetime_ms = NOW_MS;
    for (unsigned i = 0; i < count; i++)
        slots[i] = serve_one();
    watch_check(&server, NOW_MS);
    assert_int_equal(cuts, count);
    for (unsigned i = 0; i < count; i++)
        end(slots[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_cut_does_not_put_off_the_next_look, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_connection_does_not_hasten_the_next_look, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_look_is_taken_when_it_is_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_worker_that_ends_by_itself_is_let_be, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_worker_that_lingers_after_its_cut_is_forced_in_time,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_look_is_followed_by_a_long_rest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_worker_that_begins_is_looked_at_soon, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_slot_of_a_large_table_is_looked_at, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
