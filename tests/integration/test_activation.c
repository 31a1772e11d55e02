/* test_activation - listeners that a supervisor opened and hands over (LISTEN_FDS): served like the
 * program's own; what is wrong with them is told, and nobody else takes them for his. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients.h"
#include "process_log.h"
#include "suite.h"

/* Opens a listener on a free port of 127.0.0.1; its address goes to buf. */
static int listen_tcp(char *buf, size_t size)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(fd, 16), 0);
    client_name(fd, buf, size);
    return fd;
}

static int listen_unix(struct process *server, char *buf, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", server->dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 16), 0);
    snprintf(buf, size, "unix:%s", address.sun_path);
    return fd;
}

static void expect_service(const char *address)
{
    int fd = client_connect(address);
    client_echo(fd, "hello");
    client_leave(fd);
}

static void start_without_listen(struct process *server)
{
    char mode[32];
    snprintf(mode, sizeof mode, "--mode=%s", suite_mode_name());
    process_command(server, mode, "--log=info", NULL);
    process_log_wait(server, "msg=start");
}

static void both_kinds_of_sockets_are_served(struct process *server)
{
    char tcp[64], file[128], pattern[256];
    server->handed[0] = listen_tcp(tcp, sizeof tcp);
    server->handed[1] = listen_unix(server, file, sizeof file);
    server->handed_count = 2;
    server->environment[0] = "LISTEN_FDS=2";
    server->environment[1] = "LISTEN_FDNAMES=one:two";
    start_without_listen(server);
    snprintf(pattern, sizeof pattern, "msg=start listen=%s", tcp);
    assert_non_null(process_log_find(server, pattern));
    snprintf(pattern, sizeof pattern, "msg=start listen=%s", file);
    assert_non_null(process_log_find(server, pattern));
    expect_service(tcp);
    expect_service(file);
    char line[PROCESS_LINE_SIZE];
    assert_true(read(server->out, line, sizeof line) > 0); /* the ready line */
    process_stop(server);
    close(server->handed[0]);
    close(server->handed[1]);
    /* A file that somebody else made stays. */
    assert_int_equal(access(file + strlen("unix:"), F_OK), 0);
}

/* --listen=fd:3 says which of them; the other one is closed, so that nobody waits at it for ever
 * once the supervisor has gone. */
static void listen_says_which_are_served(struct process *server)
{
    char used[64], unused[64];
    server->handed[0] = listen_tcp(used, sizeof used);
    server->handed[1] = listen_tcp(unused, sizeof unused);
    server->handed_count = 2;
    server->environment[0] = "LISTEN_FDS=2";
    process_start(server, "--listen=fd:3", NULL);
    close(server->handed[0]);
    close(server->handed[1]);
    process_log_wait(server,
                     "level=warn msg=\"sockets that were handed over are not used\" sockets=1 "
                     "reason=\"--listen says where connections come from\"");
    assert_string_equal(process_address(server), used);
    expect_service(used);
    int fd = client_begin(unused, 0);
    assert_int_not_equal(fd < 0 ? -fd : client_begun(fd), 0);
}

static void listen_elsewhere_closes_all(struct process *server)
{
    char unused[64];
    server->handed[0] = listen_tcp(unused, sizeof unused);
    server->handed_count = 1;
    server->environment[0] = "LISTEN_FDS=1";
    process_start(server, NULL);
    close(server->handed[0]);
    process_log_wait(server,
                     "level=warn sockets=1 msg=\"sockets that were handed over are not used\"");
    expect_service(process_address(server));
    int fd = client_begin(unused, 0);
    assert_int_not_equal(fd < 0 ? -fd : client_begun(fd), 0);
}

/* The variables were meant for a process that we are a child of: nothing is handed over. */
static void those_of_another_process_are_left_alone(struct process *server)
{
    server->environment[0] = "LISTEN_FDS=1";
    server->environment[1] = "LISTEN_PID=1";
    process_start(server, NULL);
    expect_service(process_address(server));
    assert_null(process_log_find(server, "level=warn"));
}

static void expect_refused(struct process *server, const char *complaint)
{
    assert_int_equal(process_start_refused(server, NULL), 2);
    if (strncmp(process_log_text(server), complaint, strlen(complaint)) != 0)
        suite_fail("%s instead of %s", process_log_text(server), complaint);
    process_renew(server);
}

static void wrong_values_are_usage_errors(struct process *server)
{
    static const struct {
        const char *pid, *fds, *complaint;
    } wrong[] = {
        {"LISTEN_PID=", "LISTEN_FDS=1",
         "thrd: LISTEN_PID=: not a number; allowed: the number of a process\n"},
        {"LISTEN_PID=12x", "LISTEN_FDS=1",
         "thrd: LISTEN_PID=12x: not a number; allowed: the number of a process\n"},
        {NULL, "LISTEN_FDS=", "thrd: LISTEN_FDS=: not a number; allowed: 1 to 64\n"},
        {NULL, "LISTEN_FDS=-1", "thrd: LISTEN_FDS=-1: not a number; allowed: 1 to 64\n"},
        {NULL, "LISTEN_FDS=0", "thrd: LISTEN_FDS=0: too small; allowed: 1 to 64\n"},
        {NULL, "LISTEN_FDS=65", "thrd: LISTEN_FDS=65: too large; allowed: 1 to 64\n"},
        {NULL, "LISTEN_FDS=99999999999999999999",
         "thrd: LISTEN_FDS=99999999999999999999: too large; allowed: 1 to 64\n"},
        /* "not open"; under Valgrind, which has descriptors of its own, "no socket that …". */
        {NULL, "LISTEN_FDS=2", "thrd: LISTEN_FDS=2: descriptor 4 is no"},
    };
    char address[64];
    int fd = listen_tcp(address, sizeof address);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        server->handed[0] = fd;
        server->handed_count = 1;
        server->environment[0] = wrong[i].fds;
        server->environment[1] = wrong[i].pid;
        expect_refused(server, wrong[i].complaint);
    }
    close(fd);
}

static void what_does_not_listen_is_a_usage_error(struct process *server)
{
    int fds[] = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                 socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                 open("/dev/null", O_RDWR | O_CLOEXEC)};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        server->handed[0] = fds[i];
        server->handed_count = 1;
        server->environment[0] = "LISTEN_FDS=1";
        expect_refused(server,
                       "thrd: LISTEN_FDS=1: descriptor 3 is no socket that listens (a unit with "
                       "Accept=yes needs --inetd and StandardInput=socket)\n");
        close(fds[i]);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(both_kinds_of_sockets_are_served), CASE(listen_says_which_are_served),
        CASE(listen_elsewhere_closes_all),      CASE(those_of_another_process_are_left_alone),
        CASE(wrong_values_are_usage_errors),    CASE(what_does_not_listen_is_a_usage_error),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("activation", cases, NULL, NULL);
}
