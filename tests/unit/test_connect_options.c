/* test_connect_options.c - the command line of thrd connect: what each argument becomes, and that
 * help and manual have all of them. Its error texts are tests/integration/test_connect.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/connect_options.h"
#include "cli/units.h"
#include "manual.h"
#include "words.h"

/* Arguments with '|' between them. They live until the next call. */
static struct connect_options parsed(const char *arguments)
{
    static char *argv[WORDS_MAX + 1];
    struct connect_options options = {0};
    char message[ARGUMENTS_MESSAGE_SIZE];
    int argc = words_split("connect", arguments, argv);
    enum arguments_end end =
        arguments_parse(&connect_table, &options, argc, argv, message, sizeof message);
    if (end != ARGUMENTS_COMPLETE)
        fail_msg("%s: %s", arguments, message);
    return options;
}

static void test_defaults(void **state)
{
    struct connect_options options = parsed("host:80");
    (void)state;
    assert_string_equal(options.address, "host:80");
    assert_null(options.path);
    assert_int_equal(options.mode, SPLIT_THREAD);
    assert_int_equal(options.timeout_ms, 0);
    assert_int_equal(options.idle_ms, 0);
    assert_false(options.raw);
}

static void test_options(void **state)
{
    struct connect_options options = parsed("--timeout=5s|--idle|2m|unix:/a:b,c|--raw");
    (void)state;
    assert_string_equal(options.address, "unix:/a:b,c");
    assert_string_equal(options.path, "/a:b,c");
    assert_int_equal(options.timeout_ms, 5000);
    assert_int_equal(options.idle_ms, 120000);
    assert_string_equal(options.idle_text, "2m");
    assert_true(options.raw);
    options = parsed("--idle=2m|--idle=off|--timeout=10000d|h:1");
    assert_int_equal(options.idle_ms, 0);
    assert_int_equal(options.timeout_ms, UNITS_TIME_MAX_MS);
    assert_int_equal(parsed("--mode=thread|h:1").mode, SPLIT_THREAD);
    if (split_is_built(SPLIT_FORK))
        assert_int_equal(parsed("--mode=fork|h:1").mode, SPLIT_FORK);
}

static void test_addresses(void **state)
{
    static const char *const addresses[] = {"h:1",      "h:65535", "h:080",         "10.0.0.1:7",
                                            "[::1]:80", "h:http",  "[fe80::1%lo]:1"};
    char longest[5 + 107 + 1] = "unix:";
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        assert_string_equal(parsed(addresses[i]).address, addresses[i]);
    memset(longest + 5, 'x', 107);
    assert_int_equal(strlen(parsed(longest).path), 107);
}

static void test_manual_describes_everything(void **state)
{
    char *text = manual_read(THRD_SOURCE_DIR "/src/man/thrd-connect.1");
    const struct argument_spec *spec;
    (void)state;
    for (size_t i = 0; (spec = arguments_spec_at(&connect_table, i)); i++)
        manual_check_item(text, spec);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_manual_describes_everything),
    };
    return cmocka_run_group_tests_name("connect_options", tests, NULL, NULL);
}
