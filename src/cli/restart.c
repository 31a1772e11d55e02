/* restart.c - see restart.h. */
#include "cli/restart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "cli/log_line.h"
#include "cli/notify.h"
#include "cli/successor.h"

enum stage {
    IDLE,
    STARTING,    /* a new process is to become ready */
    HANDED_OVER, /* it has; this one drains */
    CANCELLED,   /* this one stops, and nobody takes over */
};

/* The one server of this process. */
static struct {
    const struct options *options;
    struct thrdsrv_server *server;
    struct control *control;
    struct successor successor; /* the thread's, while there is one */
    bool is_running;            /* the thread, which posts when it ends */
    sem_t ended;
    _Atomic enum stage stage;
} restart;

static const char *quoted_program(char buf[PATH_MAX])
{
    const char *program = successor_program();
    return log_line_quote(buf, PATH_MAX, program ? program : "(unknown)");
}

static void report_failed(const char *what)
{
    char program[PATH_MAX], quoted[256];
    log_line_printf(&restart.options->config, THRDSRV_LOG_WARN,
                    "msg=\"restart failed\" program=%s error=%s action=\"this process serves on\"",
                    quoted_program(program), log_line_quote(quoted, sizeof quoted, what));
}

static void report_refused(const char *reason)
{
    log_line_printf(&restart.options->config, THRDSRV_LOG_WARN,
                    "msg=\"restart refused\" reason=\"%s\"", reason);
}

static bool change(enum stage from, enum stage to)
{
    enum stage expected = from;
    return atomic_compare_exchange_strong(&restart.stage, &expected, to);
}

static bool is_starting(void)
{
    return atomic_load(&restart.stage) == STARTING;
}

/* The supervisor first: once this process is gone it would take the service for ended. */
static void hand_over(void)
{
    pid_t pid = restart.successor.pid;
    log_line_printf(&restart.options->config, THRDSRV_LOG_NOTICE, "msg=\"handed over\" pid=%d",
                    (int)pid);
    notify_successor(pid);
    control_hand_over(restart.control, restart.options);
    thrdsrv_server_hand_over(restart.server);
}

/* One attempt. */
static void attempt(void)
{
    char program[PATH_MAX], buf[128];
    struct successor *successor = &restart.successor;
    int error = successor_start(successor);
    const char *what = error == 0 ? NULL : strerror(error);
    if (!what) {
        log_line_printf(&restart.options->config, THRDSRV_LOG_NOTICE,
                        "msg=restart program=%s pid=%d", quoted_program(program),
                        (int)successor->pid);
        what = successor_wait(successor, restart.options->restart_ms, is_starting, buf, sizeof buf);
        if (!what && change(STARTING, HANDED_OVER)) {
            hand_over();
            return;
        }
        if (!what)
            successor_kill(successor); /* it would have been ready, but we are to stop */
    }
    if (change(STARTING, IDLE))
        report_failed(what);
    else
        log_line_printf(&restart.options->config, THRDSRV_LOG_NOTICE,
                        "msg=\"restart cancelled\" reason=\"this process is to stop\"");
}

/* The thread. It names itself: to name another one libc opens a file in /proc, for a moment, which
 * the new process would inherit. */
static void *begin_thread(void *unused)
{
    (void)unused;
    pthread_setname_np(pthread_self(), "thrd/restart");
    attempt();
    sem_post(&restart.ended);
    return NULL;
}

/* Without signals, which are for the main thread. Detached: in a child of mode fork, which has no
 * part in it, a thread that somebody is still to join would be a leak. */
static int start_thread(void)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, begin_thread, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        pthread_detach(thread);
    restart.is_running = error == 0;
    return error;
}

static bool add(int fd)
{
    struct successor *s = &restart.successor;
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, s->lowest_fd);
    if (copy >= 0)
        s->fds[s->listeners++] = copy;
    return copy >= 0;
}

/* Sockets that we inherited may have others who accept there, unless we were told. */
static bool is_alone(const struct options *options)
{
    for (size_t i = 0; i < options->config.listen_count; i++) {
        const char *text = options->config.listen[i];
        if (strncmp(text, "fd:", 3) == 0 && !strchr(text, ','))
            return false;
    }
    return true;
}

/* Copies of the descriptors, here, where nobody closes the listeners meanwhile. Returns 0 or an
 * errno. */
static int copy_listeners(struct thrdsrv_server *server)
{
    struct successor *s = &restart.successor;
    int fd, control = control_listener(restart.control, restart.options);
    s->listeners = s->with_control = 0;
    s->alone = is_alone(restart.options);
    s->lowest_fd = TAKEOVER_FIRST_FD + 2; /* the control socket's, the pipe's */
    for (size_t i = 0; thrdsrv_server_listener(server, i) >= 0; i++)
        s->lowest_fd++;
    for (size_t i = 0; (fd = thrdsrv_server_listener(server, i)) >= 0; i++)
        if (!add(fd))
            return errno;
    if (control >= 0 && !add(control))
        return errno;
    s->with_control = control >= 0;
    s->listeners -= s->with_control;
    return 0;
}

static void wait_for_thread(void)
{
    while (restart.is_running && sem_wait(&restart.ended) < 0)
        continue; /* EINTR */
    restart.is_running = false;
}

/* NULL, or why this process cannot be replaced. */
static const char *obstacle(struct thrdsrv_server *server)
{
    if (getpid() == 1)
        return "whatever process 1 is in ends with it; start another one";
    if (restart.options->chroot)
        return "--chroot: the program cannot be reached any more";
    if (thrdsrv_server_listener(server, 0) < 0 ||
        (atomic_load(&restart.stage) != IDLE && !is_starting()))
        return "this process is about to stop";
    return is_starting() ? "one is under way" : NULL;
}

void restart_on_call(struct thrdsrv_server *server, void *user)
{
    (void)user;
    const char *reason = obstacle(server);
    if (reason) {
        report_refused(reason);
        return;
    }
    wait_for_thread();
    if (!change(IDLE, STARTING))
        return; /* a stop came first */
    int error = copy_listeners(server);
    if (error == 0)
        error = start_thread();
    if (error == 0)
        return;
    successor_close_fds(&restart.successor);
    report_failed(strerror(error));
    change(STARTING, IDLE);
}

bool restart_cancel(void)
{
    return change(IDLE, CANCELLED) || change(STARTING, CANCELLED) ||
           atomic_load(&restart.stage) == CANCELLED;
}

void restart_begin(const struct options *options, struct thrdsrv_server *server,
                   struct control *control, const sigset_t *mask)
{
    restart.options = options;
    restart.server = server;
    restart.control = control;
    restart.successor.mask = *mask;
    sem_init(&restart.ended, 0, 0);
}

void restart_end(void)
{
    restart_cancel();
    wait_for_thread();
}
