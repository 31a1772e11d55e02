/* test_full - more clients than slots, under each policy of --when-full. */
#include <signal.h>
#include <string.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { TRIES = 10 };

/* Mode inline has one slot, whatever --slots says. */
static size_t slots(void)
{
    return suite_mode() == THRDSRV_MODE_INLINE ? 1 : 2;
}

static void fill(struct process *server, int *held)
{
    for (size_t i = 0; i < slots(); i++)
        held[i] = client_served(process_address(server));
}

/* The kernel's backlog holds those who wait; whoever came first is served first. */
static void wait_serves_the_oldest_next(struct process *server)
{
    enum { WAITING = 4 };
    int held[2];
    int waiting[WAITING];
    process_start(server, "--slots=2", "--when-full=wait", NULL);
    fill(server, held);
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = client_connect(process_address(server));
        client_send_text(waiting[i], "me");
    }
    assert_int_equal(process_counter(server, "accepted"), slots());
    client_leave(held[0]);
    for (int i = 0; i < WAITING; i++) {
        client_expect_text(waiting[i], "me");
        assert_int_equal(process_counter(server, "accepted"), slots() + (size_t)i + 1);
        for (int later = i + 1; later < WAITING; later++)
            assert_false(client_has_news(waiting[later]));
        client_leave(waiting[i]);
    }
    if (slots() > 1)
        client_leave(held[1]);
    assert_int_equal(process_counter(server, "refused_full"), 0);
    assert_int_equal(process_log_count(server, "level=warn"), 0);
}

/* A full server that nobody leaves uses no processor time: the listener is not polled. */
static void wait_costs_nothing(struct process *server)
{
    int held[2];
    process_start(server, "--slots=2", NULL);
    fill(server, held);
    for (int i = 0; i < 20; i++)
        client_connect(process_address(server));
    process_dump(server);
    int64_t before = proc_cpu_ns(server->pid);
    let_pass(500);
    int64_t used = proc_cpu_ns(server->pid) - before;
    if (used > 10 * 1000000 * allow_ms(1))
        suite_fail("%lld ms of processor time while full", (long long)used / 1000000);
}

/* A client that speaks first, as most do, gets the text too and not a reset. */
static void busy_reaches_a_client_that_has_spoken(struct process *server)
{
    int held[2];
    process_start(server, "--slots=2", "--when-full=busy:full", "--log=notice", NULL);
    fill(server, held);
    /* The server cannot see the refused ones before it goes on, so they have all spoken. */
    process_signal(server, SIGSTOP);
    int fds[TRIES];
    for (int i = 0; i < TRIES; i++) {
        fds[i] = client_connect(process_address(server));
        client_send_text(fds[i], "hello, anybody there?\r\n");
    }
    process_signal(server, SIGCONT);
    for (int i = 0; i < TRIES; i++) {
        client_expect_text(fds[i], "full\r\n");
        client_expect_eof(fds[i]);
    }
}

/* Whoever is refused in a burst is told; whoever is served is served right; nobody is neither. */
static void burst_is_served_or_refused(struct process *server)
{
    enum { BURST = 200 };
    int fds[BURST];
    long long refused = 0;
    process_start(server, "--slots=8", "--when-full=busy:no", NULL);
    for (int i = 0; i < BURST; i++)
        fds[i] = client_connect(process_address(server));
    for (int i = 0; i < BURST; i++) {
        char got[8] = "";
        client_half_close(fds[i]);
        size_t count = client_read_all(fds[i], got, sizeof got);
        if (count != 0 && (count != 4 || memcmp(got, "no\r\n", 4) != 0))
            suite_fail("client %d hears %zu other bytes", i, count);
        refused += count == 4;
    }
    process_wait_counter(server, "active", 0);
    assert_int_equal(process_counter(server, "refused_full"), refused);
    assert_int_equal(process_counter(server, "served"), BURST - refused);
    assert_true(process_counter(server, "peak") <= 8);
}

/* Refusals are logged once a second, however many there are. */
static void refusals_do_not_flood_the_log(struct process *server)
{
    int held[2];
    process_start(server, "--slots=2", "--when-full=close", NULL);
    fill(server, held);
    int64_t begin = now_ms();
    for (int i = 0; i < 300; i++) {
        int fd = client_connect(process_address(server));
        client_wait_end(fd);
        client_close(fd);
    }
    process_wait_counter(server, "refused_full", 300);
    int64_t seconds = (now_ms() - begin) / 1000;
    size_t lines = process_log_count(server, "msg=\"connection refused\"");
    assert_in_range(lines, 1, (size_t)seconds + 2);
}

/* A reset in the backlog: the client has gone before anybody accepted it. */
static void waiting_client_that_goes_does_no_harm(struct process *server)
{
    int held[2];
    process_start(server, "--slots=2", NULL);
    fill(server, held);
    for (int i = 0; i < TRIES; i++)
        client_reset(client_connect(process_address(server)));
    int last = client_connect(process_address(server));
    client_send_text(last, "me");
    client_leave(held[0]);
    client_expect_text(last, "me");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(wait_serves_the_oldest_next),           CASE(wait_costs_nothing),
        CASE(busy_reaches_a_client_that_has_spoken), CASE(burst_is_served_or_refused),
        CASE(refusals_do_not_flood_the_log),         CASE(waiting_client_that_goes_does_no_harm),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("full", cases, NULL, NULL);
}
