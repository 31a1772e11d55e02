/* test_stop_under_load - from SIGTERM to the end of the process it takes the drain and no more than
 * 100 ms, at whatever moment, under clients that never rest: 16 that exchange bytes and stay, so
 * that all of them have to be cut, and others that come and go.
 *
 * 15 stops by default; THRD_SCALE=6667 is the whole thousand. The figures are printed: what was
 * needed beyond the drain of 50 ms, and how long the machine held it up (see
 * stop_clock.h). */
#include <stdlib.h>

#include "patience.h"
#include "process_log.h"
#include "stop_clock.h"
#include "suite.h"
#include "traffic.h"

enum { STOPS = 15, MOST_STOPS = 1000, DRAIN_MS = 50 };

/* Mode inline serves one of them, the others wait. */
static size_t clients(void)
{
    return suite_mode() == THRDSRV_MODE_INLINE ? 1 : 16;
}

static int by_size(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one;
    int64_t b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* Sorts the values. */
static void print_figures(const char *what, int64_t *us, size_t count)
{
    qsort(us, count, sizeof *us, by_size);
    print_message("%zu stops, %s: median %.1f ms, p99 %.1f ms, most %.1f ms\n", count, what,
                  (double)us[count / 2] / 1000, (double)us[(count - 1) * 99 / 100] / 1000,
                  (double)us[count - 1] / 1000);
}

static struct stop_time stop_under_load(struct process *server, size_t round)
{
    process_start(server, "--drain=50ms", "--log=notice", NULL);
    pid_t traffic = traffic_start(process_address(server), clients());
    while (process_counter(server, "active") < (long long)clients())
        continue;
    let_pass((int64_t)(round % 7)); /* not always at the same moment */
    struct stop_time time = stop_clock(server);
    traffic_stop(traffic);
    assert_int_equal(server->expect_exit, 3);
    process_renew(server);
    return time;
}

static void stops_in_time_every_time(struct process *server)
{
    static int64_t beyond_us[MOST_STOPS];
    static int64_t held_up_us[MOST_STOPS];
    static int64_t own_us[MOST_STOPS];
    size_t count = scaled(STOPS) < MOST_STOPS ? scaled(STOPS) : MOST_STOPS;
    size_t late = 0;
    for (size_t i = 0; i < count; i++) {
        struct stop_time time = stop_under_load(server, i);
        late += !stop_clock_in_time(time, DRAIN_MS);
        beyond_us[i] = time.took_us - DRAIN_MS * 1000;
        held_up_us[i] = time.held_up_us;
        own_us[i] = beyond_us[i] > held_up_us[i] ? beyond_us[i] - held_up_us[i] : 0;
    }
    print_figures("beyond the drain", beyond_us, count);
    print_figures("held up by the machine", held_up_us, count);
    print_figures("beyond the drain and that", own_us, count);
    if (late > 0)
        suite_fail("%zu of %zu stops were late", late, count);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(stops_in_time_every_time),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("stop_under_load", cases, NULL, NULL);
}
