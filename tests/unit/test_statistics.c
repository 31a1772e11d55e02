/* test_statistics.c - bench/statistics.c: medians, which of the figures are the ends of an
 * interval, and how sure it is, against values that were worked out by hand or by drawing lots. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bench/statistics.h"
#include "random.h"

static void check_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.12g instead of %.12g", value, expected);
}

static void check(struct estimate e, size_t rounds, double median, double low, double high,
                  double coverage)
{
    assert_int_equal(e.rounds, rounds);
    check_near(e.median, median, 1e-12);
    check_near(e.low, low, 1e-12);
    check_near(e.high, high, 1e-12);
    check_near(e.coverage, coverage, 1e-12);
}

static void check_empty(struct estimate e)
{
    assert_int_equal(e.rounds, 0);
    assert_true(isnan(e.median) && isnan(e.low) && isnan(e.high));
    check_near(e.coverage, 0, 0);
}

/* Binomial with one half: 5 figures leave out both ends with 2/32, 8 with 2 * (1 + 8) / 256. */
static void test_intervals(void **state)
{
    static const struct {
        size_t count;
        double median, low, high, coverage;
    } rows[] = {
        {1, 1, 1, 1, 0},
        {2, 1.5, 1, 2, 0.5},
        {3, 2, 1, 3, 0.75},
        {4, 2.5, 1, 4, 0.875},
        {5, 3, 1, 5, 0.9375},
        {6, 3.5, 1, 6, 0.96875},
        {7, 4, 1, 7, 0.984375},
        {8, 4.5, 2, 7, 1 - 18 / 256.0},
        {9, 5, 2, 8, 1 - 20 / 512.0},
        {10, 5.5, 2, 9, 1 - 22 / 1024.0},
        {11, 6, 3, 9, 1 - 2 * 67 / 2048.0},
        {20, 10.5, 6, 15, 1 - 2 * 21700 / 1048576.0},
    };
    double values[20];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* 1 to count in an order that is neither rising nor falling. */
        for (size_t k = 0; k < rows[i].count; k++)
            values[k] = (double)(k % 2 ? rows[i].count - k / 2 : k / 2 + 1);
        check(statistics_estimate(values, rows[i].count), rows[i].count, rows[i].median,
              rows[i].low, rows[i].high, rows[i].coverage);
    }
}

static void test_values_are_not_changed(void **state)
{
    const double values[] = {5, 1, 4, (double)NAN, 2};
    double copy[5];
    (void)state;
    memcpy(copy, values, sizeof copy);
    statistics_estimate(copy, 5);
    assert_memory_equal(copy, values, sizeof copy);
}

static void test_missing_figures_are_left_out(void **state)
{
    const double nan = (double)NAN;
    const double some[] = {nan, 3, nan, 1, 2, nan, 5, 4};
    const double none[] = {nan, nan};
    (void)state;
    check(statistics_estimate(some, 8), 5, 3, 1, 5, 0.9375);
    check_empty(statistics_estimate(none, 2));
    check_empty(statistics_estimate(none, 0));
    check_empty(statistics_estimate(NULL, 0));
}

static void test_equal_figures(void **state)
{
    const double all[] = {7, 7, 7, 7, 7};
    const double most[] = {1, 2, 2, 2, 2, 2, 2, 9};
    (void)state;
    check(statistics_estimate(all, 5), 5, 7, 7, 7, 0.9375);
    check(statistics_estimate(most, 8), 8, 2, 2, 2, 1 - 18 / 256.0);
}

static void test_negative_and_huge_figures(void **state)
{
    const double values[] = {-3, -1, -2, 0, -4};
    const double huge[] = {1.7e308, 1.6e308};
    (void)state;
    check(statistics_estimate(values, 5), 5, -2, -4, 0, 0.9375);
    struct estimate e = statistics_estimate(huge, 2);
    assert_true(e.median > 1.6e308 && e.median < 1.7e308);
}

static void test_ratios(void **state)
{
    const double nan = (double)NAN;
    const double numerator[] = {2, 9, 8, nan, 10, 5, 5, 5, 12};
    const double denominator[] = {1, 3, 2, 1, 2, nan, 0, -1, 2};
    (void)state;
    /* 2, 3, 4, 5 and 6 are left: the median of ratios, not the ratio of medians. */
    check(statistics_ratio(numerator, denominator, 9), 5, 4, 2, 6, 0.9375);
    check_empty(statistics_ratio(numerator, denominator, 0));
    check_empty(statistics_ratio(&numerator[3], &denominator[3], 1));
}

/* Both drift by a factor of ten from round to round, their ratio does not. */
static void test_drift_drops_out_of_ratios(void **state)
{
    const double numerator[] = {3.1, 60.2, 900.3, 12000.4, 150000.5};
    const double denominator[] = {1, 20, 300, 4000, 50000};
    (void)state;
    struct estimate e = statistics_ratio(numerator, denominator, 5);
    check_near(e.median, 3, 0.02);
    assert_true(e.high - e.low < 0.11);
}

/* The coverage that is told against the share of intervals in which the true median really is, of
 * figures whose distribution is as skewed as those of latencies. */
static void test_coverage_is_true(void **state)
{
    enum { TRIALS = 20000, MOST = 31 };
    static const size_t counts[] = {2, 3, 5, 8, 15, MOST};
    struct random_source lots = random_source_init("statistics");
    double values[MOST];
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t inside = 0;
        double coverage = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            for (size_t k = 0; k < counts[i]; k++)
                values[k] = -log(((double)(random_next(&lots) >> 11) + 0.5) / 9007199254740992.0);
            struct estimate e = statistics_estimate(values, counts[i]);
            inside += e.low <= log(2) && log(2) <= e.high;
            coverage = e.coverage;
        }
        /* Four standard deviations. */
        double deviation = sqrt(coverage * (1 - coverage) / TRIALS);
        check_near((double)inside / TRIALS, coverage, 4 * deviation);
    }
}

/* As many rounds as nobody will run: no power of one half may underflow. */
static void test_many_figures(void **state)
{
    enum { MANY = 3001 };
    static double values[MANY];
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        values[i] = (double)((i * 1000) % MANY); /* each of 0 to 3000 once */
    struct estimate e = statistics_estimate(values, MANY);
    check_near(e.median, 1500, 0);
    /* 1.645 standard deviations of the count, which is half the root of 3001, and one at most. */
    check_near(e.high - e.low, 2 * 1.645 * sqrt(MANY) / 2, 2);
    /* One rank more on both ends takes 0.0075 of it. */
    assert_true(e.coverage >= 0.9 && e.coverage < 0.9075);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_values_are_not_changed),
        cmocka_unit_test(test_missing_figures_are_left_out),
        cmocka_unit_test(test_equal_figures),
        cmocka_unit_test(test_negative_and_huge_figures),
        cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_drift_drops_out_of_ratios),
        cmocka_unit_test(test_coverage_is_true),
        cmocka_unit_test(test_many_figures),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
