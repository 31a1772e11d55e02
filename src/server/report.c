/* report.c - see report.h. The words are documented in thrd(1): tests and operators read them. */
#include "server/report.h"

#include <stdio.h>

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

static void report_counters(struct thrdsrv_server *server)
{
    struct thrdsrv_stats stats;
    struct log_line line;
    slot_table_stats(&server->table, &stats);
    log_begin(&line, "counters");
    log_number(&line, "accepted", stats.accepted);
    log_number(&line, "active", stats.active);
    log_number(&line, "peak", stats.peak);
    log_number(&line, "served", stats.served);
    log_number(&line, "refused_full", stats.refused_full);
    log_number(&line, "spawn_failures", stats.spawn_failures);
    log_number(&line, "idle", stats.timeouts_idle);
    log_number(&line, "first_byte", stats.timeouts_first_byte);
    log_number(&line, "write_stall", stats.timeouts_write_stall);
    log_number(&line, "lifetime", stats.timeouts_lifetime);
    log_number(&line, "rate", stats.timeouts_rate);
    log_number(&line, "accept_errors_conn", stats.accept_errors_conn);
    log_number(&line, "accept_errors_system", stats.accept_errors_system);
    log_number(&line, "bytes_in", stats.bytes_in);
    log_number(&line, "bytes_out", stats.bytes_out);
    log_send(&server->config, THRDSRV_LOG_NOTICE, &line);
}

void report_stop(struct thrdsrv_server *server)
{
    struct thrdsrv_stats stats;
    struct log_line line;
    report_counters(server);
    slot_table_stats(&server->table, &stats);
    log_begin(&line, "stop");
    log_number(&line, "drained", stats.drained);
    log_number(&line, "cut", stats.cut);
    log_send(&server->config, THRDSRV_LOG_NOTICE, &line);
}

static void begin_conn_line(struct log_line *line, const char *message, const struct SockInfo *slot)
{
    char peer[ADDRESS_TEXT_SIZE];
    address_format(&slot->peer, peer);
    log_begin(line, message);
    log_number(line, "conn", slot->conn_id);
    log_number(line, "slot", slot->index);
    log_text(line, "mode", slot->server->model->name);
    log_text(line, "peer", peer);
}

static void local_text(struct log_line *line, const struct SockInfo *slot)
{
    char local[ADDRESS_TEXT_SIZE];
    if (slot->local.family)
        address_format(&slot->local, local);
    log_text(line, "local", slot->local.family ? local : slot->listener_text);
}

void report_begin(const struct SockInfo *slot)
{
    struct log_line line;
    begin_conn_line(&line, "begin", slot);
    local_text(&line, slot);
    log_send(&slot->server->config, THRDSRV_LOG_DEBUG, &line);
}

static int64_t timeval_ns(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000000 + (int64_t)time->tv_usec * 1000;
}

static void log_end_reason(struct log_line *line, struct end end)
{
    char text[32];
    const char *name = end_reason_name(end.reason);
    if (end.reason == END_SIGNAL || end.reason == END_EXIT)
        snprintf(text, sizeof text, "%s:%d", name, end.code);
    log_text(line, "end", end.reason == END_SIGNAL || end.reason == END_EXIT ? text : name);
}

void report_end(const struct SockInfo *slot, pid_t worker, struct end end,
                const struct rusage *usage)
{
    struct log_line line;
    begin_conn_line(&line, "end", slot);
    local_text(&line, slot);
    log_number(&line, "worker", (uint64_t)worker);
    log_seconds(&line, "seconds", clock_ns() - slot->accepted_at_ns, 3);
    log_number(&line, "in", progress_read(&slot->progress->bytes_in));
    log_number(&line, "out", progress_read(&slot->progress->bytes_out));
    log_end_reason(&line, end);
    log_seconds(&line, "user", timeval_ns(&usage->ru_utime), 6);
    log_seconds(&line, "sys", timeval_ns(&usage->ru_stime), 6);
    log_number(&line, "minflt", (uint64_t)usage->ru_minflt);
    log_number(&line, "majflt", (uint64_t)usage->ru_majflt);
    log_number(&line, "vcsw", (uint64_t)usage->ru_nvcsw);
    log_number(&line, "ivcsw", (uint64_t)usage->ru_nivcsw);
    log_send(&slot->server->config, THRDSRV_LOG_INFO, &line);
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

/* What a line of the dump needs, copied under the lock and written under none. */
struct slot_copy {
    enum slot_state state;
    pid_t worker;
};

static void report_slot(struct SockInfo *slot, struct slot_copy copy)
{
    static const char *const waits[] = {"no", "read", "write", "end"};
    struct log_line line;
    int64_t since_ms;
    enum waiting waiting = progress_waiting(slot->progress, &since_ms);
    begin_conn_line(&line, "slot", slot);
    log_text(&line, "state", slot_state_name(copy.state));
    log_number(&line, "generation", slot->generation);
    log_number(&line, "worker", (uint64_t)copy.worker);
    log_seconds(&line, "age", clock_ns() - slot->accepted_at_ns, 3);
    log_text(&line, "waits", waits[waiting]);
    if (waiting != WAITING_NOT)
        log_seconds(&line, "for", (clock_coarse_ms() - since_ms) * 1000000, 3);
    log_number(&line, "in", progress_read(&slot->progress->bytes_in));
    log_number(&line, "out", progress_read(&slot->progress->bytes_out));
    log_send(&slot->server->config, THRDSRV_LOG_NOTICE, &line);
}

void report_dump(struct thrdsrv_server *server)
{
    for (unsigned i = 0; i < server->table.count; i++) {
        struct SockInfo *slot = &server->table.slots[i];
        slot_table_lock(&server->table);
        struct slot_copy copy = {slot->state, slot->worker};
        slot_table_unlock(&server->table);
        if (copy.state != SLOT_FREE)
            report_slot(slot, copy);
    }
    report_counters(server);
}
