/* proc_file.h - small files such as those of /proc: one read whole, and what stands in its text.
 *
 * The functions that read a text know no files, so that tests can feed them. Any thread. */
#ifndef BENCH_PROC_FILE_H
#define BENCH_PROC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads up to size - 1 bytes of the file, path being relative to directory (or AT_FDCWD), as a
 * string. Returns its length, or -1 with errno, and "" in text. */
ssize_t proc_file_read(int directory, const char *path, char *text, size_t size);

/* "Pss:    364 kB" on a line of its own: 372736 for "Pss". -1 where there is none. */
int64_t proc_file_bytes(const char *text, const char *field);

/* /proc/stat: clock ticks that all CPUs together were idle or waited for a disk. -1: not told. */
int64_t proc_file_idle_ticks(const char *text);

/* What stands behind "field   : " in a text like /proc/cpuinfo, spaces made single. False, and "",
 * where there is none. */
bool proc_file_words(const char *text, const char *field, char *words, size_t size);

/* A line of /proc/PID/stat. */
struct proc_stat {
    pid_t pid;
    pid_t parent;
    pid_t group;
    char state;         /* 'R', 'S', 'Z' … */
    unsigned threads;   /* 0 when it has ended */
    int64_t user_ticks; /* its own; the next two are of children that have been waited for */
    int64_t system_ticks;
    int64_t waited_user_ticks;
    int64_t waited_system_ticks;
    int64_t page_faults; /* with and without a disk, those of such children included */
};

/* False: it is not such a line. The name in it may hold anything, ")" and newline too. */
bool proc_file_stat(const char *text, struct proc_stat *stat);

#endif
