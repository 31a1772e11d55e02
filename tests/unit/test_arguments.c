/* test_arguments.c - cli/arguments.c, cli/complaint.c and cli/help.c with a table made for it, and
 * the tables of the commands handlers and run: options, optional values, words, texts, help; and
 * what commands do about closed streams (cli/command.c). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/handlers_command.h"
#include "cli/help.h"
#include "cli/run_command.h"
#include "cli/services.h"

#include "words.h"

static char message[ARGUMENTS_MESSAGE_SIZE];

/* Parses "NAME" and the words of arguments, which are separated by '|'. The words live until the
 * next call. */
static enum arguments_end parse(const struct argument_table *table, void *target,
                                const char *arguments)
{
    char *argv[WORDS_MAX + 1];
    int argc = words_split("NAME", arguments, argv);
    memset(message, '#', sizeof message);
    enum arguments_end end = arguments_parse(table, target, argc, argv, message, sizeof message);
    assert_non_null(memchr(message, '\0', sizeof message));
    return end;
}

/* ---- A table for the test ---------------------------------------------------------------- */

static struct shop {
    const char *fruit;
    bool wrapped;
    const char *receipt; /* "-": without a value */
    const char *words[2];
    size_t count;
} shop;

static const char *set_fruit(void *target, const char *value)
{
    struct shop *s = target;
    if (strcmp(value, "stone") == 0)
        return "no fruit";
    s->fruit = value;
    return NULL;
}

static const char *set_wrapped(void *target, const char *value)
{
    struct shop *s = target;
    assert_null(value);
    s->wrapped = true;
    return NULL;
}

static const char *set_receipt(void *target, const char *value)
{
    struct shop *s = target;
    s->receipt = value ? value : "-";
    return NULL;
}

static const char *take(void *target, size_t index, const char *word)
{
    struct shop *s = target;
    assert_int_equal(index, s->count);
    if (strcmp(word, "monday") != 0 && strcmp(word, "friday") != 0)
        return "no such day";
    s->words[s->count++] = word;
    return NULL;
}

static const char *finish(void *target)
{
    const struct shop *s = target;
    return s->fruit ? NULL : "needs a --fruit";
}

static bool day_at(size_t index, const char **name, const char **summary)
{
    static const char *const rows[][2] = {{"monday", "the first"}, {"friday", "the fifth"}};
    if (index >= 2)
        return false;
    *name = rows[index][0];
    *summary = rows[index][1];
    return true;
}

static const struct argument_spec specs[] = {
    {"fruit", 'f', "NAME", "apple", "apple or pear", 0, "what to buy", set_fruit, false},
    {"wrapped", '\0', NULL, NULL, NULL, 0, "in paper", set_wrapped, false},
    {"receipt", '\0', "FILE", NULL, "a file", 1, "where to,\nif anywhere", set_receipt, true},
};
static const char *const groups[] = {"Goods", "Papers"};
static const struct argument_list days = {"Days", day_at};
static const struct argument_table table = {
    .command = "shop",
    .usage = "Usage: shop\n",
    .epilogue = "The end.\n",
    .shown = &days,
    .specs = specs,
    .spec_count = 3,
    .groups = groups,
    .words_max = 2,
    .take = take,
    .words = "two days",
    .choices = &days,
    .finish = finish,
};

static void good(const char *arguments)
{
    memset(&shop, 0, sizeof shop);
    if (parse(&table, &shop, arguments) != ARGUMENTS_COMPLETE)
        fail_msg("%s: %s", arguments, message);
    assert_string_equal(message, "");
}

static void bad_for(const struct argument_table *other, void *target, const char *arguments,
                    const char *expected)
{
    if (parse(other, target, arguments) != ARGUMENTS_WRONG)
        fail_msg("%s was accepted", arguments);
    assert_string_equal(message, expected);
}

static void bad(const char *arguments, const char *expected)
{
    memset(&shop, 0, sizeof shop);
    bad_for(&table, &shop, arguments, expected);
}

/* ---- The walk ---------------------------------------------------------------------------- */

static void test_options(void **state)
{
    (void)state;
    good("--fruit=pear");
    assert_string_equal(shop.fruit, "pear");
    assert_false(shop.wrapped);
    good("--fruit|pear|--wrapped");
    assert_string_equal(shop.fruit, "pear");
    assert_true(shop.wrapped);
    good("-f|pear");
    assert_string_equal(shop.fruit, "pear");
    good("--fruit=");
    assert_string_equal(shop.fruit, "");
    good("--fruit=a=b");
    assert_string_equal(shop.fruit, "a=b");
    bad("--fruit", "thrd: shop: --fruit: needs a value; allowed: apple or pear, default apple");
    bad("--fruit|--wrapped",
        "thrd: shop: --fruit: needs a value; allowed: apple or pear, default apple");
    bad("--fruit=stone",
        "thrd: shop: --fruit=stone: no fruit; allowed: apple or pear, default apple");
    bad("--wrapped=yes", "thrd: shop: --wrapped=yes: takes no value");
}

/* A value that may be left out is never the next argument, which may be a word. */
static void test_optional_values(void **state)
{
    (void)state;
    good("--fruit=pear|--receipt|monday");
    assert_string_equal(shop.receipt, "-");
    assert_string_equal(shop.words[0], "monday");
    good("--fruit=pear|--receipt=file");
    assert_string_equal(shop.receipt, "file");
    good("--fruit=pear|--receipt=");
    assert_string_equal(shop.receipt, "");
    good("--fruit=pear|--receipt");
    assert_string_equal(shop.receipt, "-");
    assert_int_equal(shop.count, 0);
}

static void test_words(void **state)
{
    (void)state;
    good("monday|--fruit=pear|friday");
    assert_int_equal(shop.count, 2);
    assert_string_equal(shop.words[1], "friday");
    bad("mnoday", "thrd: shop mnoday: no such day; did you mean monday?\nAllowed: monday, friday");
    bad("noon", "thrd: shop noon: no such day\nAllowed: monday, friday");
    bad("-", "thrd: shop -: no such day\nAllowed: monday, friday");
    bad("monday|friday|monday", "thrd: shop takes two days, and no more; unexpected argument "
                                "monday\nTry 'thrd shop --help'.");
    bad("monday", "thrd: shop: needs a --fruit\nAllowed: monday, friday");
}

static void test_two_dashes_end_the_options(void **state)
{
    (void)state;
    good("--fruit=pear|--");
    good("--fruit=pear|--|monday|friday");
    assert_int_equal(shop.count, 2);
    bad("--fruit=pear|--|--wrapped", "thrd: shop --wrapped: no such day\nAllowed: monday, friday");
    bad("--|--", "thrd: shop --: no such day\nAllowed: monday, friday");
    bad_for(&handlers_table, NULL, "--|x",
            "thrd: handlers: unexpected argument --\nTry 'thrd handlers --help'.");
}

static void test_unknown_options(void **state)
{
    (void)state;
    bad("--friut=pear", "thrd: shop: unknown option --friut; did you mean --fruit?\n"
                        "Try 'thrd shop --help'.");
    bad("--hepl", "thrd: shop: unknown option --hepl; did you mean --help?\n"
                  "Try 'thrd shop --help'.");
    bad("--xyzzy", "thrd: shop: unknown option --xyzzy\nTry 'thrd shop --help'.");
    bad("-fpear", "thrd: shop: unknown option -fpear\nTry 'thrd shop --help'.");
}

static void test_help_and_version_end_the_walk(void **state)
{
    (void)state;
    assert_int_equal(parse(&table, &shop, "--help|--nonsense"), ARGUMENTS_HELP);
    assert_string_equal(message, "");
    assert_int_equal(parse(&table, &shop, "monday|-h"), ARGUMENTS_HELP);
    assert_int_equal(parse(&table, &shop, "-V"), ARGUMENTS_VERSION);
    assert_int_equal(parse(&table, &shop, "--version|x"), ARGUMENTS_VERSION);
    bad("--help=all", "thrd: shop: --help=all: takes no value");
    bad("--nonsense|--help", "thrd: shop: unknown option --nonsense\nTry 'thrd shop --help'.");
}

/* Whatever is typed, the text ends within the buffer and has no control characters of its own. */
static void test_messages_are_bounded_and_harmless(void **state)
{
    static char long_argument[4096];
    (void)state;
    memset(long_argument, 'x', sizeof long_argument - 1);
    assert_int_equal(parse(&table, &shop, long_argument), ARGUMENTS_WRONG);
    assert_true(strlen(message) < 250);
    assert_non_null(strstr(message, "xxx...: no such day\nAllowed: monday, friday"));
    bad("monday\n", "thrd: shop monday?: no such day; did you mean monday?\n"
                    "Allowed: monday, friday");
    static const char *const lines[] = {"--fruit=stone", "--friut", "mnoday", "monday"};
    char *argv[] = {"shop", NULL};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (size_t size = 0; size < 120; size++) {
            char *small = malloc(size ? size : 1);
            assert_non_null(small);
            argv[1] = (char *)(uintptr_t)lines[i];
            memset(&shop, 0, sizeof shop);
            assert_int_equal(arguments_parse(&table, &shop, 2, argv, small, size), ARGUMENTS_WRONG);
            assert_true(size == 0 || strlen(small) < size);
            assert_int_equal(arguments_parse(&handlers_table, NULL, 2, argv, small, size),
                             ARGUMENTS_WRONG);
            assert_true(size == 0 || strlen(small) < size);
            free(small);
        }
}

/* ---- The commands without options -------------------------------------------------------- */

/* Every handler but the blocking ones, which are named as such. */
static void test_run(void **state)
{
    struct service service;
    size_t filters = 0;
    (void)state;
    for (size_t i = 0; services_at(i, &service); i++) {
        const struct thrdsrv_handler *handler = NULL;
        if (!service.handler)
            continue;
        assert_int_equal(parse(&run_table, &handler, service.name), ARGUMENTS_COMPLETE);
        assert_ptr_equal(handler, service.handler);
        filters++;
    }
    assert_int_equal(filters, 7);
}

#define RUN_ALLOWS "\nAllowed: bytes, chargen, daytime, discard, echo, rot13, time"

static void test_run_needs_a_handler(void **state)
{
    static const char *const rows[][2] = {
        {"", "thrd: run: needs the name of a handler" RUN_ALLOWS},
        {"--", "thrd: run: needs the name of a handler" RUN_ALLOWS},
        {"rot31", "thrd: run rot31: no such handler; did you mean rot13?" RUN_ALLOWS},
        {"dayt", "thrd: run dayt: no such handler; did you mean daytime?" RUN_ALLOWS},
        {"xyzzy", "thrd: run xyzzy: no such handler" RUN_ALLOWS},
        {"Echo", "thrd: run Echo: no such handler; did you mean echo?" RUN_ALLOWS},
        {"|", "thrd: run : no such handler" RUN_ALLOWS},
        {"-", "thrd: run -: no such handler" RUN_ALLOWS},
        {"handlers", "thrd: run handlers: no such handler" RUN_ALLOWS},
        {"echo\n", "thrd: run echo?: no such handler; did you mean echo?" RUN_ALLOWS},
        {"whoami", "thrd: run whoami: needs a connection to talk to, and is no filter" RUN_ALLOWS},
        {"whoam", "thrd: run whoam: no such handler" RUN_ALLOWS}, /* not worth a suggestion */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct thrdsrv_handler *handler = NULL;
        bad_for(&run_table, &handler, rows[i][0], rows[i][1]);
        assert_null(handler);
    }
}

static void test_commands_take_nothing_else(void **state)
{
    const struct thrdsrv_handler *handler = NULL;
    (void)state;
    bad_for(&run_table, &handler, "rot13|x",
            "thrd: run takes the name of a handler, and no more; unexpected argument x\n"
            "Try 'thrd run --help'.");
    bad_for(&run_table, &handler, "rot13|--slots=5",
            "thrd: run: unknown option --slots\nTry 'thrd run --help'.");
    bad_for(&run_table, &handler, "--handler=rot13",
            "thrd: run: unknown option --handler\nTry 'thrd run --help'.");
    bad_for(&handlers_table, NULL, "x",
            "thrd: handlers: unexpected argument x\nTry 'thrd handlers --help'.");
    bad_for(&handlers_table, NULL, "--slots=5",
            "thrd: handlers: unknown option --slots\nTry 'thrd handlers --help'.");
    assert_int_equal(parse(&handlers_table, NULL, ""), ARGUMENTS_COMPLETE);
    assert_int_equal(parse(&handlers_table, NULL, "--help"), ARGUMENTS_HELP);
    assert_int_equal(parse(&run_table, &handler, "--help"), ARGUMENTS_HELP);
    assert_int_equal(parse(&run_table, &handler, "rot13|--version|x"), ARGUMENTS_VERSION);
}

/* What is opened next does not get the number of a closed stream, and writing there still fails. */
static void test_closed_streams_are_held(void **state)
{
    int saved[3];
    int error = 0;
    (void)state;
    fflush(stdout);
    for (int fd = 0; fd < 3; fd++)
        saved[fd] = dup(fd);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    command_hold_streams();
    int next = dup(saved[0]);
    for (int fd = 1; fd < 3; fd++)
        if (write(fd, "x", 1) >= 0 || errno != EBADF)
            error = 1;
    for (int fd = 0; fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    close(next);
    assert_true(next > STDERR_FILENO);
    assert_int_equal(error, 0);
}

/* ---- Help -------------------------------------------------------------------------------- */

static char *help_text(const struct argument_table *of)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    help_write(stream, of);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void test_help(void **state)
{
    (void)state;
    char *text = help_text(&table);
    assert_string_equal(text, "Usage: shop\n"
                              "\n"
                              "Days\n"
                              "  monday  the first\n"
                              "  friday  the fifth\n"
                              "\n"
                              "Goods\n"
                              "  -f, --fruit=NAME      what to buy [apple]\n"
                              "  --wrapped             in paper\n"
                              "\n"
                              "Papers\n"
                              "  --receipt[=FILE]      where to,\n"
                              "                        if anywhere\n"
                              "  -h, --help            print this text\n"
                              "  -V, --version         print the version\n"
                              "\n"
                              "The end.\n");
    free(text);
}

static void test_help_without_options_of_its_own(void **state)
{
    (void)state;
    char *text = help_text(&handlers_table);
    assert_non_null(strstr(text, "thrd handlers "));
    assert_non_null(strstr(text, "\n\nOptions\n  -h, --help            print this text\n"
                                 "  -V, --version         print the version\n"));
    free(text);
    text = help_text(&run_table);
    assert_non_null(strstr(text, "thrd run NAME "));
    assert_non_null(strstr(text, "\n  rot13   "));
    assert_null(strstr(text, "whoami"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_optional_values),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_two_dashes_end_the_options),
        cmocka_unit_test(test_unknown_options),
        cmocka_unit_test(test_help_and_version_end_the_walk),
        cmocka_unit_test(test_messages_are_bounded_and_harmless),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_run_needs_a_handler),
        cmocka_unit_test(test_commands_take_nothing_else),
        cmocka_unit_test(test_closed_streams_are_held),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_help_without_options_of_its_own),
    };
    return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
