/* worker_fork.c - mode fork: a child process for each connection.
 *
 * The parent closes its copy of the connection at once; the child holds 0, 1, 2 and the connection,
 * nothing else. Only the accept loop reaps, told by a pidfd for each child, so that neither a
 * signal handler nor a disposition of the program's is needed. Where pidfds are not to be had
 * (Valgrind, short of descriptors) the loop asks after those children every few milliseconds.
 *
 * A child is asked to end by SIGTERM: its handler shuts the connection down, blocked calls return,
 * the service code ends as a thread's would. One that does not is killed. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/accept_loop.h"
#include "server/descriptor.h"
#include "server/report.h"
#include "server/server.h"
#include "server/thread.h"

/* For the SIGTERM handler of a child; set once, before the signal is unblocked. */
static struct {
    int fd;
    struct progress *progress;
} child;

static void end_connection(int signal_number)
{
    (void)signal_number;
    int kept = errno;
    progress_set_cut(child.progress, THRDSRV_END_TERMINATED);
    shutdown(child.fd, SHUT_RDWR);
    errno = kept;
}

/* What the parent handles was meant for the server as a whole (Ctrl-C reaches every process of the
 * terminal): ignored here. Faults, and SIGCHLD for programs that the service code starts, are as in
 * any new process. SIGTERM ends this connection. The mask is the host's, who may well hear of
 * Ctrl-C by a blocked signal (signalfd(2)) and not by a handler. */
static void reset_signals(sigset_t mask)
{
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (thread_is_fault(number))
            sigdelset(&mask, number);
        if (sigaction(number, NULL, &action) < 0 || action.sa_handler == SIG_DFL ||
            action.sa_handler == SIG_IGN)
            continue;
        action.sa_flags = 0;
        action.sa_handler = thread_is_fault(number) || number == SIGCHLD ? SIG_DFL : SIG_IGN;
        sigaction(number, &action, NULL);
    }
    struct sigaction end = {.sa_handler = end_connection};
    sigfillset(&end.sa_mask);
    sigaction(SIGTERM, &end, NULL);
    sigdelset(&mask, SIGTERM); /* a host may well run us with everything blocked */
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void close_from(unsigned first, unsigned last)
{
    if (first > last || syscall(SYS_close_range, first, last, 0u) == 0)
        return;
    long open_max = sysconf(_SC_OPEN_MAX); /* a kernel or sandbox without close_range(2) */
    for (unsigned fd = first; fd <= last && fd < (unsigned long)open_max; fd++)
        close((int)fd);
}

/* The child's first act: end with the parent, hold only what it must, be named, hear signals. */
static void child_enter(struct SockInfo *slot, int fd, pid_t parent)
{
    char name[THREAD_NAME_SIZE];
    child.fd = fd;
    child.progress = slot->progress;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before we asked for the signal */
        _exit(0);
    close_from(3, (unsigned)fd - 1); /* fd is above 2, see descriptor.h */
    close_from((unsigned)fd + 1, ~0u);
    server_enter_child(); /* no server of the parent's can be used here */
    thread_name(name, slot->index);
    /* Past the sanitizers of a host, who catch prctl(2) and take a lock that one of its threads may
     * have held at the fork. */
    syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0);
    reset_signals(slot->server->host_mask);
}

static _Noreturn void child_main(struct SockInfo *slot, int fd, pid_t parent)
{
    child_enter(slot, fd, parent);
    worker_serve(slot, fd, NULL);
    if (progress_ended(slot->progress) == THRDSRV_END_TERMINATED) {
        signal(SIGTERM, SIG_DFL); /* so that the parent sees what ended us */
        raise(SIGTERM);
    }
    _exit(0);
}

/* Lets the loop know when the child ends, one way or the other. */
static void watch(struct thrdsrv_server *server, struct SockInfo *slot, pid_t pid)
    REQUIRES(ACCEPT_LOOP)
{
    int pidfd = descriptor_above_standard((int)syscall(SYS_pidfd_open, pid, 0));
    bool gone = pidfd < 0 && errno == ESRCH; /* reaped, in a host that ignores SIGCHLD */
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = accept_loop_child_tag(slot)};
    if (pidfd >= 0 && epoll_ctl(server->epoll, EPOLL_CTL_ADD, pidfd, &event) < 0) {
        close(pidfd);
        pidfd = -1;
    }
    slot->pidfd = pidfd;
    slot->unwatched = pidfd < 0;
    slot->gone = gone;
    if (slot->unwatched)
        server->unwatched++;
}

static void unwatch(struct thrdsrv_server *server, struct SockInfo *slot) REQUIRES(ACCEPT_LOOP)
{
    if (slot->unwatched) {
        slot->unwatched = false;
        server->unwatched--;
        return;
    }
    /* Removed by name: a child that is just being forked may still hold a copy, and closing ours
     * would then leave it in the epoll set. */
    epoll_ctl(server->epoll, EPOLL_CTL_DEL, slot->pidfd, NULL);
    close(slot->pidfd);
    slot->pidfd = -1;
}

/* Copies what a child may know: it has neither the slots nor the use of the lock. Returns the fd.
 */
static int copy_slot(struct slot_table *table, struct SockInfo *slot, struct SockInfo *copy)
{
    slot_table_lock(table);
    *copy = *slot;
    int fd = slot->fd;
    slot_table_unlock(table);
    return fd;
}

static void begin(struct thrdsrv_server *server)
{
    slot_table_keep_from_children(&server->table);
}

static int start(struct thrdsrv_server *server, struct SockInfo *slot) REQUIRES(ACCEPT_LOOP)
{
    sigset_t kept;
    pid_t parent = getpid();
    struct SockInfo copy;
    int fd = copy_slot(&server->table, slot, &copy);
    pthread_sigmask(SIG_SETMASK, &server->mask, &kept);
    pid_t pid = fork();
    if (pid == 0)
        child_main(&copy, fd, parent);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    if (pid < 0) {
        errno = error;
        return THRDSRV_E_SYSTEM;
    }
    close(slot_table_hand_over(&server->table, slot, pid));
    watch(server, slot, pid);
    return 0;
}

/* By pidfd: a host that ignores SIGCHLD, or waits for any child, may have reaped ours, and its
 * number may be another process's by now. */
static void request_stop(struct SockInfo *slot, bool force) REQUIRES(TABLE_LOCK, ACCEPT_LOOP)
{
    int number = force ? SIGKILL : SIGTERM;
    if (slot->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, slot->pidfd, number, NULL, 0u);
    else if (slot->worker > 0 && !slot->gone)
        kill(slot->worker, number);
}

/* What ended the child: its own last word, the cut that killed it before it had one, or else what
 * the system says. */
static struct end end_of(struct SockInfo *slot, const siginfo_t *status)
{
    enum thrdsrv_end_reason ended = progress_ended(slot->progress);
    enum thrdsrv_end_reason cut = progress_cut(slot->progress);
    if (ended != THRDSRV_END_NONE && ended != THRDSRV_END_TERMINATED)
        return (struct end){ended, 0};
    if (cut != THRDSRV_END_NONE && cut != THRDSRV_END_TERMINATED)
        return (struct end){cut, 0};
    if (status->si_pid == 0)
        return (struct end){THRDSRV_END_ERROR, 0};
    if (status->si_code == CLD_EXITED)
        return (struct end){THRDSRV_END_EXIT, status->si_status};
    bool asked = cut == THRDSRV_END_TERMINATED && status->si_status == SIGTERM;
    return (struct end){asked ? THRDSRV_END_TERMINATED : THRDSRV_END_SIGNAL, status->si_status};
}

/* waitid(2) as the kernel has it, which tells the child's usage too. Returns false while the child
 * runs; si_pid is 0 where somebody else has reaped it. */
static bool has_ended(struct SockInfo *slot, pid_t pid, siginfo_t *status, struct rusage *usage)
    REQUIRES(ACCEPT_LOOP)
{
    const int by_pidfd = 3; /* P_PIDFD, which older headers lack */
    long waited;
    memset(status, 0, sizeof *status);
    if (slot->gone)
        return true;
    do {
        waited = slot->pidfd >= 0
                     ? syscall(SYS_waitid, by_pidfd, slot->pidfd, status, WEXITED | WNOHANG, usage)
                     : syscall(SYS_waitid, P_PID, pid, status, WEXITED | WNOHANG, usage);
    } while (waited < 0 && errno == EINTR);
    return waited < 0 || status->si_pid != 0;
}

static bool reap(struct thrdsrv_server *server, struct SockInfo *slot) REQUIRES(ACCEPT_LOOP)
{
    struct rusage usage = {0};
    siginfo_t status;
    slot_table_lock(&server->table);
    pid_t pid = slot->worker;
    slot_table_unlock(&server->table);
    if (!has_ended(slot, pid, &status, &usage))
        return false;
    struct end end = end_of(slot, &status);
    unwatch(server, slot);
    slot_table_take(&server->table, slot);
    report_end(slot, pid, end, &usage);
    slot_table_release(&server->table, slot, end.reason, 0);
    return true;
}

const struct worker_model worker_fork = {
    .name = "fork",
    .begin = begin,
    .start = start,
    .request_stop = request_stop,
    .reap = reap,
};
