/* stop_clock - see stop_clock.h. */
#include "stop_clock.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "patience.h"

enum { LATE_MS = 100, NAP_US = 1000, USUAL_US = 1500 };

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Without taking its status. */
static bool has_ended(const struct process *server)
{
    siginfo_t status = {.si_pid = 0};
    return waitid(P_PID, (id_t)server->pid, &status, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           status.si_pid == server->pid;
}

struct stop_time stop_clock(struct process *server)
{
    struct stop_time time = {0};
    int64_t deadline = patience();
    process_signal(server, SIGTERM);
    int64_t begin = now_us();
    int64_t last = begin;
    while (!has_ended(server) && time_left(deadline) > 0) {
        nanosleep(&(struct timespec){.tv_nsec = NAP_US * 1000}, NULL);
        int64_t napped = now_us() - last;
        time.held_up_us += napped > USUAL_US ? napped - NAP_US : 0;
        last += napped;
    }
    time.took_us = last - begin;
    int status = process_wait_exit(server);
    assert_true(status == 0 || status == 3);
    server->expect_exit = status;
    return time;
}

void stop_clock_check(struct stop_time time, int64_t drain_ms)
{
    if (time.took_us > (drain_ms + allow_ms(LATE_MS)) * 1000 + time.held_up_us)
        suite_fail("%lld us from SIGTERM to the end with a drain of %lld ms (and %lld us during "
                   "which the test was held up, too)",
                   (long long)time.took_us, (long long)drain_ms, (long long)time.held_up_us);
}
