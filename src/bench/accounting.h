/* accounting.h - what a server costs, as the kernel tells it in /proc.
 *
 * What it does: CPU time, page faults and memory of a process with all its descendants, and the
 * memory that the kernel uses for them.
 * What it does not do: start or stop anything; count context switches, which /proc tells only of
 * each living thread (target_stop() has those of a server's whole life). A figure that this machine
 * does not give, or of a process that is gone, is -1, never 0. Any thread.
 *
 * A descendant is known by its parent: one whose parents have ended has another by then, and is not
 * counted. Reading a server with 1,000 children takes some 20 ms for the CPU and 70 ms for the
 * memory, most of it to find them among all processes. */
#ifndef BENCH_ACCOUNTING_H
#define BENCH_ACCOUNTING_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time used so far, of the process, its living descendants and those that have been waited
 * for. The living ones' is exact (clock_getcpuclockid(3)), that of dead children is told in clock
 * ticks (10 ms in all, not for each), so look at windows of half a second and more. A child that
 * ends at the very moment may be counted twice or not at all. */
struct accounting_cpu {
    int64_t at_ns;    /* CLOCK_MONOTONIC, when it was read */
    int64_t total_ns; /* -1: cannot be read */
    int64_t user_ns;  /* these two in clock ticks */
    int64_t system_ns;
    unsigned processes; /* that live */
    unsigned threads;
    int64_t page_faults; /* with and without a disk */
};
void accounting_read_cpu(pid_t pid, struct accounting_cpu *cpu);

/* Memory of the process with its descendants. */
struct accounting_memory {
    int64_t pss_bytes;         /* proportional set size: /proc/PID/smaps_rollup */
    int64_t page_tables_bytes; /* VmPTE of each process */
    unsigned processes;
    unsigned threads;
};
void accounting_read_memory(pid_t pid, struct accounting_memory *memory);

/* The whole machine: /proc/meminfo, /proc/stat. The difference of two readings is what happened
 * between them, whoever did it. */
struct accounting_machine {
    int64_t at_ns;
    int64_t kernel_stack_bytes;
    int64_t page_tables_bytes;
    int64_t slab_bytes;
    int64_t available_bytes; /* MemAvailable */
    int64_t idle_ns;         /* of all CPUs together; idle and iowait */
    unsigned cpus;           /* online */
};
void accounting_read_machine(struct accounting_machine *machine);

#endif
