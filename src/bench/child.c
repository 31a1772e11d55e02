/* child.c - starting a program and its guardian, and what it says; see child.h. Its end is in
 * child_stop.c. */
#include "bench/child.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What tells the guardian that we are dead. Blocked in it like all others, so it is waited for. */
#define GUARDIAN_SIGNAL SIGUSR1

extern char **environ;

/* ---- In the new process: only what is safe after fork(2) ----------------------------------- */

static void close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0u, 0u) == 0)
        return;
    long open_max = sysconf(_SC_OPEN_MAX); /* a kernel or sandbox without close_range(2) */
    for (long fd = (long)first; fd < open_max; fd++)
        close((int)fd);
}

/* Those that we ignore or handle would be ignored, or be ours for a moment, in the program too. */
static void default_signals(void)
{
    sigset_t none;
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The kernel is to send this signal when our parent dies; unless it has done so already. */
static void end_with(pid_t parent, int number)
{
    prctl(PR_SET_PDEATHSIG, number);
    if (getppid() != parent)
        _exit(126);
}

static void write_text(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written; /* there is nobody else to tell */
}

/* What a program gets for its standard streams and as descriptor 3. All but -1 are above 3, so that
 * none is lost to the one before. */
struct streams {
    int null;
    int log;
    int ready;
};

static bool set_up_streams(const struct streams *streams)
{
    if (dup2(streams->null, STDIN_FILENO) < 0 || dup2(streams->null, STDOUT_FILENO) < 0 ||
        dup2(streams->log, STDERR_FILENO) < 0)
        return false;
    if (streams->ready >= 0 && dup2(streams->ready, 3) < 0)
        return false;
    close_from(streams->ready >= 0 ? 4 : 3);
    return true;
}

/* What is to run. */
struct program {
    const char *path;
    char *const *argv;
    char *const *environment;
};

static _Noreturn void be_the_program(const struct program *program, const struct streams *streams,
                                     pid_t parent)
{
    setpgid(0, 0);
    end_with(parent, SIGKILL);
    if (!set_up_streams(streams))
        _exit(126);
    default_signals();
    execve(program->path, program->argv, program->environment);
    const char *why = strerror(errno);
    write_text("cannot run ");
    write_text(program->path);
    write_text(": ");
    write_text(why);
    _exit(127);
}

/* All signals are blocked here: Ctrl-C and whatever else is sent to the group is not meant for us.
 */
static _Noreturn void be_the_guardian(pid_t group, pid_t parent)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, GUARDIAN_SIGNAL);
    setpgid(0, group);
    prctl(PR_SET_PDEATHSIG, GUARDIAN_SIGNAL);
    prctl(PR_SET_NAME, "guardian");
    close_from(0);
    while (getppid() == parent)
        sigwaitinfo(&awaited, NULL);
    kill(-group, SIGKILL);
    _exit(0);
}

/* ---- Starting ---------------------------------------------------------------------------- */

/* A copy of our environment without what a service manager tells us alone. The strings are shared;
 * the array is the caller's to free(). NULL: no memory. */
static char **copy_environment(void)
{
    static const char notify[] = "NOTIFY_SOCKET=";
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        if (strncmp(environ[i], notify, strlen(notify)) != 0)
            copy[kept++] = environ[i];
    return copy;
}

/* Ours are closed when it has been started, whatever came of it. */
static int open_streams(int ready_fd, struct streams *streams)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = memfd_create("stderr", MFD_CLOEXEC);
    *streams = (struct streams){-1, -1, -1};
    if (null >= 0 && log >= 0) {
        streams->null = fcntl(null, F_DUPFD_CLOEXEC, 4);
        streams->log = fcntl(log, F_DUPFD_CLOEXEC, 4);
        fcntl(log, F_SETFL, O_APPEND); /* whoever else opens it, as /dev/stderr say */
        if (ready_fd >= 0)
            streams->ready = fcntl(ready_fd, F_DUPFD_CLOEXEC, 4);
    }
    int saved_errno = errno;
    if (null >= 0)
        close(null);
    if (log >= 0)
        close(log);
    errno = saved_errno;
    return streams->null < 0 || streams->log < 0 || (ready_fd >= 0 && streams->ready < 0) ? -1 : 0;
}

static void close_streams(const struct streams *streams)
{
    int saved_errno = errno;
    if (streams->null >= 0)
        close(streams->null);
    if (streams->log >= 0)
        close(streams->log);
    if (streams->ready >= 0)
        close(streams->ready);
    errno = saved_errno;
}

/* Both processes, with all signals blocked so that no handler of ours runs in them. Returns 0, or
 * -1 with errno and without any. */
static int fork_both(const struct program *program, const struct streams *streams,
                     struct child *child)
{
    pid_t parent = getpid();
    child->pid = fork();
    if (child->pid == 0)
        be_the_program(program, streams, parent);
    if (child->pid < 0)
        return -1;
    setpgid(child->pid, child->pid); /* both of us say so: the group is there for either */
    child->guardian = fork();
    if (child->guardian == 0)
        be_the_guardian(child->pid, parent);
    if (child->guardian > 0) {
        child_count(+1);
        return 0;
    }
    int saved_errno = errno;
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    errno = saved_errno;
    return -1;
}

static int start(const struct program *program, const struct streams *streams, struct child *child)
{
    sigset_t all, before;
    child_become_reaper();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = fork_both(program, streams, child);
    int saved_errno = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved_errno;
    return result;
}

int child_start(const char *path, char *const argv[], int ready_fd, struct child *child)
{
    struct streams streams;
    *child = (struct child){0, 0, -1};
    char **environment = copy_environment();
    if (!environment)
        return -1;
    const struct program program = {path, argv, environment};
    int result = open_streams(ready_fd, &streams);
    if (result == 0)
        result = start(&program, &streams, child);
    int saved_errno = errno;
    free(environment);
    if (result == 0) {
        child->log = streams.log;
        streams.log = -1;
    }
    close_streams(&streams);
    errno = saved_errno;
    return result;
}

bool child_has_ended(const struct child *child)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
           info.si_pid != 0;
}

/* ---- What it says ------------------------------------------------------------------------ */

void child_last_line(const struct child *child, char line[CHILD_LINE_SIZE])
{
    char text[4096];
    struct stat file;
    off_t size = fstat(child->log, &file) == 0 ? file.st_size : 0;
    off_t from = size > (off_t)sizeof text ? size - (off_t)sizeof text : 0;
    ssize_t length = size > 0 ? pread(child->log, text, sizeof text, from) : 0;
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    ssize_t begin = length > 0 ? length : 0;
    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    size_t n = 0;
    for (ssize_t i = begin; i < length && n < CHILD_LINE_SIZE - 1; i++)
        line[n++] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
    line[n] = '\0';
}

void child_forget(struct child *child)
{
    if (child->log >= 0)
        close(child->log);
    *child = (struct child){0, 0, -1};
}
