/* test_24_limit_counted_late - class 24: connections are counted when they are already served, or
 * no longer counted while they still are, and a burst gets past the limit.
 *
 * Seen in: CVE-2021-21294.
 * Here: a handler that counts itself in and out, across processes too, at its first and its last
 * instruction; ten times as many clients as slots at once, under each policy for a full server. The
 * handler sees 8 of itself, as many as there are slots, and never more. The peak among the server's
 * counters agrees, and nobody but the refused goes without an answer. */
#include <stdatomic.h>
#include <string.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "suite.h"

enum { SLOTS = 8, BURST = 10 * SLOTS, ROUNDS = 5 };

/* Shared with children. */
struct gauge {
    atomic_int now;
    atomic_int most;
    atomic_int served;
};

static struct gauge *gauge;

static void count_in(void)
{
    int now = atomic_fetch_add(&gauge->now, 1) + 1;
    int most = atomic_load(&gauge->most);
    while (now > most && !atomic_compare_exchange_weak(&gauge->most, &most, now))
        continue;
}

/* One byte, the end of the client's side, and then a moment of work that nobody outside can see. */
static int serve_gauged(struct thrdsrv_conn *conn, void *user)
{
    char byte;
    (void)user;
    count_in();
    if (thrdsrv_conn_write(conn, "s", 1) == 0)
        while (thrdsrv_conn_read(conn, &byte, 1) > 0)
            continue;
    let_pass(1);
    atomic_fetch_add(&gauge->served, 1);
    atomic_fetch_sub(&gauge->now, 1);
    return 0;
}

static int slots(const struct embedded *e)
{
    return e->config.mode == THRDSRV_MODE_INLINE ? 1 : SLOTS;
}

/* All that there is room for are in, before the first of them may leave. */
static void wait_until_full(const struct embedded *e)
{
    int64_t deadline = patience();
    while (atomic_load(&gauge->now) < slots(e))
        if (!look_again(deadline))
            suite_fail("%d handlers run for %d slots", atomic_load(&gauge->now), slots(e));
}

/* Returns how many clients were served; each of the others was refused. */
static int burst(struct embedded *e)
{
    int fds[BURST];
    int served = 0;
    for (int i = 0; i < BURST; i++)
        fds[i] = client_connect(e->address);
    wait_until_full(e);
    for (int i = 0; i < BURST; i++) {
        char got[8] = "";
        client_half_close(fds[i]);
        size_t count = client_read(fds[i], got, sizeof got);
        served += count == 1 && got[0] == 's';
        client_close(fds[i]);
    }
    embedded_wait_idle(e);
    return served;
}

static void bursts_under(struct embedded *e, enum thrdsrv_when_full policy)
{
    int served = 0;
    gauge = shared_memory(sizeof *gauge);
    memset(gauge, 0, sizeof *gauge);
    embedded_serve(e, serve_gauged);
    e->config.slots = SLOTS;
    e->config.when_full = policy;
    e->config.busy_text = "full\r\n";
    e->config.log_level = THRDSRV_LOG_WARN;
    embedded_start(e);
    for (int round = 0; round < ROUNDS; round++)
        served += burst(e);
    struct thrdsrv_stats stats = embedded_stats(e);
    embedded_finish(e);
    assert_int_equal(atomic_load(&gauge->most), slots(e));
    assert_int_equal(stats.peak, slots(e));
    assert_int_equal(atomic_load(&gauge->served), stats.served);
    assert_int_equal(served, stats.served);
    assert_int_equal(stats.served + stats.refused_full, ROUNDS * BURST);
    if (policy == THRDSRV_FULL_WAIT)
        assert_int_equal(stats.refused_full, 0);
}

static void burst_that_waits(struct embedded *e)
{
    bursts_under(e, THRDSRV_FULL_WAIT);
}

static void burst_that_is_closed(struct embedded *e)
{
    bursts_under(e, THRDSRV_FULL_CLOSE);
}

static void burst_that_is_told(struct embedded *e)
{
    bursts_under(e, THRDSRV_FULL_BUSY);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(burst_that_waits),
        EMBEDDED_CASE(burst_that_is_closed),
        EMBEDDED_CASE(burst_that_is_told),
    };
    return cmocka_run_group_tests_name("24_limit_counted_late", cases, NULL, NULL);
}
