/* test_ready - how the server tells that it is ready: the line on stdout, --ready-fd, and the
 * datagrams to NOTIFY_SOCKET; and that it is ready then. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "process_log.h"
#include "suite.h"

static void ready_line_tells_all(struct process *server)
{
    char expected[256];
    process_start(server, "--handler=rot13", NULL);
    snprintf(expected, sizeof expected, "ready listen=%s mode=%s handler=rot13 pid=%d",
             process_address(server), suite_mode_name(), (int)server->pid);
    assert_string_equal(server->ready, expected);
    const char *line = process_log_wait(server, "level=notice msg=start handler=rot13");
    char value[128];
    assert_string_equal(log_line_value(line, "mode", value, sizeof value), suite_mode_name());
    assert_string_equal(log_line_value(line, "listen", value, sizeof value),
                        process_address(server));
}

/* Many starts, each with a client at the very moment of the line. */
static void connects_from_the_ready_line_on(struct process *server)
{
    for (int i = 0; i < 20; i++) {
        process_start(server, NULL);
        int fd = client_connect(process_address(server));
        client_echo(fd, "at once");
        client_close(fd);
        process_renew(server);
    }
}

/* The same line, then the end: whoever reads it need not know how long it is. */
static void ready_fd_gets_the_line_and_is_closed(struct process *server)
{
    int ends[2];
    char option[32];
    char got[512];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    server->inherited_fd = ends[1];
    snprintf(option, sizeof option, "--ready-fd=%d", ends[1]);
    process_start(server, option, NULL);
    close(ends[1]);
    size_t n = 0;
    ssize_t count = 1;
    while (n < sizeof got - 1 && count > 0) {
        struct pollfd ready = {.fd = ends[0], .events = POLLIN};
        assert_int_equal(poll(&ready, 1, time_left(patience())), 1);
        count = read(ends[0], got + n, sizeof got - 1 - n);
        n += count > 0 ? (size_t)count : 0;
    }
    assert_int_equal(count, 0);
    close(ends[0]);
    assert_true(n > 0 && got[n - 1] == '\n');
    got[n - 1] = '\0';
    assert_string_equal(got, server->ready);
}

/* A supervisor's socket in the scratch directory, or in the abstract namespace with '@'. */
static int supervisor_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    else
        length++;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    return fd;
}

static void expect_datagram(int fd, const char *text)
{
    char got[512];
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, time_left(patience())), 1);
    ssize_t n = recv(fd, got, sizeof got - 1, 0);
    assert_true(n > 0);
    got[n] = '\0';
    if (strstr(got, text) == NULL)
        suite_fail("%s instead of %s", got, text);
}

static void notify(struct process *server, const char *name)
{
    char expected[256];
    int fd = supervisor_socket(name);
    server->notify_socket = name;
    process_start(server, "--handler=rot13", "--drain=2s", NULL);
    snprintf(expected, sizeof expected, "READY=1\nSTATUS=Serving rot13, mode %s, at %s\n",
             suite_mode_name(), process_address(server));
    expect_datagram(fd, expected);
    process_stop(server);
    expect_datagram(fd, "STOPPING=1\n");
    assert_int_equal(recv(fd, expected, sizeof expected, MSG_DONTWAIT), -1); /* and only once */
    close(fd);
}

static void supervisor_is_notified(struct process *server)
{
    char name[128];
    snprintf(name, sizeof name, "%s/notify", server->dir);
    notify(server, name);
}

static void supervisor_with_an_abstract_socket_is_notified(struct process *server)
{
    char name[64];
    snprintf(name, sizeof name, "@thrd-test-%d", (int)getpid());
    notify(server, name);
}

/* The stop is told when it begins, and how long it may take; the connections have not ended then.
 */
static void supervisor_hears_of_the_stop_when_it_begins(struct process *server)
{
    char name[128];
    snprintf(name, sizeof name, "%s/notify", server->dir);
    int fd = supervisor_socket(name);
    server->notify_socket = name;
    process_start(server, "--drain=100s", NULL);
    expect_datagram(fd, "READY=1");
    int client = client_served(process_address(server));
    process_signal(server, SIGTERM);
    expect_datagram(fd, "STOPPING=1\nSTATUS=Stopping: connections may end\n"
                        "EXTEND_TIMEOUT_USEC=105000000\n");
    client_echo(client, "still here");
    client_leave(client);
    assert_int_equal(process_wait_exit(server), 0);
    close(fd);
}

static void serves_with_a_warning(struct process *server, const char *state, const char *error)
{
    char pattern[256];
    process_start(server, NULL);
    int fd = client_connect(process_address(server));
    client_echo(fd, "x");
    client_leave(fd);
    snprintf(pattern, sizeof pattern,
             "level=warn msg=\"cannot notify the supervisor\" socket=%s state=\"%s\" error=\"%s\"",
             server->notify_socket, state, error);
    process_log_wait(server, pattern);
}

/* Somebody else's trouble: the server serves. */
static void supervisor_that_is_gone_does_no_harm(struct process *server)
{
    server->notify_socket = "/nonexistent/notify";
    serves_with_a_warning(server, "begin", strerror(ENOENT));
}

static void supervisor_of_an_unknown_kind_does_no_harm(struct process *server)
{
    server->notify_socket = "vsock:2:1234";
    serves_with_a_warning(server, "begin", strerror(EAFNOSUPPORT));
    process_renew(server);
    char name[200];
    memset(name, 'x', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    server->notify_socket = name;
    process_start(server, NULL);
    process_log_wait(server, "msg=\"cannot notify the supervisor\" state=\"begin\"");
}

/* One that does not read, until its socket takes no more: it is not waited for. */
static void supervisor_that_does_not_read_does_no_harm(struct process *server)
{
    char name[128];
    snprintf(name, sizeof name, "%s/notify", server->dir);
    int fd = supervisor_socket(name);
    struct sockaddr_un address;
    socklen_t length = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    int writer = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(writer, (struct sockaddr *)&address, length), 0);
    while (send(writer, "full", 4, 0) == 4)
        continue;
    server->notify_socket = name;
    serves_with_a_warning(server, "READY=1", strerror(EAGAIN));
    process_stop(server);
    assert_non_null(process_log_find(
        server, "level=warn msg=\"cannot notify the supervisor\" state=\"STOPPING=1\""));
    close(writer);
    close(fd);
}

/* Descriptor 0 free means that the first socket would get it. */
static void starts_with_stdin_closed(struct process *server)
{
    server->with_stdin_closed = true;
    process_start(server, NULL);
    for (int i = 0; i < 3; i++) {
        int fd = client_connect(process_address(server));
        client_echo(fd, "x");
        client_leave(fd);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(ready_line_tells_all),
        CASE(connects_from_the_ready_line_on),
        CASE(ready_fd_gets_the_line_and_is_closed),
        CASE(supervisor_is_notified),
        CASE(supervisor_with_an_abstract_socket_is_notified),
        CASE(supervisor_hears_of_the_stop_when_it_begins),
        CASE(supervisor_that_is_gone_does_no_harm),
        CASE(supervisor_of_an_unknown_kind_does_no_harm),
        CASE(supervisor_that_does_not_read_does_no_harm),
        CASE(starts_with_stdin_closed),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("ready", cases, NULL, NULL);
}
