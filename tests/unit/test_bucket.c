/* Token buckets: as many at once as the burst says, then one an interval, for ever, with any rate
 * that can be asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/bucket.h"

#define SECOND  INT64_C(1000000000)
#define DAY     (86400 * SECOND)
#define CENTURY (36525 * DAY) /* 3.2e18 ns, a third of what 64 bits hold */

/* How many can be taken at this moment. */
static unsigned take_all(const struct bucket_rate *rate, int64_t *bucket, int64_t now_ns)
{
    unsigned count = 0;
    while (count < 2 * BUCKET_TOKENS_MAX && bucket_take(rate, bucket, now_ns))
        count++;
    return count;
}

static void test_no_limit_is_none(void **state)
{
    (void)state;
    struct bucket_rate rate = bucket_rate(0, 1000, 5);
    int64_t bucket = 0;
    assert_false(bucket_is_limited(&rate));
    for (int i = 0; i < 100; i++)
        assert_true(bucket_take(&rate, &bucket, 7));
}

static void test_burst_is_a_second_or_what_is_said(void **state)
{
    (void)state;
    static const struct {
        unsigned tokens;
        int64_t period_ms;
        unsigned burst, want;
    } cases[] = {
        {200, 1000, 0, 200},    {200, 1000, 400, 400},       {200, 1000, 1, 1},
        {1, 1000, 0, 1},        {120, 60000, 0, 2},          {59, 60000, 0, 1},
        {1, 3600000, 0, 1},     {1, 3600000, 9, 9},          {3, 1000, 0, 3},
        {7, 60000, 1000, 1000}, {1000000, 1000, 0, 1000000}, {1, 3600000, 1000000, 1000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bucket_rate rate = bucket_rate(cases[i].tokens, cases[i].period_ms, cases[i].burst);
        int64_t bucket = 0;
        assert_true(bucket_is_limited(&rate));
        assert_int_equal(take_all(&rate, &bucket, 5 * SECOND), cases[i].want);
        /* And all of it again, but no more, however long nobody came. */
        assert_int_equal(take_all(&rate, &bucket, CENTURY + CENTURY / 2), cases[i].want);
    }
}

static void test_token_comes_at_its_moment(void **state)
{
    (void)state;
    struct bucket_rate rate = bucket_rate(200, 1000, 3);
    int64_t bucket = 0;
    assert_int_equal(take_all(&rate, &bucket, SECOND), 3);
    for (int i = 1; i <= 1000; i++) {
        int64_t ready = SECOND + i * (SECOND / 200);
        assert_int_equal(bucket_ready_ns(&rate, bucket), ready);
        assert_false(bucket_take(&rate, &bucket, ready - 1));
        assert_true(bucket_take(&rate, &bucket, ready));
    }
}

/* Half a token is kept. */
static void test_fractions_count(void **state)
{
    (void)state;
    struct bucket_rate rate = bucket_rate(1, 60000, 0);
    int64_t bucket = 0;
    unsigned taken = 0;
    for (int64_t now = SECOND; now < SECOND + 3600 * SECOND; now += SECOND / 3)
        taken += bucket_take(&rate, &bucket, now);
    assert_int_equal(taken, 60);
}

/* Any rate, looked at seldom or often, moves what it says: within its burst, and a thousandth. */
static void test_rate_is_kept_whoever_looks_when(void **state)
{
    (void)state;
    static const unsigned rates[] = {1, 3, 7, 333, 9999, 60001, 999999};
    static const int64_t steps[] = {SECOND, SECOND / 7, SECOND / 1000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
            struct bucket_rate rate = bucket_rate(rates[i], 1000, 0);
            int64_t bucket = 0;
            uint64_t taken = 0;
            for (int64_t now = DAY; now < DAY + 4 * SECOND; now += steps[j])
                taken += take_all(&rate, &bucket, now);
            uint64_t most = 5 * (uint64_t)rates[i];
            assert_in_range(taken, most - most / 4 - 1, most + most / 1000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_limit_is_none),
        cmocka_unit_test(test_burst_is_a_second_or_what_is_said),
        cmocka_unit_test(test_token_comes_at_its_moment),
        cmocka_unit_test(test_fractions_count),
        cmocka_unit_test(test_rate_is_kept_whoever_looks_when),
    };
    return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
