/* accounting.c - what a server costs; see accounting.h. */
#include "bench/accounting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/proc_file.h"
#include "bench/processes.h"
#include "client/monotonic.h"

/* Longer than /proc/meminfo and /proc/PID/status; of /proc/stat only the first line is wanted. */
#define TEXT_SIZE 8192

static int64_t ticks_to_ns(int64_t ticks)
{
    long per_second = sysconf(_SC_CLK_TCK);
    return ticks * (1000000000 / (per_second > 0 ? per_second : 100));
}

/* ---- CPU --------------------------------------------------------------------------------- */

static int64_t waited_ticks(const struct proc_stat *process)
{
    return process->waited_user_ticks + process->waited_system_ticks;
}

/* All threads of a living process or of a zombie; -1: it is gone. */
static int64_t clock_of(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

/* Looks again at those who may have waited for a child since the list was made: the server itself
 * and whoever had children then. The others' entries stay as they are, or a thousand children would
 * be read twice. Returns the ticks of children that have been waited for, of all. */
static int64_t refresh_parents(struct processes *list, pid_t server)
{
    int64_t ticks = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct proc_stat *process = &list->all[i].stat;
        if (process->pid == server || list->all[i].has_children)
            processes_look(process->pid, process);
        ticks += waited_ticks(process);
    }
    return ticks;
}

/* Adds the clocks up. A process that has gone is dropped from the list: its time is its parent's
 * now. */
static int64_t read_clocks(struct processes *list)
{
    int64_t total = 0;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        int64_t used = clock_of(list->all[i].stat.pid);
        if (used < 0)
            continue;
        total += used;
        list->all[kept++] = list->all[i];
    }
    list->count = kept;
    return total;
}

/* First the clocks: whoever has ended since the list was made is then with those that were waited
 * for. */
static void read_total(struct processes *list, pid_t server, struct accounting_cpu *cpu)
{
    cpu->at_ns = monotonic_ns();
    cpu->total_ns = read_clocks(list);
    cpu->total_ns += ticks_to_ns(refresh_parents(list, server));
}

static void add_up_ticks(const struct processes *list, struct accounting_cpu *cpu)
{
    int64_t user = 0, system = 0;
    cpu->page_faults = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct proc_stat *process = &list->all[i].stat;
        user += process->user_ticks + process->waited_user_ticks;
        system += process->system_ticks + process->waited_system_ticks;
        cpu->page_faults += process->page_faults;
        cpu->processes += process->state != 'Z';
        cpu->threads += process->state != 'Z' ? process->threads : 0;
    }
    cpu->user_ns = ticks_to_ns(user);
    cpu->system_ns = ticks_to_ns(system);
}

void accounting_read_cpu(pid_t pid, struct accounting_cpu *cpu)
{
    struct processes list;
    *cpu = (struct accounting_cpu){monotonic_ns(), -1, -1, -1, 0, 0, -1};
    if (processes_descendants(pid, &list) < 0)
        return;
    struct accounting_cpu read = {.at_ns = cpu->at_ns};
    read_total(&list, pid, &read);
    add_up_ticks(&list, &read);
    processes_free(&list);
    if (clock_of(pid) >= 0) /* else it has ended, and what it waited for went with it */
        *cpu = read;
}

/* ---- Memory ------------------------------------------------------------------------------ */

/* A field of a file of the process. 0 where the process has no memory any more, -1 where the kernel
 * does not tell. */
static int64_t read_bytes(pid_t pid, const char *file, const char *field)
{
    char path[64], text[TEXT_SIZE];
    struct proc_stat process;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    if (proc_file_read(AT_FDCWD, path, text, sizeof text) > 0) {
        int64_t bytes = proc_file_bytes(text, field);
        if (bytes >= 0)
            return bytes;
    }
    return processes_look(pid, &process) && process.state != 'Z' ? -1 : 0;
}

/* One figure that cannot be had makes the sum unknown. */
static void add(int64_t *sum, int64_t bytes)
{
    *sum = bytes < 0 || *sum < 0 ? -1 : *sum + bytes;
}

void accounting_read_memory(pid_t pid, struct accounting_memory *memory)
{
    struct processes list;
    *memory = (struct accounting_memory){-1, -1, 0, 0};
    if (processes_descendants(pid, &list) < 0)
        return;
    if (list.count > 0)
        *memory = (struct accounting_memory){0, 0, 0, 0};
    for (size_t i = 0; i < list.count; i++) {
        const struct proc_stat *process = &list.all[i].stat;
        if (process->state == 'Z')
            continue;
        add(&memory->pss_bytes, read_bytes(process->pid, "smaps_rollup", "Pss"));
        add(&memory->page_tables_bytes, read_bytes(process->pid, "status", "VmPTE"));
        memory->processes++;
        memory->threads += process->threads;
    }
    processes_free(&list);
    if (memory->processes == 0)
        *memory = (struct accounting_memory){-1, -1, 0, 0};
}

/* ---- The machine ------------------------------------------------------------------------- */

void accounting_read_machine(struct accounting_machine *machine)
{
    char text[TEXT_SIZE];
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    machine->at_ns = monotonic_ns();
    machine->cpus = cpus > 0 ? (unsigned)cpus : 0;
    proc_file_read(AT_FDCWD, "/proc/stat", text, sizeof text);
    int64_t ticks = proc_file_idle_ticks(text);
    machine->idle_ns = ticks < 0 ? -1 : ticks_to_ns(ticks);
    proc_file_read(AT_FDCWD, "/proc/meminfo", text, sizeof text);
    machine->kernel_stack_bytes = proc_file_bytes(text, "KernelStack");
    machine->page_tables_bytes = proc_file_bytes(text, "PageTables");
    machine->slab_bytes = proc_file_bytes(text, "Slab");
    machine->available_bytes = proc_file_bytes(text, "MemAvailable");
}
