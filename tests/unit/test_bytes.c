/* test_bytes.c - the service bytes: requests good and bad, in every split, and large answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <thrdsrv/handler.h>

#include "handler_driver.h"

static const char refusal[] = "error: expected a number from 0 to 2147483647 and a newline\r\n";
#define REFUSAL_LENGTH (sizeof refusal - 1)

static struct handler_driver driver;
static struct random_source rng;

static int set_up(void **state)
{
    (void)state;
    handler_driver_init(&driver);
    rng = random_source_init("bytes");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handler_driver_fini(&driver);
    return 0;
}

/* The answers to requests for so many bytes (a list that ends with a negative number), and the
 * error line behind them where the input goes wrong. */
static size_t make_answers(unsigned char *out, const int *counts, bool refused)
{
    size_t size = 0;

    for (; *counts >= 0; counts++)
        for (int i = 0; i < *counts; i++)
            out[size++] = (unsigned char)"abcdefghijklmnopqrstuvwxyz"[i % 26];
    if (refused) {
        memcpy(out + size, refusal, REFUSAL_LENGTH);
        size += REFUSAL_LENGTH;
    }
    return size;
}

static void expect(const char *input, const int *counts, bool refused)
{
    unsigned char expected[1000];
    size_t size = make_answers(expected, counts, refused);
    size_t length = strlen(input);
    enum thrdsrv_step answer = refused ? THRDSRV_STEP_FAILED : THRDSRV_STEP_DONE;
    struct driver_plan plan = {.handler = &thrdsrv_bytes, .input = input, .input_size = length};

    if (length <= 13)
        handler_driver_expect_all_ways(&driver, &plan, expected, size, answer);
    handler_driver_expect_random(&driver, &plan, &rng, 50, 7, expected, size, answer);
}

#define ANSWERS(...) ((const int[]){__VA_ARGS__, -1})
#define NOTHING      ((const int[]){-1})

static void good_requests(void **state)
{
    (void)state;
    expect("", NOTHING, false);
    expect("0\n", ANSWERS(0), false);
    expect("1\n", ANSWERS(1), false);
    expect("1\r\n", ANSWERS(1), false);
    expect("26\n", ANSWERS(26), false);
    expect("27\r\n", ANSWERS(27), false);
    expect("100\n", ANSWERS(100), false);
    expect("00000\n", ANSWERS(0), false);
    expect("0000000013\n", ANSWERS(13), false);
    expect("0000000000000003\n", ANSWERS(3), false);
    expect("0000000000000003\r\n", ANSWERS(3), false);
}

static void pipelined_requests(void **state)
{
    (void)state;
    expect("1\n2\n3\n", ANSWERS(1, 2, 3), false);
    expect("0\n0\r\n0\n7\n", ANSWERS(0, 0, 0, 7), false);
    expect("30\n30\r\n30\n", ANSWERS(30, 30, 30), false);
    expect("5\n1x\n5\n", ANSWERS(5), true);
    expect("12\n34\n56\n78\n90\n12\n", ANSWERS(12, 34, 56, 78, 90, 12), false);
}

static void bad_requests(void **state)
{
    (void)state;
    expect("\n", NOTHING, true);
    expect("\r\n", NOTHING, true);
    expect("x", NOTHING, true);
    expect("+1\n", NOTHING, true);
    expect("-1\n", NOTHING, true);
    expect(" 1\n", NOTHING, true);
    expect("1 \n", NOTHING, true);
    expect("1\t\n", NOTHING, true);
    expect("1.5\n", NOTHING, true);
    expect("1e3\n", NOTHING, true);
    expect("0x10\n", NOTHING, true);
    expect("ten\n", NOTHING, true);
    expect("1\r2\n", NOTHING, true);
    expect("1\r\r\n", NOTHING, true);
    expect("/\n", NOTHING, true);
    expect(":\n", NOTHING, true);
    expect("\xb1\n", NOTHING, true);
    expect("00000000000000003\n", NOTHING, true);
    expect("2147483648\n", NOTHING, true);
    expect("4294967296\n", NOTHING, true); /* 2^32 */
    expect("4294967297\n", NOTHING, true);
    expect("9999999999\n", NOTHING, true);
    expect("18446744073709551617\n", NOTHING, true); /* 2^64 + 1 */
    expect("2\n\n", ANSWERS(2), true);
}

static void nul_bytes_are_bad(void **state)
{
    struct driver_plan plan = {.handler = &thrdsrv_bytes, .input = "1\0\n", .input_size = 3};

    (void)state;
    handler_driver_expect_all_ways(&driver, &plan, refusal, REFUSAL_LENGTH, THRDSRV_STEP_FAILED);
}

static void end_of_input_within_a_request_is_bad(void **state)
{
    (void)state;
    expect("1", NOTHING, true);
    expect("1\r", NOTHING, true);
    expect("3\n0", ANSWERS(3), true);
    expect("2147483647", NOTHING, true);
}

static void bad_input_is_refused_at_its_first_bad_byte(void **state)
{
    struct driver_plan plan = {
        .handler = &thrdsrv_bytes, .input = "12x4567\n89\n", .input_size = 11};

    (void)state;
    assert_int_equal(handler_driver_run(&driver, &plan).consumed, 3);
    plan.input = "99999999990\n";
    assert_int_equal(handler_driver_run(&driver, &plan).consumed, 10);
}

/* A peer that does not read its answers is not read from either. */
static void no_input_is_consumed_while_an_answer_is_owed(void **state)
{
    max_align_t session[64];
    struct thrdsrv_start info = {.peer = ""};
    unsigned char out[30];
    struct thrdsrv_stream stream = {.next_in = (const unsigned char *)"20\n3\n",
                                    .avail_in = 5,
                                    .next_out = out,
                                    .avail_out = 8};

    (void)state;
    assert_in_range(thrdsrv_bytes.session_size, 1, sizeof session);
    thrdsrv_bytes.start(session, &info);
    assert_int_equal(thrdsrv_bytes.step(session, &stream), THRDSRV_STEP_WANT_OUTPUT);
    assert_int_equal(stream.avail_in, 2);
    assert_int_equal(stream.avail_out, 0);
    assert_int_equal(thrdsrv_bytes.step(session, &stream), THRDSRV_STEP_WANT_OUTPUT);
    assert_int_equal(stream.avail_in, 2);
    stream.avail_out = 13;
    assert_int_equal(thrdsrv_bytes.step(session, &stream), THRDSRV_STEP_WANT_OUTPUT);
    assert_int_equal(stream.avail_in, 0);
    stream.avail_out = 9;
    assert_int_equal(thrdsrv_bytes.step(session, &stream), THRDSRV_STEP_WANT_INPUT);
    assert_int_equal(stream.avail_out, 7);
    assert_memory_equal(out, "abcdefghijklmnopqrstabc", 23);
}

/* Counts an answer and compares it, without keeping it. */
struct counter {
    unsigned char pattern[DRIVER_CAPACITY + 26];
    uint64_t count;
};

static void count(void *user, const unsigned char *data, size_t size)
{
    struct counter *counter = user;

    assert_memory_equal(data, counter->pattern + counter->count % 26, size);
    counter->count += size;
}

static void expect_count(const char *input, uint64_t bytes, struct driver_pieces out)
{
    struct counter *counter = calloc(1, sizeof *counter);
    struct driver_plan plan = {.handler = &thrdsrv_bytes,
                               .input = input,
                               .input_size = strlen(input),
                               .out = out,
                               .sink = count,
                               .user = counter};
    struct driver_result result;

    assert_non_null(counter);
    for (size_t i = 0; i < sizeof counter->pattern; i++)
        counter->pattern[i] = (unsigned char)('a' + i % 26);
    result = handler_driver_run(&driver, &plan);
    assert_int_equal(result.answer, THRDSRV_STEP_DONE);
    assert_true(counter->count == bytes);
    free(counter);
}

static void large_answers_are_exact(void **state)
{
    static const size_t uneven[] = {1, 25, 26, 27, 6655, 6656, 6657, 13312, 40000, 65536};
    struct driver_pieces all = {NULL, 0};

    (void)state;
    expect_count("65536\n", 65536, all);
    expect_count("65537\n", 65537, all);
    expect_count("10000000\n", 10000000, (struct driver_pieces){uneven, 10});
    for (size_t i = 0; i < 10; i++)
        expect_count("100000\n", 100000, (struct driver_pieces){&uneven[i], 1});
}

static void largest_answer_is_exact(void **state)
{
    (void)state;
    expect_count("2147483647\n", 2147483647, (struct driver_pieces){NULL, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_requests),
        cmocka_unit_test(pipelined_requests),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(nul_bytes_are_bad),
        cmocka_unit_test(end_of_input_within_a_request_is_bad),
        cmocka_unit_test(bad_input_is_refused_at_its_first_bad_byte),
        cmocka_unit_test(no_input_is_consumed_while_an_answer_is_owed),
        cmocka_unit_test(large_answers_are_exact),
        cmocka_unit_test(largest_answer_is_exact),
    };

    return cmocka_run_group_tests_name("bytes", tests, set_up, tear_down);
}
