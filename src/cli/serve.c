/* serve.c - the program's main business: a server from start to end; see serve.h. */
#include "cli/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ballast.h"
#include "cli/control.h"
#include "cli/log_line.h"
#include "cli/process_title.h"
#include "cli/reach.h"
#include "cli/ready.h"

/* ---- Signals ----------------------------------------------------------------------------- */

/* The one server of this process, for the signal handlers. NULL outside run(). */
static _Atomic(struct thrdsrv_server *) signalled_server;

/* SIGTERM and SIGINT so far. Atomic, because two threads may handle one signal each at once. */
static atomic_uint stop_signals;

static void on_stop_signal(int number)
{
    (void)number;
    int saved_errno = errno;
    struct thrdsrv_server *server = atomic_load(&signalled_server);
    if (server) {
        if (atomic_fetch_add(&stop_signals, 1) == 0)
            thrdsrv_server_quiesce(server);
        else
            thrdsrv_server_stop(server);
    }
    errno = saved_errno;
}

static void on_dump_signal(int number)
{
    (void)number;
    int saved_errno = errno;
    struct thrdsrv_server *server = atomic_load(&signalled_server);
    if (server)
        thrdsrv_server_dump(server);
    errno = saved_errno;
}

static sigset_t our_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    return set;
}

static void set_handler(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    action.sa_mask = our_signals();
    sigaction(number, &action, NULL);
}

/* Until connect_signals() and after disconnect_signals() they stay pending. */
static void hold_signals(void)
{
    sigset_t set = our_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* From here on signals reach server; those that were held back arrive now. */
static void connect_signals(struct thrdsrv_server *server)
{
    sigset_t set = our_signals();
    atomic_store(&signalled_server, server);
    set_handler(SIGTERM, on_stop_signal);
    set_handler(SIGINT, on_stop_signal);
    set_handler(SIGUSR1, on_dump_signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* From here on no handler touches the server: it may be destroyed. */
static void disconnect_signals(void)
{
    hold_signals();
    atomic_store(&signalled_server, NULL);
}

/* What we may have inherited and cannot use: SIGPIPE must not kill us when the reader of the log
 * goes away, and a process that ignores SIGCHLD loses the exit status of its children. */
static void set_dispositions(void)
{
    set_handler(SIGPIPE, SIG_IGN);
    set_handler(SIGCHLD, SIG_DFL);
}

/* ---- Children ---------------------------------------------------------------------------- */

static char *put_number(char *to, uintmax_t number)
{
    if (number > 9)
        to = put_number(to, number / 10);
    *to = (char)('0' + number % 10);
    return to + 1;
}

/* Mode fork, in the child, before the handler: its connection shows in ps(1), as in "thrd: slot 3
 * conn 17 127.0.0.1:50312". Without snprintf(3), which would cost every child a dozen page faults.
 */
static void on_child_start(struct thrdsrv_conn *conn, void *user)
{
    char text[256]; /* 51 characters at most, and an address, which has 127 */
    (void)user;
    char *end = put_number(stpcpy(text, "thrd: slot "), thrdsrv_conn_slot(conn));
    end = put_number(stpcpy(end, " conn "), thrdsrv_conn_id(conn));
    stpcpy(stpcpy(end, " "), thrdsrv_conn_peer(conn));
    process_title_set(text);
}

/* ---- The server -------------------------------------------------------------------------- */

static enum serve_status create_failed(int error)
{
    return error == THRDSRV_E_INVALID || error == THRDSRV_E_UNSUPPORTED ? SERVE_USAGE
                                                                        : SERVE_SYSTEM;
}

static enum serve_status stop_status(struct thrdsrv_server *server, int run_error)
{
    struct thrdsrv_stats stats;
    if (run_error < 0)
        return SERVE_SYSTEM;
    thrdsrv_server_stats(server, &stats, sizeof stats);
    return stats.cut > 0 ? SERVE_CUT : SERVE_DRAINED;
}

static enum serve_status serve_with_control(struct options *options, struct thrdsrv_server *server)
{
    struct control control;
    int error = control_open(&control, options, server);
    if (error < 0)
        return create_failed(error);
    connect_signals(server);
    ready_announce(options, server, control.server ? control.path : NULL);
    error = thrdsrv_server_run(server);
    disconnect_signals();
    ready_announce_stop(options);
    control_close(&control);
    return stop_status(server, error);
}

enum serve_status serve_run(struct options *options)
{
    struct thrdsrv_config *config = &options->config;
    struct thrdsrv_server *server;
    if (options->ready_fd >= 0 && !ready_fd_is_usable(options->ready_fd)) {
        fprintf(stderr, "thrd: --ready-fd=%d: not a descriptor that is open for writing\n",
                options->ready_fd);
        return SERVE_USAGE;
    }
    if (options->ballast_bytes > 0 && ballast_take(options->ballast_bytes) < 0) {
        fprintf(stderr, "thrd: --ballast=%jd: cannot have so much memory: %s; take less\n",
                (intmax_t)options->ballast_bytes, strerror(errno));
        return SERVE_SYSTEM;
    }
    hold_signals();
    config->log = thrdsrv_log_stderr;
    config->user = &config->mode; /* for whoami_serve() */
    if (config->mode == THRDSRV_MODE_FORK && !config->program)
        config->on_start = on_child_start;
    set_dispositions();
    reach_prepare(config);
    int error = thrdsrv_server_create(config, &server);
    if (error < 0)
        return create_failed(error);
    enum serve_status status = serve_with_control(options, server);
    thrdsrv_server_destroy(server);
    return status;
}
