/* measure_figures.c - see measure_figures.h. */
#include "bench/measure_figures.h"

#include <math.h>
#include <string.h>

/* What the figures are made of, and where they go. */
struct making {
    const struct measure_cell *cell;
    const struct readings *readings;
    struct measurement *result;
};

static double *figure(struct making *m, enum figure which)
{
    return &m->result->figures[which];
}

static double quantile_us(const struct histogram *histogram, double quantile)
{
    int64_t ns = histogram_quantile(histogram, quantile);
    return ns < 0 ? NAN : (double)ns / 1e3;
}

static void fill_quantiles(struct making *m, const struct histogram *histogram, enum figure first)
{
    static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
    for (int i = 0; i < 5; i++)
        m->result->figures[(int)first + i] = quantile_us(histogram, quantiles[i]);
    m->result->figures[(int)first + 5] =
        histogram->count > 0 ? (double)histogram->max_ns / 1e3 : NAN;
}

static void fill_times(struct making *m)
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
static double exchanges_in_window(const struct making *m)
{
    uint64_t exchanges = m->result->load.exchanges;
    return exchanges > 0 ? (double)exchanges : NAN;
}

static void fill_throughput(struct making *m)
{
    const struct load_result *load = &m->result->load;
    double seconds = (double)load->window_ns / 1e9;
    double exchanges = exchanges_in_window(m);
    *figure(m, FIGURE_OPERATIONS_PER_SECOND) = (double)load->exchanges / seconds;
    *figure(m, FIGURE_MEGABYTES_PER_SECOND) = (double)load->bytes_in / 1e6 / seconds;
    *figure(m, FIGURE_LOAD_CPU_US_PER_OPERATION) = load->load_cpu_s * 1e6 / exchanges;
    *figure(m, FIGURE_LOAD_BUSIEST_SHARE) = load->load_busiest;
    const struct accounting_machine *machine = m->readings->machine;
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
static bool has_children(const struct making *m)
{
    const struct target *target = &m->cell->target;
    bool forks = target->kind == TARGET_OURS && strcmp(target->mode, "fork") == 0;
    return forks || m->readings->cpu[0].processes > 1 || m->readings->cpu[1].processes > 1;
}

/* The window's CPU time is exact but not told apart; how much of it was the kernel's is known
 * for the time from the start to the end of the server, where that is one process. */
static void fill_cpu(struct making *m)
{
    const struct accounting_cpu *cpu = m->readings->cpu;
    const struct load_result *load = &m->result->load;
    double user = since_start(m->readings->usage.ru_utime, m->readings->idle.user_ns);
    double system = since_start(m->readings->usage.ru_stime, m->readings->idle.system_ns);
    if (m->readings->is_known)
        m->result->server_cpu_s =
            seconds_of(m->readings->usage.ru_utime) + seconds_of(m->readings->usage.ru_stime);
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

static void fill_counts(struct making *m)
{
    const struct accounting_cpu *cpu = m->readings->cpu;
    const struct load_result *load = &m->result->load;
    if (cpu[0].page_faults >= 0 && cpu[1].page_faults >= 0)
        *figure(m, FIGURE_PAGE_FAULTS_PER_OPERATION) =
            (double)(cpu[1].page_faults - cpu[0].page_faults) / exchanges_in_window(m);
    if (m->readings->is_known && load->all_exchanges > 0)
        *figure(m, FIGURE_CONTEXT_SWITCHES_PER_OPERATION) =
            (double)(m->readings->usage.ru_nvcsw + m->readings->usage.ru_nivcsw) /
            (double)load->all_exchanges;
}

/* How much one of the held connections takes of what grew from one reading to the next. */
static double each(const struct making *m, int64_t before, int64_t after)
{
    if (before < 0 || after < 0)
        return NAN;
    return (double)(after - before) / m->cell->workload.held;
}

static void fill_memory(struct making *m)
{
    const struct accounting_memory *memory = m->readings->memory;
    const struct accounting_machine *machine = m->readings->memory_machine;
    double stacks = each(m, machine[0].kernel_stack_bytes, machine[1].kernel_stack_bytes);
    double tables = each(m, memory[0].page_tables_bytes, memory[1].page_tables_bytes);
    double slab = each(m, machine[0].slab_bytes, machine[1].slab_bytes);
    *figure(m, FIGURE_PSS_BYTES_PER_CONNECTION) = each(m, memory[0].pss_bytes, memory[1].pss_bytes);
    *figure(m, FIGURE_KERNEL_STACK_BYTES_PER_CONNECTION) = stacks;
    *figure(m, FIGURE_PAGE_TABLE_BYTES_PER_CONNECTION) = tables;
    *figure(m, FIGURE_SLAB_BYTES_PER_CONNECTION) = slab;
    *figure(m, FIGURE_KERNEL_BYTES_PER_CONNECTION) = stacks + tables + slab;
}

void measure_figures(const struct measure_cell *cell, const struct readings *readings,
                     struct measurement *result)
{
    struct making made = {.cell = cell, .readings = readings, .result = result};
    struct making *m = &made;
    if (m->cell->workload.connections > 0) {
        fill_times(m);
        fill_throughput(m);
        fill_cpu(m);
        fill_counts(m);
    }
    if (m->cell->workload.measures_memory)
        fill_memory(m);
}
