/* wrap_tasks.c - memory, threads, processes, and what they may use. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wrap.h"

WRAP(CALL_CALLOC, void *, NULL, calloc, (size_t count, size_t size), (count, size))
WRAP(CALL_MALLOC, void *, NULL, malloc, (size_t size), (size))
WRAP(CALL_STRDUP, char *, NULL, strdup, (const char *text), (text))
WRAP(CALL_STRNDUP, char *, NULL, strndup, (const char *text, size_t size), (text, size))
WRAP(CALL_REALLOCARRAY, void *, NULL, reallocarray, (void *memory, size_t count, size_t size),
     (memory, count, size))
WRAP(CALL_SETGROUPS, int, -1, setgroups, (size_t count, const gid_t *groups), (count, groups))
WRAP(CALL_SETRESGID, int, -1, setresgid, (gid_t real, gid_t effective, gid_t saved),
     (real, effective, saved))
WRAP(CALL_SETRESUID, int, -1, setresuid, (uid_t real, uid_t effective, uid_t saved),
     (real, effective, saved))
WRAP(CALL_SEM_WAIT, int, -1, sem_wait, (sem_t * semaphore), (semaphore))
WRAP(CALL_MADVISE, int, -1, madvise, (void *memory, size_t size, int advice),
     (memory, size, advice))
WRAP(CALL_MMAP, void *, MAP_FAILED, mmap,
     (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))
WRAP(CALL_MUNMAP, int, -1, munmap, (void *memory, size_t size), (memory, size))
WRAP(CALL_EXECVE, int, -1, execve,
     (const char *path, char *const arguments[], char *const environment[]),
     (path, arguments, environment))
WRAP(CALL_SETPGID, int, -1, setpgid, (pid_t pid, pid_t group), (pid, group))
WRAP_CODE(CALL_POSIX_SPAWN, posix_spawn,
          (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
           const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]),
          (pid, path, actions, attributes, arguments, environment))
WRAP_CODE(CALL_POSIX_SPAWN_INIT, posix_spawn_file_actions_init,
          (posix_spawn_file_actions_t * actions), (actions))
WRAP_CODE(CALL_POSIX_SPAWN_INIT, posix_spawnattr_init, (posix_spawnattr_t * attributes),
          (attributes))
WRAP_CODE(CALL_POSIX_SPAWN_ACTION, posix_spawn_file_actions_adddup2,
          (posix_spawn_file_actions_t * actions, int fd, int as), (actions, fd, as))
WRAP_CODE(CALL_POSIX_SPAWN_ACTION, posix_spawn_file_actions_addclosefrom_np,
          (posix_spawn_file_actions_t * actions, int from), (actions, from))
WRAP(CALL_FORK, pid_t, -1, fork, (void), ())
WRAP(CALL_GETRUSAGE, int, -1, getrusage, (int who, struct rusage *usage), (who, usage))
WRAP(CALL_GETRLIMIT, int, -1, getrlimit, (int resource, struct rlimit *limit), (resource, limit))
WRAP(CALL_SETRLIMIT, int, -1, setrlimit, (int resource, const struct rlimit *limit),
     (resource, limit))
WRAP(CALL_KILL, int, -1, kill, (pid_t pid, int number), (pid, number))
WRAP(CALL_WAITPID, pid_t, -1, waitpid, (pid_t pid, int *status, int options),
     (pid, status, options))
WRAP(CALL_NANOSLEEP, int, -1, nanosleep, (const struct timespec *pause, struct timespec *left),
     (pause, left))
WRAP(CALL_SEM_TIMEDWAIT, int, -1, sem_timedwait, (sem_t * semaphore, const struct timespec *end),
     (semaphore, end))
WRAP(CALL_SIGTIMEDWAIT, int, -1, sigtimedwait,
     (const sigset_t *set, siginfo_t *information, const struct timespec *timeout),
     (set, information, timeout))
WRAP_CODE(CALL_PTHREAD_ATTR_INIT, pthread_attr_init, (pthread_attr_t * attributes), (attributes))
WRAP_CODE(CALL_PTHREAD_ATTR_SETDETACHSTATE, pthread_attr_setdetachstate,
          (pthread_attr_t * attributes, int state), (attributes, state))
WRAP_CODE(CALL_PTHREAD_ATTR_SETGUARDSIZE, pthread_attr_setguardsize,
          (pthread_attr_t * attributes, size_t size), (attributes, size))
WRAP_CODE(CALL_PTHREAD_ATTR_SETSTACKSIZE, pthread_attr_setstacksize,
          (pthread_attr_t * attributes, size_t size), (attributes, size))
WRAP_CODE(CALL_PTHREAD_SETNAME_NP, pthread_setname_np, (pthread_t thread, const char *name),
          (thread, name))

static void *linger(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

int torture_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                           void *(*function)(void *), void *argument);
int torture_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                           void *(*function)(void *), void *argument)
{
    int code = fault_code(CALL_PTHREAD_CREATE);
    pthread_t stray;
    if (code)
        return code;
    if (fault_planted(PLANT_LINGER) && pthread_create(&stray, NULL, linger, NULL) == 0)
        pthread_detach(stray);
    return pthread_create(thread, attributes, function, argument);
}

int torture_asprintf(char **text, const char *format, ...);
int torture_asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    if (fault_strikes(CALL_ASPRINTF))
        return -1;
    va_start(arguments, format);
    int length = vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}

/* All its uses have numbers and pointers behind the option. */
int torture_prctl(int option, ...);
int torture_prctl(int option, ...)
{
    va_list arguments;
    va_start(arguments, option);
    unsigned long argument = va_arg(arguments, unsigned long);
    va_end(arguments);
    enum call call = option == PR_SET_NO_NEW_PRIVS ? CALL_PRCTL_NO_NEW_PRIVS : CALL_PRCTL;
    return fault_strikes(call) ? -1 : prctl(option, argument, 0ul, 0ul, 0ul);
}

static enum call call_of(long number)
{
    switch (number) {
    case SYS_close_range:
        return CALL_SYSCALL_CLOSE_RANGE;
    case SYS_pidfd_open:
        return CALL_SYSCALL_PIDFD_OPEN;
    case SYS_pidfd_send_signal:
        return CALL_SYSCALL_PIDFD_SEND_SIGNAL;
    case SYS_prctl:
        return CALL_SYSCALL_PRCTL;
    case SYS_tgkill:
        return CALL_SYSCALL_TGKILL;
    case SYS_waitid:
        return CALL_SYSCALL_WAITID;
    default:
        abort(); /* a new one: it has to become a kind of call, or it would never fail */
    }
}

/* ECHILD is what we get where somebody else has reaped the child: so it has to be gone. */
static long wait_for(const long a[5], const struct variant *variant)
{
    siginfo_t *status = (siginfo_t *)a[2];
    if (fault_planted(PLANT_ZOMBIE)) {
        errno = ECHILD;
        return -1;
    }
    long result = syscall(SYS_waitid, a[0], a[1], a[2], a[3], a[4]);
    if (!variant || variant->way != WAY_AFTERWARDS || result < 0 || status->si_pid == 0)
        return result;
    memset(status, 0, sizeof *status);
    errno = variant->error;
    return -1;
}

/* As libc's own: takes as many arguments as a system call can have, whatever was given. */
long torture_syscall(long number, ...);
long torture_syscall(long number, ...)
{
    long a[5];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 5; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    const struct variant *variant = fault_of(call_of(number));
    if (variant && variant->way == WAY_ERROR) {
        errno = variant->error;
        return -1;
    }
    if (number == SYS_waitid)
        return wait_for(a, variant);
    return syscall(number, a[0], a[1], a[2], a[3], a[4]);
}
