/* server.c - the life of a server: create, run, requests, destroy.
 *
 * What happens between the start and the end of run() is the accept loop's (accept_loop.c). Knows
 * no sockets, threads or processes. Threads: see <thrdsrv/server.h> at each function. */
#include "server/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "server/accept_loop.h"
#include "server/clock.h"
#include "server/descriptor.h"
#include "server/report.h"
#include "server/wakeup.h"

/* Logs that what failed with error, and returns error; errno is kept. */
static int failed(const struct thrdsrv_server *server, const char *what, int error)
{
    struct log_line line;
    int kept = errno;
    log_begin(&line, "cannot create the server");
    log_text(&line, "call", what);
    log_text(&line, "error", error == THRDSRV_E_SYSTEM ? strerror(kept) : thrdsrv_strerror(error));
    log_send(&server->config, THRDSRV_LOG_ERROR, &line);
    errno = kept;
    return error;
}

/* listener_open() logs its own failures. */
static int open_listeners(struct thrdsrv_server *server)
{
    server->listeners = calloc(2 * server->config.listen_count, sizeof *server->listeners);
    if (!server->listeners)
        return failed(server, "calloc", THRDSRV_E_MEMORY);
    for (size_t i = 0; i < server->config.listen_count; i++) {
        unsigned count;
        int error = listener_open(&server->listeners[server->listener_count], &count,
                                  server->config.listen[i], &server->config);
        if (error < 0)
            return error;
        server->listener_count += count;
    }
    return 0;
}

static void close_all(struct thrdsrv_server *server)
{
    for (unsigned i = 0; i < server->listener_count; i++)
        listener_close(&server->listeners[i]);
    free(server->listeners);
    if (server->epoll >= 0)
        close(server->epoll);
    close(server->wakeup);
}

static int open_all(struct thrdsrv_server *server)
{
    server->epoll = descriptor_above_standard(epoll_create1(EPOLL_CLOEXEC));
    if (server->epoll < 0)
        return failed(server, "epoll_create1", THRDSRV_E_SYSTEM);
    int error = open_listeners(server);
    if (error < 0)
        return error;
    error = accept_loop_init(server);
    return error < 0 ? failed(server, "epoll_ctl", error) : 0;
}

static void set_timeouts(struct thrdsrv_server *server)
{
    const struct thrdsrv_config *config = &server->config;
    server->timeouts = (struct timeouts){
        .idle_ms = config->idle_ms,
        .first_byte_ms = config->first_byte_ms,
        .write_stall_ms = config->write_stall_ms,
        .lifetime_ms = config->lifetime_ms,
        .rate_bytes = config->min_rate_bytes,
        .rate_ms = config->min_rate_ms,
    };
}

/* Everything that has to be given back; on failure it has been. */
static int create_open(struct thrdsrv_server *server)
{
    unsigned slots = server->config.mode == THRDSRV_MODE_INLINE ? 1 : server->config.slots;
    server->wakeup = wakeup_open();
    if (server->wakeup < 0)
        return failed(server, "eventfd", THRDSRV_E_SYSTEM);
    int error = slot_table_init(&server->table, slots, server, server->wakeup);
    if (error < 0) {
        close(server->wakeup);
        return failed(server, "slot_table_init", error);
    }
    error = open_all(server);
    if (error < 0) {
        int kept = errno;
        close_all(server);
        slot_table_fini(&server->table);
        errno = kept;
    }
    return error;
}

int thrdsrv_server_create(const struct thrdsrv_config *config, struct thrdsrv_server **result)
{
    *result = NULL;
    struct thrdsrv_server *server = calloc(1, sizeof *server);
    if (!server)
        return THRDSRV_E_MEMORY;
    server->epoll = -1;
    server->check_at_ms = CLOCK_NEVER;
    int error = config_copy(&server->config, config);
    if (error == THRDSRV_E_MEMORY)
        failed(server, "strdup", error);
    if (error == 0) {
        server->model = worker_model_of(server->config.mode);
        set_timeouts(server);
        error = create_open(server);
    }
    if (error == 0) {
        *result = server;
        return 0;
    }
    int kept = errno;
    config_free(&server->config);
    free(server);
    errno = kept;
    return error;
}

int thrdsrv_server_run(struct thrdsrv_server *server)
{
    if (server->ran)
        return THRDSRV_E_INVALID;
    server->ran = true;
    report_start(server);
    while (server->phase != PHASE_STOPPED)
        accept_loop_turn(server, accept_loop_prepare(server));
    if (server->model->settle)
        server->model->settle(server);
    report_stop(server);
    if (server->failed_errno == 0)
        return 0;
    errno = server->failed_errno;
    return THRDSRV_E_SYSTEM;
}

static void request(struct thrdsrv_server *server, enum request what)
{
    atomic_fetch_or(&server->requests, (unsigned)what);
    wakeup_send(server->wakeup);
}

void thrdsrv_server_quiesce(struct thrdsrv_server *server)
{
    request(server, REQUEST_QUIESCE);
}

void thrdsrv_server_stop(struct thrdsrv_server *server)
{
    request(server, REQUEST_STOP);
}

void thrdsrv_server_dump(struct thrdsrv_server *server)
{
    request(server, REQUEST_DUMP);
}

int thrdsrv_server_address(const struct thrdsrv_server *server, size_t index, char *buf,
                           size_t size)
{
    if (index >= server->listener_count)
        return THRDSRV_E_INVALID;
    size_t length = strlen(server->listeners[index].text);
    if (length >= size)
        return THRDSRV_E_INVALID;
    memcpy(buf, server->listeners[index].text, length + 1);
    return (int)length;
}

void thrdsrv_server_stats(struct thrdsrv_server *server, struct thrdsrv_stats *stats)
{
    slot_table_stats(&server->table, stats);
}

void thrdsrv_server_destroy(struct thrdsrv_server *server)
{
    if (!server)
        return;
    close_all(server);
    slot_table_fini(&server->table);
    config_free(&server->config);
    free(server);
}
