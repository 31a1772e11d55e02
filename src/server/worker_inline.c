/* worker_inline.c - mode inline: the accept loop's own thread serves, one client at a time.
 *
 * The baseline that thread and fork are measured against, and the mode for debuggers. While the
 * worker waits for its client it runs the accept loop, so timeouts, signals, the dump and the
 * policies for a full table work as in the other modes. */
#include <poll.h>
#include <unistd.h>

#include "server/accept_loop.h"
#include "server/clock.h"
#include "server/server.h"

/* A struct conn_waiter: an epoll descriptor is itself readable when it has events. */
static int wait_and_loop(void *context, int fd, short events, int timeout_ms) REQUIRES(ACCEPT_LOOP)
{
    struct thrdsrv_server *server = context;
    int loop_ms = accept_loop_prepare(server);
    struct pollfd pollfds[] = {{.fd = fd, .events = events},
                               {.fd = server->epoll, .events = POLLIN}};
    int wait_ms = timeout_ms < 0 || (loop_ms >= 0 && loop_ms < timeout_ms) ? loop_ms : timeout_ms;
    int ready = poll(pollfds, 2, wait_ms);
    /* Control work that is due comes first: a busy client cannot keep a stop from being heard. */
    if (ready <= 0 || pollfds[1].revents || loop_ms == 0)
        accept_loop_turn(server, 0);
    return ready > 0 && pollfds[0].revents ? 1 : 0;
}

static int start(struct thrdsrv_server *server, struct SockInfo *slot)
{
    struct conn_waiter waiter = {wait_and_loop, server};
    pid_t self = gettid();
    slot->cpu_began_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    int fd = slot_table_activate(&server->table, slot, self);
    enum thrdsrv_end_reason reason = worker_run(slot, fd, self, &waiter);
    slot_table_release(&server->table, slot, reason, 0);
    return 0;
}

const struct worker_model worker_inline = {
    .name = "inline",
    .start = start,
    .request_stop = worker_request_stop,
};
