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
#include "cli/inetd.h"
#include "cli/inherited.h"
#include "cli/listen_fds.h"
#include "cli/log_line.h"
#include "cli/notify.h"
#include "cli/privileges.h"
#include "cli/process_title.h"
#include "cli/reach.h"
#include "cli/ready.h"
#include "cli/reload.h"
#include "cli/restart.h"
#include "cli/takeover.h"

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
        if (atomic_fetch_add(&stop_signals, 1) == 0) {
            if (restart_cancel()) { /* else the drain has begun */
                notify_stopping();
                thrdsrv_server_quiesce(server);
            }
        } else {
            thrdsrv_server_stop(server);
        }
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

static void on_restart_signal(int number)
{
    (void)number;
    int saved_errno = errno;
    struct thrdsrv_server *server = atomic_load(&signalled_server);
    if (server)
        thrdsrv_server_call(server);
    errno = saved_errno;
}

static void on_reload_signal(int number)
{
    (void)number;
    int saved_errno = errno;
    reload_request();
    errno = saved_errno;
}

/* SIGHUP is only ours where there is something to read again. */
static bool with_reload;

/* The signals that were blocked when we were started. */
static sigset_t first_mask;

static sigset_t our_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    if (with_reload)
        sigaddset(&set, SIGHUP);
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
    set_handler(SIGUSR2, on_restart_signal);
    if (with_reload)
        set_handler(SIGHUP, on_reload_signal);
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

/* What was handed over, and what else has to be there. Complains, and returns false, where it is
 * not; *status then says whose fault that is. Nothing of ours is open yet. */
static bool has_what_it_needs(struct options *options, enum serve_status *status)
{
    *status = SERVE_USAGE;
    if (!takeover_take(options))
        return false;
    if (options->ready_fd >= 0 && !ready_fd_is_usable(options->ready_fd)) {
        fprintf(stderr, "thrd: --ready-fd=%d: not a descriptor that is open for writing\n",
                options->ready_fd);
        return false;
    }
    if (options->config.program)
        inherited_keep();
    if ((options->inetd && !inetd_prepare(&options->config)) || !listen_fds_take(options))
        return false;
    *status = SERVE_SYSTEM;
    if (options->ballast_bytes > 0 && ballast_take(options->ballast_bytes) < 0) {
        fprintf(stderr, "thrd: --ballast=%jd: cannot have so much memory: %s; take less\n",
                (intmax_t)options->ballast_bytes, strerror(errno));
        return false;
    }
    return true;
}

static bool prepare(struct options *options, struct privileges *privileges,
                    enum serve_status *status)
{
    return has_what_it_needs(options, status) && privileges_find(privileges, options, status) &&
           reload_first(options, status);
}

/* The listeners are open: when the control socket is, too, nobody needs to be root any more.
 * Threads come after that. */
static bool settle(struct options *options, struct privileges *privileges,
                   struct thrdsrv_server *server, struct control *control,
                   enum serve_status *status)
{
    int error = control_open(control, options, server);
    if (error == 0 && !privileges_drop(privileges, options, status))
        return false;
    if (error == 0)
        error = control_start(control);
    *status = create_failed(error);
    return error == 0 && reload_start(options, server, status);
}

/* From here on there is service. */
static int announce(const struct options *options, struct thrdsrv_server *server,
                    const struct control *control)
{
    if (options->inetd) {
        notify_ready(server);
        return inetd_begin(server);
    }
    ready_announce(options, server, control->server ? control->path : NULL);
    return 0;
}

static enum serve_status run(struct options *options, struct thrdsrv_server *server,
                             struct control *control)
{
    restart_begin(options, server, control, &first_mask);
    connect_signals(server);
    int error = announce(options, server, control);
    if (error == 0)
        error = thrdsrv_server_run(server);
    disconnect_signals();
    restart_end();
    notify_stopping();
    return stop_status(server, error);
}

static enum serve_status create_and_run(struct options *options, struct privileges *privileges)
{
    struct thrdsrv_config *config = &options->config;
    struct thrdsrv_server *server;
    struct control control;
    enum serve_status status;
    with_reload = options->rules_file != NULL;
    sigprocmask(SIG_BLOCK, NULL, &first_mask);
    hold_signals();
    notify_begin(config);
    config->user = &config->mode; /* for whoami_serve() */
    if (config->mode == THRDSRV_MODE_FORK && !config->program)
        config->on_start = on_child_start;
    if (!options->inetd)
        config->on_call = restart_on_call;
    set_dispositions();
    reach_prepare(config);
    int error = thrdsrv_server_create(config, &server);
    if (error < 0)
        return create_failed(error);
    if (settle(options, privileges, server, &control, &status))
        status = run(options, server, &control);
    control_close(&control);
    reload_stop();
    notify_end();
    thrdsrv_server_destroy(server);
    return status;
}

enum serve_status serve_run(struct options *options)
{
    struct privileges privileges = {0};
    enum serve_status status;
    options->config.log = thrdsrv_log_stderr;
    if (prepare(options, &privileges, &status))
        status = create_and_run(options, &privileges);
    privileges_free(&privileges);
    return status;
}
