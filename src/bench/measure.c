/* measure.c - see measure.h. */
#include "bench/measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/accounting.h"
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
    struct accounting_cpu idle;   /* before there was any client */
    struct accounting_cpu cpu[2]; /* at the beginning and at the end of the window */
    struct accounting_machine machine[2];
    struct accounting_memory memory[2]; /* before and while connections are held */
    struct accounting_machine memory_machine[2];
    struct rusage usage;
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

static int start_server(struct measuring *m)
{
    char error[300];
    const struct measure_cell *cell = m->cell;
    struct accounting_machine machine;
    accounting_read_machine(&machine);
    if (!room_is_there(cell, machine.available_bytes, error, sizeof error)) {
        fail(m, "not started, for there is no memory for it", error);
        return -1;
    }
    struct target_options options = {
        .handler = cell->workload.handler,
        .slots = cell->workload.connections * 2 + cell->workload.held + SLOTS_BESIDE,
        .ballast_bytes = cell->ballast_bytes,
        .stop_requested = m->stop_requested,
    };
    if (target_start(&cell->target, &options, &m->process, error, sizeof error) < 0) {
        if (cell->target.kind == TARGET_RUNNING)
            fail(m, error, ""); /* "cannot connect to ..." */
        else
            fail(m, "the server did not start", error);
        return -1;
    }
    return 0;
}

static int start_load(struct measuring *m)
{
    char error[300];
    const struct measure_cell *cell = m->cell;
    struct load_config config = {
        .address = m->process.address,
        .address_length = m->process.address_length,
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
    if (load_start(&config, &m->load, error, sizeof error) == 0)
        return 0;
    fail(m, "the load did not start", error);
    return -1;
}

/* A server that we did not start (pid 0) may be anywhere: nothing is known of it but its replies.
 */
static void read_memory(struct measuring *m, int which)
{
    if (m->process.pid > 0)
        accounting_read_memory(m->process.pid, &m->memory[which]);
    else
        m->memory[which] = (struct accounting_memory){.pss_bytes = -1, .page_tables_bytes = -1};
    accounting_read_machine(&m->memory_machine[which]);
}

static void read_cost(struct measuring *m, int which)
{
    if (m->process.pid > 0)
        accounting_read_cpu(m->process.pid, &m->cpu[which]);
    else
        m->cpu[which] = (struct accounting_cpu){.total_ns = -1, .page_faults = -1};
    accounting_read_machine(&m->machine[which]);
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
    if (m->process.pid > 0)
        accounting_read_cpu(m->process.pid, &m->idle);
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
    if (m->process.pid > 0 && child_has_orphans(&m->process.child))
        fail(m, "the server has left its parent",
             "what it costs cannot be told; let it stay in the foreground");
}

static void stop_server(struct measuring *m)
{
    char error[300];
    check_family(m);
    if (!target_is_alive(&m->process))
        fail(m, "the server died during the measurement", "");
    if (target_stop(&m->process, &m->usage, error, sizeof error) < 0)
        fail(m, "the server ended badly", error);
}

/* ---- Figures ----------------------------------------------------------------------------- */

static double *figure(struct measuring *m, enum figure which)
{
    return &m->result->figures[which];
}

static double quantile_us(const struct histogram *histogram, double quantile)
{
    int64_t ns = histogram_quantile(histogram, quantile);
    return ns < 0 ? NAN : (double)ns / 1e3;
}

static void fill_quantiles(struct measuring *m, const struct histogram *histogram,
                           enum figure first)
{
    static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
    for (int i = 0; i < 5; i++)
        m->result->figures[(int)first + i] = quantile_us(histogram, quantiles[i]);
    m->result->figures[(int)first + 5] =
        histogram->count > 0 ? (double)histogram->max_ns / 1e3 : NAN;
}

static void fill_times(struct measuring *m)
{
    const struct load_result *load = &m->result->load;
    fill_quantiles(m, &load->total, FIGURE_LATENCY_P50_US);
    if (m->cell->rate > 0)
        fill_quantiles(m, &load->late, FIGURE_UNCORRECTED_P50_US);
    *figure(m, FIGURE_CONNECT_P50_US) = quantile_us(&load->connect, 0.5);
    *figure(m, FIGURE_CONNECT_P99_US) = quantile_us(&load->connect, 0.99);
    *figure(m, FIGURE_FIRST_BYTE_P50_US) = quantile_us(&load->first, 0.5);
    *figure(m, FIGURE_FIRST_BYTE_P99_US) = quantile_us(&load->first, 0.99);
    *figure(m, FIGURE_START_P50_US) = quantile_us(&load->ages, 0.5);
    *figure(m, FIGURE_START_P99_US) = quantile_us(&load->ages, 0.99);
}

/* Of an open loop all exchanges may have ended late, behind the window: then nothing is known of
 * one in it. */
static double exchanges_in_window(const struct measuring *m)
{
    uint64_t exchanges = m->result->load.exchanges;
    return exchanges > 0 ? (double)exchanges : NAN;
}

static void fill_throughput(struct measuring *m)
{
    const struct load_result *load = &m->result->load;
    double seconds = (double)load->window_ns / 1e9;
    double exchanges = exchanges_in_window(m);
    *figure(m, FIGURE_OPERATIONS_PER_SECOND) = (double)load->exchanges / seconds;
    *figure(m, FIGURE_MEGABYTES_PER_SECOND) = (double)load->bytes_in / 1e6 / seconds;
    *figure(m, FIGURE_LOAD_CPU_US_PER_OPERATION) = load->load_cpu_s * 1e6 / exchanges;
    *figure(m, FIGURE_LOAD_BUSIEST_SHARE) = load->load_busiest;
    const struct accounting_machine *machine = m->machine;
    double cpu_time = (double)(machine[1].at_ns - machine[0].at_ns) * machine[0].cpus;
    if (machine[0].idle_ns >= 0 && machine[1].idle_ns >= 0 && cpu_time > 0)
        *figure(m, FIGURE_MACHINE_IDLE_SHARE) =
            fmin(1, (double)(machine[1].idle_ns - machine[0].idle_ns) / cpu_time);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* What is left of a server's whole life when its start is taken off, in which it may have written a
 * ballast. */
static double since_start(struct timeval whole, int64_t start_ns)
{
    return fmax(0, seconds_of(whole) - (start_ns > 0 ? (double)start_ns / 1e9 : 0));
}

/* The kernel divides the time of a process by what its clock ticks found it doing, and counts all
 * of one that ended between two ticks as user time: of workers that live so short, nothing is
 * known. */
static bool has_children(const struct measuring *m)
{
    const struct target *target = &m->cell->target;
    bool forks = target->kind == TARGET_OURS && strcmp(target->mode, "fork") == 0;
    return forks || m->cpu[0].processes > 1 || m->cpu[1].processes > 1;
}

/* The window's CPU time is exact but not told apart; how much of it was the kernel's is known
 * for the time from the start to the end of the server, where that is one process. */
static void fill_cpu(struct measuring *m)
{
    const struct accounting_cpu *cpu = m->cpu;
    const struct load_result *load = &m->result->load;
    double user = since_start(m->usage.ru_utime, m->idle.user_ns);
    double system = since_start(m->usage.ru_stime, m->idle.system_ns);
    if (m->process.pid > 0)
        m->result->server_cpu_s = seconds_of(m->usage.ru_utime) + seconds_of(m->usage.ru_stime);
    if (cpu[0].total_ns < 0 || cpu[1].total_ns < 0 || cpu[1].at_ns <= cpu[0].at_ns)
        return;
    double cores =
        (double)(cpu[1].total_ns - cpu[0].total_ns) / (double)(cpu[1].at_ns - cpu[0].at_ns);
    double per_operation = cores * (double)load->window_ns / 1e3 / exchanges_in_window(m);
    *figure(m, FIGURE_SERVER_CORES) = cores;
    *figure(m, FIGURE_SERVER_CPU_US_PER_OPERATION) = per_operation;
    if (user + system <= 0 || has_children(m))
        return;
    *figure(m, FIGURE_SERVER_USER_US_PER_OPERATION) = per_operation * user / (user + system);
    *figure(m, FIGURE_SERVER_SYSTEM_US_PER_OPERATION) = per_operation * system / (user + system);
}

static void fill_counts(struct measuring *m)
{
    const struct accounting_cpu *cpu = m->cpu;
    const struct load_result *load = &m->result->load;
    if (cpu[0].page_faults >= 0 && cpu[1].page_faults >= 0)
        *figure(m, FIGURE_PAGE_FAULTS_PER_OPERATION) =
            (double)(cpu[1].page_faults - cpu[0].page_faults) / exchanges_in_window(m);
    if (m->process.pid > 0 && load->all_exchanges > 0)
        *figure(m, FIGURE_CONTEXT_SWITCHES_PER_OPERATION) =
            (double)(m->usage.ru_nvcsw + m->usage.ru_nivcsw) / (double)load->all_exchanges;
}

/* How much one of the held connections takes of what grew from one reading to the next. */
static double each(const struct measuring *m, int64_t before, int64_t after)
{
    if (before < 0 || after < 0)
        return NAN;
    return (double)(after - before) / m->cell->workload.held;
}

static void fill_memory(struct measuring *m)
{
    const struct accounting_memory *memory = m->memory;
    const struct accounting_machine *machine = m->memory_machine;
    double stacks = each(m, machine[0].kernel_stack_bytes, machine[1].kernel_stack_bytes);
    double tables = each(m, memory[0].page_tables_bytes, memory[1].page_tables_bytes);
    double slab = each(m, machine[0].slab_bytes, machine[1].slab_bytes);
    *figure(m, FIGURE_PSS_BYTES_PER_CONNECTION) = each(m, memory[0].pss_bytes, memory[1].pss_bytes);
    *figure(m, FIGURE_KERNEL_STACK_BYTES_PER_CONNECTION) = stacks;
    *figure(m, FIGURE_PAGE_TABLE_BYTES_PER_CONNECTION) = tables;
    *figure(m, FIGURE_SLAB_BYTES_PER_CONNECTION) = slab;
    *figure(m, FIGURE_KERNEL_BYTES_PER_CONNECTION) = stacks + tables + slab;
}

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

static void fill_figures(struct measuring *m)
{
    if (m->cell->workload.connections > 0) {
        fill_times(m);
        fill_throughput(m);
        fill_cpu(m);
        fill_counts(m);
    }
    if (m->cell->workload.measures_memory)
        fill_memory(m);
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
        fill_figures(&m);
    return 0;
}
