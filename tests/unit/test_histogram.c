/* test_histogram.c - client/histogram.c: against the exact quantiles of the same samples, for
 * several distributions, and at the edges of what it can hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "client/histogram.h"
#include "random.h"

#define SAMPLES 200000

static struct histogram *new_histogram(void)
{
    struct histogram *histogram = malloc(sizeof *histogram);
    assert_non_null(histogram);
    histogram_init(histogram);
    return histogram;
}

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one;
    int64_t b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* rank: per hundred thousand, so that the exact answer needs no floating point. */
static void check_quantile(const struct histogram *histogram, const int64_t *sorted, size_t count,
                           size_t rank)
{
    size_t position = (rank * count + 99999) / 100000;
    int64_t exact = sorted[position > 0 ? position - 1 : 0];
    int64_t told = histogram_quantile(histogram, (double)rank / 100000);
    if (told < exact || told - exact > exact / 1024)
        fail_msg("quantile %zu/100000 of %zu: %jd, exactly %jd", rank, count, (intmax_t)told,
                 (intmax_t)exact);
}

static uint64_t count_above(const int64_t *samples, size_t count, int64_t ns)
{
    uint64_t above = 0;
    for (size_t i = 0; i < count; i++)
        above += samples[i] > ns;
    return above;
}

/* Records them and compares everything that can be asked for. */
static void check_samples(int64_t *samples, size_t count)
{
    static const size_t ranks[] = {0,     1,     100,   1000,  7000,  10000, 25000,
                                   50000, 75000, 90000, 99000, 99900, 99990, 100000};
    struct histogram *histogram = new_histogram();
    for (size_t i = 0; i < count; i++)
        histogram_record(histogram, samples[i]);
    qsort(samples, count, sizeof *samples, compare);
    assert_int_equal(histogram->count, count);
    assert_int_equal(histogram->min_ns, samples[0]);
    assert_int_equal(histogram->max_ns, samples[count - 1]);
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++)
        check_quantile(histogram, samples, count, ranks[i]);
    for (size_t i = 0; i < count; i += count / 10 + 1) {
        uint64_t above = histogram_count_above(histogram, samples[i]);
        int64_t width = samples[i] / 1024;
        assert_true(above <= count_above(samples, count, samples[i]));
        assert_true(above >= count_above(samples, count, samples[i] + width));
    }
    free(histogram);
}

typedef int64_t distribution(struct random_source *source);

static int64_t uniform(struct random_source *source)
{
    return (int64_t)random_below(source, 5000000);
}

static int64_t small(struct random_source *source)
{
    return (int64_t)random_below(source, 4096);
}

/* Every order of magnitude as often as every other. */
static int64_t log_uniform(struct random_source *source)
{
    return (int64_t)(random_next(source) >> (22 + random_below(source, 42)));
}

/* Most are fast, one in a thousand is very slow. */
static int64_t with_a_tail(struct random_source *source)
{
    int64_t slow = random_below(source, 1000) == 0 ? 200000000 : 0;
    return 40000 + (int64_t)random_below(source, 10000) + slow;
}

static int64_t constant(struct random_source *source)
{
    (void)source;
    return 123456789;
}

static void test_distributions(void **state)
{
    static distribution *const all[] = {uniform, small, log_uniform, with_a_tail, constant};
    struct random_source source = random_source_init("histogram");
    int64_t *samples = malloc(SAMPLES * sizeof *samples);
    (void)state;
    assert_non_null(samples);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        static const size_t counts[] = {1, 2, 3, 100, 1001, SAMPLES};
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            for (size_t k = 0; k < counts[j]; k++)
                samples[k] = all[i](&source);
            check_samples(samples, counts[j]);
        }
    }
    free(samples);
}

static void test_empty(void **state)
{
    struct histogram *histogram = new_histogram();
    (void)state;
    assert_int_equal(histogram->count, 0);
    assert_int_equal(histogram->min_ns, INT64_MAX);
    assert_int_equal(histogram->max_ns, -1);
    assert_int_equal(histogram_quantile(histogram, 0.5), -1);
    assert_int_equal(histogram_count_above(histogram, 0), 0);
    assert_int_equal(histogram_count_above(histogram, -1), 0);
    free(histogram);
}

/* Both sides of every edge between two widths of buckets, and of the range. */
static void test_edges(void **state)
{
    (void)state;
    for (int bit = 0; bit < 42; bit++) {
        for (int64_t offset = -2; offset <= 2; offset++) {
            int64_t value = (INT64_C(1) << bit) + offset;
            if (value >= 0)
                check_samples(&value, 1);
        }
    }
}

static void check_kept_as(int64_t value, int64_t kept)
{
    struct histogram *histogram = new_histogram();
    histogram_record(histogram, value);
    assert_int_equal(histogram->min_ns, kept);
    assert_int_equal(histogram->max_ns, kept);
    assert_int_equal(histogram_quantile(histogram, 0), kept);
    assert_int_equal(histogram_quantile(histogram, 1), kept);
    assert_int_equal(histogram_count_above(histogram, kept), 0);
    assert_int_equal(histogram_count_above(histogram, -1), 1);
    assert_int_equal(histogram_count_above(histogram, INT64_MAX), 0);
    free(histogram);
}

static void test_out_of_range(void **state)
{
    (void)state;
    check_kept_as(0, 0);
    check_kept_as(-1, 0);
    check_kept_as(INT64_MIN, 0);
    check_kept_as(HISTOGRAM_MAX_NS, HISTOGRAM_MAX_NS);
    check_kept_as(HISTOGRAM_MAX_NS + 1, HISTOGRAM_MAX_NS);
    check_kept_as(INT64_MAX, HISTOGRAM_MAX_NS);
}

/* Small values are told as they are. */
static void test_small_values_are_exact(void **state)
{
    (void)state;
    for (int64_t value = 0; value < 2048; value++) {
        struct histogram *histogram = new_histogram();
        histogram_record(histogram, value);
        histogram_record(histogram, 1000000);
        assert_int_equal(histogram_quantile(histogram, 0.5), value);
        assert_int_equal(histogram_count_above(histogram, value), 1);
        assert_int_equal(histogram_count_above(histogram, value - 1), 2);
        free(histogram);
    }
}

/* 7 of 100 values are 7 %, although 0.07 as a double is a little more. */
static void test_quantiles_of_a_hundred(void **state)
{
    struct histogram *histogram = new_histogram();
    (void)state;
    for (int64_t value = 1; value <= 100; value++)
        histogram_record(histogram, value);
    for (int percent = 1; percent <= 100; percent++)
        assert_int_equal(histogram_quantile(histogram, (double)percent / 100), percent);
    assert_int_equal(histogram_quantile(histogram, 0.071), 8);
    free(histogram);
}

static void test_merge(void **state)
{
    struct random_source source = random_source_init("histogram merge");
    struct histogram *all = new_histogram();
    struct histogram *merged = new_histogram();
    (void)state;
    for (int part = 0; part < 3; part++) {
        struct histogram *histogram = new_histogram();
        for (int i = 0; i < 1000 * part; i++) { /* the first part is empty */
            int64_t value = log_uniform(&source);
            histogram_record(histogram, value);
            histogram_record(all, value);
        }
        histogram_merge(merged, histogram);
        free(histogram);
    }
    assert_memory_equal(merged, all, sizeof *all);
    free(merged);
    free(all);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_quantiles_of_a_hundred),
        cmocka_unit_test(test_merge),
    };
    return cmocka_run_group_tests_name("histogram", cases, NULL, NULL);
}
