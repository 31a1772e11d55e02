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
#include "server/clock.h"
#include "server/conn.h"
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
static void reset_signals(sigset_t mask, bool for_program)
{
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (thread_is_fault(number))
            sigdelset(&mask, number);
        if (sigaction(number, NULL, &action) < 0 || action.sa_handler == SIG_DFL ||
            action.sa_handler == SIG_IGN)
            continue;
        action.sa_flags = 0;
        action.sa_handler =
            thread_is_fault(number) || number == SIGCHLD || for_program ? SIG_DFL : SIG_IGN;
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
    reset_signals(slot->server->host_mask, slot->server->config.program != NULL);
}

static _Noreturn void child_main(struct SockInfo *slot, int fd, pid_t parent)
{
    child_enter(slot, fd, parent);
    worker_serve(slot, fd, NULL, &(struct program_run){0});
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
    struct subprocess process = subprocess_of(pid);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = accept_loop_child_tag(slot)};
    slot->unwatched =
        process.pidfd < 0 || epoll_ctl(server->epoll, EPOLL_CTL_ADD, process.pidfd, &event) < 0;
    if (slot->unwatched)
        server->unwatched++;
    slot_table_set_process(&server->table, slot, &process);
}

static void unwatch(struct thrdsrv_server *server, struct SockInfo *slot,
                    struct subprocess *process) REQUIRES(ACCEPT_LOOP)
{
    if (slot->unwatched)
        server->unwatched--;
    else
        /* Removed by name: a child that is just being forked may still hold a copy, and closing
         * ours would then leave it in the epoll set. */
        epoll_ctl(server->epoll, EPOLL_CTL_DEL, process->pidfd, NULL);
    slot->unwatched = false;
    subprocess_forget(process);
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
    if (server->config.program)
        slot_table_share(&server->table, slot, pid);
    else
        close(slot_table_hand_over(&server->table, slot, pid));
    watch(server, slot, pid);
    return 0;
}

static void request_stop(struct SockInfo *slot, bool force) REQUIRES(TABLE_LOCK)
{
    if (slot->fd >= 0)
        worker_request_stop(slot, force);
    else
        subprocess_signal(&slot->process, force ? SIGKILL : SIGTERM);
}

/* What ended the child: its own last word, the cut that killed it before it had one, or else what
 * the system says. */
static struct end end_of(struct SockInfo *slot, const siginfo_t *status)
{
    enum thrdsrv_end_reason ended = progress_ended(slot->progress);
    enum thrdsrv_end_reason cut = progress_cut(slot->progress);
    if (ended == THRDSRV_END_NO_PROGRAM)
        return (struct end){ended, progress_error(slot->progress)};
    if (ended != THRDSRV_END_NONE && ended != THRDSRV_END_TERMINATED)
        return (struct end){ended, 0};
    if (cut != THRDSRV_END_NONE && cut != THRDSRV_END_TERMINATED)
        return (struct end){cut, 0};
    struct end end = worker_end_of(status);
    if (end.reason == THRDSRV_END_SIGNAL && end.code == SIGTERM && cut == THRDSRV_END_TERMINATED)
        end.reason = THRDSRV_END_TERMINATED;
    return end;
}

/* Of a program's connection we have a copy. The others' fd is -1. */
static void end_copy(struct thrdsrv_server *server, struct SockInfo *slot)
{
    slot_table_lock(&server->table);
    traffic_look(slot, clock_coarse_ms());
    slot_table_unlock(&server->table);
    int fd = slot_table_take(&server->table, slot);
    if (fd >= 0)
        progress_add(&slot->progress->bytes_in, conn_close_at_once(fd));
}

static bool reap(struct thrdsrv_server *server, struct SockInfo *slot) REQUIRES(ACCEPT_LOOP)
{
    struct rusage usage = {0};
    siginfo_t status;
    struct subprocess process = slot_table_process(&server->table, slot);
    pid_t pid = process.pid;
    if (!subprocess_has_ended(&process, SUBPROCESS_POLL, true, &status, &usage))
        return false;
    struct end end = end_of(slot, &status);
    end_copy(server, slot);
    unwatch(server, slot, &process);
    report_end(slot, pid, end, &usage);
    slot_table_release(&server->table, slot, end.reason, 0);
    return true;
}

const struct worker_model worker_fork = {
    .name = "fork",
    .is_process = true,
    .begin = begin,
    .start = start,
    .request_stop = request_stop,
    .reap = reap,
};
