/* test_status.c - what thrd status makes of an answer: lines taken apart, times and sizes for
 * people, the table with its columns and its order, the JSON document; and of answers that are
 * none.
 *
 * What is expected stands here as it is to look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/human.h"
#include "cli/logfmt.h"
#include "cli/status_json.h"
#include "cli/status_lines.h"
#include "cli/status_table.h"

/* ---- Pairs ------------------------------------------------------------------------------- */

/* As "key>value|key>value|". */
static void check_pairs(const char *line, const char *expected)
{
    char text[256], found[512] = "";
    char *next = text;
    struct logfmt_pair pair;
    snprintf(text, sizeof text, "%s", line);
    while (logfmt_next(&next, &pair)) {
        size_t length = strlen(found);
        snprintf(found + length, sizeof found - length, "%s>%s|", pair.key, pair.value);
    }
    assert_string_equal(found, expected);
    assert_int_equal(*next, '\0');
    assert_false(logfmt_next(&next, &pair)); /* and so it stays */
}

static void test_pairs(void **state)
{
    (void)state;
    check_pairs("", "");
    check_pairs("   ", "");
    check_pairs("msg=slot conn=17", "msg>slot|conn>17|");
    check_pairs("  a=1   b=2  ", "a>1|b>2|");
    check_pairs("a= b=", "a>|b>|");
    check_pairs("a=\"\" b=c=d", "a>|b>c=d|");
    check_pairs("words without=1 more", "without>1|");
    check_pairs("a=\"b c\" d=e", "a>b c|d>e|");
    check_pairs("a=\"\\\"q\\\" \\\\ \\x41\\x7f\" b=1", "a>\"q\" \\ A\x7f|b>1|");
    check_pairs("a=\"\\x4\" b=\"\\xg1\"", "a>x4|b>xg1|");
}

/* The server cuts a line that is too long. */
static void test_pairs_that_were_cut(void **state)
{
    (void)state;
    check_pairs("a=\"b c", "a>b c|");
    check_pairs("a=\"", "a>|");
    check_pairs("a=\"b\\", "a>b\\|");
    check_pairs("a=\"b\\x4", "a>bx4|");
    check_pairs("a=1 list", "a>1|");
}

/* ---- Times and sizes --------------------------------------------------------------------- */

static void test_times(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "0"},
        {1, "1us"},
        {999, "999us"},
        {1000, "1.0ms"},
        {9999, "9.9ms"},
        {10000, "10ms"},
        {999999, "999ms"},
        {1000000, "1.0s"},
        {59999999, "59s"},
        {60000000, "1m00s"},
        {3599999999, "59m59s"},
        {3600000000, "1h00m"},
        {86399999999, "23h59m"},
        {86400000000, "1d00h"},
        {INT64_MAX, "106751991d04h"},
        {-1, "0"},
    };
    char buf[HUMAN_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(human_time(buf, rows[i].us), rows[i].text);
}

static void test_bytes(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0"},
        {1023, "1023"},
        {1024, "1.0k"},
        {10239, "9.9k"},
        {10240, "10k"},
        {1048575, "1023k"},
        {1048576, "1.0m"},
        {UINT64_C(1) << 30, "1.0g"},
        {UINT64_C(1) << 40, "1.0t"},
        {UINT64_C(1) << 50, "1.0p"},
        {UINT64_MAX, "15e"},
    };
    char buf[HUMAN_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(human_bytes(buf, rows[i].bytes), rows[i].text);
}

/* ---- The table --------------------------------------------------------------------------- */

#define SERVER                                                                                     \
    "msg=server pid=4711 version=0.1.0 mode=fork handler=echo slots=8 state=serving up=3725.250 "  \
    "listen=127.0.0.1:43211 listen=\"unix:/run/a b\"\n"
#define SLOT_0                                                                                     \
    "msg=slot conn=17 slot=0 mode=fork peer=127.0.0.1:50312 state=ACTIVE generation=3 "            \
    "worker=4730 "                                                                                 \
    "age=65.000 waits=read for=2.500 in=10 out=2048 idle=2.500 cpu=0.000098\n"
#define SLOT_3                                                                                     \
    "msg=slot conn=18 slot=3 mode=fork peer=[::1]:50313 state=STOPPING generation=1 worker=4731 "  \
    "age=0.250 waits=no in=5000 out=0 idle=0.250 cpu=1.500000\n"
#define SLOT_5                                                                                     \
    "msg=slot conn=19 slot=5 mode=fork peer=[::1]:50314 state=RESERVED generation=1 worker=0 "     \
    "age=0.000 waits=no in=0 out=0 idle=0.000\n"
#define COUNTERS                                                                                   \
    "msg=counters accepted=19 active=3 peak=5 served=13 refused_full=1 refused_admission=2 "       \
    "refused_source=3 refused_rate=4 refused_rules=5 refused_proxy=20 spawn_failures=5 idle=6 "    \
    "first_byte=7 "                                                                                \
    "write_stall=8 "                                                                               \
    "lifetime=9 rate=10 accept_errors_conn=11 accept_errors_system=12 bytes_in=1048576 "           \
    "bytes_out=12\n"
#define HEAD                                                                                       \
    "thrd 0.1.0, process 4711: mode fork, echo, serving, up 1h02m\n"                               \
    "listens at 127.0.0.1:43211 unix:/run/a b\n"                                                   \
    "slots    3 of 8 in use, most at once 5\n"                                                     \
    "ended    13 of 19 accepted; these: 1.0m in, 12 out\n"                                         \
    "refused  full 1, admission 2, source 3, source-rate 4, rules 5, proxy 20\n"                   \
    "cut      idle 6, first-byte 7, write-stall 8, lifetime 9, min-rate 10\n"                      \
    "failed   worker 5, accept 11, accept (system) 12\n"

/* What is written of an answer: as a table, or with NULL as JSON. Valid until the next call. */
static const char *written(const char *answer, const struct status_layout *layout)
{
    static char *result;
    size_t size;
    struct status_lines lines;
    char *text = strdup(answer);
    free(result);
    result = NULL;
    FILE *stream = open_memstream(&result, &size);
    assert_true(text && stream);
    assert_int_equal(status_lines_init(&lines, text), 0);
    if (layout)
        assert_int_equal(status_table_write(stream, &lines, layout), 0);
    else
        status_json_write(stream, &lines);
    status_lines_fini(&lines);
    free(text);
    assert_int_equal(fclose(stream), 0);
    return result;
}

static void test_table(void **state)
{
    const struct status_layout all = {0};
    (void)state;
    assert_string_equal(
        written(SERVER SLOT_0 SLOT_3 SLOT_5 COUNTERS, &all),
        HEAD "\n"
             "SLOT CONN STATE    WAITS MODE WORKER   AGE  IDLE   IN  OUT  CPU PEER\n"
             "   0   17 ACTIVE   read  fork   4730 1m05s  2.5s   10 2.0k 98us 127.0.0.1:50312\n"
             "   3   18 STOPPING no    fork   4731 250ms 250ms 4.8k    0 1.5s [::1]:50313\n"
             "   5   19 RESERVED no    fork      0     0     0    0    0    - [::1]:50314\n");
    assert_string_equal(written(SERVER COUNTERS, &all), HEAD); /* nobody is there */
}

/* The least important columns go first, then the end of the last one; the head is the caller's to
 * cut. */
static void test_narrow_table(void **state)
{
    static const struct {
        size_t width;
        const char *titles, *row;
    } rows[] = {
        {79, "SLOT CONN STATE    WAITS MODE WORKER   AGE  IDLE   IN  OUT  CPU PEER",
         "   0   17 ACTIVE   read  fork   4730 1m05s  2.5s   10 2.0k 98us 127.0.0.1:50312"},
        {78, "SLOT CONN STATE    WAITS WORKER   AGE  IDLE   IN  OUT  CPU PEER",
         "   0   17 ACTIVE   read    4730 1m05s  2.5s   10 2.0k 98us 127.0.0.1:50312"},
        {73, "SLOT CONN STATE    WORKER   AGE  IDLE   IN  OUT  CPU PEER",
         "   0   17 ACTIVE     4730 1m05s  2.5s   10 2.0k 98us 127.0.0.1:50312"},
        {60, "SLOT STATE      AGE  IDLE   IN  OUT  CPU PEER",
         "   0 ACTIVE   1m05s  2.5s   10 2.0k 98us 127.0.0.1:50312"},
        {12, "SLOT PEER", "   0 127.0.0"},
        {1, "SLOT ", "   0 "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[256];
        const struct status_layout layout = {.width = rows[i].width};
        const char *text = written(SERVER SLOT_0 SLOT_3 COUNTERS, &layout);
        snprintf(expected, sizeof expected, "\n\n%s\n%s\n", rows[i].titles, rows[i].row);
        if (!strstr(text, expected))
            fail_msg("width %zu:\n%s\nexpected:%s", rows[i].width, text, expected);
    }
}

/* The slots, in the order of the table, as "0 3 5". */
static void check_order(enum status_order order, const char *expected)
{
    const struct status_layout layout = {.order = order};
    char found[16] = "";
    const char *row = strstr(written(SERVER SLOT_0 SLOT_3 SLOT_5 COUNTERS, &layout), "PEER\n") + 5;
    for (; *row != '\0'; row = strchr(row, '\n') + 1) {
        size_t length = strlen(found);
        snprintf(found + length, sizeof found - length, "%s%d", length > 0 ? " " : "", atoi(row));
    }
    assert_string_equal(found, expected);
}

static void test_order(void **state)
{
    const struct status_layout by_cpu = {.order = STATUS_BY_CPU};
    (void)state;
    check_order(STATUS_BY_SLOT, "0 3 5");
    check_order(STATUS_BY_AGE, "0 3 5");
    check_order(STATUS_BY_IDLE, "0 3 5");
    check_order(STATUS_BY_BYTES, "3 0 5");
    check_order(STATUS_BY_CPU, "3 0 5");
    /* A row keeps its cells where it goes. */
    assert_non_null(strstr(
        written(SERVER SLOT_0 SLOT_3 COUNTERS, &by_cpu),
        "   3   18 STOPPING no    fork   4731 250ms 250ms 4.8k    0 1.5s [::1]:50313\n"
        "   0   17 ACTIVE   read  fork   4730 1m05s  2.5s   10 2.0k 98us 127.0.0.1:50312\n"));
}

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void test_low_table(void **state)
{
    struct status_layout layout = {.height = 12};
    (void)state;
    const char *text = written(SERVER SLOT_0 SLOT_3 SLOT_5 COUNTERS, &layout);
    assert_int_equal(count_lines(text), 12);
    assert_null(strstr(text, "more"));
    for (layout.height = 10; layout.height < 12; layout.height++) {
        text = written(SERVER SLOT_0 SLOT_3 SLOT_5 COUNTERS, &layout);
        assert_int_equal(count_lines(text), layout.height);
        assert_non_null(strstr(text, layout.height == 11 ? "\nand 2 more\n" : "\nand 3 more\n"));
    }
    layout.height = 1; /* the head is never left out */
    assert_memory_equal(written(SERVER SLOT_0 COUNTERS, &layout), HEAD, strlen(HEAD));
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void test_json(void **state)
{
    (void)state;
    assert_string_equal(
        written(SERVER SLOT_0 SLOT_5 "msg=counters accepted=2 bytes_in=18446744073709551615\n",
                NULL),
        "{\"server\":{\"pid\":4711,\"version\":\"0.1.0\",\"mode\":\"fork\",\"handler\":\"echo\","
        "\"slots\":8,\"state\":\"serving\",\"up\":3725.250,"
        "\"listen\":[\"127.0.0.1:43211\",\"unix:/run/a b\"]},\"slots\":["
        "{\"conn\":17,\"slot\":0,\"mode\":\"fork\",\"peer\":\"127.0.0.1:50312\","
        "\"state\":\"ACTIVE\",\"generation\":3,\"worker\":4730,\"age\":65.000,\"waits\":\"read\","
        "\"for\":2.500,\"in\":10,\"out\":2048,\"idle\":2.500,\"cpu\":0.000098},"
        "{\"conn\":19,\"slot\":5,\"mode\":\"fork\",\"peer\":\"[::1]:50314\","
        "\"state\":\"RESERVED\",\"generation\":1,\"worker\":0,\"age\":0.000,\"waits\":\"no\","
        "\"in\":0,\"out\":0,\"idle\":0.000}],"
        "\"counters\":{\"accepted\":2,\"bytes_in\":18446744073709551615}}\n");
    assert_string_equal(written("", NULL), "{\"server\":{},\"slots\":[],\"counters\":{}}\n");
}

/* Whatever stands behind a key, the document is one. */
static void test_json_values(void **state)
{
    static const struct {
        const char *pair, *member;
    } rows[] = {
        {"a=1", "\"a\":1"},
        {"a=0.5", "\"a\":0.5"},
        {"a=007", "\"a\":\"007\""},
        {"a=0", "\"a\":0"},
        {"a=1.", "\"a\":\"1.\""},
        {"a=.5", "\"a\":\".5\""},
        {"a=-1", "\"a\":\"-1\""},
        {"a=1e5", "\"a\":\"1e5\""},
        {"a=", "\"a\":\"\""},
        {"handler=8", "\"handler\":\"8\""}, /* a program may be called so */
        {"a=\"\\\"\\\\\\x0a\"", "\"a\":\"\\\"\\\\\\u000a\""},
        {"a=\"\\x7f\"", "\"a\":\"\\u007f\""},
        {"a=\xc3\xa4", "\"a\":\"\xc3\xa4\""},
        {"a=\xe2\x82\xac.\xf0\x9f\x98\x80", "\"a\":\"\xe2\x82\xac.\xf0\x9f\x98\x80\""},
        {"a=\xe4.", "\"a\":\"\\ufffd.\""},          /* Latin-1 */
        {"a=\xc0\x80", "\"a\":\"\\ufffd\\ufffd\""}, /* overlong */
        {"a=\xe0\x9f\xbf", "\"a\":\"\\ufffd\\ufffd\\ufffd\""},
        {"a=\xed\xa0\x80", "\"a\":\"\\ufffd\\ufffd\\ufffd\""}, /* half of a pair of UTF-16 */
        {"a=\xf4\x90\x80\x80", "\"a\":\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
        {"a=\xf5\x80", "\"a\":\"\\ufffd\\ufffd\""},
        {"a=\xe2\x82", "\"a\":\"\\ufffd\\ufffd\""}, /* ends in its middle */
        {"listen=1 b=2", "\"listen\":[\"1\"],\"b\":2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char answer[128], expected[256];
        snprintf(answer, sizeof answer, "msg=counters %s\n", rows[i].pair);
        snprintf(expected, sizeof expected, "{\"server\":{},\"slots\":[],\"counters\":{%s}}\n",
                 rows[i].member);
        assert_string_equal(written(answer, NULL), expected);
    }
}

/* ---- Answers that are none --------------------------------------------------------------- */

/* Lines of another kind, of a newer server perhaps, are left out; what is missing is shown so;
 * bytes that act on a terminal are not passed on. */
static void test_odd_answers(void **state)
{
    const struct status_layout all = {0};
    (void)state;
    assert_string_equal(written("msg=news a=1\nmsg=counters b=2\nno pair\n\n", NULL),
                        "{\"server\":{},\"slots\":[],\"counters\":{\"b\":2}}\n");
    assert_memory_equal(written("", &all), "thrd ?, process ?: mode ?, ?, ?, up 0\n", 38);
    const char *text = written("msg=server handler=\"\\x1b[2J\" listen=\"\\x07\"\n"
                               "msg=slot slot=1 age=nan idle=1e300 cpu=-5 in=x peer=\"\\x1b[H\"\n"
                               "msg=counters\n",
                               &all);
    for (const char *c = text; *c != '\0'; c++)
        assert_true((unsigned char)*c >= ' ' || *c == '\n');
    assert_non_null(strstr(text, "\n   1    - -     -     -         -   0    0  0   -   0 ?[H\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),       cmocka_unit_test(test_pairs_that_were_cut),
        cmocka_unit_test(test_times),       cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_table),       cmocka_unit_test(test_narrow_table),
        cmocka_unit_test(test_order),       cmocka_unit_test(test_low_table),
        cmocka_unit_test(test_json),        cmocka_unit_test(test_json_values),
        cmocka_unit_test(test_odd_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
