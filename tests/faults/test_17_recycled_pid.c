/* test_17_recycled_pid - class 17: the server signals a child by its number, but somebody else has
 * reaped the child, and the number is another process's by now: that one is killed.
 *
 * Seen in: ponyc #5765.
 * Here: a host whose children are reaped without us, by its own waitpid(2) or because it ignores
 * SIGCHLD. The child of a connection is killed and reaped while the accept loop is held up, and a
 * bystander gets the very number (clone3(2) with set_tid, in a pid namespace of our own, so no
 * luck is needed as with a small pid_max). Then the loop goes on, with that connection overdue, and
 * later the server is stopped. The bystander must live through both and must not be reaped, its
 * exit status is the host's; and the slot comes back at once, for a child that has gone is not
 * asked after by its number either. The same where the child is gone before the server has looked
 * at it for the first time (pidfd_open(2): ESRCH), so that its number is all that there is. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "embedded.h"
#include "patience.h"
#include "suite.h"
#include "wrap_syscall.h"

enum { IDLE_MS = 100, BYSTANDER_STATUS = 17 };

/* ---- A bystander with a number of our choice --------------------------------------------- */

/* struct clone_args of <linux/sched.h>, which does not go with <sched.h>, up to set_tid_size. */
struct clone_request {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size;
};

static volatile sig_atomic_t told_to_end;

static void end_well(int number)
{
    (void)number;
    told_to_end = 1;
}

/* Dies of SIGTERM as any process does; ends well when the test says so, by SIGUSR1. */
static _Noreturn void be_a_bystander(void)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGTERM, SIG_DFL);
    signal(SIGUSR1, end_well);
    sigprocmask(SIG_SETMASK, &none, NULL);
    while (!told_to_end)
        usleep(1000);
    _exit(BYSTANDER_STATUS);
}

/* A number that kill(2) knows no more is given back a moment later (EEXIST until then). */
static pid_t start_bystander(pid_t number)
{
    struct clone_request request = {.exit_signal = SIGCHLD, .set_tid_size = 1};
    request.set_tid = (uintptr_t)&number;
    int64_t deadline = patience();
    long pid;
    do
        pid = syscall(SYS_clone3, &request, sizeof request);
    while (pid < 0 && errno == EEXIST && look_again(deadline));
    if (pid == 0)
        be_a_bystander();
    return (pid_t)pid;
}

static bool is_alive(pid_t pid)
{
    siginfo_t status = {.si_pid = 0};
    if (kill(pid, 0) < 0)
        return false;
    return waitid(P_PID, (id_t)pid, &status, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           status.si_pid == 0;
}

/* ---- The host ---------------------------------------------------------------------------- */

static bool host_ignores_sigchld;
static sem_t loop_is_held, loop_may_go_on;

/* config.admit: the second connection holds the loop up. */
static bool hold_up_the_second(const struct thrdsrv_arrival *arrival, void *user)
{
    struct embedded *e = user;
    struct thrdsrv_stats stats = embedded_stats(e);
    (void)arrival;
    if (stats.accepted == 0)
        return true;
    sem_post(&loop_is_held);
    sem_wait(&loop_may_go_on);
    return true;
}

static int connect_to(const struct embedded *e)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_port = htons((uint16_t)atoi(strrchr(e->address, ':') + 1));
    IN_HOST(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

/* The child that serves the first connection, and has shown it. */
static pid_t served_by(const struct embedded *e)
{
    struct thrdsrv_slot slot;
    char byte = 'x';
    int fd = connect_to(e);
    IN_HOST(write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1);
    int64_t deadline = patience(); /* the child may answer before its number is booked */
    while (thrdsrv_server_slot(e->server, 0, &slot, sizeof slot) != 1 || slot.worker <= 0)
        IN_HOST(look_again(deadline));
    return slot.worker;
}

/* As a host does that knows nothing of the library's children. */
static void kill_and_reap(pid_t child)
{
    int64_t deadline = patience();
    IN_HOST(kill(child, SIGKILL) == 0);
    if (!host_ignores_sigchld)
        IN_HOST(waitpid(-1, NULL, 0) == child);
    while (kill(child, 0) == 0)
        IN_HOST(look_again(deadline));
}

static void start_server(struct embedded *e)
{
    e->config.slots = 2;
    e->config.idle_ms = IDLE_MS;
    e->config.admit = hold_up_the_second;
    sem_init(&loop_is_held, 0, 0);
    sem_init(&loop_may_go_on, 0, 0);
    IN_HOST(thrdsrv_server_create(&e->config, &e->server) == 0);
    IN_HOST(thrdsrv_server_address(e->server, 0, e->address, sizeof e->address) > 0);
    IN_HOST(thrdsrv_server_start(e->server) == 0);
}

static void wait_for_the_first_end(struct embedded *e)
{
    int64_t deadline = patience();
    while (embedded_count_ends(e) == 0)
        IN_HOST(look_again(deadline));
    IN_HOST(e->ends[0].end.conn == 1);
}

static void expect_own_end(pid_t bystander)
{
    int status = 0;
    IN_HOST(is_alive(bystander));
    IN_HOST(kill(bystander, SIGUSR1) == 0);
    if (host_ignores_sigchld) /* nobody gets a status there */
        return;
    IN_HOST(waitpid(bystander, &status, 0) == bystander);
    IN_HOST(!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM);
    IN_HOST(WIFEXITED(status) && WEXITSTATUS(status) == BYSTANDER_STATUS);
}

static void be_the_host(struct embedded *e)
{
    if (host_ignores_sigchld)
        signal(SIGCHLD, SIG_IGN);
    start_server(e);
    pid_t child = served_by(e);
    connect_to(e);
    sem_wait(&loop_is_held);
    kill_and_reap(child);
    pid_t bystander = start_bystander(child);
    IN_HOST(bystander == child);
    let_pass(2 * IDLE_MS); /* the first connection is overdue when the loop looks again */
    sem_post(&loop_may_go_on);
    wait_for_the_first_end(e);
    IN_HOST(is_alive(bystander));
    thrdsrv_server_stop(e->server);
    IN_HOST(thrdsrv_server_wait(e->server) == 0);
    thrdsrv_server_destroy(e->server);
    expect_own_end(bystander);
}

/* ---- The cases --------------------------------------------------------------------------- */

/* Not even as root, in some containers. */
static bool enter_namespace(void)
{
    return unshare(CLONE_NEWPID) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0;
}

/* Whether this kernel and this user may do what the test does. */
static bool can_choose_numbers(void)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (!enter_namespace())
            _exit(1);
        pid_t first = start_bystander(1); /* the namespace's init */
        if (first < 0)
            _exit(1);
        _exit(kill(first, SIGKILL) == 0 && waitpid(first, NULL, 0) == first ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status == 0;
}

static void (*be_this_host)(struct embedded *e) = be_the_host;

static void run_in_namespace(struct embedded *e)
{
    int status = 0;
    IN_HOST(enter_namespace());
    pid_t pid = fork();
    IN_HOST(pid >= 0);
    if (pid == 0) {
        be_this_host(e);
        _exit(0);
    }
    IN_HOST(waitpid(pid, &status, 0) == pid);
    IN_HOST(status == 0);
}

/* ---- A child that is gone at once --------------------------------------------------------- */

static atomic_int bystander_at_once; /* 0: not yet; -1: wanted */

static long system_call(long number, const long arguments[6])
{
    bool is_late = number == SYS_pidfd_open && bystander_at_once == -1;
    if (is_late)
        kill_and_reap((pid_t)arguments[0]);
    long result = real_system_call(number, arguments);
    if (is_late) {
        IN_HOST(result == -1 && errno == ESRCH);
        bystander_at_once = start_bystander((pid_t)arguments[0]);
        errno = ESRCH;
    }
    return result;
}

/* As long as a child may live is short: its number would be sent a signal. */
static void be_a_host_that_is_quick(struct embedded *e)
{
    host_ignores_sigchld = true;
    signal(SIGCHLD, SIG_IGN);
    e->config.lifetime_ms = IDLE_MS;
    bystander_at_once = -1;
    start_server(e);
    connect_to(e);
    wait_for_the_first_end(e);
    IN_HOST(bystander_at_once > 0 && is_alive(bystander_at_once));
    thrdsrv_server_stop(e->server);
    IN_HOST(thrdsrv_server_wait(e->server) == 0);
    thrdsrv_server_destroy(e->server);
    expect_own_end(bystander_at_once);
}

static void spares_the_bystander(struct embedded *e, bool ignores_sigchld)
{
    if (process_is_wrapped() || suite_has_thread_sanitizer())
        suite_skip("the tool knows neither pidfds nor clone3(2) from a program with threads");
    if (!can_choose_numbers())
        suite_skip("no pid namespace, or no clone3(2) with a number, can be had here");
    host_ignores_sigchld = ignores_sigchld;
    embedded_in_host(run_in_namespace, e);
}

static void host_that_reaps_any_child(struct embedded *e)
{
    spares_the_bystander(e, false);
}

static void host_that_ignores_sigchld(struct embedded *e)
{
    spares_the_bystander(e, true);
}

static void child_that_is_gone_before_it_is_looked_at(struct embedded *e)
{
    be_this_host = be_a_host_that_is_quick;
    spares_the_bystander(e, true);
    be_this_host = be_the_host;
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(host_that_reaps_any_child),
        EMBEDDED_CASE(host_that_ignores_sigchld),
        EMBEDDED_CASE(child_that_is_gone_before_it_is_looked_at),
    };
    return cmocka_run_group_tests_name("17_recycled_pid", cases, NULL, NULL);
}
