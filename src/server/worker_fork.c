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
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/accept_loop.h"
#include "server/report.h"
#include "server/server.h"

/* For the SIGTERM handler of a child; set once, before the signal is unblocked. */
static struct {
    int fd;
    struct progress *progress;
} child;

static void end_connection(int signal_number)
{
    (void)signal_number;
    int kept = errno;
    progress_set_cut(child.progress, END_TERMINATED);
    shutdown(child.fd, SHUT_RDWR);
    errno = kept;
}

/* What the parent handles was meant for the server as a whole (Ctrl-C reaches every process of the
 * terminal, pkill every one of that name): ignored here. Faults, and SIGCHLD for programs that the
 * service code starts, are as in any new process. */
static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) < 0 || action.sa_handler == SIG_DFL ||
            action.sa_handler == SIG_IGN)
            continue;
        bool to_default = number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
                          number == SIGILL || number == SIGABRT || number == SIGTRAP ||
                          number == SIGSYS || number == SIGCHLD;
        action.sa_flags = 0;
        action.sa_handler = to_default ? SIG_DFL : SIG_IGN;
        sigaction(number, &action, NULL);
    }
    struct sigaction end = {.sa_handler = end_connection};
    sigfillset(&end.sa_mask);
    sigaction(SIGTERM, &end, NULL);
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
static void child_enter(const struct SockInfo *slot, int fd, pid_t parent, const sigset_t *mask)
{
    char name[16];
    child.fd = fd;
    child.progress = slot->progress;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before we asked for the signal */
        _exit(0);
    if (fd > 2) {
        close_from(3, (unsigned)fd - 1);
        close_from((unsigned)fd + 1, ~0u);
    } else {
        close_from(3, ~0u);
    }
    snprintf(name, sizeof name, "thrd/%u", slot->index);
    prctl(PR_SET_NAME, name);
    reset_signals();
    sigprocmask(SIG_SETMASK, mask, NULL);
}

static _Noreturn void child_main(struct SockInfo *slot, int fd, pid_t parent, const sigset_t *mask)
{
    child_enter(slot, fd, parent, mask);
    enum end_reason reason = worker_serve(slot, fd, NULL);
    atomic_exchange(&slot->progress->ended, (int)reason);
    if (progress_cut(slot->progress) == END_TERMINATED) {
        signal(SIGTERM, SIG_DFL); /* so that the parent sees what ended us */
        raise(SIGTERM);
    }
    _exit(0);
}

/* Lets the loop know when the child ends, one way or the other. */
static void watch(struct thrdsrv_server *server, struct SockInfo *slot, pid_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = accept_loop_child_tag(slot)};
    if (pidfd >= 0 && epoll_ctl(server->epoll, EPOLL_CTL_ADD, pidfd, &event) < 0) {
        close(pidfd);
        pidfd = -1;
    }
    slot->pidfd = pidfd;
    if (pidfd < 0)
        server->unwatched++;
}

static void unwatch(struct thrdsrv_server *server, struct SockInfo *slot)
{
    if (slot->pidfd < 0) {
        server->unwatched--;
        return;
    }
    /* Removed by name: a child that is just being forked may still hold a copy, and closing ours
     * would then leave it in the epoll set. */
    epoll_ctl(server->epoll, EPOLL_CTL_DEL, slot->pidfd, NULL);
    close(slot->pidfd);
    slot->pidfd = -1;
}

static int booked_fd(struct slot_table *table, struct SockInfo *slot)
{
    slot_table_lock(table);
    int fd = slot->fd;
    slot_table_unlock(table);
    return fd;
}

static int start(struct thrdsrv_server *server, struct SockInfo *slot)
{
    sigset_t all, kept;
    pid_t parent = getpid();
    int fd = booked_fd(&server->table, slot); /* the child must not touch the table's lock */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    pid_t pid = fork();
    if (pid == 0)
        child_main(slot, fd, parent, &kept);
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

/* The pid is in the table, so it has not been reaped: see slot_table.h. */
static void request_stop(struct SockInfo *slot, bool force) REQUIRES(TABLE_LOCK)
{
    if (slot->worker > 0)
        kill(slot->worker, force ? SIGKILL : SIGTERM);
}

static struct end end_of(struct SockInfo *slot, int status, bool known)
{
    enum end_reason cut = progress_cut(slot->progress);
    enum end_reason ended = (enum end_reason)atomic_fetch_add(&slot->progress->ended, 0);
    if (cut != END_NONE && cut != END_TERMINATED)
        return (struct end){cut, 0};
    if (known && WIFSIGNALED(status))
        return (struct end){END_SIGNAL, WTERMSIG(status)};
    if (known && WEXITSTATUS(status) != 0)
        return (struct end){END_EXIT, WEXITSTATUS(status)};
    if (ended == END_NONE) /* it left without a word: exit(0) in the service code, or unknown */
        return known ? (struct end){END_EXIT, 0} : (struct end){END_ERROR, 0};
    return (struct end){ended, 0};
}

static bool reap(struct thrdsrv_server *server, struct SockInfo *slot)
{
    struct rusage usage = {0};
    int status = 0;
    slot_table_lock(&server->table);
    pid_t pid = slot->worker;
    slot_table_unlock(&server->table);
    pid_t reaped;
    do {
        reaped = wait4(pid, &status, WNOHANG, &usage);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == 0)
        return false;
    /* ECHILD: the program ignores SIGCHLD or has reaped it for us. */
    struct end end = end_of(slot, status, reaped == pid);
    unwatch(server, slot);
    slot_table_take(&server->table, slot);
    if (log_wanted(&server->config, THRDSRV_LOG_INFO))
        report_end(slot, pid, end, &usage);
    slot_table_release(&server->table, slot, end.reason, 0);
    return true;
}

const struct worker_model worker_fork = {
    .name = "fork",
    .start = start,
    .request_stop = request_stop,
    .reap = reap,
};
