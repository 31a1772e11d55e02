/* The server inside host programs that make it hard: all signals blocked, SIGCHLD ignored, standard
 * streams closed, handlers that crash, scribble, or close what is not theirs. Each host is a
 * process of its own; the test is its client. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/clock.h"
#include "server/conn.h"
#include "server/server.h"

/* What a host and its children tell the test. */
static struct {
    _Atomic int port;
    _Atomic int seen;   /* meaning is each test's own */
    _Atomic int result; /* of run() */
    _Atomic int served; /* the counter, after run() */
} * shared;

static pid_t host;

static int set_up(void **state)
{
    (void)state;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (host > 0) {
        kill(host, SIGKILL);
        waitpid(host, NULL, 0);
    }
    host = 0;
    return munmap(shared, sizeof *shared);
}

/* A pause of the loops below; every one of them ends by an event or with the test's time limit. */
static void pause_a_little(void)
{
    usleep(1000);
}

static struct thrdsrv_config config_for(enum thrdsrv_mode mode, thrdsrv_serve_fn *serve)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    config.mode = mode;
    config.serve = serve;
    config.slots = 4;
    config.listen = listen;
    config.listen_count = 1;
    return config;
}

static struct thrdsrv_server *host_server;

static void quiesce(int signal_number)
{
    (void)signal_number;
    thrdsrv_server_quiesce(host_server);
}

/* Runs a server in a process of its own until it gets SIGUSR1, or stops by itself. */
static void start_host(struct thrdsrv_config config, void (*prepare)(void))
{
    host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        char text[128];
        struct rlimit no_core = {0, 0};
        struct thrdsrv_stats stats;
        setrlimit(RLIMIT_CORE, &no_core);
        if (prepare)
            prepare();
        if (thrdsrv_server_create(&config, &host_server) < 0)
            _exit(99);
        signal(SIGUSR1, quiesce);
        thrdsrv_server_address(host_server, 0, text, sizeof text);
        atomic_fetch_add(&shared->port, atoi(strrchr(text, ':') + 1));
        atomic_fetch_add(&shared->result, thrdsrv_server_run(host_server));
        thrdsrv_server_stats(host_server, &stats, sizeof stats);
        atomic_fetch_add(&shared->served, (int)stats.served);
        thrdsrv_server_destroy(host_server);
        _exit(0);
    }
    while (atomic_fetch_add(&shared->port, 0) == 0)
        pause_a_little();
}

static int host_status(void)
{
    int status;
    assert_int_equal(waitpid(host, &status, 0), host);
    host = 0;
    return status;
}

static void expect_clean_stop(int served)
{
    kill(host, SIGUSR1);
    assert_int_equal(host_status(), 0);
    assert_int_equal(atomic_fetch_add(&shared->result, 0), 0);
    assert_int_equal(atomic_fetch_add(&shared->served, 0), served);
}

static int try_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atomic_fetch_add(&shared->port, 0)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int kept = errno;
    close(fd);
    errno = kept;
    return -1;
}

static int connected(void)
{
    int fd = try_connect();
    assert_true(fd >= 0);
    return fd;
}

static void expect_end(int fd)
{
    char buf[256];
    while (recv(fd, buf, sizeof buf, 0) > 0)
        continue;
    close(fd);
}

static void expect_byte(int fd, char wanted)
{
    char byte = 0;
    assert_int_equal(recv(fd, &byte, 1, 0), 1);
    assert_int_equal(byte, wanted);
}

/* ---- signals ---- */

static void block_all_signals(void)
{
    sigset_t all, usr1;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1); /* the test's own */
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
}

static int note_how_it_ends(struct thrdsrv_conn *conn, void *user)
{
    char byte;
    (void)user;
    thrdsrv_conn_write(conn, "r", 1);
    int error = (int)thrdsrv_conn_read(conn, &byte, 1);
    atomic_fetch_add(&shared->seen, error);
    return error;
}

static void test_a_child_of_a_host_that_blocks_all_signals_can_clean_up(void **state)
{
    (void)state;
    struct thrdsrv_config config = config_for(THRDSRV_MODE_FORK, note_how_it_ends);
    config.lifetime_ms = 100;
    start_host(config, block_all_signals);
    int fd = connected();
    expect_byte(fd, 'r');
    expect_end(fd);
    expect_clean_stop(1); /* the child has ended, its note is written */
    assert_int_equal(atomic_fetch_add(&shared->seen, 0), THRDSRV_E_TIMEOUT);
}

static void leave_with_42(int signal_number)
{
    (void)signal_number;
    _exit(42);
}

static void handle_faults(void)
{
    signal(SIGSEGV, leave_with_42);
}

static int raise_a_fault(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    return raise(SIGSEGV);
}

static void test_a_fault_in_a_thread_reaches_the_hosts_handler(void **state)
{
    (void)state;
    start_host(config_for(THRDSRV_MODE_THREAD, raise_a_fault), handle_faults);
    expect_end(connected());
    int status = host_status();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

static void ignore_sigchld(void)
{
    signal(SIGCHLD, SIG_IGN);
}

static int say_hello(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    return thrdsrv_conn_write(conn, "h", 1);
}

static void test_a_host_that_ignores_sigchld_gets_its_slots_back(void **state)
{
    (void)state;
    start_host(config_for(THRDSRV_MODE_FORK, say_hello), ignore_sigchld);
    for (int i = 0; i < 20; i++) { /* through 4 slots */
        int fd = connected();
        expect_byte(fd, 'h');
        expect_end(fd);
    }
    expect_clean_stop(20);
}

/* ---- descriptors ---- */

static void close_standard_streams(void)
{
    for (int fd = 0; fd < 3; fd++)
        close(fd);
}

static int count_descriptors(struct thrdsrv_conn *conn, void *user)
{
    char byte;
    (void)user;
    for (int fd = 0; fd < 256; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            atomic_fetch_add(&shared->seen, fd < 3 ? 100 : 1);
    thrdsrv_conn_write(conn, "c", 1);
    return (int)thrdsrv_conn_read(conn, &byte, 1);
}

static void test_a_child_holds_its_connection_only(void **state)
{
    (void)state;
    start_host(config_for(THRDSRV_MODE_FORK, count_descriptors), close_standard_streams);
    int fd = connected();
    expect_byte(fd, 'c');
    assert_int_equal(atomic_fetch_add(&shared->seen, 0), 1);
    kill(host, SIGUSR1);
    for (;;) { /* until the listener is closed, in every process */
        int other = try_connect();
        if (other < 0 && errno == ECONNREFUSED)
            break;
        close(other);
        pause_a_little();
    }
    close(fd);
    assert_int_equal(host_status(), 0);
}

static int stop_from_a_child(struct thrdsrv_conn *conn, void *user)
{
    int files[64];
    (void)user;
    for (int i = 0; i < 64; i++) /* one of them has the number of the wake-up descriptor */
        files[i] = memfd_create("test", MFD_CLOEXEC);
    thrdsrv_server_stop(thrdsrv_conn_server(conn));
    for (int i = 0; i < 64; i++)
        if (lseek(files[i], 0, SEEK_END) != 0)
            atomic_fetch_add(&shared->seen, 1);
    return thrdsrv_conn_write(conn, "s", 1);
}

static void test_a_request_from_a_child_reaches_nobody(void **state)
{
    (void)state;
    start_host(config_for(THRDSRV_MODE_FORK, stop_from_a_child), NULL);
    for (int i = 0; i < 2; i++) {
        int fd = connected();
        expect_byte(fd, 's');
        expect_end(fd);
    }
    assert_int_equal(atomic_fetch_add(&shared->seen, 0), 0);
    expect_clean_stop(2);
}

static int close_the_loops_descriptors(struct thrdsrv_conn *conn, void *user)
{
    struct thrdsrv_server *server = thrdsrv_conn_server(conn);
    (void)user;
    close(server->epoll);
    thrdsrv_server_dump(server); /* wakes the loop, which finds its epoll set gone */
    return 0;
}

static void test_a_host_that_closes_our_descriptors_gets_run_back(void **state)
{
    (void)state;
    start_host(config_for(THRDSRV_MODE_INLINE, close_the_loops_descriptors), NULL);
    expect_end(connected());
    host_status();
    assert_int_equal(atomic_fetch_add(&shared->result, 0), THRDSRV_E_SYSTEM);
}

/* ---- handlers that run wild ---- */

static int scribble_and_die(struct thrdsrv_conn *conn, void *user)
{
    struct progress *progress = conn->progress;
    (void)user;
    atomic_store(&progress->cut, 0x7fffffff);
    atomic_store(&progress->ended, -7);
    thrdsrv_conn_printf(conn, "x"); /* fails or not: the values are nonsense */
    raise(SIGKILL);
    return 0;
}

static void test_a_child_that_scribbles_ends_alone(void **state)
{
    (void)state;
    start_host(config_for(THRDSRV_MODE_FORK, scribble_and_die), NULL);
    for (int i = 0; i < 8; i++)
        expect_end(connected());
    expect_clean_stop(8);
}

static int never_return(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    while (pause() < 0)
        continue;
    return 0;
}

static void test_a_child_that_never_returns_is_killed(void **state)
{
    (void)state;
    struct thrdsrv_config config = config_for(THRDSRV_MODE_FORK, never_return);
    config.lifetime_ms = 50;
    config.drain_ms = 50;
    start_host(config, NULL);
    int fd = connected();
    int64_t before = clock_ns();
    kill(host, SIGUSR1);
    assert_int_equal(host_status(), 0);
    assert_true(clock_ns() - before < 5000000000);
    expect_end(fd);
}

#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest always[] = {
        WITH_HOST(test_a_fault_in_a_thread_reaches_the_hosts_handler),
        WITH_HOST(test_a_host_that_closes_our_descriptors_gets_run_back),
    };
    const struct CMUnitTest with_fork[] = {
        WITH_HOST(test_a_child_of_a_host_that_blocks_all_signals_can_clean_up),
        WITH_HOST(test_a_host_that_ignores_sigchld_gets_its_slots_back),
        WITH_HOST(test_a_child_holds_its_connection_only),
        WITH_HOST(test_a_request_from_a_child_reaches_nobody),
        WITH_HOST(test_a_child_that_scribbles_ends_alone),
        WITH_HOST(test_a_child_that_never_returns_is_killed),
    };
    int failed = cmocka_run_group_tests(always, NULL, NULL);
    if (thrdsrv_mode_supported(THRDSRV_MODE_FORK))
        failed += cmocka_run_group_tests(with_fork, NULL, NULL);
    return failed;
}
