/* report.c - see report.h. The words are documented in thrd(1): tests and operators read them. */
#include "server/report.h"

#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/server.h"

static void text_of_addresses(struct log_line *line, const struct thrdsrv_server *server)
{
    for (unsigned i = 0; i < server->listener_count; i++)
        log_text(line, "listen", server->listeners[i].text);
}

void report_start(const struct thrdsrv_server *server)
{
    struct log_line line;
    log_begin(&line, "start");
    log_text(&line, "mode", server->model->name);
    log_text(&line, "handler", server->config.name);
    log_number(&line, "slots", server->table.count);
    text_of_addresses(&line, server);
    log_send(&server->config, THRDSRV_LOG_NOTICE, &line);
}

void report_quiesce(const struct thrdsrv_server *server, unsigned active, const char *how)
{
    struct log_line line;
    log_begin(&line, how);
    log_number(&line, "active", active);
    log_milliseconds(&line, "drain", server->config.drain_ms > 0 ? server->config.drain_ms : 0);
    log_send(&server->config, THRDSRV_LOG_NOTICE, &line);
}

static void put_counters(struct log_line *line, struct thrdsrv_server *server)
{
    struct thrdsrv_stats stats;
    slot_table_stats(&server->table, &stats);
    log_begin(line, "counters");
    log_number(line, "accepted", stats.accepted);
    log_number(line, "active", stats.active);
    log_number(line, "peak", stats.peak);
    log_number(line, "served", stats.served);
    log_number(line, "refused_full", stats.refused_full);
    log_number(line, "refused_admission", stats.refused_admission);
    log_number(line, "refused_source", stats.refused_source);
    log_number(line, "refused_rate", stats.refused_rate);
    log_number(line, "refused_rules", stats.refused_rules);
    log_number(line, "refused_proxy", stats.refused_proxy);
    log_number(line, "spawn_failures", stats.spawn_failures);
    log_number(line, "idle", stats.timeouts_idle);
    log_number(line, "first_byte", stats.timeouts_first_byte);
    log_number(line, "write_stall", stats.timeouts_write_stall);
    log_number(line, "lifetime", stats.timeouts_lifetime);
    log_number(line, "rate", stats.timeouts_rate);
    log_number(line, "accept_errors_conn", stats.accept_errors_conn);
    log_number(line, "accept_errors_system", stats.accept_errors_system);
    log_number(line, "bytes_in", stats.bytes_in);
    log_number(line, "bytes_out", stats.bytes_out);
}

void report_stop(struct thrdsrv_server *server)
{
    struct thrdsrv_stats stats;
    struct log_line line;
    put_counters(&line, server);
    log_send(&server->config, THRDSRV_LOG_NOTICE, &line);
    slot_table_stats(&server->table, &stats);
    log_begin(&line, "stop");
    log_number(&line, "drained", stats.drained);
    log_number(&line, "cut", stats.cut);
    log_send(&server->config, THRDSRV_LOG_NOTICE, &line);
}

void report_unserved(const struct thrdsrv_server *server, unsigned count)
{
    struct log_line line;
    if (count == 0)
        return;
    log_begin(&line, "connections closed unserved");
    log_number(&line, "count", count);
    log_send(&server->config, THRDSRV_LOG_WARN, &line);
}

void report_destroy_refused(const struct thrdsrv_server *server)
{
    struct log_line line;
    log_begin(&line, "cannot destroy the server");
    log_text(&line, "error", "it runs");
    log_text(&line, "remedy", "stop it, and wait until run() has returned");
    log_send(&server->config, THRDSRV_LOG_ERROR, &line);
}

void report_refused(struct thrdsrv_server *server, enum refusal why, const struct address *peer)
{
    static const char *const reasons[REFUSAL_COUNT] = {
        [REFUSAL_FULL] = "full",
        [REFUSAL_RESERVED] = "reserved",
        [REFUSAL_SOURCE] = "source",
        [REFUSAL_SOURCE_RATE] = "source-rate",
        [REFUSAL_ADMISSION] = "admission",
        [REFUSAL_RULES] = "rules",
        [REFUSAL_PROXY_SOURCE] = "proxy-source",
        [REFUSAL_PROXY_HEADER] = "proxy-header",
        [REFUSAL_PROXY_LATE] = "proxy-timeout",
        [REFUSAL_PROXY_STOP] = "proxy-stop",
    };
    struct log_line line;
    char text[ADDRESS_TEXT_SIZE];
    uint64_t repeated;
    if (!log_limit_due(&server->limit_refused[why], clock_coarse_ms(), &repeated))
        return;
    log_begin(&line, "connection refused");
    log_text(&line, "reason", reasons[why]);
    if (why == REFUSAL_FULL)
        log_number(&line, "slots", server->table.count);
    address_format(peer, text);
    log_text(&line, "peer", text);
    log_number(&line, "repeated", repeated);
    log_send(&server->config, THRDSRV_LOG_WARN, &line);
}

/* Both ends as text, and the balancer between them, NULL where there is none; our end is the
 * listener's address where the system did not tell. */
struct ends {
    char peer[ADDRESS_TEXT_SIZE];
    char proxy_text[ADDRESS_TEXT_SIZE];
    const char *proxy;
    char local_text[ADDRESS_TEXT_SIZE];
    const char *local;
};

static void name_ends(const struct SockInfo *slot, struct ends *ends)
{
    address_format(&slot->peer, ends->peer);
    ends->proxy = NULL;
    if (slot->proxy.family) {
        address_format(&slot->proxy, ends->proxy_text);
        ends->proxy = ends->proxy_text;
    }
    ends->local = slot->listener_text;
    if (slot->local.family) {
        address_format(&slot->local, ends->local_text);
        ends->local = ends->local_text;
    }
}

/* What all lines about a connection begin with. */
static void begin_conn_line(struct log_line *line, const char *message,
                            const struct thrdsrv_server *server, uint64_t conn, unsigned slot,
                            const char *peer)
{
    log_begin(line, message);
    log_number(line, "conn", conn);
    log_number(line, "slot", slot);
    log_text(line, "mode", server->model->name);
    log_text(line, "peer", peer);
}

void report_begin(const struct SockInfo *slot)
{
    struct log_line line;
    struct ends ends;
    name_ends(slot, &ends);
    begin_conn_line(&line, "begin", slot->server, slot->conn_id, slot->index, ends.peer);
    log_text(&line, "local", ends.local);
    if (ends.proxy)
        log_text(&line, "proxy", ends.proxy);
    log_send(&slot->server->config, THRDSRV_LOG_DEBUG, &line);
}

static int64_t timeval_ns(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000000 + (int64_t)time->tv_usec * 1000;
}

static void log_end_reason(struct log_line *line, const struct thrdsrv_end *end)
{
    char text[32];
    const char *name = thrdsrv_end_reason_name(end->reason);
    if (end->code != 0 || end->reason == THRDSRV_END_EXIT)
        snprintf(text, sizeof text, "%s:%d", name, end->code);
    else
        snprintf(text, sizeof text, "%s", name);
    log_text(line, "end", text);
}

static void log_end(const struct thrdsrv_server *server, const struct thrdsrv_end *end)
{
    struct log_line line;
    begin_conn_line(&line, "end", server, end->conn, end->slot, end->peer);
    log_text(&line, "local", end->local);
    log_number(&line, "worker", (uint64_t)end->worker);
    log_seconds(&line, "seconds", end->duration_us * 1000, 3);
    log_number(&line, "in", end->bytes_in);
    log_number(&line, "out", end->bytes_out);
    log_end_reason(&line, end);
    log_seconds(&line, "user", timeval_ns(&end->usage.ru_utime), 6);
    log_seconds(&line, "sys", timeval_ns(&end->usage.ru_stime), 6);
    log_number(&line, "minflt", (uint64_t)end->usage.ru_minflt);
    log_number(&line, "majflt", (uint64_t)end->usage.ru_majflt);
    log_number(&line, "vcsw", (uint64_t)end->usage.ru_nvcsw);
    log_number(&line, "ivcsw", (uint64_t)end->usage.ru_nivcsw);
    if (end->proxy)
        log_text(&line, "proxy", end->proxy);
    log_send(&server->config, THRDSRV_LOG_INFO, &line);
}

/* At any level of the log that an operator has: the connection was lost on the program. */
static void report_no_program(const struct SockInfo *slot, int error)
{
    struct log_line line;
    struct ends ends;
    name_ends(slot, &ends);
    begin_conn_line(&line, "cannot run program", slot->server, slot->conn_id, slot->index,
                    ends.peer);
    log_text(&line, "program", slot->server->program.path);
    log_text(&line, "error", strerror(error));
    log_send(&slot->server->config, THRDSRV_LOG_WARN, &line);
}

bool report_end_wanted(const struct thrdsrv_server *server)
{
    return server->config.on_end || log_wanted(&server->config, THRDSRV_LOG_INFO);
}

void report_end(const struct SockInfo *slot, pid_t worker, struct end end,
                const struct rusage *usage)
{
    const struct thrdsrv_server *server = slot->server;
    struct ends ends;
    if (end.reason == THRDSRV_END_NO_PROGRAM)
        report_no_program(slot, end.code);
    if (!report_end_wanted(server))
        return;
    name_ends(slot, &ends);
    struct thrdsrv_end all = {
        .conn = slot->conn_id,
        .slot = slot->index,
        .worker = worker,
        .peer = ends.peer,
        .local = ends.local,
        .reason = end.reason,
        .code = end.code,
        .duration_us = (clock_ns() - slot->accepted_at_ns) / 1000,
        .bytes_in = progress_read(&slot->progress->bytes_in),
        .bytes_out = progress_read(&slot->progress->bytes_out),
        .usage = *usage,
        .proxy = ends.proxy,
    };
    if (log_wanted(&server->config, THRDSRV_LOG_INFO))
        log_end(server, &all);
    if (server->config.on_end)
        server->config.on_end(&all, server->config.user);
}

static void subtract(struct timeval *from, const struct timeval *what)
{
    from->tv_sec -= what->tv_sec;
    from->tv_usec -= what->tv_usec;
    if (from->tv_usec < 0) {
        from->tv_sec--;
        from->tv_usec += 1000000;
    }
}

void report_usage_since(struct rusage *after, const struct rusage *before)
{
    subtract(&after->ru_utime, &before->ru_utime);
    subtract(&after->ru_stime, &before->ru_stime);
    after->ru_minflt -= before->ru_minflt;
    after->ru_majflt -= before->ru_majflt;
    after->ru_nvcsw -= before->ru_nvcsw;
    after->ru_nivcsw -= before->ru_nivcsw;
}

void report_usage_add(struct rusage *to, const struct rusage *what)
{
    timeradd(&to->ru_utime, &what->ru_utime, &to->ru_utime);
    timeradd(&to->ru_stime, &what->ru_stime, &to->ru_stime);
    to->ru_minflt += what->ru_minflt;
    to->ru_majflt += what->ru_majflt;
    to->ru_nvcsw += what->ru_nvcsw;
    to->ru_nivcsw += what->ru_nivcsw;
}

static void put_server(struct log_line *line, struct thrdsrv_server *server)
{
    bool is_draining = slot_table_is_draining(&server->table);
    log_begin(line, "server");
    log_number(line, "pid", (uint64_t)getpid());
    log_text(line, "version", THRDSRV_VERSION);
    log_text(line, "mode", server->model->name);
    log_text(line, "handler", server->config.name);
    log_number(line, "slots", server->table.count);
    log_text(line, "state", is_draining ? "draining" : "serving");
    log_seconds(line, "up", clock_ns() - server->created_at_ns, 3);
    text_of_addresses(line, server);
}

static void put_slot(struct log_line *line, const struct thrdsrv_server *server,
                     const struct thrdsrv_slot *slot)
{
    static const char *const waits[] = {"no", "read", "write", "end"};
    begin_conn_line(line, "slot", server, slot->conn, slot->index, slot->peer);
    log_text(line, "state", thrdsrv_slot_state_name(slot->state));
    log_number(line, "generation", slot->generation);
    log_number(line, "worker", (uint64_t)slot->worker);
    log_seconds(line, "age", slot->age_ms * 1000000, 3);
    log_text(line, "waits", waits[slot->waits]);
    if (slot->waits != THRDSRV_WAIT_NONE)
        log_seconds(line, "for", slot->waits_ms * 1000000, 3);
    log_number(line, "in", slot->bytes_in);
    log_number(line, "out", slot->bytes_out);
    log_seconds(line, "idle", slot->idle_ms * 1000000, 3);
    if (slot->cpu_us >= 0)
        log_seconds(line, "cpu", slot->cpu_us * 1000, 6);
}

int thrdsrv_server_report(struct thrdsrv_server *server, thrdsrv_line_fn *write, void *user)
{
    struct thrdsrv_slot slot;
    struct log_line line;
    if (server_is_child_copy(server))
        return THRDSRV_E_INVALID;
    put_server(&line, server);
    int error = write(user, line.text);
    for (unsigned i = 0; i < server->table.count && error >= 0; i++) {
        if (thrdsrv_server_slot(server, i, &slot, sizeof slot) <= 0)
            continue;
        put_slot(&line, server, &slot);
        error = write(user, line.text);
    }
    if (error < 0)
        return error;
    put_counters(&line, server);
    error = write(user, line.text);
    return error < 0 ? error : 0;
}

static int write_to_log(void *user, const char *line)
{
    const struct thrdsrv_config *config = user;
    config->log(config->user, THRDSRV_LOG_NOTICE, line);
    return 0;
}

void report_dump(struct thrdsrv_server *server)
{
    if (log_wanted(&server->config, THRDSRV_LOG_NOTICE))
        thrdsrv_server_report(server, write_to_log, &server->config);
}
