/* measure.c - see measure.h. */
#include "bench/measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/accounting.h"
#include "bench/measure_figures.h"
#include "bench/room.h"
#include "client/monotonic.h"

/* Longer than any reply of a server that works, short enough to wait for. */
#define PATIENCE_NS (INT64_C(5) * 1000000000)

/* How long held connections are left alone before memory is read: the last workers have begun to
 * wait by then, and the kernel has let go of what it kept for starting them. */
#define SETTLE_NS (INT64_C(50) * 1000000)

/* How long a signal may go unnoticed that comes just before a wait begins. */
#define SLICE_NS (INT64_C(100) * 1000000)

/* Slots beside those of the load: an exchange that has ended for the client may still have its
 * worker (it reads the end, closes, and gives the slot back), and waiting for it is not what is
 * asked. */
#define SLOTS_BESIDE 64u

/* Everything that one measurement holds on to. */
struct measuring {
    const struct measure_cell *cell;
    const volatile sig_atomic_t *stop_requested;
    struct measurement *result;
    struct target_process process;
    struct load *load;
    struct readings readings;
};

static bool is_stopped(const struct measuring *m)
{
    return *m->stop_requested != 0;
}

/* When a wait up to end_ns is to look at the flag again. */
static int64_t slice_end(int64_t now_ns, int64_t end_ns)
{
    return end_ns - now_ns < SLICE_NS ? end_ns : now_ns + SLICE_NS;
}

/* Sleeps up to a moment; a signal ends it. */
static void sleep_until(const struct measuring *m, int64_t end_ns)
{
    int64_t now_ns;
    while (!is_stopped(m) && (now_ns = monotonic_ns()) < end_ns) {
        int64_t at_ns = slice_end(now_ns, end_ns);
        struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
}

static void fail(struct measuring *m, const char *what, const char *reason)
{
    if (m->result->failed)
        return; /* the first failure is the cause of the others */
    m->result->failed = true;
    snprintf(m->result->failure, sizeof m->result->failure, "%s%s%s", what, *reason ? ": " : "",
             reason);
}

/* ---- The course of a measurement --------------------------------------------------------- */

static struct load_config load_config_of(const struct measure_cell *cell)
{
    return (struct load_config){
        .service = cell->workload.service,
        .size = cell->workload.size,
        .connections = cell->workload.connections,
        .held = cell->workload.held,
        .depth = cell->workload.depth,
        .reconnect = cell->workload.reconnect,
        .threads = cell->threads,
        .rate = cell->rate,
        .limit = cell->limit,
        .patience_ns = PATIENCE_NS,
    };
}

/* Each connection has a descriptor at either end. The server inherits the limit that the load
 * needs: not every one raises its own. */
static int check_room(struct measuring *m)
{
    char error[300];
    const struct measure_cell *cell = m->cell;
    struct load_config load = load_config_of(cell);
    struct accounting_machine machine;
    accounting_read_machine(&machine);
    if (!room_is_there(cell, machine.available_bytes, error, sizeof error)) {
        fail(m, "not started, for there is no memory for it", error);
        return -1;
    }
    if (load_allow_files(&load, error, sizeof error) < 0) {
        fail(m, "not started, for not every connection could have its descriptors", error);
        return -1;
    }
    return 0;
}

static int start_server(struct measuring *m)
{
    char error[300];
    const struct measure_cell *cell = m->cell;
    if (check_room(m) < 0)
        return -1;
    struct target_options options = {
        .handler = cell->workload.handler,
        .slots = cell->workload.connections * 2 + cell->workload.held + SLOTS_BESIDE,
        .ballast_bytes = cell->ballast_bytes,
        .starts_workers = cell->workload.starts_workers,
        .stop_requested = m->stop_requested,
    };
    if (target_start(&cell->target, &options, &m->process, error, sizeof error) < 0) {
        if (cell->target.kind == TARGET_RUNNING)
            fail(m, error, ""); /* "cannot connect to ..." */
        else
            fail(m, "the server did not start", error);
        return -1;
    }
    m->readings.is_known = m->process.pid > 0;
    return 0;
}

static int start_load(struct measuring *m)
{
    char error[300];
    struct load_config config = load_config_of(m->cell);
    config.address = m->process.address;
    config.address_length = m->process.address_length;
    if (load_start(&config, &m->load, error, sizeof error) == 0)
        return 0;
    fail(m, "the load did not start", error);
    return -1;
}

/* A server that we did not start (pid 0) may be anywhere: nothing is known of it but its replies.
 */
static void read_memory(struct measuring *m, int which)
{
    if (m->readings.is_known)
        accounting_read_memory(m->process.pid, &m->readings.memory[which]);
    else
        m->readings.memory[which] =
            (struct accounting_memory){.pss_bytes = -1, .page_tables_bytes = -1};
    accounting_read_machine(&m->readings.memory_machine[which]);
}

static void read_cost(struct measuring *m, int which)
{
    if (m->readings.is_known)
        accounting_read_cpu(m->process.pid, &m->readings.cpu[which]);
    else
        m->readings.cpu[which] = (struct accounting_cpu){.total_ns = -1, .page_faults = -1};
    accounting_read_machine(&m->readings.machine[which]);
}

/* The end of the window, the limit, or a signal. */
static void wait_for_end(const struct measuring *m, int64_t end_ns)
{
    int64_t now_ns = monotonic_ns();
    while (!is_stopped(m) && now_ns < end_ns) {
        int64_t slice_ns = slice_end(now_ns, end_ns);
        bool is_over = load_wait(m->load, slice_ns);
        now_ns = monotonic_ns();
        if (is_over && now_ns < slice_ns)
            return; /* the limit is reached */
    }
}

static void measure_window(struct measuring *m)
{
    int64_t begin_ns = monotonic_ns() + m->cell->warmup_ns;
    load_open_window(m->load, begin_ns);
    sleep_until(m, begin_ns);
    read_cost(m, 0);
    wait_for_end(m, begin_ns + m->cell->window_ns);
    read_cost(m, 1);
    (void)load_close_window(m->load,
                            monotonic_ns()); /* false: a signal, which is_stopped() knows of */
}

static void measure_held(struct measuring *m)
{
    sleep_until(m, monotonic_ns() + SETTLE_NS);
    read_memory(m, 1);
}

static void run_load(struct measuring *m)
{
    read_memory(m, 0);
    if (m->readings.is_known)
        accounting_read_cpu(m->process.pid, &m->readings.idle);
    if (start_load(m) < 0)
        return;
    if (m->cell->workload.measures_memory)
        measure_held(m);
    if (m->cell->workload.connections > 0)
        measure_window(m);
    load_finish(m->load, &m->result->load);
}

/* What such processes use is nobody's that we know of, and would be missing without a word. */
static void check_family(struct measuring *m)
{
    if (m->readings.is_known && child_has_orphans(&m->process.child))
        fail(m, "the server has left its parent",
             "what it costs cannot be told; let it stay in the foreground");
}

static void stop_server(struct measuring *m)
{
    char error[300];
    check_family(m);
    if (!target_is_alive(&m->process))
        fail(m, "the server died during the measurement", "");
    if (target_stop(&m->process, &m->readings.usage, error, sizeof error) < 0)
        fail(m, "the server ended badly", error);
}

/* ---- Failures ---------------------------------------------------------------------------- */

/* "4 reset, 17 closed early". Replies that did not come in time are figures too, and stay: they are
 * no failures. Returns how many kinds there are. */
static size_t count_failures(const struct load_result *load, char *text, size_t size)
{
    size_t kinds = 0, length = 0;
    text[0] = '\0';
    for (int i = 0; i < LOAD_FAILURES; i++) {
        if (load->failures[i] == 0 || i == LOAD_UNANSWERED)
            continue;
        length +=
            (size_t)snprintf(text + length, size - length, "%s%ju %s", kinds > 0 ? ", " : "",
                             (uintmax_t)load->failures[i], load_failure_name((enum load_failure)i));
        kinds++;
    }
    return kinds;
}

/* What went wrong with connections. */
static void judge(struct measuring *m)
{
    char counts[LOAD_FAILURES * 48]; /* a number of 20 digits, a name, ", " */
    const struct load_result *load = &m->result->load;
    if (count_failures(load, counts, sizeof counts) > 0)
        fail(m, counts, load->first_failure);
    if (m->cell->workload.connections == 0)
        return;
    if (m->cell->rate > 0 && load->total.count == 0)
        fail(m, "no exchange was due in the window", "take a longer --duration or a higher --rate");
    if (load->exchanges == 0 && load->late.count == 0)
        fail(m, "no exchange ended in the window", load->first_failure);
}

int measure_run(const struct measure_cell *cell, const volatile sig_atomic_t *stop_requested,
                struct measurement *result)
{
    struct measuring m = {.cell = cell, .stop_requested = stop_requested, .result = result};
    memset(result, 0, sizeof *result);
    for (int i = 0; i < FIGURES; i++)
        result->figures[i] = NAN;
    result->server_cpu_s = NAN;
    if (start_server(&m) < 0)
        return is_stopped(&m) ? -1 : 0;
    run_load(&m);
    stop_server(&m);
    if (is_stopped(&m))
        return -1;
    if (!result->failed)
        judge(&m);
    if (!result->failed)
        measure_figures(cell, &m.readings, result);
    return 0;
}
