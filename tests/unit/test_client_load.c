/* test_client_load.c - client/load.h: loads on servers that answer rightly. What is counted, in all
 * shapes of a load: depths, threads, services, connections that come and go or are held. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include "client/dial.h"
#include "load_case.h"
#include "patience.h"
#include "proc_fs.h"

/* Enough for some hundred exchanges, also under slow tools. */
#define WINDOW_MS 200

static void test_request_and_response(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 4;
    case_run(&config, WINDOW_MS);
    case_expect_no_failure();
    assert_true(result.exchanges > 0);
    assert_int_equal(result.total.count, result.exchanges);
    assert_memory_equal(&result.late, &result.total, sizeof result.total);
    assert_true(result.first.count > 0 && result.first.min_ns > 0);
    assert_int_equal(result.all_connects, 4);
    assert_int_equal(result.connects, 0);
    assert_int_equal(result.connect.count, 4);
    assert_true(result.connect.min_ns > 0);
    assert_int_equal(result.ages.count, 0);
    /* All but those under way at the ends. */
    assert_true(result.bytes_in + 4 * 64 >= result.exchanges * 64);
    assert_true(result.bytes_in <= (result.exchanges + 4) * 64);
    assert_true(result.bytes_out <= (result.exchanges + 8) * 64);
    assert_true(result.load_cpu_s > 0 && result.load_busiest > 0);
    assert_int_equal(server.bytes, result.all_exchanges * 64);
}

static void test_threads_and_depth(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 7;
    config.threads = 3;
    config.depth = 5;
    config.size = 1000;
    case_run(&config, WINDOW_MS);
    case_expect_no_failure();
    assert_true(result.exchanges > 0);
    assert_int_equal(server.bytes, result.all_exchanges * 1000);
}

static void test_more_threads_than_connections(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 2;
    config.threads = LOAD_THREADS_MAX;
    case_run(&config, WINDOW_MS);
    case_expect_no_failure();
    assert_true(result.exchanges > 0);
}

/* The deepest pipeline of the smallest requests: more of them than go into one sendmsg(2). */
static void test_deep_pipeline(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.depth = LOAD_DEPTH_MAX;
    config.size = 1;
    config.limit = 10000;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 10000);
    assert_int_equal(server.bytes, 10000);
}

/* This server reads nothing while it writes; a client that reads nothing while it writes would wait
 * for it for ever. */
static void test_stream(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 4;
    config.depth = 4;
    config.size = 64 << 10;
    config.limit = 400;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 400);
}

static void test_largest_size(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.depth = 2;
    config.size = LOAD_SIZE_MAX;
    config.limit = 3;
    case_run(&config, allow_ms(20000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 3);
    assert_int_equal(server.bytes, 3 * (uint64_t)LOAD_SIZE_MAX);
}

static void test_limit(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 5;
    config.threads = 2;
    config.depth = 3;
    config.limit = 1001;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 1001);
    assert_int_equal(result.all_exchanges, 1001);
    assert_int_equal(server.bytes, 1001 * 64);
}

static void test_reconnect(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 8;
    config.reconnect = true;
    config.limit = 500;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 500);
    assert_int_equal(result.all_connects, 500);
    assert_int_equal(server.accepted, 500);
    assert_true(result.total.min_ns > result.connect.min_ns);
    int sources = 0;
    for (int i = 0; i < 4; i++)
        sources += __builtin_popcountll(server.sources[i]);
    assert_int_equal(sources, 254);
}

static atomic_int first_answers;

/* As a server does that needs its time to start a worker. */
static void answer_the_first_late(struct planted_client *client, const unsigned char *data,
                                  size_t size)
{
    if (client->received == size && size > 0) {
        let_pass(2);
        atomic_fetch_add(&first_answers, 1);
    }
    planted_send(client, data, size);
}

/* What the server does for a connection that has just come is no part of the window. */
static void test_all_are_at_work_before_the_window(void **state)
{
    static const double rates[] = {0, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct load_config config = case_config(answer_the_first_late);
        config.connections = 100;
        config.rate = rates[i];
        atomic_store(&first_answers, 0);
        struct load *load = case_start(&config);
        assert_int_equal(atomic_load(&first_answers), 100);
        case_finish(load, 10);
        planted_server_stop(&server);
        case_expect_no_failure();
    }
}

/* Workers have all the time that such a schedule leaves them. */
static void test_slow_schedule_is_not_waited_for(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 10;
    config.rate = 0.001;
    case_run(&config, 10);
    case_expect_no_failure();
}

static void test_reconnect_by_time(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 3;
    config.threads = 2;
    config.reconnect = true;
    case_run(&config, WINDOW_MS);
    case_expect_no_failure();
    assert_true(result.exchanges > 0);
    assert_int_equal(result.all_connects, result.all_exchanges);
    assert_true(result.connects <= result.exchanges + 3);
}

static void test_ipv6(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    planted_server_stop(&server);
    if (access("/proc/net/if_inet6", F_OK) != 0)
        skip();
    planted_server_start(&server, AF_INET6, planted_echo, NULL);
    config.address = server.address;
    config.address_length = server.address_length;
    config.limit = 10;
    config.reconnect = true;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 10);
}

/* Each line holds a number: so many letters come back. Requests come whole here, for they are
 * small and each connection waits for its reply. */
static void answer_bytes(struct planted_client *client, const unsigned char *data, size_t size)
{
    char reply[4000];
    if (size == 0)
        return;
    assert_int_equal(size, 5);
    assert_memory_equal(data, "4000\n", 5);
    for (size_t i = 0; i < sizeof reply; i++)
        reply[i] = (char)('a' + i % 26);
    planted_send(client, reply, sizeof reply);
}

static void test_bytes(void **state)
{
    struct load_config config = case_config(answer_bytes);
    (void)state;
    config.service = LOAD_BYTES;
    config.size = 4000;
    config.connections = 3;
    config.limit = 100;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 100);
    assert_int_equal(result.bytes_out, 500);
    assert_int_equal(result.bytes_in, 400000);
}

/* As servers do that read lines: what has come of one is kept until its end, and goes back then. */
static void answer_rot13_lines(struct planted_client *client, const unsigned char *data,
                               size_t size)
{
    static const char from[] = "ABCDEFGHIJKLMabcdefghijklm", to[] = "NOPQRSTUVWXYZnopqrstuvwxyz";
    static unsigned char line[64];
    static size_t length;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = data[i];
        for (size_t j = 0; j < sizeof from - 1; j++)
            if (data[i] == (unsigned char)from[j] || data[i] == (unsigned char)to[j])
                byte = (unsigned char)(data[i] == (unsigned char)from[j] ? to[j] : from[j]);
        assert_true(length < sizeof line);
        line[length++] = byte;
        if (byte != '\n')
            continue;
        planted_send(client, line, length);
        length = 0;
    }
}

/* Sizes below, at and above that of a line, and longer than the table of bytes. */
static void test_rot13(void **state)
{
    static const size_t sizes[] = {1, 63, 64, 65, 1000, 200000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct load_config config = case_config(answer_rot13_lines);
        config.service = LOAD_ROT13;
        config.size = sizes[i];
        config.limit = 20;
        case_run(&config, allow_ms(10000));
        case_expect_no_failure();
        assert_int_equal(result.exchanges, 20);
        assert_int_equal(server.bytes, 20 * sizes[i]);
    }
}

static void answer_age(struct planted_client *client, const unsigned char *data, size_t size)
{
    char line[32];
    (void)data;
    assert_int_equal(size, 0);
    snprintf(line, sizeof line, "%d\n", 1000 + (int)client->number);
    planted_send(client, line, strlen(line));
    planted_close(client);
}

static void test_age(void **state)
{
    struct load_config config = case_config(answer_age);
    (void)state;
    config.service = LOAD_AGE;
    config.size = 0;
    config.connections = 2;
    config.limit = 101;
    case_run(&config, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 101);
    assert_int_equal(result.ages.count, 101);
    assert_int_equal(result.ages.min_ns, 1000);
    assert_int_equal(result.ages.max_ns, 1100);
    assert_int_equal(result.bytes_out, 0);
}

static void test_held_only(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 0;
    config.held = 300;
    config.threads = 2;
    struct load *load = case_start(&config);
    assert_int_equal(atomic_load(&server.open), 300); /* each has been answered */
    case_finish(load, 20);
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 0);
    assert_int_equal(result.all_exchanges, 300);
    assert_int_equal(result.all_connects, 300);
    planted_server_stop(&server);
    assert_int_equal(server.bytes, 300 * 64);
}

static void test_churn(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 4;
    config.held = 50;
    config.reconnect = true;
    config.limit = 200;
    struct load *load = case_start(&config);
    assert_int_equal(atomic_load(&server.open), 50);
    case_finish(load, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 200);
    assert_int_equal(result.all_exchanges, 250);
    assert_int_equal(result.all_connects, 250);
    planted_server_stop(&server);
}

static void test_thousand_connections(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 1000;
    config.threads = 2;
    config.limit = 5000;
    case_run(&config, allow_ms(20000));
    case_expect_no_failure();
    assert_int_equal(result.all_connects, 1000);
    assert_int_equal(result.exchanges, 5000);
}

/* Several at once know nothing of each other. */
static void test_two_loads(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.limit = 100;
    struct load *one = case_start(&config);
    config.size = 65;
    struct load *other = case_start(&config);
    case_finish(one, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 100);
    case_finish(other, allow_ms(10000));
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 100);
    planted_server_stop(&server);
    assert_int_equal(server.bytes, 100 * (64 + 65));
}

/* Nothing is left of a load: no descriptor, no thread. */
static void test_finish_at_any_time(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 3;
    int64_t deadline = patience();
    int before = proc_count_fds(getpid());
    load_finish(case_start(&config), &result);
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 0);
    assert_int_equal(result.window_ns, 0);
    assert_int_equal(result.all_connects, 3);
    struct load *load = case_start(&config);
    load_open_window(load, now_ns());
    load_finish(load, &result);
    case_expect_no_failure();
    /* The server's descriptors are ours, too. */
    while (atomic_load(&server.accepted) < 6 || atomic_load(&server.open) > 0)
        assert_true(look_again(deadline));
    assert_int_equal(proc_count_fds(getpid()), before);
    /* Sockets that were kept for connections to come, too. */
    config.reconnect = true;
    config.limit = 100;
    case_finish(case_start(&config), allow_ms(10000));
    case_expect_no_failure();
    while (atomic_load(&server.accepted) < 106 || atomic_load(&server.open) > 0)
        assert_true(look_again(deadline));
    assert_int_equal(proc_count_fds(getpid()), before);
    planted_server_stop(&server);
}

/* What the load itself has used in the warm-up is not the window's: its share of the window would
 * be more than there can be. */
static void test_warm_up_costs_nothing(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    config.connections = 8;
    struct load *load = case_start(&config);
    let_pass(500);
    case_finish(load, 20);
    planted_server_stop(&server);
    case_expect_no_failure();
    assert_true(result.all_exchanges > result.exchanges);
    assert_true(result.first.count <= result.exchanges + config.connections);
}

/* A small request goes at once, and a source address has its ports for each server anew. */
static void test_sockets_are_set_up(void **state)
{
    const int options[][2] = {{IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT}};
    struct load_config config = case_config(planted_echo);
    struct dial dial;
    const char *call;
    (void)state;
    dial_init(&dial, &config.address, config.address_length);
    int fd = dial_socket(&dial, 0, &call);
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        int value = 0;
        socklen_t length = sizeof value;
        assert_int_equal(getsockopt(fd, options[i][0], options[i][1], &value, &length), 0);
        assert_true(value != 0);
    }
    close(fd);
    planted_server_stop(&server);
}

/* A window that begins later counts nothing before. */
static void test_window_to_come(void **state)
{
    struct load_config config = case_config(planted_echo);
    (void)state;
    struct load *load = case_start(&config);
    int64_t begin = now_ns() + 200 * MS;
    load_open_window(load, begin);
    let_pass(50);
    assert_true(load_close_window(load, begin));
    load_finish(load, &result);
    case_expect_no_failure();
    assert_int_equal(result.exchanges, 0);
    assert_true(result.all_exchanges > 0);
    planted_server_stop(&server);
}

static void note_signal(int signal)
{
    (void)signal;
}

static void test_signal_ends_the_wait(void **state)
{
    struct load_config config = case_config(planted_echo);
    struct sigaction action = {.sa_handler = note_signal};
    struct sigaction before;
    struct itimerval soon = {.it_value.tv_usec = 50000, .it_interval.tv_usec = 50000};
    struct itimerval never = {0};
    (void)state;
    struct load *load = case_start(&config);
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    load_open_window(load, now_ns());
    assert_false(load_wait(load, INT64_MAX));
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_true(load_close_window(load, now_ns()));
    load_finish(load, &result);
    case_expect_no_failure();
    assert_true(result.exchanges > 0);
    planted_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(test_request_and_response),
        cmocka_unit_test(test_threads_and_depth),
        cmocka_unit_test(test_more_threads_than_connections),
        cmocka_unit_test(test_deep_pipeline),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_largest_size),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_reconnect),
        cmocka_unit_test(test_all_are_at_work_before_the_window),
        cmocka_unit_test(test_slow_schedule_is_not_waited_for),
        cmocka_unit_test(test_reconnect_by_time),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_rot13),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_held_only),
        cmocka_unit_test(test_churn),
        cmocka_unit_test(test_thousand_connections),
        cmocka_unit_test(test_two_loads),
        cmocka_unit_test(test_finish_at_any_time),
        cmocka_unit_test(test_warm_up_costs_nothing),
        cmocka_unit_test(test_sockets_are_set_up),
        cmocka_unit_test(test_window_to_come),
        cmocka_unit_test(test_signal_ends_the_wait),
    };
    return cmocka_run_group_tests_name("client_load", cases, NULL, NULL);
}
