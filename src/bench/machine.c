/* machine.c - describing the machine; see machine.h. */
#include "bench/machine.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/proc_file.h"

/* For the texts that grow with the machine, and for a single word or number. */
#define TEXT_SIZE 65536
#define WORD_SIZE 64

void machine_cpu_name(const char *cpuinfo, char *name, size_t size)
{
    /* x86 and LoongArch; ARM; MIPS; POWER; RISC-V. */
    static const char *const fields[] = {"model name", "Model Name", "Model",   "cpu model",
                                         "cpu",        "uarch",      "Hardware"};
    name[0] = '\0';
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (proc_file_words(cpuinfo, fields[i], name, size))
            return;
}

void machine_libc_name(const char *maps, char *name, size_t size)
{
    snprintf(name, size, "%s", strstr(maps, "/ld-musl-") ? "musl" : "");
}

static void describe_cpus(struct machine_info *machine)
{
    char text[TEXT_SIZE];
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    machine->cpus = cpus > 0 ? (unsigned)cpus : 0;
    proc_file_read(AT_FDCWD, "/proc/cpuinfo", text, sizeof text);
    machine_cpu_name(text, machine->cpu, sizeof machine->cpu);
}

static void describe_kernel(struct machine_info *machine)
{
    struct utsname name;
    if (uname(&name) < 0)
        return;
    snprintf(machine->kernel, sizeof machine->kernel, "%.30s %.60s %.30s", name.sysname,
             name.release, name.machine);
    if (machine->cpu[0] == '\0')
        snprintf(machine->cpu, sizeof machine->cpu, "%.60s", name.machine);
}

static void describe_libc(struct machine_info *machine)
{
    char text[TEXT_SIZE];
    if (confstr(_CS_GNU_LIBC_VERSION, machine->libc, sizeof machine->libc) > 0)
        return;
    proc_file_read(AT_FDCWD, "/proc/self/maps", text, sizeof text);
    machine_libc_name(text, machine->libc, sizeof machine->libc);
}

static void describe_randomization(struct machine_info *machine)
{
    char text[WORD_SIZE];
    int flags = personality(0xffffffff); /* only asks */
    bool is_off = flags >= 0 && (flags & ADDR_NO_RANDOMIZE);
    machine->address_randomization = -1;
    if (is_off)
        machine->address_randomization = 0;
    else if (proc_file_read(AT_FDCWD, "/proc/sys/kernel/randomize_va_space", text, sizeof text) > 0)
        machine->address_randomization = atoi(text);
}

static void describe_limits(struct machine_info *machine)
{
    struct rlimit files;
    machine->open_files_limit = -1;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        machine->open_files_limit =
            files.rlim_max > (rlim_t)INT64_MAX ? INT64_MAX : (int64_t)files.rlim_max;
}

/* Many machines, virtual ones above all, do not tell. */
static void describe_governor(struct machine_info *machine)
{
    char path[96], text[WORD_SIZE];
    for (unsigned cpu = 0; cpu < machine->cpus; cpu++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", cpu);
        if (proc_file_read(AT_FDCWD, path, text, sizeof text) <= 0)
            continue;
        text[strcspn(text, "\n")] = '\0';
        bool is_another = machine->cpu_governor[0] && strcmp(text, machine->cpu_governor) != 0;
        snprintf(machine->cpu_governor, sizeof machine->cpu_governor, "%.31s",
                 is_another ? "mixed" : text);
    }
}

static void describe_load(struct machine_info *machine)
{
    char text[WORD_SIZE];
    if (proc_file_read(AT_FDCWD, "/proc/loadavg", text, sizeof text) <= 0 ||
        sscanf(text, "%lf", &machine->load_average) != 1)
        machine->load_average = -1;
}

static void describe_memory(struct machine_info *machine)
{
    char text[TEXT_SIZE];
    proc_file_read(AT_FDCWD, "/proc/meminfo", text, sizeof text);
    machine->memory_bytes = proc_file_bytes(text, "MemTotal");
}

void machine_describe(struct machine_info *machine)
{
    *machine = (struct machine_info){0};
    describe_cpus(machine);
    describe_kernel(machine);
    describe_memory(machine);
    describe_libc(machine);
    describe_randomization(machine);
    describe_limits(machine);
    describe_governor(machine);
    describe_load(machine);
}
