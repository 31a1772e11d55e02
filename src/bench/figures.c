/* figures.c - the list of all figures; see figures.h. */
#include "bench/figures.h"

#include <string.h>

#define EXCHANGE_MISSING "no exchange ended in the window"
#define FEW_EXCHANGES    "too few exchanges: fewer than ten of all rounds lie beyond it"
#define FOREIGN_SERVER   "the server was not started by bench, so its processes are not known"
#define NOT_TOLD_APART                                                                             \
    "not known of a server with child processes (the kernel counts one that ends between two "     \
    "clock ticks as user time alone), nor of one that bench did not start"
#define NO_KERNEL_MEMORY "/proc/meminfo does not tell it, or it did not grow measurably"

static const struct figure_info figures[FIGURES] = {
    [FIGURE_OPERATIONS_PER_SECOND] = {"operations_per_second",
                                      "exchanges that ended in the window, a second",
                                      EXCHANGE_MISSING, FIGURE_HIGHER_IS_BETTER},
    [FIGURE_MEGABYTES_PER_SECOND] = {"megabytes_per_second",
                                     "bytes received from the server, millions a second",
                                     EXCHANGE_MISSING, FIGURE_HIGHER_IS_BETTER},

    [FIGURE_LATENCY_P50_US] =
        {"latency_p50_us", "half of the exchanges took at most so long, from when they were due",
         FEW_EXCHANGES, FIGURE_LOWER_IS_BETTER},
    [FIGURE_LATENCY_P90_US] =
        {"latency_p90_us", "90 % of the exchanges took at most so long, from when they were due",
         FEW_EXCHANGES, FIGURE_LOWER_IS_BETTER},
    [FIGURE_LATENCY_P99_US] =
        {"latency_p99_us", "99 % of the exchanges took at most so long, from when they were due",
         FEW_EXCHANGES, FIGURE_LOWER_IS_BETTER},
    [FIGURE_LATENCY_P99_9_US] =
        {"latency_p99_9_us",
         "99.9 % of the exchanges took at most so long, from when they were "
         "due",
         FEW_EXCHANGES, FIGURE_LOWER_IS_BETTER},
    [FIGURE_LATENCY_P99_99_US] = {"latency_p99_99_us",
                                  "99.99 % of the exchanges took at most so long, from when they "
                                  "were due",
                                  FEW_EXCHANGES, FIGURE_LOWER_IS_BETTER},
    /* One exchange of very many: it tells of the worst moment, not of the server. */
    [FIGURE_LATENCY_MAX_US] = {"latency_max_us", "the longest exchange, from when it was due",
                               EXCHANGE_MISSING, FIGURE_NEITHER},

    [FIGURE_UNCORRECTED_P50_US] = {"uncorrected_p50_us",
                                   "as latency_p50_us, but from when the exchange was really begun",
                                   FEW_EXCHANGES, FIGURE_NEITHER},
    [FIGURE_UNCORRECTED_P90_US] = {"uncorrected_p90_us",
                                   "as latency_p90_us, but from when the exchange was really begun",
                                   FEW_EXCHANGES, FIGURE_NEITHER},
    [FIGURE_UNCORRECTED_P99_US] = {"uncorrected_p99_us",
                                   "as latency_p99_us, but from when the exchange was really begun",
                                   FEW_EXCHANGES, FIGURE_NEITHER},
    [FIGURE_UNCORRECTED_P99_9_US] = {"uncorrected_p99_9_us",
                                     "as latency_p99_9_us, but from when the exchange was really "
                                     "begun",
                                     FEW_EXCHANGES, FIGURE_NEITHER},
    [FIGURE_UNCORRECTED_P99_99_US] = {"uncorrected_p99_99_us",
                                      "as latency_p99_99_us, but from when the exchange was really "
                                      "begun",
                                      FEW_EXCHANGES, FIGURE_NEITHER},
    [FIGURE_UNCORRECTED_MAX_US] = {"uncorrected_max_us",
                                   "as latency_max_us, but from when the exchange was really begun",
                                   EXCHANGE_MISSING, FIGURE_NEITHER},

    /* The kernel's work before the server accepts: how busy the machine was. */
    [FIGURE_CONNECT_P50_US] = {"connect_p50_us",
                               "half of the connections were made in at most so long; the kernel "
                               "makes them, before the server accepts",
                               "no connection was made", FIGURE_NEITHER},
    [FIGURE_CONNECT_P99_US] = {"connect_p99_us",
                               "99 % of the connections were made in at most so long",
                               "no connection was made", FIGURE_NEITHER},
    [FIGURE_FIRST_BYTE_P50_US] = {"first_byte_p50_us",
                                  "half of the replies began at most so long after the request was "
                                  "sent",
                                  EXCHANGE_MISSING, FIGURE_LOWER_IS_BETTER},
    [FIGURE_FIRST_BYTE_P99_US] = {"first_byte_p99_us",
                                  "99 % of the replies began at most so long after the request was "
                                  "sent",
                                  EXCHANGE_MISSING, FIGURE_LOWER_IS_BETTER},
    [FIGURE_START_P50_US] =
        {"start_p50_us",
         "half of the handlers began at most so long after their connection was "
         "accepted",
         "it takes thrd's handler age", FIGURE_LOWER_IS_BETTER},
    [FIGURE_START_P99_US] =
        {"start_p99_us",
         "99 % of the handlers began at most so long after their connection was "
         "accepted",
         "it takes thrd's handler age", FIGURE_LOWER_IS_BETTER},

    [FIGURE_SERVER_CPU_US_PER_OPERATION] = {"server_cpu_us_per_operation",
                                            "CPU time of the server and all its descendants for "
                                            "each exchange",
                                            FOREIGN_SERVER, FIGURE_LOWER_IS_BETTER},
    [FIGURE_SERVER_USER_US_PER_OPERATION] = {"server_user_us_per_operation",
                                             "the part of it in user mode, told in clock ticks",
                                             NOT_TOLD_APART, FIGURE_NEITHER},
    [FIGURE_SERVER_SYSTEM_US_PER_OPERATION] = {"server_system_us_per_operation",
                                               "the part of it in the kernel, told in clock ticks",
                                               NOT_TOLD_APART, FIGURE_NEITHER},
    [FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION] =
        {"server_cpu_above_inline_us_per_operation",
         "CPU time for each exchange above that of mode inline, round by round: what the worker "
         "costs (rr, stream: inline with its one connection)",
         "mode inline was not measured with this workload", FIGURE_LOWER_IS_BETTER},
    [FIGURE_SERVER_CORES] = {"server_cores", "CPU time of the server in each second of the window",
                             FOREIGN_SERVER, FIGURE_NEITHER},
    [FIGURE_CONTEXT_SWITCHES_PER_OPERATION] = {"context_switches_per_operation",
                                               "context switches of the server for each exchange",
                                               FOREIGN_SERVER, FIGURE_NEITHER},
    [FIGURE_PAGE_FAULTS_PER_OPERATION] = {"page_faults_per_operation",
                                          "page faults of the server for each exchange, most of "
                                          "them without reading a disk",
                                          FOREIGN_SERVER, FIGURE_NEITHER},

    [FIGURE_MEMORY_BYTES_PER_CONNECTION] =
        {"memory_bytes_per_connection",
         "memory of each held connection: the server's (PSS) and "
         "the kernel's together",
         "one of the two is missing", FIGURE_LOWER_IS_BETTER},
    [FIGURE_PSS_BYTES_PER_CONNECTION] = {"pss_bytes_per_connection",
                                         "memory of the server and its descendants for each held "
                                         "connection; what several share is divided among them",
                                         "/proc/PID/smaps_rollup cannot be read",
                                         FIGURE_LOWER_IS_BETTER},
    /* The whole machine's: whatever else happened is in it. What counts is the sum above. */
    [FIGURE_KERNEL_BYTES_PER_CONNECTION] = {"kernel_bytes_per_connection",
                                            "the kernel's memory for each held connection: stacks, "
                                            "page tables, slab",
                                            NO_KERNEL_MEMORY, FIGURE_NEITHER},
    [FIGURE_KERNEL_STACK_BYTES_PER_CONNECTION] = {"kernel_stack_bytes_per_connection",
                                                  "kernel stacks for each held connection",
                                                  NO_KERNEL_MEMORY, FIGURE_NEITHER},
    [FIGURE_PAGE_TABLE_BYTES_PER_CONNECTION] = {"page_table_bytes_per_connection",
                                                "page tables of the server and its "
                                                "descendants for each held connection",
                                                NO_KERNEL_MEMORY, FIGURE_NEITHER},
    [FIGURE_SLAB_BYTES_PER_CONNECTION] = {"slab_bytes_per_connection",
                                          "the kernel's slab for each held connection, the "
                                          "client's sockets included",
                                          NO_KERNEL_MEMORY, FIGURE_NEITHER},

    [FIGURE_LOAD_CPU_US_PER_OPERATION] = {"load_cpu_us_per_operation",
                                          "CPU time of the load generator for each exchange",
                                          EXCHANGE_MISSING, FIGURE_NEITHER},
    [FIGURE_LOAD_BUSIEST_SHARE] = {"load_busiest_share",
                                   "how busy the load generator's busiest thread was, 0 to 1; near "
                                   "1 it was the bottleneck",
                                   EXCHANGE_MISSING, FIGURE_NEITHER},
    [FIGURE_MACHINE_IDLE_SHARE] = {"machine_idle_share",
                                   "how much of all CPUs' time was idle in the window, 0 to 1",
                                   "/proc/stat cannot be read", FIGURE_NEITHER},
};

const struct figure_info *figure_info(enum figure figure)
{
    return &figures[figure];
}

int figure_find(const char *name)
{
    for (int figure = 0; figure < FIGURES; figure++)
        if (strcmp(figures[figure].name, name) == 0)
            return figure;
    return -1;
}
