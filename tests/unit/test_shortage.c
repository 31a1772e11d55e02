/* test_shortage.c - a server in a host that has no more threads, processes or descriptors: what is
 * refused, and that it goes on when there are some again. Apart from the other tests, because
 * Helgrind counts every pthread_create() that fails as an error of the program's. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "embedded.h"
#include "suite.h"

/* ---- No threads, no processes ------------------------------------------------------------ */

/* As a user without a right to more threads; the second try is with the limit it had. */
static void start_without_threads(struct embedded *e)
{
    struct thrdsrv_server *server;
    struct rlimit limit;
    IN_HOST(getuid() != 0 || setuid(65534) == 0);
    IN_HOST(thrdsrv_server_create(&e->config, &server) == 0);
    IN_HOST(getrlimit(RLIMIT_NPROC, &limit) == 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    IN_HOST(setrlimit(RLIMIT_NPROC, &none) == 0);
    errno = 0;
    IN_HOST(thrdsrv_server_start(server) == THRDSRV_E_SYSTEM);
    IN_HOST(errno == EAGAIN);
    IN_HOST(thrdsrv_server_wait(server) == THRDSRV_E_INVALID);
    IN_HOST(setrlimit(RLIMIT_NPROC, &limit) == 0);
    IN_HOST(thrdsrv_server_start(server) == 0);
    thrdsrv_server_stop(server);
    IN_HOST(thrdsrv_server_wait(server) == 0);
    thrdsrv_server_destroy(server);
}

static void a_start_that_fails_may_be_repeated(struct embedded *e)
{
    embedded_in_host(start_without_threads, e);
}

/* Counted across processes. */
static _Atomic unsigned *starts;

static void count_start(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    ++*starts;
}

/* With no thread or process to be had: the connection ends without a start, on the run() thread. */
static void serve_without_workers(struct embedded *e)
{
    struct thrdsrv_server *server;
    struct rlimit limit;
    char byte;
    IN_HOST(getuid() != 0 || setuid(65534) == 0);
    IN_HOST(thrdsrv_server_create(&e->config, &server) == 0);
    e->server = server;
    IN_HOST(thrdsrv_server_start(server) == 0);
    IN_HOST(getrlimit(RLIMIT_NPROC, &limit) == 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    IN_HOST(setrlimit(RLIMIT_NPROC, &none) == 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char text[EMBEDDED_TEXT_SIZE];
    IN_HOST(thrdsrv_server_address(server, 0, text, sizeof text) > 0);
    address.sin_port = htons((uint16_t)atoi(strrchr(text, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    IN_HOST(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    IN_HOST(recv(fd, &byte, 1, 0) <= 0);
    while (embedded_count_ends(e) == 0)
        usleep(1000);
    thrdsrv_server_stop(server);
    IN_HOST(thrdsrv_server_wait(server) == 0);
    struct thrdsrv_stats stats = embedded_stats(e);
    IN_HOST(embedded_count_ends(e) == 1);
    IN_HOST(e->ends[0].end.reason == THRDSRV_END_NO_WORKER);
    IN_HOST(e->ends[0].end.worker == 0);
    IN_HOST(e->ends[0].end.conn == 1);
    IN_HOST(e->ends[0].thread != gettid());
    IN_HOST(stats.spawn_failures == 1 && stats.served == 0 && stats.accepted == 1);
    IN_HOST(*starts == 0);
    thrdsrv_server_destroy(server);
}

static void create_without_descriptors(struct embedded *e)
{
    struct thrdsrv_server *server;
    struct rlimit limit;
    IN_HOST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    int lowest = dup(STDIN_FILENO);
    IN_HOST(lowest > 0 && close(lowest) == 0);
    limit.rlim_cur = (rlim_t)lowest;
    IN_HOST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    IN_HOST(thrdsrv_server_create(&e->config, &server) == THRDSRV_E_SYSTEM && errno == EMFILE);
    IN_HOST(embedded_count_log(e, "level=error") == 1);
}

static void create_names_what_the_system_refused(struct embedded *e)
{
    embedded_in_host(create_without_descriptors, e);
}

static void no_worker_is_an_end_too(struct embedded *e)
{
    starts = shared_memory(sizeof *starts);
    e->config.on_start = count_start;
    embedded_in_host(serve_without_workers, e);
}

/* ---- No room in the pipe ----------------------------------------------------------------- */

enum { MOST_WAITING = 16384 }; /* as documented */

/* Adopts until no more can wait: the next one is refused, and nothing is lost. All of them lead to
 * one socket, whose client has ended its side. */
static void adopt_too_many(struct embedded *e)
{
    struct thrdsrv_server *server;
    struct thrdsrv_stats stats;
    int fds[2];
    unsigned adopted = 0;
    int error;
    e->config.on_end = NULL;
    e->config.log_level = THRDSRV_LOG_WARN;
    IN_HOST(thrdsrv_server_create(&e->config, &server) == 0);
    IN_HOST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    shutdown(fds[0], SHUT_WR);
    for (;;) {
        int fd = fcntl(fds[1], F_DUPFD_CLOEXEC, 3);
        IN_HOST(fd >= 0);
        error = thrdsrv_server_adopt(server, fd);
        if (error != 0) {
            IN_HOST(fcntl(fd, F_GETFD) >= 0);
            close(fd);
            break;
        }
        adopted++;
    }
    IN_HOST(error == THRDSRV_E_FULL);
    IN_HOST(adopted <= MOST_WAITING);
    IN_HOST(adopted >= 1024); /* a pipe of a single page */
    IN_HOST(thrdsrv_server_start(server) == 0);
    do {
        usleep(1000);
        thrdsrv_server_stats(server, &stats, sizeof stats);
    } while (stats.served < adopted);
    IN_HOST(thrdsrv_server_adopt(server, fds[1]) == 0);
    thrdsrv_server_stop(server);
    IN_HOST(thrdsrv_server_wait(server) == 0);
    thrdsrv_server_destroy(server);
}

static void too_many_waiting_connections_are_refused(struct embedded *e)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit enough = {.rlim_cur = MOST_WAITING + 64, .rlim_max = limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &enough) < 0)
        suite_skip("%d open files are not allowed here", MOST_WAITING + 64);
    e->config.adopt = true;
    e->config.listen = NULL;
    e->config.listen_count = 0;
    embedded_in_host(adopt_too_many, e);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Numbers 0 to 2 are free, and few others are to be had: whatever is the first to get none of those
 * is not to keep one of these. */
static void create_with_few_descriptors(struct embedded *e)
{
    struct thrdsrv_server *server;
    struct rlimit limit;
    IN_HOST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int fd = 0; fd < 64; fd++)
        close(fd);
    e->config.adopt = true;
    e->config.listen_count = 0;
    for (rlim_t most = 3; most < 7; most++) { /* eventfd, epoll, the two ends of a pipe */
        struct rlimit few = {.rlim_cur = most, .rlim_max = limit.rlim_max};
        IN_HOST(setrlimit(RLIMIT_NOFILE, &few) == 0);
        IN_HOST(thrdsrv_server_create(&e->config, &server) == THRDSRV_E_SYSTEM);
        for (int fd = 0; fd < 7; fd++)
            IN_HOST(fcntl(fd, F_GETFD) < 0);
    }
    IN_HOST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    IN_HOST(thrdsrv_server_create(&e->config, &server) == 0);
    thrdsrv_server_destroy(server);
}

static void standard_streams_become_nothing_of_ours(struct embedded *e)
{
    embedded_in_host(create_with_few_descriptors, e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_ALL_MODES(a_start_that_fails_may_be_repeated),
        EMBEDDED_IN_MODE(no_worker_is_an_end_too, "thread", THRDSRV_MODE_THREAD),
        EMBEDDED_IN_MODE(no_worker_is_an_end_too, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_ONCE(create_names_what_the_system_refused),
        EMBEDDED_ONCE(standard_streams_become_nothing_of_ours),
        EMBEDDED_IN_MODE(too_many_waiting_connections_are_refused, "inline", THRDSRV_MODE_INLINE),
    };
    return embedded_run(argc, argv, "shortage", cases, sizeof cases / sizeof cases[0]);
}
