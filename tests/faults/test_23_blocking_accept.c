/* test_23_blocking_accept - class 23: a listener that several processes share is readable, another
 * one takes the connection, and accept(2) blocks: nothing else is done until the next client comes.
 *
 * Seen in: servers with shared listeners, time and again.
 * Here: two servers on one listening socket, which both have inherited. 1,000 clients come in turn;
 * each is served, after each hundred both servers answer a signal, and neither takes the lost race
 * for a failure. Mode inline too: there the accept loop itself serves. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "process_log.h"
#include "suite.h"

enum { CLIENTS = 1000, BETWEEN_LOOKS = 100 };

/* Blocking, as sockets are; to make it fit is the server's business. */
static int shared_listener(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(fd, 128), 0);
    return fd;
}

static void start_on(struct process *server, int fd)
{
    char option[32];
    snprintf(option, sizeof option, "--listen=fd:%d", fd);
    server->inherited_fd = fd;
    process_start(server, option, "--slots=4", "--log=notice", NULL);
}

static void expect_sound(struct process *server)
{
    assert_int_equal(process_counter(server, "accept_errors_system"), 0);
    assert_int_equal(process_counter(server, "accept_errors_conn"), 0);
    assert_int_equal(process_log_count(server, "level=warn"), 0);
    process_wait_counter(server, "active", 0);
}

static void two_servers_share_a_listener(struct process *one)
{
    struct process *two = suite_another_process();
    int fd = shared_listener();
    start_on(one, fd);
    start_on(two, fd);
    close(fd);
    for (size_t i = 1; i <= scaled(CLIENTS); i++) {
        client_leave(client_served(process_address(one)));
        if (i % BETWEEN_LOOKS == 0) { /* a process that blocks in accept(2) does not answer */
            process_dump(one);
            process_dump(two);
        }
    }
    expect_sound(one);
    expect_sound(two);
    assert_int_equal(process_counter(one, "served") + process_counter(two, "served"),
                     scaled(CLIENTS));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(two_servers_share_a_listener),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("23_blocking_accept", cases, NULL, NULL);
}
