/* worker.c - what all worker models have in common: serving one connection, and its end.
 *
 * Does not know how a worker is started. Runs on the worker's thread, or in its process. */
#include "server/worker.h"

#include <sys/resource.h>
#include <unistd.h>

#include "server/report.h"
#include "server/server.h"

const struct worker_model *worker_model_of(enum thrdsrv_mode mode)
{
    switch (mode) {
    case THRDSRV_MODE_THREAD:
        return &worker_thread;
    case THRDSRV_MODE_FORK:
        return &worker_fork;
    case THRDSRV_MODE_INLINE:
        return &worker_inline;
    }
    return NULL;
}

bool thrdsrv_mode_supported(enum thrdsrv_mode mode)
{
    const struct worker_model *model = worker_model_of(mode);
    return model && model->start;
}

static enum thrdsrv_end_reason reason_of(int result, const struct thrdsrv_conn *conn)
{
    switch (result) {
    case THRDSRV_E_RESET:
        return THRDSRV_END_RESET;
    case THRDSRV_E_SYSTEM:
    case THRDSRV_E_MEMORY:
        return THRDSRV_END_ERROR;
    case THRDSRV_E_EOF:
        return THRDSRV_END_EOF;
    default:
        if (result < 0)
            return THRDSRV_END_FAILED;
        return conn->end_of_input ? THRDSRV_END_EOF : THRDSRV_END_DONE;
    }
}

static enum thrdsrv_end_reason serve(struct thrdsrv_conn *conn)
{
    const struct thrdsrv_config *config = &conn->slot->server->config;
    if (config->on_start)
        config->on_start(conn, config->user);
    int result = config->handler ? conn_run_handler(conn, config->handler)
                                 : config->serve(conn, config->user);
    enum thrdsrv_end_reason reason = progress_cut(conn->progress);
    if (reason == THRDSRV_END_NONE)
        reason = reason_of(result, conn);
    progress_set_ended(conn->progress, reason);
    conn_linger(conn);
    return reason;
}

/* Never inlined, so that the memory for lines lies below the connection, and is on the stack only
 * where it may be wanted. */
static __attribute__((noinline)) enum thrdsrv_end_reason serve_with_lines(struct thrdsrv_conn *conn)
{
    char ahead[CONN_AHEAD_SIZE];
    conn->ahead = ahead;
    return serve(conn);
}

/* Only code of the host's can ask for lines. Without the memory for them a worker that runs a
 * sans-I/O handler and waits has touched one page of its stack. */
enum thrdsrv_end_reason worker_serve(struct SockInfo *slot, int fd,
                                     const struct conn_waiter *waiter)
{
    const struct thrdsrv_config *config = &slot->server->config;
    struct thrdsrv_conn conn;
    conn_init(&conn, slot, fd, waiter);
    return config->serve || config->on_start ? serve_with_lines(&conn) : serve(&conn);
}

enum thrdsrv_end_reason worker_run(struct SockInfo *slot, int fd, pid_t worker,
                                   const struct conn_waiter *waiter)
{
    struct thrdsrv_server *server = slot->server;
    bool report = report_end_wanted(server);
    struct rusage before = {0}, after = {0};
    if (report)
        getrusage(RUSAGE_THREAD, &before);

    enum thrdsrv_end_reason reason = worker_serve(slot, fd, waiter);
    slot_table_take(&server->table, slot);
    close(fd);

    if (report) {
        getrusage(RUSAGE_THREAD, &after);
        report_usage_since(&after, &before);
        report_end(slot, worker, (struct end){reason, 0}, &after);
    }
    return reason;
}
