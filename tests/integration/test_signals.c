/* test_signals - signals that must change nothing: at a high rate, in the middle of a transfer,
 * to every task of the server. */
#include <signal.h>

#include "clients.h"
#include "crowd.h"
#include "process_log.h"
#include "storm.h"
#include "stream.h"
#include "suite.h"

static void expect_service(struct process *server)
{
    int fd = client_connect(process_address(server));
    client_echo(fd, "hello");
    client_leave(fd);
}

/* A call that was interrupted is made again with what is left to do, not with all and not with
 * nothing: the bytes are exact. A slow client after a quick one, so that writes block too. */
static void storm_during_a_transfer(struct process *server)
{
    uint64_t size = scaled(64) * (uint64_t)1048576;
    struct stream stream = {.request = stream_random(size), .reply = stream_random(size)};
    struct stream slow = {
        .request = stream_random(scaled(400) * (uint64_t)1000),
        .reply = stream_random(scaled(400) * (uint64_t)1000),
        .bite = 4096,
        .pause_ms = 10,
    };
    process_start(server, "--log=notice", NULL);
    struct storm storm = storm_start(server->pid);
    int fd = client_connect(process_address(server));
    stream_run(fd, &stream);
    client_close(fd);
    fd = client_connect_with_buffer(process_address(server), 4096);
    stream_run(fd, &slow);
    client_close(fd);
    unsigned rounds = storm_stop(storm);
    assert_true(rounds >= scaled(100));
}

/* Accepting, starting workers and reaping go on too. */
static void storm_while_clients_come_and_go(struct process *server)
{
    size_t size = 1000;
    size_t count = scaled(1000);
    process_start(server, "--slots=16", "--log=notice", NULL);
    struct storm storm = storm_start(server->pid);
    crowd_churn(process_address(server), count, 32, crowd_echo_script, &size);
    storm_stop(storm);
    process_wait_counter(server, "served", (long long)count);
    assert_int_equal(process_counter(server, "accept_errors_conn"), 0);
}

static void sigpipe_is_ignored(struct process *server)
{
    process_start(server, NULL);
    process_signal(server, SIGPIPE);
    expect_service(server);
    process_signal(server, SIGPIPE);
    expect_service(server);
}

/* As by Ctrl-Z and fg, or by a debugger: those who came meanwhile are served then. */
static void stopped_server_goes_on_when_continued(struct process *server)
{
    process_start(server, NULL);
    expect_service(server);
    process_signal(server, SIGSTOP);
    int fd = client_connect(process_address(server));
    client_send_text(fd, "while you were out");
    process_signal(server, SIGCONT);
    client_expect_text(fd, "while you were out");
    client_close(fd);
    expect_service(server);
}

static void dumps_in_quick_succession(struct process *server)
{
    process_start(server, "--log=notice", NULL);
    int fd = client_connect(process_address(server));
    for (int i = 0; i < 200; i++)
        process_signal(server, SIGUSR1);
    client_echo(fd, "hello");
    /* Signals that come together may be one dump, but there is one after the last of them. */
    process_dump(server);
}

/* A signal at the very moment of a connection: neither keeps the other from being heard, however
 * long the client then stays silent. */
static void request_that_arrives_with_a_client_is_heard(struct process *server)
{
    process_start(server, "--log=notice", NULL);
    for (size_t i = 0; i < scaled(1000); i++) {
        int fd = client_connect(process_address(server));
        process_dump(server);
        client_reset(fd);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(storm_during_a_transfer),   CASE(storm_while_clients_come_and_go),
        CASE(sigpipe_is_ignored),        CASE(stopped_server_goes_on_when_continued),
        CASE(dumps_in_quick_succession), CASE(request_that_arrives_with_a_client_is_heard),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("signals", cases, NULL, NULL);
}
