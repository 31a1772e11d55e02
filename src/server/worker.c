/* worker.c - what all worker models have in common: serving one connection, and its end.
 *
 * Does not know how a worker is started. Runs on the worker's thread, or in its process. */
#include "server/worker.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/program.h"
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

struct end worker_end_of(const siginfo_t *status)
{
    if (status->si_pid == 0) /* somebody else has reaped it */
        return (struct end){THRDSRV_END_ERROR, 0};
    return (struct end){status->si_code == CLD_EXITED ? THRDSRV_END_EXIT : THRDSRV_END_SIGNAL,
                        status->si_status};
}

static struct end run_program(struct thrdsrv_conn *conn, struct program_run *run)
{
    struct thrdsrv_server *server = conn->slot->server;
    if (!server->model->is_process)
        return program_run(conn, &server->program, run);
    int error = program_become(conn, &server->program);
    progress_set_error(conn->progress, error);
    return (struct end){THRDSRV_END_NO_PROGRAM, error};
}

static struct end run_service(struct thrdsrv_conn *conn, struct program_run *run)
{
    const struct thrdsrv_config *config = &conn->slot->server->config;
    if (config->on_start)
        config->on_start(conn, config->user);
    if (config->program)
        return run_program(conn, run);
    int result = config->handler ? conn_run_handler(conn, config->handler)
                                 : config->serve(conn, config->user);
    return (struct end){reason_of(result, conn), 0};
}

static struct end serve(struct thrdsrv_conn *conn, struct program_run *run)
{
    struct end end = run_service(conn, run);
    enum thrdsrv_end_reason cut = progress_cut(conn->progress);
    if (cut != THRDSRV_END_NONE)
        end = (struct end){cut, 0};
    progress_set_ended(conn->progress, end.reason);
    conn_linger(conn);
    return end;
}

/* Never inlined, so that the memory for lines lies below the connection, and is on the stack only
 * where it may be wanted. */
static __attribute__((noinline)) struct end serve_with_lines(struct thrdsrv_conn *conn,
                                                             struct program_run *run)
{
    char ahead[CONN_AHEAD_SIZE];
    conn->ahead = ahead;
    return serve(conn, run);
}

/* Only code of the host's can ask for lines. Without the memory for them a worker that runs a
 * sans-I/O handler and waits has touched one page of its stack. */
struct end worker_serve(struct SockInfo *slot, int fd, const struct conn_waiter *waiter,
                        struct program_run *run)
{
    const struct thrdsrv_config *config = &slot->server->config;
    struct thrdsrv_conn conn;
    conn_init(&conn, slot, fd, waiter);
    return config->serve || config->on_start ? serve_with_lines(&conn, run) : serve(&conn, run);
}

enum thrdsrv_end_reason worker_run(struct SockInfo *slot, int fd, pid_t worker,
                                   const struct conn_waiter *waiter)
{
    struct thrdsrv_server *server = slot->server;
    bool report = report_end_wanted(server);
    struct rusage before = {0}, after = {0};
    struct program_run run = {0};
    if (report)
        getrusage(RUSAGE_THREAD, &before);

    struct end end = worker_serve(slot, fd, waiter, &run);
    slot_table_take(&server->table, slot);
    close(fd);

    if (report) {
        getrusage(RUSAGE_THREAD, &after);
        report_usage_since(&after, &before);
        report_usage_add(&after, &run.usage);
    }
    report_end(slot, run.pid > 0 ? run.pid : worker, end, &after);
    return end.reason;
}

/* The fd is in the table, so it is open and the worker's: see slot_table.h. A thread cannot be
 * ended from outside; its handler returns when calls fail. A program is told as a child is, and its
 * input ends, too: so do those that it has started. */
void worker_request_stop(struct SockInfo *slot, bool force)
{
    if (slot->fd >= 0)
        shutdown(slot->fd, SHUT_RDWR);
    if (slot->process.pid > 0)
        subprocess_signal_group(&slot->process, force ? SIGKILL : SIGTERM);
}
