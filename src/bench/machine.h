/* machine.h - the machine on which is measured, for the document.
 *
 * What it does: asks the kernel and libc. What it does not do: judge. Any thread. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>

struct machine_info {
    char cpu[128];        /* the model's name; where the kernel tells none, the architecture's */
    unsigned cpus;        /* online */
    int64_t memory_bytes; /* -1: unknown */
    char kernel[128];     /* "Linux 6.18.44 x86_64" */
    char libc[64];        /* "glibc 2.36", "musl"; "" unknown */
    int address_randomization; /* kernel.randomize_va_space, 0 where it is switched off for us
                                  (setarch -R); -1: unknown */
    int64_t open_files_limit;  /* the hard one, to which servers and load raise theirs */
    char cpu_governor[32];     /* "performance"; "mixed" where the CPUs differ; "" unknown */
    double load_average;       /* of the last minute; -1: unknown */
};

void machine_describe(struct machine_info *machine);

/* What machine_describe() does with texts, for the tests. */

/* cpu from /proc/cpuinfo, which has other fields on other architectures; "" where it has none. */
void machine_cpu_name(const char *cpuinfo, char *name, size_t size);

/* libc where it is not glibc, from /proc/self/maps: musl is known by the file that was loaded. */
void machine_libc_name(const char *maps, char *name, size_t size);

#endif
