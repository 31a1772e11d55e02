#include "support/footprint.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/patience.h"

static int count_entries(const char *path, bool (*counts)(const char *name))
{
    DIR *directory = opendir(path);
    int count = 0;
    must(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.' && counts(entry->d_name);
    closedir(directory);
    return count;
}

static bool is_descriptor(const char *name)
{
    (void)name;
    return true;
}

/* pthread_join() returns when a thread has left our memory, and on a busy machine the kernel shows
 * it for a moment longer. proc(5): flags is the seventh field behind the name. */
static bool is_live_thread(const char *name)
{
    const unsigned is_exiting = 0x4; /* PF_EXITING of the kernel's <linux/sched.h> */
    unsigned flags = is_exiting;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%.16s/stat", name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    int fields = fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %u", &flags);
    fclose(file);
    return fields == 1 && !(flags & is_exiting);
}

static void *do_nothing(void *nothing)
{
    return nothing;
}

/* With a process's first thread a tool may start one of its own (ThreadSanitizer does), which is
 * not to be counted. */
static void have_had_a_thread(void)
{
    pthread_t thread;
    must(pthread_create(&thread, NULL, do_nothing, NULL) == 0);
    must(pthread_join(thread, NULL) == 0);
}

struct footprint footprint_now(void)
{
    static bool has_had_a_thread;
    if (!has_had_a_thread)
        have_had_a_thread();
    has_had_a_thread = true;
    return (struct footprint){.threads = count_entries("/proc/self/task", is_live_thread),
                              .descriptors = count_entries("/proc/self/fd", is_descriptor)};
}

/* Without reaping any. */
static bool has_child(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static bool is_same(struct footprint now, struct footprint before, bool child)
{
    return now.threads == before.threads && now.descriptors == before.descriptors && !child;
}

static _Noreturn void tell_difference(struct footprint now, struct footprint before, bool child)
{
    fail("left behind: threads %d (were %d), descriptors %d (were %d)%s", now.threads,
         before.threads, now.descriptors, before.descriptors, child ? ", a child" : "");
}

void footprint_wait(struct footprint before)
{
    int64_t give_up = now_ms() + patience_ms();
    for (;;) {
        struct footprint now = footprint_now();
        bool child = has_child();
        if (is_same(now, before, child))
            return;
        if (now_ms() > give_up)
            tell_difference(now, before, child);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

void footprint_expect(struct footprint before)
{
    struct footprint now = footprint_now();
    bool child = has_child();
    if (!is_same(now, before, child))
        tell_difference(now, before, child);
}

bool is_mapped(const char *part_of_name)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[4096];
    bool found = false;
    must(maps != NULL);
    while (!found && fgets(line, sizeof line, maps))
        found = strstr(line, part_of_name) != NULL;
    fclose(maps);
    return found;
}
