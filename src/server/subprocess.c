/* subprocess.c - see subprocess.h. */
#include "server/subprocess.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/descriptor.h"

#define BY_PIDFD 3  /* waitid(2) P_PIDFD, which older headers lack */
#define GROUP    4u /* pidfd_send_signal(2) PIDFD_SIGNAL_PROCESS_GROUP, the same */

struct subprocess subprocess_of(pid_t pid)
{
    struct subprocess process = {.pid = pid};
    process.pidfd = descriptor_above_standard((int)syscall(SYS_pidfd_open, pid, 0));
    process.gone = process.pidfd < 0 && errno == ESRCH;
    return process;
}

void subprocess_signal(const struct subprocess *process, int number)
{
    if (process->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, process->pidfd, number, NULL, 0u);
    else if (process->pid > 0 && !process->gone)
        kill(process->pid, number);
}

void subprocess_signal_group(const struct subprocess *process, int number)
{
    if (process->pidfd < 0 ||
        syscall(SYS_pidfd_send_signal, process->pidfd, number, NULL, GROUP) < 0)
        subprocess_signal(process, number);
}

/* waitid(2) as the kernel has it, which tells the child's usage too. */
bool subprocess_has_ended(const struct subprocess *process, enum subprocess_wait wait, bool reap,
                          siginfo_t *status, struct rusage *usage)
{
    int options = WEXITED | (wait == SUBPROCESS_POLL ? WNOHANG : 0) | (reap ? 0 : WNOWAIT);
    int kind = process->pidfd >= 0 ? BY_PIDFD : P_PID;
    int which = process->pidfd >= 0 ? process->pidfd : process->pid;
    long waited;
    memset(status, 0, sizeof *status);
    if (process->gone)
        return true;
    do
        waited = syscall(SYS_waitid, kind, which, status, options, usage);
    while (waited < 0 && errno == EINTR);
    return waited < 0 || status->si_pid != 0;
}

void subprocess_forget(struct subprocess *process)
{
    if (process->pidfd >= 0)
        close(process->pidfd);
    *process = (struct subprocess){.pidfd = -1};
}
