/* test_units.c - cli/units.c: which texts are numbers, sizes, times, rates and percents, which are
 * not and why not, and that nothing wraps around at the edges of 64 bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cli/units.h"

/* Not a valid result of any row: a failed parse must leave it alone. */
#define UNTOUCHED INT64_C(-4711)

struct row {
    const char *text;
    enum units_status status;
    int64_t value; /* UNTOUCHED where status is not UNITS_OK */
};

typedef enum units_status parse_fn(const char *text, int64_t min, int64_t max, int64_t *value);

static void check_rows(parse_fn *parse, int64_t min, int64_t max, const struct row *rows)
{
    for (; rows->text; rows++) {
        int64_t value = UNTOUCHED;
        enum units_status status = parse(rows->text, min, max, &value);
        if (status != rows->status || value != rows->value)
            fail_msg("\"%s\": status %d (%s), value %jd; expected status %d, value %jd", rows->text,
                     (int)status, units_complaint(status), (intmax_t)value, (int)rows->status,
                     (intmax_t)rows->value);
    }
}

static void test_numbers(void **state)
{
    static const struct row rows[] = {
        {"0", UNITS_OK, 0},
        {"1", UNITS_OK, 1},
        {"128", UNITS_OK, 128},
        {"007", UNITS_OK, 7},
        {"00000000000000000000000000000000000000000000000012", UNITS_OK, 12},
        {"9223372036854775807", UNITS_OK, INT64_MAX},
        {"9223372036854775808", UNITS_TOO_LARGE, UNTOUCHED},
        {"18446744073709551616", UNITS_TOO_LARGE, UNTOUCHED},
        {"18446744073709551617", UNITS_TOO_LARGE, UNTOUCHED},
        {"99999999999999999999999999999999999999", UNITS_TOO_LARGE, UNTOUCHED},
        {"", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {" ", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {" 1", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"1 ", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"\t1", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"1\n", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"-1", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"+1", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"--1", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"abc", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"12abc", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"99999999999999999999999999x", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"0x10", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"1e3", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"1k", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"1_000", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"1'000", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"\xd9\xa1", UNITS_NOT_A_NUMBER, UNTOUCHED}, /* ARABIC-INDIC DIGIT ONE */
        {"1.5", UNITS_NOT_WHOLE, UNTOUCHED},
        {"1,5", UNITS_NOT_WHOLE, UNTOUCHED},
        {"1.0", UNITS_NOT_WHOLE, UNTOUCHED},
        {".5", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {NULL, UNITS_OK, 0},
    };
    (void)state;
    check_rows(units_parse_number, 0, INT64_MAX, rows);
}

static void test_number_range(void **state)
{
    static const struct row rows[] = {
        {"2", UNITS_TOO_SMALL, UNTOUCHED},
        {"0", UNITS_TOO_SMALL, UNTOUCHED},
        {"3", UNITS_OK, 3},
        {"10", UNITS_OK, 10},
        {"11", UNITS_TOO_LARGE, UNTOUCHED},
        {"99999999999999999999", UNITS_TOO_LARGE, UNTOUCHED},
        {NULL, UNITS_OK, 0},
    };
    (void)state;
    check_rows(units_parse_number, 3, 10, rows);
}

static void test_sizes(void **state)
{
    static const struct row rows[] = {
        {"0", UNITS_OK, 0},
        {"500", UNITS_OK, 500},
        {"0k", UNITS_OK, 0},
        {"1k", UNITS_OK, 1024},
        {"1K", UNITS_OK, 1024},
        {"256k", UNITS_OK, 262144},
        {"1m", UNITS_OK, 1048576},
        {"1M", UNITS_OK, 1048576},
        {"1g", UNITS_OK, 1073741824},
        {"1G", UNITS_OK, 1073741824},
        {"9223372036854775807", UNITS_OK, INT64_MAX},
        /* 2^63 / 2^30 = 2^33, and the same for the other units */
        {"8589934591g", UNITS_OK, INT64_C(9223372035781033984)},
        {"8589934592g", UNITS_TOO_LARGE, UNTOUCHED},
        {"8796093022207m", UNITS_OK, INT64_C(9223372036853727232)},
        {"8796093022208m", UNITS_TOO_LARGE, UNTOUCHED},
        {"9007199254740991k", UNITS_OK, INT64_C(9223372036854774784)},
        {"9007199254740992k", UNITS_TOO_LARGE, UNTOUCHED},
        {"17179869184g", UNITS_TOO_LARGE, UNTOUCHED}, /* 2^64: wraps to 0 where unchecked */
        {"17179869185g", UNITS_TOO_LARGE, UNTOUCHED},
        {"99999999999999999999k", UNITS_TOO_LARGE, UNTOUCHED},
        {"", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"k", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"-1k", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"1.5k", UNITS_NOT_WHOLE, UNTOUCHED},
        {"1 k", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"1kk", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"1kb", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"1kB", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"1KiB", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"1t", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"1b", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"1k ", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"0x10", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {"99999999999999999999t", UNITS_BAD_SIZE_UNIT, UNTOUCHED},
        {NULL, UNITS_OK, 0},
    };
    (void)state;
    check_rows(units_parse_size, 0, INT64_MAX, rows);
}

static void test_size_range(void **state)
{
    static const struct row rows[] = {
        {"131071", UNITS_TOO_SMALL, UNTOUCHED},
        {"127k", UNITS_TOO_SMALL, UNTOUCHED},
        {"131072", UNITS_OK, 131072},
        {"128k", UNITS_OK, 131072},
        {"1g", UNITS_OK, 1073741824},
        {"1024m", UNITS_OK, 1073741824},
        {"1073741825", UNITS_TOO_LARGE, UNTOUCHED},
        {"2g", UNITS_TOO_LARGE, UNTOUCHED},
        {NULL, UNITS_OK, 0},
    };
    (void)state;
    check_rows(units_parse_size, 131072, 1073741824, rows);
}

static void test_times(void **state)
{
    static const struct row rows[] = {
        {"0", UNITS_OK, 0},
        {"00", UNITS_OK, 0},
        {"0ms", UNITS_OK, 0},
        {"0s", UNITS_OK, 0},
        {"0d", UNITS_OK, 0},
        {"1ms", UNITS_OK, 1},
        {"500ms", UNITS_OK, 500},
        {"30s", UNITS_OK, 30000},
        {"5m", UNITS_OK, 300000},
        {"2h", UNITS_OK, 7200000},
        {"1d", UNITS_OK, 86400000},
        {"9223372036854775807ms", UNITS_OK, INT64_MAX},
        {"9223372036854775808ms", UNITS_TOO_LARGE, UNTOUCHED},
        {"9223372036854775s", UNITS_OK, INT64_C(9223372036854775000)},
        {"9223372036854776s", UNITS_TOO_LARGE, UNTOUCHED},
        {"106751991167d", UNITS_OK, INT64_C(9223372036828800000)},
        {"106751991168d", UNITS_TOO_LARGE, UNTOUCHED},
        {"99999999999999999999d", UNITS_TOO_LARGE, UNTOUCHED},
        {"30", UNITS_NO_TIME_UNIT, UNTOUCHED},
        {"1", UNITS_NO_TIME_UNIT, UNTOUCHED},
        {"99999999999999999999", UNITS_NO_TIME_UNIT, UNTOUCHED},
        {"", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"s", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"off", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"-5s", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"+5s", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {" 5s", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"1.5h", UNITS_NOT_WHOLE, UNTOUCHED},
        {"1,5h", UNITS_NOT_WHOLE, UNTOUCHED},
        {"0.5", UNITS_NOT_WHOLE, UNTOUCHED},
        {"5 s", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"5s ", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"5S", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"5M", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"5sec", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"5min", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"5us", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"5w", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"5k", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {"1h30m", UNITS_BAD_TIME_UNIT, UNTOUCHED},
        {NULL, UNITS_OK, 0},
    };
    (void)state;
    check_rows(units_parse_time, 0, INT64_MAX, rows);
}

static void test_time_range(void **state)
{
    static const struct row rows[] = {
        {"0", UNITS_TOO_SMALL, UNTOUCHED},
        {"0ms", UNITS_TOO_SMALL, UNTOUCHED},
        {"1ms", UNITS_OK, 1},
        {"10000d", UNITS_OK, UNITS_TIME_MAX_MS},
        {"240000h", UNITS_OK, UNITS_TIME_MAX_MS},
        {"864000000001ms", UNITS_TOO_LARGE, UNTOUCHED},
        {"10001d", UNITS_TOO_LARGE, UNTOUCHED},
        {NULL, UNITS_OK, 0},
    };
    (void)state;
    check_rows(units_parse_time, 1, UNITS_TIME_MAX_MS, rows);
}

static void check_rate(const char *text, enum units_status expected, int64_t bytes, int64_t ms)
{
    int64_t got_bytes = UNTOUCHED;
    int64_t got_ms = UNTOUCHED;
    enum units_status status = units_parse_rate(text, &got_bytes, &got_ms);
    if (status != expected || got_bytes != bytes || got_ms != ms)
        fail_msg("\"%s\": status %d, %jd bytes in %jd ms; expected %d, %jd in %jd", text,
                 (int)status, (intmax_t)got_bytes, (intmax_t)got_ms, (int)expected, (intmax_t)bytes,
                 (intmax_t)ms);
}

static void check_per_time(const char *text, enum units_status expected, int64_t number, int64_t ms)
{
    int64_t got_number = UNTOUCHED;
    int64_t got_ms = UNTOUCHED;
    enum units_status status = units_parse_per_time(text, 1000, &got_number, &got_ms);
    if (status != expected || got_number != number || got_ms != ms)
        fail_msg("\"%s\": status %d, %jd in %jd ms", text, (int)status, (intmax_t)got_number,
                 (intmax_t)got_ms);
}

/* What limits something may be off. */
static void test_timeouts(void **state)
{
    static const char *const off[] = {"off", "0", "0ms", "0d"};
    static const char *const wrong[] = {"", "of", "offf", "OFF", "off ", "5", "-1s", "10001d"};
    int64_t ms;
    (void)state;
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
        ms = UNTOUCHED;
        assert_int_equal(units_parse_timeout(off[i], &ms), UNITS_OK);
        assert_int_equal(ms, 0);
    }
    assert_int_equal(units_parse_timeout("10000d", &ms), UNITS_OK);
    assert_int_equal(ms, UNITS_TIME_MAX_MS);
    assert_int_equal(units_parse_timeout("1ms", &ms), UNITS_OK);
    assert_int_equal(ms, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(units_parse_timeout(wrong[i], &ms), UNITS_OK);
        assert_int_equal(ms, 1);
    }
}

static void test_numbers_per_time(void **state)
{
    static const char *const others[] = {"",     "5",    "5/",    "5/d",     "5/1s", "5/S",
                                         "5/ms", "5/s ", "5/s/s", "5/s,b=1", "5s"};
    (void)state;
    check_per_time("1/s", UNITS_OK, 1, 1000);
    check_per_time("0200/s", UNITS_OK, 200, 1000);
    check_per_time("1000/m", UNITS_OK, 1000, 60000);
    check_per_time("7/h", UNITS_OK, 7, 3600000);
    check_per_time("1001/s", UNITS_TOO_LARGE, UNTOUCHED, UNTOUCHED);
    check_per_time("99999999999999999999/s", UNITS_TOO_LARGE, UNTOUCHED, UNTOUCHED);
    check_per_time("0/s", UNITS_TOO_SMALL, UNTOUCHED, UNTOUCHED);
    check_per_time("/s", UNITS_NOT_A_NUMBER, UNTOUCHED, UNTOUCHED);
    check_per_time("-1/s", UNITS_NOT_A_NUMBER, UNTOUCHED, UNTOUCHED);
    check_per_time("1k/s", UNITS_NOT_A_NUMBER, UNTOUCHED, UNTOUCHED);
    check_per_time("1.5/s", UNITS_NOT_WHOLE, UNTOUCHED, UNTOUCHED);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_per_time(others[i], UNITS_NOT_PER_TIME, UNTOUCHED, UNTOUCHED);
}

static void test_good_rates(void **state)
{
    (void)state;
    check_rate("500/20s", UNITS_OK, 500, 20000);
    check_rate("1/1ms", UNITS_OK, 1, 1);
    check_rate("10k/1m", UNITS_OK, 10240, 60000);
    check_rate("1G/1d", UNITS_OK, 1073741824, 86400000);
    check_rate("1048576g/10000d", UNITS_OK, UNITS_SIZE_MAX, UNITS_TIME_MAX_MS);
    check_rate("000000000000000000000000000000000000001/1s", UNITS_OK, 1, 1000);
}

static void test_bad_rates(void **state)
{
    static const struct row rows[] = {
        {"", UNITS_NOT_A_RATE, 0},
        {"500", UNITS_NOT_A_RATE, 0},
        {"500k", UNITS_NOT_A_RATE, 0},
        {"20s", UNITS_NOT_A_RATE, 0},
        {"/", UNITS_NOT_A_NUMBER, 0},
        {"/20s", UNITS_NOT_A_NUMBER, 0},
        {"500/", UNITS_NOT_A_NUMBER, 0},
        {"500/s", UNITS_NOT_A_NUMBER, 0},
        {"500//20s", UNITS_NOT_A_NUMBER, 0},
        {"500/20s/", UNITS_BAD_TIME_UNIT, 0},
        {"500/20s/20s", UNITS_BAD_TIME_UNIT, 0},
        {"500/20", UNITS_NO_TIME_UNIT, 0},
        {"500 /20s", UNITS_BAD_SIZE_UNIT, 0},
        {"500/ 20s", UNITS_NOT_A_NUMBER, 0},
        {"500b/20s", UNITS_BAD_SIZE_UNIT, 0},
        {"1.5k/20s", UNITS_NOT_WHOLE, 0},
        {"-1/20s", UNITS_NOT_A_NUMBER, 0},
        {"0/20s", UNITS_TOO_SMALL, 0},
        {"500/0", UNITS_TOO_SMALL, 0},
        {"500/0s", UNITS_TOO_SMALL, 0},
        {"1048577g/1s", UNITS_TOO_LARGE, 0},
        {"99999999999999999999/1s", UNITS_TOO_LARGE, 0},
        {"500/10001d", UNITS_TOO_LARGE, 0},
        {NULL, UNITS_OK, 0},
    };
    (void)state;
    for (const struct row *row = rows; row->text; row++)
        check_rate(row->text, row->status, UNTOUCHED, UNTOUCHED);
}

static void test_percents(void **state)
{
    static const struct row rows[] = {
        {"0", UNITS_OK, 0},
        {"0%", UNITS_OK, 0},
        {"10", UNITS_OK, 10},
        {"10%", UNITS_OK, 10},
        {"1000%", UNITS_OK, 1000},
        {"1001%", UNITS_TOO_LARGE, UNTOUCHED},
        {"99999999999999999999%", UNITS_TOO_LARGE, UNTOUCHED},
        {"", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"%", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"-1%", UNITS_NOT_A_NUMBER, UNTOUCHED},
        {"2.5%", UNITS_NOT_WHOLE, UNTOUCHED},
        {"10%%", UNITS_NOT_A_PERCENT, UNTOUCHED},
        {"10 %", UNITS_NOT_A_PERCENT, UNTOUCHED},
        {"10s", UNITS_NOT_A_PERCENT, UNTOUCHED},
        {NULL, UNITS_OK, 0},
    };
    (void)state;
    check_rows(units_parse_percent, 0, 1000, rows);
}

static void test_every_status_has_words(void **state)
{
    (void)state;
    for (int status = UNITS_NOT_A_NUMBER; status <= UNITS_TOO_LARGE; status++) {
        const char *text = units_complaint((enum units_status)status);
        assert_non_null(text);
        assert_true(strlen(text) > 5);
        assert_string_not_equal(text, "not valid");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_number_range),
        cmocka_unit_test(test_sizes),      cmocka_unit_test(test_size_range),
        cmocka_unit_test(test_times),      cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_time_range), cmocka_unit_test(test_numbers_per_time),
        cmocka_unit_test(test_good_rates), cmocka_unit_test(test_bad_rates),
        cmocka_unit_test(test_percents),   cmocka_unit_test(test_every_status_has_words),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
