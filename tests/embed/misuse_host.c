/* misuse_host.c - hosts that do with the server what a host should rather not, or what other
 * libraries forbid: the process lives on, nothing hangs, and the host's own things are untouched.
 *
 *     misuse_host [CASE...]      all cases without an argument
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <thrdsrv/server.h>

#include "support/footprint.h"
#include "support/patience.h"
#include "support/visitors.h"

static struct thrdsrv_server *server;
static char address[128];

static struct thrdsrv_config config_for(enum thrdsrv_mode mode)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    config.handler = &thrdsrv_echo;
    config.mode = mode;
    config.listen = listen;
    config.listen_count = 1;
    config.log = thrdsrv_log_stderr;
    config.log_level = THRDSRV_LOG_WARN;
    return config;
}

static void create(const struct thrdsrv_config *config)
{
    must(thrdsrv_server_create(config, &server) == 0);
    must(thrdsrv_server_address(server, 0, address, sizeof address) > 0);
}

static void start(const struct thrdsrv_config *config)
{
    create(config);
    must(thrdsrv_server_start(server) == 0);
}

static void stop_and_destroy(void)
{
    thrdsrv_server_stop(server);
    must(thrdsrv_server_wait(server) == 0);
    thrdsrv_server_destroy(server);
}

static struct tally visit(size_t count)
{
    struct visitors visitors = {
        .count = count, .at_once = 8, .script = visit_echo, .arg = address, .may_be_cut = true};
    return visitors_send(&visitors);
}

/* Says a line, and hears up to the end of the connection. Returns how many bytes that were. */
static size_t ask(const char *line, char *answer, size_t size)
{
    int fd = visitor_connect(address);
    size_t heard = 0;
    ssize_t count;
    must(fd >= 0 && send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line));
    while (heard < size - 1 && (count = recv(fd, answer + heard, size - 1 - heard, 0)) > 0)
        heard += (size_t)count;
    answer[heard] = '\0';
    close(fd);
    return heard;
}

/* Stops from everywhere. */

static void *stop_soon(void *arg)
{
    (void)arg;
    must(visit(20).served == 20);
    thrdsrv_server_stop(server);
    return NULL;
}

static void stop_from_thread(enum thrdsrv_mode mode)
{
    struct thrdsrv_config config = config_for(mode);
    pthread_t thread;
    create(&config);
    must(pthread_create(&thread, NULL, stop_soon, NULL) == 0);
    must(thrdsrv_server_run(server) == 0);
    pthread_join(thread, NULL);
    must(thrdsrv_server_run(server) == THRDSRV_E_INVALID);
    thrdsrv_server_destroy(server);
}

/* In a child of mode fork stop has no effect on the parent: the reply says that it went on. */
static int serve_stop(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    thrdsrv_server_stop(thrdsrv_conn_server(conn));
    thrdsrv_server_stop(thrdsrv_conn_server(conn));
    return thrdsrv_conn_printf(conn, "stopped\n");
}

static void stop_from_handler(enum thrdsrv_mode mode)
{
    struct thrdsrv_config config = config_for(mode);
    char answer[32];
    config.handler = NULL;
    config.serve = serve_stop;
    start(&config);
    ask("stop\n", answer, sizeof answer);
    must(strcmp(answer, "stopped\n") == 0 || (mode == THRDSRV_MODE_THREAD && answer[0] == '\0'));
    if (mode == THRDSRV_MODE_FORK) {
        ask("still there?\n", answer, sizeof answer);
        must(strcmp(answer, "stopped\n") == 0);
        thrdsrv_server_stop(server);
    }
    must(thrdsrv_server_wait(server) == 0);
    thrdsrv_server_destroy(server);
}

/* Signals every 200 us, without SA_RESTART, find the thread in run() and the visitors' thread. The
 * first hundred only ask for a dump, which is to disturb nobody; then they stop the server. */
static atomic_int storm_signals, storm_served;

static void count_served(const struct thrdsrv_end *end, void *user)
{
    (void)end;
    (void)user;
    storm_served++;
}

static void be_a_storm(int signal_number)
{
    int saved_errno = errno;
    (void)signal_number;
    errno = EDOM;
    thrdsrv_server_dump(server);
    if (++storm_signals > 100 && storm_served > 0) {
        thrdsrv_server_quiesce(server);
        thrdsrv_server_stop(server);
    }
    must(errno == EDOM);
    errno = saved_errno;
}

static void *visit_until_refused(void *arg)
{
    (void)arg;
    must(visit((size_t)-1).served > 0);
    return NULL;
}

static void stop_from_signals(enum thrdsrv_mode mode)
{
    const struct itimerspec every = {.it_interval = {0, 200000}, .it_value = {0, 200000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct sigaction storm = {.sa_handler = be_a_storm}, before;
    struct thrdsrv_config config = config_for(mode);
    pthread_t visitors;
    timer_t timer;
    storm_signals = storm_served = 0;
    config.on_end = count_served;
    create(&config);
    must(sigaction(SIGUSR1, &storm, &before) == 0);
    must(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    must(pthread_create(&visitors, NULL, visit_until_refused, NULL) == 0);
    must(timer_settime(timer, 0, &every, NULL) == 0);
    must(thrdsrv_server_run(server) == 0);
    pthread_join(visitors, NULL);
    must(timer_delete(timer) == 0);
    must(sigaction(SIGUSR1, &before, NULL) == 0);
    thrdsrv_server_destroy(server);
}

/* Requests in vain: before run(), twice, after it; and a server that never ran. */
static void stop_at_odd_times(enum thrdsrv_mode mode)
{
    struct thrdsrv_config config = config_for(mode);
    create(&config);
    thrdsrv_server_destroy(server);
    create(&config);
    must(thrdsrv_server_wait(server) == THRDSRV_E_INVALID);
    thrdsrv_server_stop(server);
    thrdsrv_server_quiesce(server);
    must(thrdsrv_server_start(server) == 0);
    must(thrdsrv_server_start(server) == THRDSRV_E_INVALID);
    must(thrdsrv_server_wait(server) == 0);
    must(thrdsrv_server_wait(server) == THRDSRV_E_INVALID);
    thrdsrv_server_stop(server);
    thrdsrv_server_dump(server);
    thrdsrv_server_destroy(server);
    thrdsrv_server_destroy(NULL);
}

static void destroy_without_wait(enum thrdsrv_mode mode)
{
    struct thrdsrv_config config = config_for(mode);
    for (int i = 0; i < 20; i++) {
        start(&config);
        visit(4);
        int lasting = visitor_connect(address);
        must(lasting >= 0);
        if (i % 2 == 0)
            thrdsrv_server_quiesce(server);
        thrdsrv_server_destroy(server);
        close(lasting);
    }
}

/* A worker that waits for its server would wait for itself. In mode fork it is a copy of the server
 * that the child sees, and there is nothing to give back. */
static int serve_suicide(struct thrdsrv_conn *conn, void *user)
{
    struct thrdsrv_server *own = thrdsrv_conn_server(conn);
    (void)user;
    thrdsrv_server_destroy(own);
    int waited = thrdsrv_server_wait(own), ran = thrdsrv_server_run(own);
    int started = thrdsrv_server_start(own);
    if (waited != THRDSRV_E_INVALID || ran != THRDSRV_E_INVALID || started != THRDSRV_E_INVALID)
        return thrdsrv_conn_printf(conn, "wait: %d, run: %d, start: %d\n", waited, ran, started);
    return thrdsrv_conn_printf(conn, "refused\n");
}

static void destroy_in_hook(const struct thrdsrv_end *end, void *user)
{
    (void)end;
    (void)user;
    thrdsrv_server_destroy(server);
    must(thrdsrv_server_wait(server) == THRDSRV_E_INVALID);
}

static atomic_int complaints;

static void count_complaints(void *user, enum thrdsrv_log_level level, const char *line)
{
    (void)user;
    (void)line;
    complaints += level <= THRDSRV_LOG_WARN;
}

static void destroy_from_handler(enum thrdsrv_mode mode)
{
    struct thrdsrv_config config = config_for(mode);
    char answer[100];
    config.handler = NULL;
    config.serve = serve_suicide;
    config.on_end = destroy_in_hook;
    config.log = count_complaints;
    complaints = 0;
    start(&config);
    for (int i = 0; i < 5; i++) {
        ask("die!\n", answer, sizeof answer);
        if (strcmp(answer, "refused\n") != 0)
            fail("the handler says: %s", answer);
    }
    stop_and_destroy();
    must(complaints > 0);
}

/* What is the host's stays the host's. */

enum { RESETS = 100 };

/* A reset while the server writes: the next write is one that would raise SIGPIPE, which is at its
 * default here and would end the host. */
static void leave_sigpipe_alone(enum thrdsrv_mode mode)
{
    struct thrdsrv_config config = config_for(mode);
    struct thrdsrv_stats stats;
    struct sigaction action;
    char some[4096];
    must(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    config.handler = &thrdsrv_chargen;
    start(&config);
    for (int i = 0; i < RESETS; i++) {
        const struct linger reset = {.l_onoff = 1, .l_linger = 0};
        int fd = visitor_connect(address);
        must(fd >= 0 && recv(fd, some, sizeof some, 0) > 0);
        if (i % 2 == 0) /* else unread bytes make it a reset */
            must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
        close(fd);
    }
    thrdsrv_server_quiesce(server);
    must(thrdsrv_server_wait(server) == 0);
    thrdsrv_server_stats(server, &stats, sizeof stats);
    must(stats.served == RESETS && stats.cut == 0);
    thrdsrv_server_destroy(server);
}

enum { CHILDREN = 20 };

/* It ends by a signal, because Valgrind changes exit statuses: a child lacks its parent's threads,
 * and what they had is lost. */
static pid_t have_a_child(int number)
{
    pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        nanosleep(&(struct timespec){.tv_nsec = number * 5000000L}, NULL);
        raise(SIGRTMIN + number);
        _exit(1);
    }
    return child;
}

static bool has_ended(pid_t child, int number)
{
    int status;
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGRTMIN + number;
}

/* Some end while the server runs, the last ones wait to be reaped after it. */
static void leave_children_alone(enum thrdsrv_mode mode)
{
    struct thrdsrv_config config = config_for(mode);
    pid_t children[CHILDREN];
    start(&config);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = have_a_child(i);
        must(visit(20).served == 20);
    }
    for (int i = 0; i < CHILDREN / 2; i++)
        must(has_ended(children[i], i));
    stop_and_destroy();
    for (int i = CHILDREN / 2; i < CHILDREN; i++)
        must(has_ended(children[i], i));
}

/* What the process does about each signal, and which are blocked and pending in this thread. */
struct signals {
    struct sigaction actions[65];
    sigset_t mask, pending;
};

static void get_signals(struct signals *now)
{
    memset(now, 0, sizeof *now);
    for (int i = 1; i <= 64; i++)
        sigaction(i, NULL, &now->actions[i]); /* libc keeps some to itself: EINVAL */
    must(pthread_sigmask(SIG_SETMASK, NULL, &now->mask) == 0);
    must(sigpending(&now->pending) == 0);
}

/* Not by memcmp(): libc fills in only as much of a set as the kernel has signals. */
static bool same_set(const sigset_t *a, const sigset_t *b)
{
    for (int i = 1; i <= 64; i++)
        if (sigismember(a, i) != sigismember(b, i))
            return false;
    return true;
}

static bool same_action(const struct sigaction *a, const struct sigaction *b)
{
    return a->sa_handler == b->sa_handler && a->sa_flags == b->sa_flags &&
           same_set(&a->sa_mask, &b->sa_mask);
}

static void must_be_same(const struct signals *before)
{
    struct signals now;
    get_signals(&now);
    for (int i = 1; i <= 64; i++)
        if (!same_action(&now.actions[i], &before->actions[i]))
            fail("the disposition of signal %d has changed", i);
    must(same_set(&now.mask, &before->mask) && same_set(&now.pending, &before->pending));
}

static void leave_signals_alone(enum thrdsrv_mode mode)
{
    struct thrdsrv_config config = config_for(mode);
    struct signals before;
    get_signals(&before);
    create(&config);
    must_be_same(&before);
    must(thrdsrv_server_start(server) == 0);
    must(visit(50).served == 50);
    must_be_same(&before);
    stop_and_destroy();
    must_be_same(&before);
}

static const struct {
    const char *name;
    void (*run)(enum thrdsrv_mode mode);
} cases[] = {
    {"stop_from_thread", stop_from_thread},         {"stop_from_handler", stop_from_handler},
    {"stop_from_signals", stop_from_signals},       {"stop_at_odd_times", stop_at_odd_times},
    {"destroy_without_wait", destroy_without_wait}, {"destroy_from_handler", destroy_from_handler},
    {"leave_sigpipe_alone", leave_sigpipe_alone},   {"leave_children_alone", leave_children_alone},
    {"leave_signals_alone", leave_signals_alone},
};

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 1;
}

int main(int argc, char **argv)
{
    struct footprint before = footprint_now();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!is_wanted(cases[i].name, argc, argv))
            continue;
        doing(cases[i].name);
        cases[i].run(THRDSRV_MODE_THREAD);
        footprint_wait(before);
        cases[i].run(THRDSRV_MODE_FORK);
        footprint_wait(before);
        printf("%s: ok\n", cases[i].name);
    }
    return 0;
}
