/* test_03_accept_errors - class 3: accept(2) fails for a reason that is no fault of the listener's
 * (ECONNABORTED: that client has gone), and the server ends, or stops accepting.
 *
 * Seen in: EternalTerminal #756, tiny-http #283.
 * Here: each error that accept(2) lists, three times in a row, more often than there are slots. A
 * client that waits meanwhile is served within 1 s, and the error is counted as what it is: that
 * connection's, or the machine's. Errors that say that the listener is broken end the server, with
 * its reason, and do not spin. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "suite.h"

enum { SLOTS = 2, IN_A_ROW = 3, SERVED_MS = 1000 };

/* The next calls fail so. The server's thread counts down. */
static atomic_int failures_left;
static atomic_int failure;

int __real_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    int left = atomic_load(&failures_left);
    if (left == 0)
        return __real_accept4(fd, address, length, flags);
    atomic_store(&failures_left, left - 1);
    errno = atomic_load(&failure);
    return -1;
}

static void fail_with(int error, int count)
{
    atomic_store(&failure, error);
    atomic_store(&failures_left, count);
}

/* Returns how long it took. */
static int64_t serve_one(const struct embedded *e)
{
    int64_t begin = now_ms();
    int fd = client_connect(e->address);
    client_echo(fd, "somebody else");
    int64_t took = now_ms() - begin;
    client_leave(fd);
    embedded_wait_idle(e);
    return took;
}

/* As accept(2) lists them for Linux: its own, and those of the network that the connection had. */
static const int of_the_connection[] = {
    ECONNABORTED, EPERM,        EPROTO,     ENETDOWN,    ENOPROTOOPT, EHOSTDOWN,
    ENONET,       EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ETIMEDOUT,   ECONNRESET,
};
static const int of_the_machine[] = {
    EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSR, ESOCKTNOSUPPORT, EPROTONOSUPPORT,
};
static const int of_nobody[] = {EINTR, EAGAIN};
static const int of_the_listener[] = {EBADF, EFAULT, EINVAL, ENOTSOCK};

enum blame { NOBODY, CONNECTION, MACHINE };

static void goes_on_after(const struct embedded *e, int error, enum blame blame)
{
    struct thrdsrv_stats before = embedded_stats(e);
    fail_with(error, IN_A_ROW);
    int64_t took = serve_one(e);
    struct thrdsrv_stats after = embedded_stats(e);
    uint64_t of_connection = after.accept_errors_conn - before.accept_errors_conn;
    uint64_t of_machine = after.accept_errors_system - before.accept_errors_system;
    if (took > allow_ms(SERVED_MS))
        suite_fail("%s: a client waited for %lld ms", strerror(error), (long long)took);
    if (of_connection != (blame == CONNECTION ? IN_A_ROW : 0) ||
        of_machine != (blame == MACHINE ? IN_A_ROW : 0))
        suite_fail("%s, %d times: counted %llu times as the connection's, %llu as the machine's",
                   strerror(error), IN_A_ROW, (unsigned long long)of_connection,
                   (unsigned long long)of_machine);
    assert_int_equal(atomic_load(&failures_left), 0);
}

static void goes_on_after_all(const struct embedded *e, const int *errors, size_t count,
                              enum blame blame)
{
    for (size_t i = 0; i < count; i++)
        goes_on_after(e, errors[i], blame);
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void the_loop_goes_on(struct embedded *e)
{
    e->config.slots = SLOTS;
    embedded_start(e);
    goes_on_after_all(e, of_nobody, COUNT(of_nobody), NOBODY);
    goes_on_after_all(e, of_the_connection, COUNT(of_the_connection), CONNECTION);
    goes_on_after_all(e, of_the_machine, COUNT(of_the_machine), MACHINE);
    embedded_finish(e);
}

/* Nobody who was there before notices, and the reason is told. */
static void ends_with(struct embedded *e, int error)
{
    struct thrdsrv_server *server;
    assert_int_equal(thrdsrv_server_create(&e->config, &server), 0);
    e->server = server;
    assert_int_equal(thrdsrv_server_start(server), 0);
    fail_with(error, 1);
    assert_true(thrdsrv_server_address(server, 0, e->address, sizeof e->address) > 0);
    int fd = client_begin(e->address, 0);      /* and has no answer */
    alarm((unsigned)(allow_ms(10000) / 1000)); /* SIGALRM ends the test where the server goes on */
    errno = 0;
    assert_int_equal(thrdsrv_server_wait(server), THRDSRV_E_SYSTEM);
    assert_int_equal(errno, error);
    alarm(0);
    assert_int_equal(atomic_load(&failures_left), 0);
    thrdsrv_server_destroy(server);
    e->server = NULL;
    client_close(fd);
}

static void a_broken_listener_ends_it(struct embedded *e)
{
    for (size_t i = 0; i < COUNT(of_the_listener); i++)
        ends_with(e, of_the_listener[i]);
    assert_int_equal(embedded_count_log(e, "level=error msg=\"accept failed\" action=stop"),
                     COUNT(of_the_listener));
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        EMBEDDED_CASE(the_loop_goes_on),
        EMBEDDED_CASE(a_broken_listener_ends_it),
    };
    return cmocka_run_group_tests_name("03_accept_errors", cases, NULL, NULL);
}
