/* test_reset - clients that have gone when they are accepted: nothing is lost by them. */
#include "clients.h"
#include "process_log.h"
#include "suite.h"

enum { SLOTS = 4 };

/* A full table serves again: every slot has come back. */
static void expect_all_slots_back(struct process *server, struct process_baseline before)
{
    int fds[SLOTS];
    size_t count = suite_mode() == THRDSRV_MODE_INLINE ? 1 : SLOTS;
    process_wait_counter(server, "active", 0);
    process_wait_baseline(server, before);
    for (size_t i = 0; i < count; i++) {
        fds[i] = client_connect(process_address(server));
        client_send_text(fds[i], "5\n");
        client_expect_text(fds[i], "abcde");
    }
    for (size_t i = 0; i < count; i++)
        client_leave(fds[i]);
}

/* Connections that are gone when they are accepted, very many of them. */
static void connect_and_reset_costs_nothing(struct process *server)
{
    long long count = (long long)scaled(suite_mode() == THRDSRV_MODE_FORK ? 20000 : 100000);
    process_start(server, "--slots=4", "--handler=bytes", "--log=notice", NULL);
    struct process_baseline before = process_baseline(server);
    for (long long i = 0; i < count; i++)
        client_reset(client_connect(process_address(server)));
    expect_all_slots_back(server, before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(connect_and_reset_costs_nothing),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("reset", cases, NULL, NULL);
}
