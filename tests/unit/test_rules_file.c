/* The file of --rules: what is read of it, and what is said of one that is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/rules_file.h"

static const struct thrdsrv_rule others[] = {{"10.0.0.0/8", true}, {"::1", false}};

static struct rules_file file;
static struct rules_error error;

/* Puts the text into memory of its own, which the parser gets. */
static bool parse(const char *text, size_t size, size_t count)
{
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    return rules_file_parse(&file, copy, size, others, count, &error);
}

static void check_rule(size_t index, const char *network, bool allow)
{
    assert_true(index < file.count);
    assert_string_equal(file.rules[index].network, network);
    assert_int_equal(file.rules[index].allow, allow);
}

static void test_lines(void **state)
{
    (void)state;
    static const char text[] = "# who may come\n"
                               "allow 192.168.0.0/16\n"
                               "\n"
                               "  deny\t192.168.7.7   # not this one\r\n"
                               "\t \n"
                               "deny fd00::/8#neither these\n"
                               "allow ::/0";
    assert_true(parse(text, strlen(text), 0));
    assert_int_equal(file.count, 4);
    check_rule(0, "192.168.0.0/16", true);
    check_rule(1, "192.168.7.7", false);
    check_rule(2, "fd00::/8", false);
    check_rule(3, "::/0", true);
    rules_file_free(&file);
    assert_null(file.rules);
}

static void test_behind_others(void **state)
{
    (void)state;
    assert_true(parse("deny 0.0.0.0/0\n", 15, 2));
    assert_int_equal(file.count, 3);
    check_rule(0, "10.0.0.0/8", true);
    check_rule(1, "::1", false);
    check_rule(2, "0.0.0.0/0", false);
    rules_file_free(&file);
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t line;
        const char *given, *what;
    } cases[] = {
        {"", 0, "", "there is no rule in it"},
        {"\n", 0, "", "there is no rule in it"},
        {"# allow 10.0.0.0/8\n \n", 0, "", "there is no rule in it"},
        {"allow", 1, "allow", "the network is missing"},
        {"allow # 10.0.0.0/8\n", 1, "allow # 10.0.0.0/8", "the network is missing"},
        {"allow 10.0.0.0/8\n\n permit ::1\n", 3, "permit ::1", "'allow NETWORK'"},
        {"Allow ::1\n", 1, "Allow ::1", "'allow NETWORK'"},
        {"10.0.0.0/8\n", 1, "10.0.0.0/8", "'allow NETWORK'"},
        {"allowance ::1\n", 1, "allowance ::1", "'allow NETWORK'"},
        {"deny ::1 ::2\n", 1, "deny ::1 ::2", "one network"},
        {"deny 10.0.0.0/33\n", 1, "deny 10.0.0.0/33", "0 to 32"},
        {"allow ::1\ndeny 10.0.0.1/8", 2, "deny 10.0.0.1/8", "bits set behind"},
        {"deny example.org\n", 1, "deny example.org", "ADDRESS/BITS"},
        {"deny ::1\x1b[2J\n", 1, "deny ::1?[2J", "ADDRESS/BITS"},
        {"deny 1234567890123456789012345678901234567890123456789012345678901234\n", 1,
         "deny 1234567890123456789012345678901234567890123456789012345...", "ADDRESS/BITS"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (parse(cases[i].text, strlen(cases[i].text), 2))
            fail_msg("'%s' was taken", cases[i].text);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.given, cases[i].given);
        if (!strstr(error.what, cases[i].what))
            fail_msg("'%s': %s", cases[i].text, error.what);
        assert_false(error.system);
        assert_null(file.rules);
        assert_null(file.text);
    }
    assert_false(parse("allow ::1\ndeny ::2\0\n", 20, 0));
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.what, "NUL"));
}

static void test_most_rules_that_there_can_be(void **state)
{
    (void)state;
    static const char line[] = "deny ::1\n";
    size_t size = (THRDSRV_RULES_MAX - 1) * (sizeof line - 1);
    char *text = malloc(size + 1);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = line[i % (sizeof line - 1)];
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    assert_true(rules_file_parse(&file, copy, size, others, 1, &error));
    assert_int_equal(file.count, THRDSRV_RULES_MAX);
    rules_file_free(&file);
    assert_false(rules_file_parse(&file, text, size, others, 2, &error));
    assert_int_equal(error.line, THRDSRV_RULES_MAX - 1);
    assert_non_null(strstr(error.what, "1000000"));
}

static void test_read(void **state)
{
    (void)state;
    char path[] = "/tmp/thrd-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "allow ::/0\n", 11), 11);
    assert_true(rules_file_read(&file, path, others, 1, &error));
    assert_int_equal(file.count, 2);
    check_rule(1, "::/0", true);
    rules_file_free(&file);
    assert_int_equal(write(fd, "deny\n", 5), 5);
    assert_false(rules_file_read(&file, path, others, 1, &error));
    assert_int_equal(error.line, 2);
    assert_int_equal(ftruncate(fd, (off_t)RULES_FILE_MAX + 1), 0);
    assert_false(rules_file_read(&file, path, others, 1, &error));
    assert_string_equal(error.what, "it is larger than 64 MiB");
    assert_false(error.system);
    close(fd);
    assert_int_equal(unlink(path), 0);
    assert_false(rules_file_read(&file, path, others, 1, &error));
    assert_true(error.system);
    assert_string_equal(error.what, "No such file or directory");
    /* Nobody writes to it, which must not be waited for. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(rules_file_read(&file, path, others, 1, &error));
    assert_non_null(strstr(error.what, "no regular file"));
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),         cmocka_unit_test(test_behind_others),
        cmocka_unit_test(test_what_is_wrong), cmocka_unit_test(test_most_rules_that_there_can_be),
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests_name("rules_file", tests, NULL, NULL);
}
