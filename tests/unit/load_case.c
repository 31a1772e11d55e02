/* load_case - see load_case.h. */
#include "load_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "patience.h"

struct planted_server server;
struct load_result result;

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct load_config case_config(planted_answer *answer)
{
    planted_server_start(&server, AF_INET, answer, NULL);
    return (struct load_config){
        .address = server.address,
        .address_length = server.address_length,
        .size = 64,
        .connections = 1,
        .depth = 1,
        .threads = 1,
        .patience_ns = allow_ms(10000) * MS,
    };
}

struct load *case_start(const struct load_config *config)
{
    struct load *load;
    char error[300] = "";
    if (load_start(config, &load, error, sizeof error) != 0)
        fail_msg("load_start: %s", error);
    return load;
}

/* What must hold whatever has happened. */
static void check_sums(void)
{
    assert_true(result.all_exchanges >= result.exchanges);
    assert_true(result.all_connects >= result.connects);
    assert_true(result.total.count >= result.late.count);
    assert_true(result.connect.count == result.all_connects);
    assert_true(result.load_cpu_s >= 0);
    assert_true(result.load_busiest >= 0 && result.load_busiest <= 1);
}

/* The busiest thread's CPU time is at least the mean, and part of the sum. */
static void check_cpu_time(unsigned threads)
{
    double busiest_s = result.load_busiest * (double)result.window_ns / 1e9;
    assert_true(result.load_cpu_s >= busiest_s * 0.999);
    assert_true(result.load_cpu_s <= busiest_s * threads * 1.001);
}

void case_finish(struct load *load, int64_t window_ms)
{
    int64_t begin = now_ns();
    load_open_window(load, begin); /* now, which is a little later */
    int64_t opened = now_ns();
    assert_true(load_wait(load, begin + window_ms * MS));
    int64_t end = now_ns();
    assert_true(load_close_window(load, 0)); /* that is: now */
    load_finish(load, &result);
    assert_true(result.window_ns >= end - opened);
    check_sums();
}

void case_run(const struct load_config *config, int64_t window_ms)
{
    case_finish(case_start(config), window_ms);
    check_cpu_time(config->threads);
    planted_server_stop(&server);
}

void case_expect_failures(enum load_failure failure, uint64_t count)
{
    for (int i = 0; i < LOAD_FAILURES; i++) {
        if (result.failures[i] != (i == (int)failure ? count : 0))
            fail_msg("%ju times \"%s\"; the first: %s", (uintmax_t)result.failures[i],
                     load_failure_name((enum load_failure)i), result.first_failure);
    }
}

void case_expect_no_failure(void)
{
    case_expect_failures(LOAD_LOCAL, 0);
    assert_string_equal(result.first_failure, "");
}

void case_expect_words(const char *words)
{
    if (!strstr(result.first_failure, words))
        fail_msg("\"%s\", not \"%s\"", result.first_failure, words);
}
