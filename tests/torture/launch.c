/* launch.c - the server under test as a process: see play.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "play.h"

void launch_add_option(struct play *play, const char *option)
{
    if (play->option_count + 1 >= OPTIONS_MAX)
        abort();
    play->options[play->option_count++] = option;
    play->options[play->option_count] = NULL;
}

static void keep_as(int fd, int number)
{
    if (fd >= 0 && dup2(fd, number) < 0)
        _exit(120);
}

/* Descriptors of the driver's are close-on-exec, and above those that the server gets. */
/* Another user, whom the limit is meant for, by the real user alone: who may reach our files, and
 * the control, is told by the effective one. */
static void limit_tasks(unsigned count)
{
    struct rlimit tasks = {count, count};
    setrlimit(RLIMIT_NPROC, &tasks);
    prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN);
    prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE);
    setresuid(65534, (uid_t)-1, (uid_t)-1);
}

/* What supervisors say. */
static void set_up_environment(const struct play *play)
{
    char pid[32];
    if (play->notify)
        setenv("NOTIFY_SOCKET", play->notify, 1);
    if (!play->listen_fds)
        return;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", play->listen_fds, 1);
}

static _Noreturn void become(struct play *play, const char *program)
{
    char control[64];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    unsigned limit = play->point->scenario->files;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = limit ? limit : 1024;
    setrlimit(RLIMIT_NOFILE, &files);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(control, sizeof control, "/proc/%d/fd/%d", (int)getppid(), play->control_fd);
    setenv(CONTROL_VARIABLE, control, 1);
    set_up_environment(play);
    keep_as(null, 0);
    keep_as(play->output_fd, 1);
    keep_as(play->stderr_fd >= 0 ? play->stderr_fd : play->log_fd, 2);
    for (int i = 0; i < PASSED_MAX; i++)
        keep_as(play->passed[i], 3 + i);
    if (play->closed_streams) {
        close(0);
        close(1);
    }
    if (play->point->scenario->tasks)
        limit_tasks(play->point->scenario->tasks);
    execv(program, (char **)play->options);
    _exit(121);
}

static int new_file(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    int above = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 20);
    if (above < 0) {
        perror("torture: memfd_create");
        exit(1);
    }
    close(fd);
    return above;
}

void launch(struct play *play)
{
    const char *program =
        play->program ? play->program : play->programs[play->point->scenario->host != NULL];
    play->output_fd = new_file("output");
    play->log_fd = new_file("log");
    fcntl(play->log_fd, F_SETFL, fcntl(play->log_fd, F_GETFL) | O_APPEND);
    play->pid = fork();
    if (play->pid == 0)
        become(play, program);
    if (play->pid < 0) {
        perror("torture: fork");
        exit(1);
    }
    for (int i = 0; i < PASSED_MAX; i++)
        if (play->passed[i] >= 0)
            close(play->passed[i]);
    play->pidfd = (int)syscall(SYS_pidfd_open, play->pid, 0);
}

static bool has_ended(struct play *play)
{
    if (!play->ended && waitpid(play->pid, &play->status, WNOHANG) == play->pid)
        play->ended = true;
    return play->ended;
}

static bool is_ready_or_gone(struct play *play)
{
    unsigned servers = play->point->scenario->servers;
    return has_ended(play) || atomic_load(&play->control->turns) >= (servers ? servers : 1);
}

void launch_wait_ready(struct play *play)
{
    if (!play_wait(play, is_ready_or_gone, PATIENCE_MS))
        play_violation(play, "the server does not begin to serve, and does not end");
}

bool launch_wait_end(struct play *play, unsigned limit_ms)
{
    if (!has_ended(play))
        play_poll(play, play->pidfd, POLLIN, limit_ms);
    return has_ended(play);
}

bool launch_has_said(struct play *play, const char *text)
{
    static char log[16384];
    ssize_t count = pread(play->log_fd, log, sizeof log - 1, 0);
    log[count > 0 ? count : 0] = '\0';
    return strstr(log, text) != NULL;
}

void launch_signal(struct play *play, int number)
{
    if (!has_ended(play))
        kill(play->pid, number);
}

int launch_clear(struct play *play)
{
    int left = 0;
    kill(-play->pid, SIGKILL);
    for (int status;;) {
        pid_t pid = waitpid(-play->pid, &status, 0);
        if (pid < 0 && errno != EINTR)
            break;
        left += pid > 0 && pid != play->pid;
    }
    play->ended = true;
    close(play->pidfd);
    close(play->output_fd);
    close(play->log_fd);
    return left;
}
