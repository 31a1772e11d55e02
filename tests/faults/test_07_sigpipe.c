/* test_07_sigpipe - class 7: a client resets its connection between two writes, and the second one
 * ends the process by SIGPIPE, whose default that is.
 *
 * Seen in: cpp-httplib #77.
 * Here: a handler writes, its client resets, the handler goes on to write, four times, whatever it
 * is told. The program, started with SIGPIPE at its default, is not ended by that, nor by a SIGPIPE
 * itself. Nor is a host that has left SIGPIPE at its default: no SIGPIPE is so much as raised, in
 * the host or in a child, by a connection or by a log that nobody reads any more; each write says
 * THRDSRV_E_RESET, and that is how the connection ends. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "process_log.h"
#include "suite.h"

/* ---- The program ------------------------------------------------------------------------- */

static void expect_service(struct process *server)
{
    int fd = client_connect(process_address(server));
    client_echo(fd, "hello");
    client_leave(fd);
}

static void sigpipe_is_ignored(struct process *server)
{
    process_start(server, NULL);
    process_signal(server, SIGPIPE);
    expect_service(server);
    process_signal(server, SIGPIPE);
    expect_service(server);
}

/* The handler writes without end, to a client that has gone. */
static void clients_reset_between_two_writes(struct process *server)
{
    enum { CLIENTS = 20 };
    char some[1000];
    process_start(server, "--handler=chargen", NULL);
    for (int i = 0; i < CLIENTS; i++) {
        int fd = client_connect_with_buffer(process_address(server), 4096);
        client_read(fd, some, sizeof some);
        client_reset(fd);
    }
    process_log_wait_count(server, "msg=end end=reset", CLIENTS);
    int fd = client_connect(process_address(server));
    client_read(fd, some, sizeof some);
    client_reset(fd);
    process_wait_counter(server, "served", CLIENTS + 1);
}

/* ---- The library in a host that knows nothing of SIGPIPE --------------------------------- */

enum { WRITES = 4 };

/* Shared with children. */
static struct seen {
    atomic_bool written; /* the first byte */
    atomic_bool gone;    /* the client is */
    atomic_int results[WRITES];
    atomic_int pending; /* whether SIGPIPE was raised and is held back, 1 or 0; -1: not known yet */
} * seen;

/* Does not look at what it is told. */
static int write_on(struct thrdsrv_conn *conn, void *user)
{
    sigset_t pending;
    (void)user;
    thrdsrv_conn_write(conn, "1", 1);
    seen->written = true;
    while (!seen->gone)
        let_pass(1);
    for (int i = 0; i < WRITES; i++)
        seen->results[i] = thrdsrv_conn_write(conn, "2", 1);
    sigpending(&pending);
    seen->pending = sigismember(&pending, SIGPIPE);
    return seen->results[WRITES - 1];
}

static void serve_one_who_goes(struct embedded *e)
{
    embedded_start(e);
    int fd = client_connect(e->address);
    client_expect_text(fd, "1");
    client_reset(fd);
    seen->gone = true;
    struct embedded_end end = embedded_wait_end(e, 1);
    assert_int_equal(end.end.reason, THRDSRV_END_RESET);
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(seen->results[i], THRDSRV_E_RESET);
    assert_int_equal(seen->pending, 0);
    embedded_finish(e);
}

static void a_host_is_not_ended(struct embedded *e)
{
    seen->written = seen->gone = false;
    seen->pending = -1;
    void (*kept)(int) = signal(SIGPIPE, SIG_DFL);
    embedded_serve(e, write_on);
    serve_one_who_goes(e);
    signal(SIGPIPE, kept);
}

/* Nobody reads the host's stderr any more, as behind "2>&1 | head". A SIGPIPE that was pending
 * before is the host's and stays. */
static void log_to_nobody(struct embedded *e)
{
    int ends[2];
    sigset_t set;
    (void)e;
    IN_HOST(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    IN_HOST(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    errno = ENOTTY;
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_NOTICE, "msg=hello");
    IN_HOST(errno == ENOTTY);
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    IN_HOST(!sigismember(&set, SIGPIPE));

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    IN_HOST(raise(SIGPIPE) == 0);
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_NOTICE, "msg=hello");
    sigpending(&set);
    IN_HOST(sigismember(&set, SIGPIPE));
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_NOTICE, "msg=hello");
    _exit(0);
}

static void a_log_without_a_reader_is_no_sigpipe(struct embedded *e)
{
    embedded_in_host(log_to_nobody, e);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    seen = shared_memory(sizeof *seen);
    const struct CMUnitTest cases[] = {
        CASE(sigpipe_is_ignored),
        CASE(clients_reset_between_two_writes),
        EMBEDDED_CASE(a_host_is_not_ended),
        EMBEDDED_CASE(a_log_without_a_reader_is_no_sigpipe),
    };
    return cmocka_run_group_tests_name("07_sigpipe", cases, NULL, NULL);
}
