/* test_signals - signals that must change nothing, and requests by signal that come at odd moments.
 * Storms of signals are in tests/faults. */
#include <signal.h>

#include "clients.h"
#include "process_log.h"
#include "suite.h"

static void expect_service(struct process *server)
{
    int fd = client_connect(process_address(server));
    client_echo(fd, "hello");
    client_leave(fd);
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
        CASE(stopped_server_goes_on_when_continued),
        CASE(dumps_in_quick_succession),
        CASE(request_that_arrives_with_a_client_is_heard),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("signals", cases, NULL, NULL);
}
