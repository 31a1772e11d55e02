/* test_load - many clients: at once, one after another, coming and going; each one hears its own
 * bytes and nobody else's, and afterwards the server holds what it held before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "crowd.h"
#include "oracle.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { MESSAGE = 1024 };

static void expect_counter(struct process *server, const char *name, long long value)
{
    process_wait_counter(server, name, value);
}

/* All are connected at once and have talked before the first one leaves. Mode inline serves one
 * at a time: there they talk and leave, and all but one wait for their turn meanwhile. */
static void clients_at_once(struct process *server, size_t count, crowd_script *script, void *arg)
{
    struct crowd crowd;
    struct process_baseline before = process_baseline(server);
    crowd_connect(&crowd, process_address(server), count);
    if (suite_mode() == THRDSRV_MODE_INLINE) {
        crowd_talk_and_leave(&crowd, script, arg);
    } else {
        crowd_talk(&crowd, script, arg);
        expect_counter(server, "active", (long long)count);
        crowd_talk(&crowd, script, arg);
        crowd_leave(&crowd);
    }
    crowd_end(&crowd);
    process_log_wait_count(server, "msg=end end=eof", count);
    expect_counter(server, "served", (long long)count);
    process_wait_baseline(server, before);
}

static void one_client(struct process *server)
{
    size_t size = MESSAGE;
    process_start(server, NULL);
    clients_at_once(server, 1, crowd_echo_script, &size);
}

static void clients_64(struct process *server)
{
    size_t size = MESSAGE;
    process_start(server, "--slots=64", NULL);
    clients_at_once(server, scaled(64), crowd_echo_script, &size);
}

static void clients_1000(struct process *server)
{
    size_t size = MESSAGE;
    process_start(server, "--slots=1000", NULL);
    clients_at_once(server, scaled(1000), crowd_echo_script, &size);
}

/* A script: a request that differs between clients, and what the handler run alone
 * answers to it. */
static void oracle_script(size_t index, struct talk *talk, void *arg)
{
    const char *handler = arg;
    talk->request = malloc(64);
    assert_non_null(talk->request);
    if (strcmp(handler, "bytes") == 0)
        talk->request_size =
            (size_t)snprintf((char *)talk->request, 64, "%zu\n%zu\r\n", index * 37, index);
    else
        talk->request_size = (size_t)snprintf((char *)talk->request, 64,
                                              "I am client number %zu\r\nof many\n", index);
    struct reply reply = oracle_reply(handler, talk->request, talk->request_size, 0, 0);
    talk->reply = reply.data;
    talk->reply_size = reply.size;
}

static void clients_of(struct process *server, char *handler)
{
    char option[64];
    snprintf(option, sizeof option, "--handler=%s", handler);
    process_start(server, option, NULL);
    clients_at_once(server, scaled(64), oracle_script, handler);
}

static void clients_of_rot13(struct process *server)
{
    char handler[] = "rot13";
    clients_of(server, handler);
}

static void clients_of_discard(struct process *server)
{
    char handler[] = "discard";
    clients_of(server, handler);
}

static void clients_of_bytes(struct process *server)
{
    char handler[] = "bytes";
    clients_of(server, handler);
}

/* Descriptors and slots are taken and given back all the time, by many at once: whoever mixes
 * them up lets a client hear what was said to another. */
static void tagged_clients_under_churn_hear_their_own(struct process *server)
{
    size_t size = 3000;
    size_t count = scaled(10000);
    process_start(server, "--slots=32", "--log=notice", NULL);
    struct process_baseline before = process_baseline(server);
    crowd_churn(process_address(server), count, 64, crowd_echo_script, &size);
    expect_counter(server, "served", (long long)count);
    process_wait_baseline(server, before);
}

/* Ten times the limit come at once: the limit is counted before the handler starts, not after. */
static void burst_never_exceeds_the_slots(struct process *server)
{
    size_t size = MESSAGE;
    struct crowd crowd;
    process_start(server, "--slots=8", "--log=debug", NULL);
    crowd_connect(&crowd, process_address(server), 80);
    crowd_talk_and_leave(&crowd, crowd_echo_script, &size);
    crowd_end(&crowd);
    expect_counter(server, "served", 80);
    assert_int_equal(process_counter(server, "refused_full"), 0);
    assert_in_range(process_counter(server, "peak"), 1,
                    suite_mode() == THRDSRV_MODE_INLINE ? 1 : 8);
    assert_int_equal(process_log_count(server, "msg=begin"), 80);
}

/* A source that holds slots and drips a byte now and then does not keep others from theirs. */
static void slow_clients_do_not_hold_up_others(struct process *server)
{
    enum { SLOW = 100 };
    int slow[SLOW];
    if (suite_mode() == THRDSRV_MODE_INLINE)
        suite_skip("mode inline serves one client at a time");
    process_start(server, "--handler=rot13", NULL);
    for (int i = 0; i < SLOW; i++) {
        slow[i] = client_connect(process_address(server));
        client_send_text(slow[i], "a line that never en");
    }
    for (int i = 0; i < SLOW; i++) {
        client_send_text(slow[i], "d");
        int64_t begin = now_ms();
        int fd = client_connect(process_address(server));
        client_send_text(fd, "quick\n");
        client_expect_text(fd, "dhvpx\n");
        client_leave(fd);
        assert_true(now_ms() - begin < allow_ms(1000));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(one_client),
        CASE(clients_64),
        CASE(clients_1000),
        CASE(clients_of_rot13),
        CASE(clients_of_discard),
        CASE(clients_of_bytes),
        CASE(tagged_clients_under_churn_hear_their_own),
        CASE(burst_never_exceeds_the_slots),
        CASE(slow_clients_do_not_hold_up_others),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("load", cases, NULL, NULL);
}
