/* The judgement of a soak run, on samples and counters that are made up; and the bytes of its
 * clients. What is sound must pass, and each fault must be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "faults.h"
#include "random.h"
#include "tag.h"
#include "verdict.h"

/* The faults that have come since it was last asked. */
static unsigned new_faults(void)
{
    static unsigned seen;
    unsigned fresh = faults_count() - seen;
    seen += fresh;
    return fresh;
}

enum { SAMPLES = 60 };
static double connections[SAMPLES];
static double kib[SAMPLES];

/* So many connections between two samples, so many bytes lost in each, and noise of some pages. */
static struct trend trend_of(double step, double lost_bytes, size_t noise_pages)
{
    struct random_source random = {1};
    for (size_t i = 0; i < SAMPLES; i++) {
        connections[i] = step * (double)i;
        kib[i] = 3000 + connections[i] * lost_bytes / 1024;
        if (noise_pages > 0)
            kib[i] += 4 * (double)random_below(&random, noise_pages);
    }
    return verdict_trend(connections, kib, SAMPLES);
}

static void judge_memory(struct trend trend, unsigned faults)
{
    verdict_memory("test", "RSS", &trend);
    assert_int_equal(new_faults(), faults);
}

static void level_memory_is_sound(void **state)
{
    (void)state;
    judge_memory(trend_of(20000, 0, 0), 0);
    judge_memory(trend_of(20000, 0, 10), 0);
    judge_memory(trend_of(20000, -1, 0), 0);
}

static void smallest_leak_is_found(void **state)
{
    (void)state;
    judge_memory(trend_of(20000, 32.0 / 100, 0), 1);
    judge_memory(trend_of(20000, 1, 10), 1);
    judge_memory(trend_of(500, 32, 4), 1);
}

static void odd_samples_move_no_trend(void **state)
{
    (void)state;
    trend_of(20000, 0, 0);
    for (size_t i = SAMPLES - 10; i < SAMPLES; i++)
        kib[i] += 5000;
    judge_memory(verdict_trend(connections, kib, SAMPLES), 0);
    trend_of(20000, 8, 0);
    kib[SAMPLES - 1] = 0;
    judge_memory(verdict_trend(connections, kib, SAMPLES), 1);
}

static void few_samples_are_no_trend(void **state)
{
    (void)state;
    trend_of(20000, 100, 0);
    struct trend trend = verdict_trend(connections, kib, TREND_SAMPLES_MIN - 1);
    assert_int_equal(trend.samples, 0);
    judge_memory(trend, 0);
    judge_memory(verdict_trend(connections, kib, TREND_SAMPLES_MIN), 1);
}

static void what_is_left_over_is_told(void **state)
{
    struct baseline baseline = {.fds = 8, .tasks = 1};
    struct sample sample = {.fds = 8, .tasks = 1};
    (void)state;
    verdict_baseline("test", &sample, baseline);
    assert_true(verdict_is_at_baseline(&sample, baseline));
    assert_int_equal(new_faults(), 0);
    sample.fds = 9;
    sample.tasks = 2;
    sample.children = sample.zombies = 1;
    sample.counters.value[COUNTER_ACTIVE] = 1;
    verdict_baseline("test", &sample, baseline);
    assert_false(verdict_is_at_baseline(&sample, baseline));
    assert_int_equal(new_faults(), 4);
}

static unsigned kind_named(const char *name)
{
    for (unsigned i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    fail();
    return 0;
}

/* 100 of churn, 10 refused, 5 resets, 3 cut for being silent. */
static struct ledger sound(void)
{
    struct ledger ledger = {
        .account = {.orderly_in = 1000, .orderly_out = 1000, .said = 1100, .heard = 1010}};
    struct kind_account *kind = ledger.account.kind;
    long long *value = ledger.counters.value;
    kind[kind_named("churn")] =
        (struct kind_account){.begun = 110, .completed = 100, .refused = 10};
    kind[kind_named("reset")] = (struct kind_account){.begun = 5, .left = 5};
    kind[kind_named("silent")] = (struct kind_account){.begun = 3, .completed = 3};
    value[COUNTER_ACCEPTED] = 118;
    value[COUNTER_SERVED] = 107;
    value[COUNTER_REFUSED_FULL] = 11; /* one of the resets did not know */
    value[COUNTER_FIRST_BYTE] = 3;
    value[COUNTER_BYTES_IN] = 1050;
    value[COUNTER_BYTES_OUT] = 1040;
    return ledger;
}

static unsigned judged(const struct ledger *ledger)
{
    verdict_counters("test", &ledger->counters, &ledger->account, false, false);
    return new_faults();
}

static void each_wrong_counter_is_told(void **state)
{
    struct ledger ledger = sound();
    (void)state;
    assert_int_equal(judged(&ledger), 0);
    for (int i = 0; i < COUNTERS; i++) {
        ledger = sound();
        if (i == COUNTER_ACTIVE || i == COUNTER_PEAK)
            continue;
        ledger.counters.value[i] += 1000;
        assert_true(judged(&ledger) > 0);
        ledger.counters.value[i] = -1; /* it is not in the log */
        assert_true(judged(&ledger) > 0);
    }
}

static void refusals_are_not_for_a_server_that_waits(void **state)
{
    struct ledger ledger = sound();
    (void)state;
    verdict_counters("test", &ledger.counters, &ledger.account, true, false);
    assert_true(new_faults() > 0);
}

static void orderly_clients_agree_to_the_byte(void **state)
{
    struct ledger before = sound();
    struct ledger after = before;
    (void)state;
    after.account.kind[kind_named("churn")].begun += 7;
    after.account.said += 500;
    after.account.heard += 500;
    after.counters.value[COUNTER_ACCEPTED] += 7;
    after.counters.value[COUNTER_SERVED] += 7;
    after.counters.value[COUNTER_BYTES_IN] += 500;
    after.counters.value[COUNTER_BYTES_OUT] += 500;
    verdict_exact("test", &before, &after);
    assert_int_equal(new_faults(), 0);
    after.counters.value[COUNTER_BYTES_OUT]--;
    after.counters.value[COUNTER_SERVED]--;
    verdict_exact("test", &before, &after);
    assert_int_equal(new_faults(), 2);
}

/* In pieces of all sizes, as a service answers. */
static void own_bytes_are_right(void **state)
{
    unsigned char data[1000];
    char error[200];
    (void)state;
    for (size_t piece = 1; piece < 40; piece++) {
        struct tag_check check = {.client = 77};
        while (check.offset < 900) {
            tag_fill(77, check.offset, data, piece);
            assert_true(tag_check(&check, data, piece, error, sizeof error));
        }
    }
}

static void expect_wrong(bool rotated, const unsigned char *data, size_t size, const char *said)
{
    struct tag_check check = {.client = 77, .rotated = rotated};
    char error[200] = "";
    assert_false(tag_check(&check, data, size, error, sizeof error));
    assert_non_null(strstr(error, said));
}

static void rotate(unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] >= 'a' && data[i] <= 'f')
            data[i] = (unsigned char)(data[i] + 13);
}

static void a_foreign_byte_is_told_from_a_wrong_one(void **state)
{
    unsigned char data[160];
    (void)state;
    tag_fill(0xabcdef, 0, data, sizeof data);
    expect_wrong(false, data, sizeof data, "a foreign byte: client 77 hears at offset 1");
    expect_wrong(false, data, sizeof data, "what client 11259375 has said");
    rotate(data, sizeof data);
    expect_wrong(true, data, sizeof data, "what client 11259375 has said");
    tag_fill(77, 1600, data, sizeof data);
    expect_wrong(false, data, sizeof data, "hears at offset 13 its own line 100");
    tag_fill(77, 0, data, sizeof data);
    data[20] = '!';
    expect_wrong(false, data, sizeof data, "a wrong byte of client 77 at offset 20");
    tag_fill(77, 1, data, sizeof data);
    expect_wrong(false, data, sizeof data, "a wrong byte of client 77 at offset 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_memory_is_sound),
        cmocka_unit_test(smallest_leak_is_found),
        cmocka_unit_test(odd_samples_move_no_trend),
        cmocka_unit_test(few_samples_are_no_trend),
        cmocka_unit_test(what_is_left_over_is_told),
        cmocka_unit_test(each_wrong_counter_is_told),
        cmocka_unit_test(refusals_are_not_for_a_server_that_waits),
        cmocka_unit_test(orderly_clients_agree_to_the_byte),
        cmocka_unit_test(own_bytes_are_right),
        cmocka_unit_test(a_foreign_byte_is_told_from_a_wrong_one),
    };
    return cmocka_run_group_tests_name("soak_verdict", tests, NULL, NULL);
}
