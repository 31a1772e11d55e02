/* test_daytime.c - the service daytime: its line for many dates, with the C library as oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <thrdsrv/handler.h>

#include "handler_driver.h"

static struct handler_driver driver;

static int set_up(void **state)
{
    (void)state;
    handler_driver_init(&driver);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handler_driver_fini(&driver);
    return 0;
}

/* The line for a time, at once, terminated. */
static void say(int64_t unix_time, char line[128])
{
    max_align_t session[8];
    struct thrdsrv_start info = {.unix_time = unix_time, .peer = ""};
    struct thrdsrv_stream stream = {.next_out = (unsigned char *)line, .avail_out = 127};

    assert_in_range(thrdsrv_daytime.session_size, 1, sizeof session);
    thrdsrv_daytime.start(session, &info);
    assert_int_equal(thrdsrv_daytime.step(session, &stream), THRDSRV_STEP_DONE);
    line[127 - stream.avail_out] = '\0';
}

/* C library and handler say the same. The year is formatted here, because strftime() differs
 * between C libraries for years of other than four digits. */
static void compare(int64_t unix_time)
{
    time_t time = (time_t)unix_time;
    struct tm tm;
    char before[64];
    char behind[32];
    char expected[128];
    char line[128];

    assert_non_null(gmtime_r(&time, &tm));
    assert_true(strftime(before, sizeof before, "%A, %B %d, ", &tm) > 0);
    assert_true(strftime(behind, sizeof behind, " %H:%M:%S-UTC\r\n", &tm) > 0);
    snprintf(expected, sizeof expected, "%s%lld%s", before, tm.tm_year + 1900LL, behind);
    say(unix_time, line);
    assert_string_equal(line, expected);
}

static void expect_line(int64_t unix_time, const char *expected)
{
    char line[128];

    say(unix_time, line);
    assert_string_equal(line, expected);
}

static void known_dates(void **state)
{
    (void)state;
    expect_line(0, "Thursday, January 01, 1970 00:00:00-UTC\r\n");
    expect_line(-1, "Wednesday, December 31, 1969 23:59:59-UTC\r\n");
    expect_line(951782400, "Tuesday, February 29, 2000 00:00:00-UTC\r\n");
    expect_line(951868799, "Tuesday, February 29, 2000 23:59:59-UTC\r\n");
    expect_line(951868800, "Wednesday, March 01, 2000 00:00:00-UTC\r\n");
    expect_line(1795229188, "Saturday, November 21, 2026 02:46:28-UTC\r\n");
    expect_line(2147483647, "Tuesday, January 19, 2038 03:14:07-UTC\r\n");
    expect_line(2147483648, "Tuesday, January 19, 2038 03:14:08-UTC\r\n");
    expect_line(4107542399, "Sunday, February 28, 2100 23:59:59-UTC\r\n");
    expect_line(4107542400, "Monday, March 01, 2100 00:00:00-UTC\r\n"); /* no leap year */
    expect_line(253402300800, "Saturday, January 01, 10000 00:00:00-UTC\r\n");
    expect_line(-62135596800, "Monday, January 01, 1 00:00:00-UTC\r\n");
    expect_line(-62135596801, "Sunday, December 31, 0 23:59:59-UTC\r\n");
    expect_line(-62167219201, "Friday, December 31, -1 23:59:59-UTC\r\n");
}

static void ends_of_the_range(void **state)
{
    (void)state;
    expect_line(INT64_MAX, "Sunday, December 04, 292277026596 15:30:07-UTC\r\n");
    expect_line(INT64_MIN, "Sunday, January 27, -292277022657 08:29:52-UTC\r\n");
}

/* Every day of 401 years, so every kind of year and every weekday of each date. */
static void every_day_from_1799_to_2200(void **state)
{
    (void)state;
    for (int64_t day = -62500; day < 84000; day++)
        compare(day * 86400 + (day + 62500) * 7919 % 86400);
}

static void every_second_of_a_day(void **state)
{
    (void)state;
    for (int64_t second = 0; second < 86400; second += 7)
        compare(1795132800 + second);
    for (int64_t second = -86400; second < 0; second += 7)
        compare(second);
}

static void random_times(void **state)
{
    struct random_source source = random_source_init("daytime");
    const int64_t year = 31556952;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) /* a little more than the years -10000 to 14000 */
        compare((int64_t)(random_next(&source) % (uint64_t)(24000 * year)) - 12000 * year);
    for (unsigned i = 0; i < 5000; i++) /* as far as tm_year goes */
        compare((int64_t)(random_next(&source) >> 8) - ((int64_t)1 << 55));
}

static void line_comes_in_any_pieces(void **state)
{
    static const char line[] = "Saturday, November 21, 2026 02:46:28-UTC\r\n";
    struct random_source source = random_source_init("daytime pieces");
    struct driver_plan plan = {.handler = &thrdsrv_daytime,
                               .unix_time = 1795229188,
                               .input = "what time\n",
                               .input_size = 10};

    (void)state;
    handler_driver_expect_all_ways(&driver, &plan, line, sizeof line - 1, THRDSRV_STEP_DONE);
    handler_driver_expect_random(&driver, &plan, &source, 200, 10, line, sizeof line - 1,
                                 THRDSRV_STEP_DONE);
    plan.input_size = 0;
    handler_driver_expect_all_ways(&driver, &plan, line, sizeof line - 1, THRDSRV_STEP_DONE);
}

/* The caller need not know when the line comes: it is there before any input is. */
static void line_needs_no_input(void **state)
{
    struct driver_plan plan = {.handler = &thrdsrv_daytime, .late_end = true};

    (void)state;
    assert_int_equal(handler_driver_run(&driver, &plan).steps, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_dates),
        cmocka_unit_test(ends_of_the_range),
        cmocka_unit_test(every_day_from_1799_to_2200),
        cmocka_unit_test(every_second_of_a_day),
        cmocka_unit_test(random_times),
        cmocka_unit_test(line_comes_in_any_pieces),
        cmocka_unit_test(line_needs_no_input),
    };

    return cmocka_run_group_tests_name("daytime", tests, set_up, tear_down);
}
