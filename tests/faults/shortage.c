/* shortage - see shortage.h. */
#include "shortage.h"

#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "patience.h"
#include "process_log.h"

enum { MOST = 64, REFUSALS = 10, TOLD_MS = 100 };

void shortage_need_silent_tool(void)
{
    const char *wrapper = getenv("THRD_WRAPPER");
    if (suite_mode() == THRDSRV_MODE_THREAD && wrapper != NULL &&
        (strstr(wrapper, "helgrind") || strstr(wrapper, "drd")))
        suite_skip("Helgrind and DRD report each pthread_create that fails");
}

/* Connects until a client is refused. Returns how many are served. */
static size_t fill(struct process *server, int *held)
{
    size_t count = 0;
    for (;;) {
        assert_true(count < MOST);
        int fd = client_connect(process_address(server));
        if (!client_try_echo(fd, "ping")) {
            client_close(fd);
            return count;
        }
        held[count++] = fd;
    }
}

/* The quickest counts: another program may hold up each one of them. */
static void expect_refusals(struct process *server)
{
    int64_t quickest = INT64_MAX;
    for (int i = 0; i < REFUSALS; i++) {
        int64_t begin = now_ms();
        int fd = client_connect(process_address(server));
        client_wait_end(fd);
        int64_t took = now_ms() - begin;
        quickest = took < quickest ? took : quickest;
        client_close(fd);
    }
    if (quickest >= allow_ms(TOLD_MS))
        suite_fail("%lld ms until a refused client hears the end", (long long)quickest);
}

void shortage_of_workers(struct process *server)
{
    int held[MOST];
    size_t count = fill(server, held);
    assert_true(count >= 2);
    process_log_wait(server, "level=warn msg=\"cannot start worker\"");
    struct process_baseline full = process_baseline(server);
    int64_t begin = now_ms();
    expect_refusals(server);
    process_wait_counter(server, "spawn_failures", REFUSALS + 1);
    process_wait_baseline(server, full);
    assert_int_equal(process_counter(server, "active"), count);
    assert_in_range(process_log_count(server, "msg=\"cannot start worker\""), 1,
                    (size_t)(now_ms() - begin) / 1000 + 2);
    for (size_t i = 0; i < count; i++)
        client_echo(held[i], "still here");
    client_leave(held[0]);
    process_log_wait(server, "msg=end conn=1 end=eof");
    process_wait_counter(server, "active", (long long)count - 1);
    /* The kernel may take a moment longer to count a task out than to end it. */
    int64_t deadline = patience();
    while (!shortage_client_is_served(server))
        if (!look_again(deadline))
            suite_fail("nobody is served after a worker has ended");
}

void shortage_set_limit(struct process *server, int resource, rlim_t limit)
{
    struct rlimit now;
    assert_int_equal(prlimit(server->pid, resource, NULL, &now), 0);
    now.rlim_cur = limit != 0 ? limit : now.rlim_max;
    assert_int_equal(prlimit(server->pid, resource, &now, NULL), 0);
}

bool shortage_client_is_served(struct process *server)
{
    int fd = client_connect(process_address(server));
    bool served = client_try_echo(fd, "me too");
    client_close(fd);
    return served;
}
