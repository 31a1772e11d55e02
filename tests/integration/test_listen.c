/* test_listen - addresses: both families, several at once, Unix sockets; what is refused, with
 * which status, and whether the message helps. */
#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients.h"
#include "process_log.h"
#include "suite.h"

static bool machine_has_v6(void)
{
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&loopback, sizeof loopback) == 0;
    if (fd >= 0)
        close(fd);
    return has;
}

static void need_v6(void)
{
    if (!machine_has_v6())
        suite_skip("this machine has no IPv6");
}

/* One conversation; the end line must name the client and the address that it came to. */
static void expect_service(struct process *server, const char *address, int conn)
{
    char peer[64];
    char pattern[256];
    int fd = client_connect(address);
    client_name(fd, peer, sizeof peer);
    client_echo(fd, "hello");
    client_leave(fd);
    snprintf(pattern, sizeof pattern, "msg=end conn=%d peer=%s local=%s", conn, peer, address);
    if (strncmp(address, "unix:", 5) == 0)
        snprintf(pattern, sizeof pattern, "msg=end conn=%d peer=\"%s\" local=%s", conn, peer,
                 address);
    process_log_wait(server, pattern);
}

static const char *port_of(const char *address)
{
    const char *colon = strrchr(address, ':');
    assert_non_null(colon);
    return colon + 1;
}

static void expect_addresses(struct process *server, const char *first, const char *second)
{
    assert_int_equal(server->addresses, second != NULL ? 2 : 1);
    assert_memory_equal(server->address[0], first, strlen(first));
    if (second == NULL)
        return;
    assert_memory_equal(server->address[1], second, strlen(second));
    assert_string_equal(port_of(server->address[0]), port_of(server->address[1]));
}

static void listens_on_ipv4(struct process *server)
{
    process_start(server, "--listen=127.0.0.1:0", NULL);
    expect_addresses(server, "127.0.0.1:", NULL);
    expect_service(server, process_address(server), 1);
}

static void listens_on_ipv6(struct process *server)
{
    need_v6();
    process_start(server, "--listen=[::1]:0", NULL);
    expect_addresses(server, "[::1]:", NULL);
    expect_service(server, process_address(server), 1);
}

static void localhost_is_both_families_on_one_port(struct process *server)
{
    need_v6();
    process_start(server, "--listen=localhost:0", NULL);
    expect_addresses(server, "127.0.0.1:", "[::1]:");
    expect_service(server, server->address[0], 1);
    expect_service(server, server->address[1], 2);
}

static void no_host_is_every_address_of_both_families(struct process *server)
{
    char local[64];
    need_v6();
    process_start(server, "--listen=:0", NULL);
    expect_addresses(server, "0.0.0.0:", "[::]:");
    snprintf(local, sizeof local, "127.0.0.1:%s", port_of(server->address[0]));
    expect_service(server, local, 1);
    snprintf(local, sizeof local, "127.0.0.2:%s", port_of(server->address[0]));
    expect_service(server, local, 2);
    snprintf(local, sizeof local, "[::1]:%s", port_of(server->address[0]));
    expect_service(server, local, 3);
}

static void listens_on_several_addresses(struct process *server)
{
    char path[128];
    snprintf(path, sizeof path, "--listen=unix:%s/socket", server->dir);
    process_start(server, "--listen=127.0.0.1:0", "--listen=127.0.0.3:0", path, NULL);
    assert_int_equal(server->addresses, 3);
    for (int i = 0; i < 3; i++)
        expect_service(server, server->address[i], i + 1);
}

/* A listening socket of the test's own on a free port of 127.0.0.1; its address goes to buf. */
static int occupy_port(char *buf, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(buf, size, "127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

static void port_in_use_is_named_with_a_remedy(struct process *server)
{
    char address[64];
    char listen_option[128];
    char pattern[256];
    int fd = occupy_port(address, sizeof address);
    snprintf(listen_option, sizeof listen_option, "--listen=%s", address);
    assert_int_equal(process_start_refused(server, listen_option, NULL), 1);
    close(fd);
    snprintf(pattern, sizeof pattern, "level=error msg=\"cannot listen\" listen=%s", address);
    const char *line = process_log_find(server, pattern);
    assert_non_null(line);
    /* musl says "in use", glibc "already in use". */
    assert_non_null(strstr(line, " error=\"Address "));
    assert_non_null(strstr(line, " remedy=\""));
}

/* The second address fails: the first one must not be left half open, and nothing gets ready. */
static void one_bad_address_of_several_refuses_the_start(struct process *server)
{
    char address[64];
    char listen_option[128];
    int fd = occupy_port(address, sizeof address);
    snprintf(listen_option, sizeof listen_option, "--listen=%s", address);
    assert_int_equal(process_start_refused(server, "--listen=127.0.0.1:0", listen_option, NULL), 1);
    close(fd);
}

static void bad_addresses_are_usage_errors(struct process *server)
{
    static const char *const options[] = {
        "--listen=nonsense",
        "--listen=127.0.0.1",
        "--listen=127.0.0.1:65536",
        "--listen=127.0.0.1:-1",
        "--listen=127.0.0.1:http",
        "--listen=[::1]",
        "--listen=[::1:5",
        "--listen=::1:5:",
        "--listen=300.0.0.1:0",
        "--listen=example.com:80",
        "--listen=",
        "--listen=unix:",
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (process_start_refused(server, options[i], NULL) != 2)
            suite_fail("%s: status %d", options[i], server->expect_exit);
        /* The message names what was given. */
        if (strstr(process_log_text(server), options[i] + strlen("--listen=")) == NULL)
            suite_fail("%s is not named: %s", options[i], process_log_text(server));
        process_renew(server);
    }
}

/* "--listen=unix:DIR/socket" and the words behind it. */
static const char *unix_option(struct process *server, const char *more)
{
    static char text[512];
    snprintf(text, sizeof text, "--listen=unix:%s/socket%s", server->dir, more);
    return text;
}

static const char *socket_path(struct process *server)
{
    static char text[128];
    snprintf(text, sizeof text, "%s/socket", server->dir);
    return text;
}

/* A Unix socket bound by the test; a listening one is alive, another one is what a killed server
 * leaves behind. */
static int bind_unix(const char *path, bool alive)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    if (alive)
        assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void unix_socket_has_the_mode_asked_for(struct process *server)
{
    struct stat status;
    process_start(server, unix_option(server, ",mode=0640"), NULL);
    assert_int_equal(stat(socket_path(server), &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0640);
    expect_service(server, process_address(server), 1);
}

static void unix_socket_has_the_owner_asked_for(struct process *server)
{
    struct stat status;
    if (getuid() != 0)
        suite_skip("only root may give files away");
    process_start(server, unix_option(server, ",owner=12345:23456"), NULL);
    assert_int_equal(stat(socket_path(server), &status), 0);
    assert_int_equal(status.st_uid, 12345);
    assert_int_equal(status.st_gid, 23456);
}

/* By name as well as by number: here the user that runs the test, and its group. */
static void unix_socket_has_the_owner_named(struct process *server)
{
    struct stat status;
    char option[200];
    const struct passwd *user = getpwuid(getuid());
    const struct group *group = getgrgid(getgid());
    if (!user || !group)
        suite_skip("who runs this has no name");
    snprintf(option, sizeof option, ",owner=%.64s:%.64s", user->pw_name, group->gr_name);
    process_start(server, unix_option(server, option), NULL);
    assert_int_equal(stat(socket_path(server), &status), 0);
    assert_int_equal(status.st_uid, getuid());
    assert_int_equal(status.st_gid, getgid());
}

static void unknown_owner_is_a_usage_error(struct process *server)
{
    static const char *const owners[] = {",owner=no such user", ",owner=:no such group",
                                         ",owner=99999999999", ",owner=0:x1"};
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        assert_int_equal(process_start_refused(server, unix_option(server, owners[i]), NULL), 2);
        assert_non_null(strstr(process_log_text(server), "owner= names a user or group that"));
        process_renew(server);
    }
}

/* The remedy is told: this is a network for documentation (RFC 5737). */
static void address_of_another_machine_is_named_with_a_remedy(struct process *server)
{
    assert_int_equal(process_start_refused(server, "--listen=192.0.2.1:0", NULL), 1);
    process_log_wait(server, "listen=192.0.2.1:0");
    assert_non_null(strstr(process_log_text(server), "no interface of this machine has"));
}

/* Somebody has put another file in its place: that one stays. */
static void a_file_in_place_of_the_socket_outlives_the_server(struct process *server)
{
    process_start(server, unix_option(server, ""), NULL);
    assert_int_equal(unlink(socket_path(server)), 0);
    FILE *file = fopen(socket_path(server), "we");
    assert_non_null(file);
    fclose(file);
    process_stop(server);
    assert_int_equal(access(socket_path(server), F_OK), 0);
}

static void unix_socket_goes_with_the_server(struct process *server)
{
    process_start(server, unix_option(server, ""), NULL);
    expect_service(server, process_address(server), 1);
    process_stop(server);
    assert_int_not_equal(access(socket_path(server), F_OK), 0);
}

static void stale_unix_socket_is_replaced(struct process *server)
{
    close(bind_unix(socket_path(server), false));
    process_start(server, unix_option(server, ""), NULL);
    expect_service(server, process_address(server), 1);
}

static void live_unix_socket_is_left_alone(struct process *server)
{
    int fd = bind_unix(socket_path(server), true);
    assert_int_equal(process_start_refused(server, unix_option(server, ""), NULL), 1);
    assert_non_null(process_log_find(server, "level=error msg=\"cannot listen\""));
    assert_int_equal(access(socket_path(server), F_OK), 0);
    close(fd);
}

static void other_file_is_left_alone(struct process *server)
{
    FILE *file = fopen(socket_path(server), "we");
    assert_non_null(file);
    fputs("precious\n", file);
    fclose(file);
    assert_int_equal(process_start_refused(server, unix_option(server, ""), NULL), 1);
    struct stat status;
    assert_int_equal(stat(socket_path(server), &status), 0);
    assert_int_equal(status.st_size, 9);
}

/* As from a supervisor that opens the ports itself and passes them on. */
static void serves_on_an_inherited_listener(struct process *server)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char address[64];
    char option[32];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(fd, 16), 0);
    client_name(fd, address, sizeof address);
    snprintf(option, sizeof option, "--listen=fd:%d", fd);
    server->inherited_fd = fd;
    process_start(server, option, NULL);
    assert_string_equal(process_address(server), address);
    expect_service(server, address, 1);
    process_stop(server);
    close(fd);
}

static void a_descriptor_that_does_not_listen_is_a_usage_error(struct process *server)
{
    char option[32];
    char pattern[64];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(option, sizeof option, "--listen=fd:%d", fd);
    snprintf(pattern, sizeof pattern, "level=error msg=\"cannot listen\" listen=fd:%d", fd);
    server->inherited_fd = fd;
    assert_int_equal(process_start_refused(server, option, NULL), 2);
    process_log_wait(server, pattern);
    process_renew(server); /* and when it is not open at all */
    assert_int_equal(process_start_refused(server, option, NULL), 2);
    process_log_wait(server, pattern);
    close(fd);
}

/* Both are descriptors by number: one that listens is nothing that a line can be written to. */
static void a_listener_is_no_ready_fd(struct process *server)
{
    char ready[32];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(listen(fd, 16), 0);
    snprintf(ready, sizeof ready, "--ready-fd=%d", fd);
    server->inherited_fd = fd;
    assert_int_equal(process_start_refused(server, ready, NULL), 2);
    assert_non_null(strstr(process_log_text(server), "not a descriptor that is open for writing"));
    close(fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(listens_on_ipv4),
        CASE(a_listener_is_no_ready_fd),
        CASE(listens_on_ipv6),
        CASE(localhost_is_both_families_on_one_port),
        CASE(no_host_is_every_address_of_both_families),
        CASE(listens_on_several_addresses),
        CASE(port_in_use_is_named_with_a_remedy),
        CASE(one_bad_address_of_several_refuses_the_start),
        CASE(bad_addresses_are_usage_errors),
        CASE(unix_socket_has_the_mode_asked_for),
        CASE(unix_socket_has_the_owner_asked_for),
        CASE(unix_socket_has_the_owner_named),
        CASE(unknown_owner_is_a_usage_error),
        CASE(address_of_another_machine_is_named_with_a_remedy),
        CASE(a_file_in_place_of_the_socket_outlives_the_server),
        CASE(unix_socket_goes_with_the_server),
        CASE(stale_unix_socket_is_replaced),
        CASE(live_unix_socket_is_left_alone),
        CASE(other_file_is_left_alone),
        CASE(serves_on_an_inherited_listener),
        CASE(a_descriptor_that_does_not_listen_is_a_usage_error),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("listen", cases, NULL, NULL);
}
