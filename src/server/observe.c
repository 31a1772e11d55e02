/* observe.c - what a server lets others see, see <thrdsrv/observe.h>: the counters, the slots, and
 * the words for them. Any thread. */
#include <thrdsrv/observe.h>

#include <stdio.h>
#include <string.h>

#include "server/clock.h"
#include "server/server.h"

/* Fills a caller's struct of that size, which may be older and shorter than ours, or newer. */
static void copy_out(void *to, size_t to_size, const void *from, size_t from_size)
{
    memset(to, 0, to_size);
    memcpy(to, from, to_size < from_size ? to_size : from_size);
}

void thrdsrv_server_stats(struct thrdsrv_server *server, struct thrdsrv_stats *stats, size_t size)
{
    struct thrdsrv_stats copy = {0};
    if (!server_is_child_copy(server))
        slot_table_stats(&server->table, &copy);
    copy_out(stats, size, &copy, sizeof copy);
}

/* Read without the lock, because it is a system call. The number was the worker's if it still has
 * the connection: a thread lets go of its slot before it ends, a child is reaped before that. */
static int64_t cpu_of(struct thrdsrv_server *server, unsigned index, const struct slot_view *view)
{
    struct slot_view again;
    int64_t used_ns = view->worker > 0 ? clock_cpu_ns(view->worker, view->is_process) : -1;
    bool is_known = used_ns >= 0 && slot_table_view(&server->table, index, &again) &&
                    again.conn_id == view->conn_id && again.worker == view->worker;
    return is_known ? clock_later(used_ns - view->cpu_began_ns, 0) / 1000 : -1;
}

static void describe(const struct slot_view *view, struct thrdsrv_slot *slot)
{
    slot->state = view->state;
    slot->generation = view->generation;
    slot->conn = view->conn_id;
    slot->worker = view->worker;
    slot->age_ms = (clock_ns() - view->accepted_at_ns) / 1000000;
    slot->waits = view->waits;
    if (view->waits != THRDSRV_WAIT_NONE) /* since when a child says; it may have run wild */
        slot->waits_ms = clock_within(clock_coarse_ms() - view->waits_since_ms, 0, slot->age_ms);
    slot->bytes_in = view->bytes_in;
    slot->bytes_out = view->bytes_out;
    slot->idle_ms = slot->age_ms;
    if (view->moved_ms != 0) /* the same */
        slot->idle_ms = clock_within(clock_coarse_ms() - view->moved_ms, 0, slot->age_ms);
    address_format(&view->peer, slot->peer);
    if (view->local.family)
        address_format(&view->local, slot->local);
    else
        snprintf(slot->local, sizeof slot->local, "%s", view->listener_text);
}

/* What a program has moved is not known before. */
static void look(struct thrdsrv_server *server, unsigned index)
{
    slot_table_lock(&server->table);
    traffic_look(&server->table.slots[index], clock_coarse_ms());
    slot_table_unlock(&server->table);
}

int thrdsrv_server_slot(struct thrdsrv_server *server, unsigned index, struct thrdsrv_slot *slot,
                        size_t size)
{
    struct thrdsrv_slot copy = {.index = index};
    struct slot_view view;
    if (server_is_child_copy(server) || index >= server->table.count)
        return THRDSRV_E_INVALID;
    if (server->config.program)
        look(server, index);
    bool in_use = slot_table_view(&server->table, index, &view);
    if (in_use) {
        describe(&view, &copy);
        copy.cpu_us = cpu_of(server, index, &view);
    }
    copy_out(slot, size, &copy, sizeof copy);
    return in_use;
}

const char *thrdsrv_slot_state_name(enum thrdsrv_slot_state state)
{
    static const char *const names[] = {
        [THRDSRV_SLOT_FREE] = "FREE",
        [THRDSRV_SLOT_RESERVED] = "RESERVED",
        [THRDSRV_SLOT_ACTIVE] = "ACTIVE",
        [THRDSRV_SLOT_STOPPING] = "STOPPING",
    };
    return (unsigned)state < sizeof names / sizeof *names ? names[state] : "unknown";
}

const char *thrdsrv_end_reason_name(enum thrdsrv_end_reason reason)
{
    static const char *const names[] = {
        [THRDSRV_END_NONE] = "none",
        [THRDSRV_END_EOF] = "eof",
        [THRDSRV_END_DONE] = "done",
        [THRDSRV_END_FAILED] = "failed",
        [THRDSRV_END_RESET] = "reset",
        [THRDSRV_END_ERROR] = "error",
        [THRDSRV_END_IDLE] = "idle",
        [THRDSRV_END_FIRST_BYTE] = "first-byte",
        [THRDSRV_END_WRITE_STALL] = "write-stall",
        [THRDSRV_END_LIFETIME] = "lifetime",
        [THRDSRV_END_RATE] = "rate",
        [THRDSRV_END_STOPPED] = "stopped",
        [THRDSRV_END_TERMINATED] = "signal",
        [THRDSRV_END_SIGNAL] = "signal",
        [THRDSRV_END_EXIT] = "exit",
        [THRDSRV_END_NO_WORKER] = "no-worker",
        [THRDSRV_END_NO_PROGRAM] = "no-program",
    };
    return (unsigned)reason < sizeof names / sizeof *names ? names[reason] : "unknown";
}
