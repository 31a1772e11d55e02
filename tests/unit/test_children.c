/* What a child of mode fork can do with the servers that it got along from its parent (nothing),
 * what signals it hears, and a request whose caller is slower than the server that it ends. */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "suite.h"
#include "thrd_process.h"

/* ---- The parent's servers ---------------------------------------------------------------- */

static struct thrdsrv_server *other;

static bool is_zero(const void *memory, size_t size)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* Everything that one may ask of a server. Returns the number of the first answer that is wrong. */
static int ask_all(struct thrdsrv_server *server)
{
    struct thrdsrv_stats stats;
    struct thrdsrv_slot slot;
    int ends[2];
    thrdsrv_server_stats(server, &stats, sizeof stats);
    if (!is_zero(&stats, sizeof stats))
        return 1;
    if (thrdsrv_server_slot(server, 0, &slot, sizeof slot) != THRDSRV_E_INVALID)
        return 2;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return 3;
    if (thrdsrv_server_adopt(server, ends[0]) != THRDSRV_E_INVALID)
        return 4;
    if (thrdsrv_server_wait(server) != THRDSRV_E_INVALID ||
        thrdsrv_server_run(server) != THRDSRV_E_INVALID ||
        thrdsrv_server_start(server) != THRDSRV_E_INVALID)
        return 5;
    thrdsrv_server_dump(server);
    thrdsrv_server_quiesce(server);
    thrdsrv_server_stop(server);
    thrdsrv_server_destroy(server);
    return 0;
}

static int serve_asking(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    int own = ask_all(thrdsrv_conn_server(conn));
    return thrdsrv_conn_printf(conn, "%d %d\n", own, ask_all(other));
}

static _Atomic bool asking;

/* With pauses, because Valgrind runs one thread at a time, and that one as long as it likes. */
static void *keep_asking(void *argument)
{
    struct thrdsrv_stats stats;
    while (atomic_load(&asking)) {
        for (int i = 0; i < 100; i++)
            thrdsrv_server_stats(argument, &stats, sizeof stats);
        usleep(10);
    }
    return NULL;
}

/* Threads of the host hold the lock of the other server's table at most moments of a fork. */
static void a_child_can_use_no_server_of_its_parent(struct embedded *e)
{
    static const char *listen[] = {NULL};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    char dir[] = "/tmp/thrd-children-XXXXXX", path[64], text[80];
    pthread_t threads[2];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/socket", dir);
    snprintf(text, sizeof text, "unix:%s", path);
    listen[0] = text;
    config.listen = listen;
    config.listen_count = 1;
    config.handler = &thrdsrv_echo;
    config.adopt = true;
    assert_int_equal(thrdsrv_server_create(&config, &other), 0);
    embedded_serve(e, serve_asking);
    e->config.adopt = true;
    embedded_start(e);
    atomic_store(&asking, true);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_asking, other), 0);
    for (int i = 0; i < 20; i++)
        client_expect_answer(e->address, "0 0\n");
    atomic_store(&asking, false);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(thrdsrv_server_start(other), 0);
    int fd = client_connect(text);
    client_echo(fd, "still here");
    client_close(fd);
    thrdsrv_server_destroy(other);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rmdir(dir), 0);
    embedded_finish(e);
}

/* What a child of the host's own does with it, a destructor that runs at its exit, for instance. */
static void a_child_of_the_host_can_use_no_server_that_runs(struct embedded *e)
{
    char dir[] = "/tmp/thrd-children-XXXXXX", path[64], text[80];
    int status;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/socket", dir);
    snprintf(text, sizeof text, "unix:%s", path);
    e->listen[0] = text;
    e->config.adopt = true;
    embedded_start(e);
    pid_t pid = fork();
    if (pid == 0)
        _exit(ask_all(e->server));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(access(path, F_OK), 0);
    int fd = client_connect(text);
    client_echo(fd, "still here");
    client_close(fd);
    embedded_finish(e);
    assert_int_equal(rmdir(dir), 0);
}

static void run_as_daemon(struct embedded *e)
{
    pid_t parent = getpid();
    embedded_create(e);
    pid_t pid = fork();
    if (pid > 0) {
        int status;
        IN_HOST(waitpid(pid, &status, 0) == pid && status == 0);
        return;
    }
    IN_HOST(getpid() != parent);
    thrdsrv_server_stop(e->server);
    IN_HOST(thrdsrv_server_run(e->server) == 0);
    thrdsrv_server_destroy(e->server);
    _exit(0);
}

/* create, which tells of errors; daemon(3); run. */
static void a_server_may_move_to_a_child_before_it_runs(struct embedded *e)
{
    embedded_in_host(run_as_daemon, e);
}

/* ---- A server of the child's own --------------------------------------------------------- */

static const char *serve_within(void)
{
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *server;
    char answer[8] = "";
    int ends[2];
    config.handler = &thrdsrv_rot13;
    config.adopt = true;
    if (thrdsrv_server_create(&config, &server) < 0 || thrdsrv_server_start(server) < 0)
        return "no server";
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || thrdsrv_server_adopt(server, ends[0]) < 0)
        return "no connection";
    if (write(ends[1], "hello\n", 6) != 6 || read(ends[1], answer, sizeof answer - 1) != 6)
        return "no answer";
    close(ends[1]);
    thrdsrv_server_quiesce(server);
    if (thrdsrv_server_wait(server) < 0)
        return "no end";
    thrdsrv_server_destroy(server);
    return strcmp(answer, "uryyb\n") == 0 ? "served" : "a wrong answer";
}

static int serve_with_a_server(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    return thrdsrv_conn_printf(conn, "%s\n", serve_within());
}

static void a_child_may_run_a_server_of_its_own(struct embedded *e)
{
    if (suite_has_thread_sanitizer())
        suite_skip("TSan allows no thread in a child of a program that has threads");
    embedded_serve(e, serve_with_a_server);
    embedded_start(e);
    client_expect_answer(e->address, "served\n");
    embedded_finish(e);
}

/* ---- Signals ----------------------------------------------------------------------------- */

static int serve_telling_the_mask(struct thrdsrv_conn *conn, void *user)
{
    sigset_t mask;
    (void)user;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    return thrdsrv_conn_printf(conn, "USR2 %d ALRM %d TERM %d SEGV %d\n",
                               sigismember(&mask, SIGUSR2), sigismember(&mask, SIGALRM),
                               sigismember(&mask, SIGTERM), sigismember(&mask, SIGSEGV));
}

static void *run(void *server)
{
    return (void *)(intptr_t)thrdsrv_server_run(server);
}

static void expect_mask(const struct embedded *e)
{
    client_expect_answer(e->address, "USR2 1 ALRM 0 TERM 0 SEGV 0\n");
}

/* A host may hear of signals by signalfd(2), so what it blocks stays blocked; but what only the
 * library's own thread blocks is none of the child's business. */
static void children_have_the_mask_of_the_host(struct embedded *e)
{
    sigset_t blocked, kept;
    pthread_t thread;
    void *result;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &kept);
    embedded_serve(e, serve_telling_the_mask);
    embedded_start(e);
    expect_mask(e);
    embedded_finish(e);

    embedded_create(e);
    assert_int_equal(pthread_create(&thread, NULL, run, e->server), 0);
    expect_mask(e);
    thrdsrv_server_stop(e->server);
    pthread_join(thread, &result);
    assert_int_equal((intptr_t)result, 0);
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
}

static int ended; /* an eventfd */

static void keep_and_tell(const struct thrdsrv_end *end, void *user)
{
    embedded_keep_end(end, user);
    assert_int_equal(eventfd_write(ended, 1), 0);
}

/* A host that handles no signal hears of none: a child that ends interrupts no call of its, not
 * even one that signal(7) says is never restarted. */
static void children_that_end_interrupt_nobody(struct embedded *e)
{
    if (process_is_wrapped())
        suite_skip("in Valgrind a thread that runs has all signals blocked");
    struct epoll_event event = {.events = EPOLLIN};
    eventfd_t value;
    sigset_t none, kept;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    ended = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ended, &event), 0);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, &kept);
    e->config.on_end = keep_and_tell;
    embedded_start(e);
    for (int i = 0; i < 100; i++) {
        client_close(client_connect(e->address));
        assert_int_equal(epoll_wait(epoll, &event, 1, -1), 1); /* while the child ends */
        assert_int_equal(eventfd_read(ended, &value), 0);
    }
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    embedded_finish(e);
    close(epoll);
    close(ended);
}

static int kill_itself(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    return raise(SIGKILL);
}

/* In a host that ignores SIGCHLD the kernel reaps: how the child ended is lost, not that it did. */
static void a_crash_that_the_kernel_keeps_to_itself_is_an_error(struct embedded *e)
{
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    struct sigaction kept;
    sigaction(SIGCHLD, &ignored, &kept);
    embedded_serve(e, kill_itself);
    embedded_start(e);
    int fd = client_connect(e->address);
    struct embedded_end end = embedded_wait_end(e, 1);
    assert_int_equal(end.end.reason, THRDSRV_END_ERROR);
    assert_int_equal(end.end.code, 0);
    client_close(fd);
    embedded_finish(e);
    sigaction(SIGCHLD, &kept, NULL);
}

/* Signals are the host's: no thread of the library hears of any but those of faults. */
static void threads_leave_signals_to_the_host(struct embedded *e)
{
    embedded_serve(e, serve_telling_the_mask);
    embedded_start(e);
    client_expect_answer(e->address, "USR2 1 ALRM 1 TERM 1 SEGV 0\n");
    embedded_finish(e);
}

/* ---- A late request ---------------------------------------------------------------------- */

/* write(2) of this program, the library's included: one thread's next call is held up. */
static _Thread_local bool write_slowly;
static sem_t in_write, may_write;
static _Atomic int written_to_eventfd;

ssize_t write(int fd, const void *data, size_t size)
{
    if (write_slowly) {
        char path[64], target[64] = "";
        write_slowly = false;
        sem_post(&in_write);
        sem_wait(&may_write);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target - 1) > 0 && strstr(target, "eventfd"))
            atomic_fetch_add(&written_to_eventfd, 1);
    }
    return syscall(SYS_write, fd, data, size);
}

static void *stop_slowly(void *server)
{
    write_slowly = true;
    thrdsrv_server_stop(server);
    return NULL;
}

static _Atomic int stage; /* 1: run() has returned, 2: the server is destroyed */

static void *run_and_destroy(void *server)
{
    int error = thrdsrv_server_run(server);
    atomic_store(&stage, 1);
    thrdsrv_server_destroy(server);
    atomic_store(&stage, 2);
    return (void *)(intptr_t)error;
}

/* The stop is carried out, woken by another request, before its caller has come to wake the loop.
 * What the caller then writes to must still be there. */
static void destroy_waits_for_a_late_stop(struct embedded *e)
{
    pthread_t runner, stopper;
    void *result;
    sem_init(&in_write, 0, 0);
    sem_init(&may_write, 0, 0);
    embedded_create(e);
    assert_int_equal(pthread_create(&stopper, NULL, stop_slowly, e->server), 0);
    sem_wait(&in_write);
    assert_int_equal(pthread_create(&runner, NULL, run_and_destroy, e->server), 0);
    thrdsrv_server_dump(e->server);
    int64_t deadline = patience();
    while (atomic_load(&stage) == 0)
        assert_true(look_again(deadline));
    /* A destroy() that does not wait would be over by now. */
    usleep(50000);
    assert_int_equal(atomic_load(&stage), 1);
    sem_post(&may_write);
    pthread_join(stopper, NULL);
    pthread_join(runner, &result);
    assert_int_equal((intptr_t)result, 0);
    assert_int_equal(atomic_load(&written_to_eventfd), 1);
    e->server = NULL;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_MODE(a_child_can_use_no_server_of_its_parent, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_ALL_MODES(a_child_of_the_host_can_use_no_server_that_runs),
        EMBEDDED_IN_ALL_MODES(a_server_may_move_to_a_child_before_it_runs),
        EMBEDDED_IN_MODE(a_child_may_run_a_server_of_its_own, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(children_have_the_mask_of_the_host, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(children_that_end_interrupt_nobody, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(a_crash_that_the_kernel_keeps_to_itself_is_an_error, "fork",
                         THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(threads_leave_signals_to_the_host, "thread", THRDSRV_MODE_THREAD),
        EMBEDDED_IN_MODE(threads_leave_signals_to_the_host, "inline", THRDSRV_MODE_INLINE),
        EMBEDDED_ONCE(destroy_waits_for_a_late_stop),
    };
    return embedded_run(argc, argv, "children", cases, sizeof cases / sizeof cases[0]);
}
