/* test_inetd - "thrd --inetd": one connection that somebody else accepted, as inetd(8) and systemd
 * hand it over; and that nothing but the handler's bytes gets to the client. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "process_log.h"
#include "suite.h"

/* Which descriptors of the program are the connection. */
enum streams { ONLY_INPUT, ALL_THREE };

static void give(struct process *server, int connection, enum streams streams)
{
    server->stdin_fd = connection;
    if (streams == ALL_THREE) {
        server->stdout_fd = connection;
        server->stderr_fd = connection;
    }
}

static int tcp(int *theirs)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char address[64];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(listener, 1), 0);
    client_name(listener, address, sizeof address);
    int fd = client_connect(address);
    *theirs = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(*theirs >= 0);
    close(listener);
    return fd;
}

/* The end comes by our end alone: the program keeps no copy of the connection. */
static void expect_all_of(struct process *server, int fd, int theirs, const char *request,
                          const char *reply)
{
    char got[512];
    close(theirs);
    client_send_text(fd, request);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    size_t size = client_read_all(fd, got, sizeof got - 1);
    got[size] = '\0';
    assert_string_equal(got, reply);
    client_close(fd);
    assert_int_equal(process_wait_exit(server), server->expect_exit);
}

static void serves_a_pair_of_sockets(struct process *server)
{
    int theirs;
    int fd = client_pair(&theirs);
    give(server, theirs, ONLY_INPUT);
    process_command(server, "--inetd", "--handler=rot13", NULL);
    expect_all_of(server, fd, theirs, "Uryyb\n", "Hello\n");
    assert_string_equal(process_log_text(server), ""); /* notices are for who asks for them */
}

static void serves_tcp_and_logs_who_it_was(struct process *server)
{
    char peer[64], pattern[128];
    int theirs;
    int fd = tcp(&theirs);
    client_name(fd, peer, sizeof peer);
    give(server, theirs, ONLY_INPUT);
    process_command(server, "--inetd", "--log=info", "--mode=inline", NULL);
    expect_all_of(server, fd, theirs, "hello\n", "hello\n");
    snprintf(pattern, sizeof pattern, "msg=end conn=1 mode=inline peer=%s in=6 out=6 end=eof",
             peer);
    assert_non_null(process_log_find(server, pattern));
    assert_non_null(process_log_find(server, "msg=start slots=1"));
}

/* As inetd has it: whatever is logged or complained about, the client hears its service alone. */
static void no_log_line_gets_to_the_client(struct process *server)
{
    int theirs;
    int fd = tcp(&theirs);
    give(server, theirs, ALL_THREE);
    process_command(server, "--inetd", "--log=debug", NULL);
    expect_all_of(server, fd, theirs, "hello\n", "hello\n");
}

static void no_complaint_gets_to_the_client(struct process *server)
{
    static const char *const wrong[][2] = {{"--inetd", "--slotz=5"},
                                           {"--slots=x", "--inetd"},
                                           {"--inetd", "--listen=127.0.0.1:0"},
                                           {"--inetd", "--proxy-from=::1"},
                                           {"--inetd", "--stack=1"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int theirs;
        int fd = client_pair(&theirs);
        give(server, theirs, ALL_THREE);
        process_command(server, wrong[i][0], wrong[i][1], NULL);
        close(theirs);
        client_expect_eof(fd);
        server->expect_exit = 2;
        assert_int_equal(process_wait_exit(server), 2);
        process_renew(server);
    }
}

/* Nor does help, which goes to standard output. */
static void no_help_gets_to_the_client(struct process *server)
{
    int theirs;
    int fd = client_pair(&theirs);
    give(server, theirs, ALL_THREE);
    process_command(server, "--inetd", "--help", NULL);
    close(theirs);
    client_expect_eof(fd);
    assert_int_equal(process_wait_exit(server), 0);
}

static void timeouts_are_those_of_any_connection(struct process *server)
{
    int theirs;
    int fd = client_pair(&theirs);
    give(server, theirs, ONLY_INPUT);
    process_command(server, "--inetd", "--first-byte=50ms", "--log=info", NULL);
    close(theirs);
    client_expect_eof(fd);
    assert_int_equal(process_wait_exit(server), 0);
    assert_non_null(process_log_find(server, "msg=end end=first-byte"));
}

static void a_signal_drains_and_cuts(struct process *server)
{
    int theirs;
    int fd = client_pair(&theirs);
    give(server, theirs, ONLY_INPUT);
    process_command(server, "--inetd", "--drain=50ms", "--log=info", NULL);
    close(theirs);
    client_echo(fd, "served");
    process_signal(server, SIGTERM);
    assert_int_equal(client_wait_end(fd), 0);
    server->expect_exit = 3;
    assert_int_equal(process_wait_exit(server), 3);
    assert_non_null(process_log_find(server, "msg=end end=stopped"));
}

/* It has gone before anybody could serve it. */
static void a_client_that_has_gone_is_an_end(struct process *server)
{
    int theirs;
    int fd = tcp(&theirs);
    client_send_text(fd, "never read");
    client_reset(fd);
    give(server, theirs, ONLY_INPUT);
    process_command(server, "--inetd", "--log=info", NULL);
    close(theirs);
    assert_int_equal(process_wait_exit(server), 0);
    process_log_wait(server, "msg=end conn=1");
}

/* Limits of several connections say nothing about the one that there is. */
static void limits_of_several_do_not_refuse_it(struct process *server)
{
    int theirs;
    int fd = tcp(&theirs);
    give(server, theirs, ONLY_INPUT);
    process_command(server, "--inetd", "--per-source=1", "--source-rate=1/h", "--rate=1/h",
                    "--slots=100", "--when-full=close", NULL);
    expect_all_of(server, fd, theirs, "hello\n", "hello\n");
}

static void expect_refused(struct process *server, const char *complaint)
{
    process_command(server, "--inetd", NULL);
    server->expect_exit = 2;
    assert_int_equal(process_wait_exit(server), 2);
    if (strstr(process_log_text(server), complaint) == NULL)
        suite_fail("%s is not said: %s", complaint, process_log_text(server));
    process_renew(server);
}

static void what_is_no_connection_is_a_usage_error(struct process *server)
{
    int datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_int_equal(listen(listener, 1), 0);
    server->stdin_fd = datagram;
    expect_refused(server, "thrd: --inetd: descriptor 0 is no stream socket; it is for inetd");
    server->stdin_fd = listener;
    expect_refused(server, "thrd: --inetd: descriptor 0 listens, and is no connection; it is for");
    server->stdin_fd = file;
    expect_refused(server, "thrd: --inetd: descriptor 0 is no socket; it is for inetd (nowait)");
    server->with_stdin_closed = true;
    expect_refused(server, "thrd: --inetd: descriptor 0 is no socket; ");
    close(datagram);
    close(listener);
    close(file);
}

static void what_contradicts_it_is_a_usage_error(struct process *server)
{
    static const char *const options[] = {"--mode=thread", "--ready-fd=5", "--listen=127.0.0.1:0",
                                          "--ballast=1k", "--reserve=1:::1"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char output[64];
        assert_int_equal(process_run(server, output, sizeof output, options[i], "--inetd", NULL),
                         2);
        if (strncmp(process_log_text(server), "thrd: --inetd: ", 15) != 0)
            suite_fail("%s: %s", options[i], process_log_text(server));
        process_renew(server);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(serves_a_pair_of_sockets),
        CASE(serves_tcp_and_logs_who_it_was),
        CASE(no_log_line_gets_to_the_client),
        CASE(no_complaint_gets_to_the_client),
        CASE(no_help_gets_to_the_client),
        CASE(timeouts_are_those_of_any_connection),
        CASE(a_signal_drains_and_cuts),
        CASE(a_client_that_has_gone_is_an_end),
        CASE(limits_of_several_do_not_refuse_it),
        CASE(what_is_no_connection_is_a_usage_error),
        CASE(what_contradicts_it_is_a_usage_error),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("inetd", cases, NULL, NULL);
}
