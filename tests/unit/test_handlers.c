/* test_handlers.c - the table of built-in handlers, and the services that need no file of their
 * own: echo, discard, chargen, time. See also test_bytes, test_daytime, test_rot13. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <thrdsrv/handler.h>
#include <thrdsrv/server.h>

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

static void handlers_are_listed_by_name(void **state)
{
    static const char *const names[] = {"bytes", "chargen", "daytime", "discard",
                                        "echo",  "rot13",   "time"};
    size_t count = sizeof names / sizeof names[0];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct thrdsrv_handler *handler = thrdsrv_handler_at(i);
        assert_non_null(handler);
        assert_string_equal(handler->name, names[i]);
        assert_ptr_equal(thrdsrv_handler_find(names[i]), handler);
    }
    assert_null(thrdsrv_handler_at(count));
    assert_null(thrdsrv_handler_at(SIZE_MAX));
}

static void unknown_names_are_not_found(void **state)
{
    static const char *const names[] = {"", "ech", "echoo", "Echo", " echo", "whoami", "zzz"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_null(thrdsrv_handler_find(names[i]));
}

static void handlers_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; thrdsrv_handler_at(i) != NULL; i++) {
        const struct thrdsrv_handler *handler = thrdsrv_handler_at(i);
        assert_int_equal(strspn(handler->name, "abcdefghijklmnopqrstuvwxyz0123456789"),
                         strlen(handler->name));
        assert_in_range(strlen(handler->summary), 1, 70);
        assert_null(strpbrk(handler->summary, "\r\n\t"));
        assert_int_not_equal(handler->summary[strlen(handler->summary) - 1], '.');
        assert_in_range(handler->session_size, 0, THRDSRV_SESSION_MAX);
        assert_true(handler->start != NULL);
        assert_true(handler->step != NULL);
    }
}

/* Two sessions of one handler, a byte of each in turn: they must not see each other. */
static void sessions_are_independent(void **state)
{
    static const char input[] = "12\n7\nHello\n";

    (void)state;
    for (size_t i = 0; thrdsrv_handler_at(i) != NULL; i++) {
        const struct thrdsrv_handler *handler = thrdsrv_handler_at(i);
        struct thrdsrv_start info = {.unix_time = 86400, .peer = ""};
        unsigned char out[2][200] = {{0}};
        struct thrdsrv_stream stream[2];
        enum thrdsrv_step answer[2] = {THRDSRV_STEP_WANT_INPUT, THRDSRV_STEP_WANT_INPUT};
        max_align_t session[2][THRDSRV_SESSION_MAX / sizeof(max_align_t)];

        for (size_t k = 0; k < 2; k++) {
            handler->start(session[k], &info);
            stream[k] = (struct thrdsrv_stream){.next_in = (const unsigned char *)input,
                                                .avail_in = sizeof input - 1,
                                                .next_out = out[k],
                                                .input = THRDSRV_INPUT_END};
        }
        for (size_t n = 0; n < 2 * sizeof out[0]; n++) {
            if (answer[n % 2] >= THRDSRV_STEP_DONE)
                continue;
            stream[n % 2].avail_out = 1;
            answer[n % 2] = handler->step(session[n % 2], &stream[n % 2]);
        }
        assert_int_equal(answer[0], answer[1]);
        assert_int_equal(stream[0].next_out - out[0], stream[1].next_out - out[1]);
        assert_memory_equal(out[0], out[1], sizeof out[0]);
    }
}

/* echo */

static void echo_sends_back_short_input(void **state)
{
    static const char *const inputs[] = {"", "a", "\n", "ab\ncd\r\n", "no newline"};

    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        struct driver_plan plan = {
            .handler = &thrdsrv_echo, .input = inputs[i], .input_size = strlen(inputs[i])};
        handler_driver_expect_all_ways(&driver, &plan, plan.input, plan.input_size,
                                       THRDSRV_STEP_DONE);
    }
}

static void echo_sends_back_long_input(void **state)
{
    struct random_source source = random_source_init("echo");
    static unsigned char input[100000];
    struct driver_plan plan = {
        .handler = &thrdsrv_echo, .input = input, .input_size = sizeof input};

    (void)state;
    random_fill(&source, input, sizeof input);
    handler_driver_expect_random(&driver, &plan, &source, 100, 5000, input, sizeof input,
                                 THRDSRV_STEP_DONE);
}

/* Nothing is held back: each byte is answered in the step that offers it. */
static void echo_answers_at_once(void **state)
{
    unsigned char out[4];
    struct thrdsrv_stream stream = {
        .next_in = (const unsigned char *)"abcd", .avail_in = 3, .next_out = out, .avail_out = 2};

    (void)state;
    assert_int_equal(thrdsrv_echo.step(NULL, &stream), THRDSRV_STEP_WANT_OUTPUT);
    assert_memory_equal(out, "ab", 2);
    stream.avail_out = 2;
    assert_int_equal(thrdsrv_echo.step(NULL, &stream), THRDSRV_STEP_WANT_INPUT);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.avail_out, 1);
    assert_memory_equal(out, "abc", 3);
    stream.input = THRDSRV_INPUT_END;
    assert_int_equal(thrdsrv_echo.step(NULL, &stream), THRDSRV_STEP_DONE);
}

/* discard */

static void discard_says_nothing(void **state)
{
    struct random_source source = random_source_init("discard");
    static unsigned char input[100000];
    struct driver_plan plan = {.handler = &thrdsrv_discard, .input = "abc\ndef", .input_size = 7};

    (void)state;
    handler_driver_expect_all_ways(&driver, &plan, "", 0, THRDSRV_STEP_DONE);
    plan.input_size = 0;
    handler_driver_expect_all_ways(&driver, &plan, "", 0, THRDSRV_STEP_DONE);
    random_fill(&source, input, sizeof input);
    plan.input = input;
    plan.input_size = sizeof input;
    handler_driver_expect_random(&driver, &plan, &source, 50, 5000, "", 0, THRDSRV_STEP_DONE);
    assert_int_equal(handler_driver_run(&driver, &plan).consumed, sizeof input);
}

static void discard_needs_no_room(void **state)
{
    struct thrdsrv_stream stream = {.next_in = (const unsigned char *)"abc", .avail_in = 3};

    (void)state;
    assert_int_equal(thrdsrv_discard.step(NULL, &stream), THRDSRV_STEP_WANT_INPUT);
    assert_int_equal(stream.avail_in, 0);
}

/* chargen */

#define CHARGEN_LINES 300u
#define CHARGEN_LINE  74u

/* The RFC's text as arithmetic, where the handler has a table. */
static unsigned char *make_chargen_text(void)
{
    unsigned char *text = malloc((size_t)CHARGEN_LINES * CHARGEN_LINE);

    assert_non_null(text);
    for (size_t line = 0; line < CHARGEN_LINES; line++) {
        for (size_t i = 0; i < 72; i++)
            text[line * CHARGEN_LINE + i] = (unsigned char)(32 + (line + i) % 95);
        text[line * CHARGEN_LINE + 72] = 13;
        text[line * CHARGEN_LINE + 73] = 10;
    }
    return text;
}

static void expect_chargen(struct driver_plan *plan, struct driver_pieces out,
                           const unsigned char *text)
{
    plan->out = out;
    for (unsigned style = 0; style < 8; style++) {
        plan->late_end = style & 1;
        plan->eager = style & 2;
        plan->starved = style & 4;
        handler_driver_expect(&driver, plan, text, (size_t)CHARGEN_LINES * CHARGEN_LINE,
                              THRDSRV_STEP_WANT_OUTPUT);
    }
}

static void chargen_sends_the_pattern_in_any_pieces(void **state)
{
    static const size_t uneven[] = {71, 1, 1, 1, 72, 2, 74, 75, 147, 3, 500};
    unsigned char *text = make_chargen_text();
    struct driver_plan plan = {.handler = &thrdsrv_chargen,
                               .input = "ignored\n",
                               .input_size = 8,
                               .stop_after = 200 * CHARGEN_LINE};

    (void)state;
    for (size_t size = 1; size < 300; size++)
        expect_chargen(&plan, (struct driver_pieces){&size, 1}, text);
    for (size_t size = 7025; size < 7035; size++)
        expect_chargen(&plan, (struct driver_pieces){&size, 1}, text);
    expect_chargen(&plan, (struct driver_pieces){uneven, sizeof uneven / sizeof uneven[0]}, text);
    free(text);
}

static void chargen_has_the_lines_of_the_rfc(void **state)
{
    static const char first[] =
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n"
        "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n";
    static const char line_94[] =
        "~ !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdef\r\n";
    struct driver_plan plan = {.handler = &thrdsrv_chargen, .stop_after = 100 * CHARGEN_LINE};
    struct driver_result result = handler_driver_run(&driver, &plan);

    (void)state;
    assert_memory_equal(result.output, first, sizeof first - 1);
    assert_memory_equal(result.output + 94 * CHARGEN_LINE, line_94, CHARGEN_LINE);
    assert_memory_equal(result.output + 95 * CHARGEN_LINE, first, sizeof first - 1);
}

static void chargen_throws_input_away(void **state)
{
    static unsigned char input[10000];
    struct driver_plan plan = {
        .handler = &thrdsrv_chargen, .input = input, .input_size = sizeof input, .stop_after = 10};

    (void)state;
    assert_int_equal(handler_driver_run(&driver, &plan).consumed, sizeof input);
}

/* time */

static void expect_time(int64_t unix_time, const char *bytes)
{
    struct driver_plan plan = {
        .handler = &thrdsrv_time, .unix_time = unix_time, .input = "x\ny", .input_size = 3};

    handler_driver_expect_all_ways(&driver, &plan, bytes, 4, THRDSRV_STEP_DONE);
    plan.input_size = 0;
    handler_driver_expect_all_ways(&driver, &plan, bytes, 4, THRDSRV_STEP_DONE);
}

static void time_counts_from_1900(void **state)
{
    (void)state;
    expect_time(-2208988800, "\0\0\0\0");
    expect_time(-2208988799, "\0\0\0\1");
    expect_time(0, "\x83\xaa\x7e\x80");
    /* The examples of RFC 868. */
    expect_time(189302400, "\x8e\xf3\x05\x00");   /* 1 Jan 1976: 2,398,291,200 */
    expect_time(315532800, "\x96\x79\x24\x80");   /* 1 Jan 1980: 2,524,521,600 */
    expect_time(420595200, "\x9c\xbc\x44\x80");   /* 1 May 1983: 2,629,584,000 */
    expect_time(-3506716800, "\xb2\xa6\x3e\x00"); /* 17 Nov 1858: -1,297,728,000 */
    /* The wrap on 2036-02-07. */
    expect_time(2085978495, "\xff\xff\xff\xff");
    expect_time(2085978496, "\0\0\0\0");
    expect_time(INT64_MAX, "\x83\xaa\x7e\x7f");
    expect_time(INT64_MIN, "\x83\xaa\x7e\x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handlers_are_listed_by_name),
        cmocka_unit_test(unknown_names_are_not_found),
        cmocka_unit_test(handlers_are_complete),
        cmocka_unit_test(sessions_are_independent),
        cmocka_unit_test(echo_sends_back_short_input),
        cmocka_unit_test(echo_sends_back_long_input),
        cmocka_unit_test(echo_answers_at_once),
        cmocka_unit_test(discard_says_nothing),
        cmocka_unit_test(discard_needs_no_room),
        cmocka_unit_test(chargen_sends_the_pattern_in_any_pieces),
        cmocka_unit_test(chargen_has_the_lines_of_the_rfc),
        cmocka_unit_test(chargen_throws_input_away),
        cmocka_unit_test(time_counts_from_1900),
    };

    return cmocka_run_group_tests_name("handlers", tests, set_up, tear_down);
}
