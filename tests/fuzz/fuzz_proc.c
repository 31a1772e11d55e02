/* fuzz_proc.c - the texts of /proc that the program reads: /proc/PID/cgroup and mountinfo
 * (cli/cgroup.c), stat, status, smaps and cpuinfo (bench/proc_file.c). A process may have any name,
 * and whoever makes a control group or mounts something chooses names, too.
 *
 * The input: a number in 8 bytes; then three texts, NUL between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/proc_file.h"
#include "cli/cgroup.h"
#include "fuzz.h"

static enum cgroup_found find(struct cgroup *cgroup, const char *before_cgroups,
                              const char *cgroups, const char *before_mounts, const char *mounts)
{
    char *texts[2];
    FILE *files[2];
    FUZZ_CHECK(asprintf(&texts[0], "%s%s", before_cgroups, cgroups) >= 0);
    FUZZ_CHECK(asprintf(&texts[1], "%s%s", before_mounts, mounts) >= 0);
    for (int i = 0; i < 2; i++) {
        files[i] = fmemopen(texts[i], strlen(texts[i]) + (texts[i][0] == '\0'), "r");
        FUZZ_CHECK(files[i] != NULL);
    }
    enum cgroup_found found = cgroup_find(cgroup, files[0], files[1], "pids");
    for (int i = 0; i < 2; i++) {
        fclose(files[i]);
        free(texts[i]);
    }
    return found;
}

/* Lines of other controllers and other mounts change nothing. */
static void check_cgroup(const char *cgroups, const char *mounts)
{
    static struct cgroup cgroup, again;
    enum cgroup_found found = find(&cgroup, "", cgroups, "", mounts);
    FUZZ_CHECK(find(&again, "9:cpu,cpuacct:/x\nbroken\n", cgroups,
                    "22 28 0:20 / /sys rw - sysfs sysfs rw\nbroken\n", mounts) == found);
    if (found != CGROUP_FOUND)
        return;
    FUZZ_CHECK(strcmp(cgroup.folder, again.folder) == 0);
    FUZZ_CHECK(cgroup.mount_length == again.mount_length);
    FUZZ_CHECK(cgroup.is_unified == again.is_unified);
    FUZZ_CHECK(cgroup.mount_length <= strlen(cgroup.folder));
}

/* A folder of any name is found again by what the kernel writes for it. */
static void check_mount_point(const char *name)
{
    struct cgroup cgroup;
    char *mounts, escaped[4 * 1000 + 1];
    size_t length = strlen(name);
    if (length == 0 || length > 1000)
        return;
    for (size_t i = 0; i < length; i++)
        snprintf(escaped + 4 * i, 5, "\\%03o", (unsigned char)name[i]);
    FUZZ_CHECK(asprintf(&mounts, "30 24 0:26 / %s rw - cgroup2 cgroup2 rw\n", escaped) >= 0);
    FUZZ_CHECK(find(&cgroup, "", "0::/x\n", "", mounts) == CGROUP_FOUND);
    free(mounts);
    FUZZ_CHECK(cgroup.mount_length == length && memcmp(cgroup.folder, name, length) == 0);
    FUZZ_CHECK(strcmp(cgroup.folder + length, "/x") == 0);
}

/* A field is found on a line of its own, whatever the lines before it say. */
static void check_field(const char *before, uint64_t number)
{
    char *text;
    int64_t kib = (int64_t)(number >> 12); /* more is not memory */
    FUZZ_CHECK(asprintf(&text, "%s\nThrd \t: %lld kB\n", before, (long long)kib) >= 0);
    int64_t bytes = proc_file_bytes(text, "Thrd");
    FUZZ_CHECK(strncmp(before, "Thrd", 4) == 0 || strstr(before, "\nThrd") || bytes == kib * 1024);
    free(text);
}

static void check_words(const char *text, size_t room)
{
    char *words = malloc(room);
    FUZZ_CHECK(words != NULL);
    bool found = proc_file_words(text, "model name", words, room);
    size_t length = strlen(words);
    FUZZ_CHECK(length < room && found == (length > 0));
    FUZZ_CHECK(!strstr(words, "  ") && !strchr(words, '\n'));
    FUZZ_CHECK(length == 0 || (words[0] != ' ' && words[length - 1] != ' '));
    free(words);
}

static void check_stat(const char *name, uint64_t number)
{
    struct proc_stat stat;
    char *text;
    unsigned pid = (unsigned)(number & INT32_MAX), threads = (unsigned)(number >> 32 & 0xffffff);
    unsigned long long ticks = number >> 3;
    FUZZ_CHECK(asprintf(&text, "%u (%s) S %u %u 1 0 -1 4194560 1 2 3 4 %llu 6 7 8 20 0 %u 0 9", pid,
                        name, pid, pid, ticks, threads) >= 0);
    FUZZ_CHECK(proc_file_stat(text, &stat));
    FUZZ_CHECK(stat.pid == (pid_t)pid && stat.parent == (pid_t)pid && stat.group == (pid_t)pid);
    FUZZ_CHECK(stat.state == 'S' && stat.threads == threads && stat.page_faults == 10);
    FUZZ_CHECK(stat.user_ticks == (int64_t)ticks && stat.waited_system_ticks == 8);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    uint64_t number = fuzz_number(&input, 8);
    const char *first = fuzz_text(&input, 0);
    const char *second = fuzz_text(&input, 1);
    const char *third = fuzz_text(&input, 2);
    check_cgroup(first, second);
    check_mount_point(third);
    check_field(third, number);
    check_words(third, 1 + number % 64);
    check_stat(third, number);
    return 0;
}
