#include "support/footprint.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/patience.h"

static int count_entries(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;
    must(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void *tell_number(void *number)
{
    *(pid_t *)number = (pid_t)syscall(SYS_gettid);
    return NULL;
}

/* With a process's first thread a tool may start one of its own (ThreadSanitizer does), and neither
 * is to be counted: pthread_join() returns a moment before the kernel forgets the thread. */
static void have_had_a_thread(void)
{
    pthread_t thread;
    pid_t number;
    must(pthread_create(&thread, NULL, tell_number, &number) == 0);
    must(pthread_join(thread, NULL) == 0);
    while (syscall(SYS_tgkill, getpid(), number, 0) == 0)
        sched_yield();
}

struct footprint footprint_now(void)
{
    static bool has_had_a_thread;
    if (!has_had_a_thread)
        have_had_a_thread();
    has_had_a_thread = true;
    return (struct footprint){.threads = count_entries("/proc/self/task"),
                              .descriptors = count_entries("/proc/self/fd")};
}

/* Without reaping any. */
static bool has_child(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static bool is_as_before(struct footprint before)
{
    struct footprint now = footprint_now();
    return now.threads == before.threads && now.descriptors == before.descriptors && !has_child();
}

static _Noreturn void tell_difference(struct footprint before)
{
    struct footprint now = footprint_now();
    fail("left behind: threads %d (were %d), descriptors %d (were %d)%s", now.threads,
         before.threads, now.descriptors, before.descriptors, has_child() ? ", a child" : "");
}

void footprint_wait(struct footprint before)
{
    int64_t give_up = now_ms() + patience_ms();
    while (!is_as_before(before)) {
        if (now_ms() > give_up)
            tell_difference(before);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

void footprint_expect(struct footprint before)
{
    if (!is_as_before(before))
        tell_difference(before);
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
