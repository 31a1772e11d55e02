/* Networks: what is one, what is wrong with a text that is none, and who belongs to which. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/netblock.h"

static struct address address_of(const char *text)
{
    struct address address = {0};
    if (inet_pton(AF_INET, text, &address.of.v4) == 1)
        address.family = AF_INET;
    else if (inet_pton(AF_INET6, text, &address.of.v6.ip) == 1)
        address.family = AF_INET6;
    else
        fail_msg("%s is no address", text);
    return address;
}

static bool contains(const char *network, const char *text)
{
    struct netblock block;
    struct address address = address_of(text);
    assert_null(netblock_parse(&block, network));
    return netblock_contains(&block, &address);
}

static void test_first_and_last_address_are_in(void **state)
{
    (void)state;
    static const struct {
        const char *network, *before, *first, *last, *after;
    } cases[] = {
        {"10.0.0.0/8", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"192.168.4.0/22", "192.168.3.255", "192.168.4.0", "192.168.7.255", "192.168.8.0"},
        {"127.0.0.1/32", "127.0.0.0", "127.0.0.1", "127.0.0.1", "127.0.0.2"},
        {"127.0.0.1", "127.0.0.0", "127.0.0.1", "127.0.0.1", "127.0.0.2"},
        {"128.0.0.0/1", "127.255.255.255", "128.0.0.0", "255.255.255.255", "0.0.0.0"},
        {"2001:db8::/32", "2001:db7:ffff::ffff", "2001:db8::", "2001:db8:ffff::ffff", "2001:db9::"},
        {"fd00:0:0:4::/62", "fd00:0:0:3::", "fd00:0:0:4::", "fd00:0:0:7:ffff::", "fd00:0:0:8::"},
        {"::1/128", "::", "::1", "::1", "::2"},
        {"::1", "::", "::1", "::1", "::2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(contains(cases[i].network, cases[i].before));
        assert_true(contains(cases[i].network, cases[i].first));
        assert_true(contains(cases[i].network, cases[i].last));
        assert_false(contains(cases[i].network, cases[i].after));
    }
}

static void test_each_family_by_itself(void **state)
{
    (void)state;
    assert_true(contains("0.0.0.0/0", "0.0.0.0"));
    assert_true(contains("0.0.0.0/0", "255.255.255.255"));
    assert_false(contains("0.0.0.0/0", "::1"));
    assert_true(contains("::/0", "ffff::"));
    assert_false(contains("::/0", "127.0.0.1"));
    assert_false(contains("127.0.0.0/8", "7f00::"));
}

static void test_mapped_address_is_ipv4(void **state)
{
    (void)state;
    assert_true(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert_false(contains("::/0", "::ffff:10.1.2.3"));
    assert_true(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
    assert_false(contains("::ffff:10.0.0.0/104", "11.1.2.3"));
}

static void test_others_are_in_none(void **state)
{
    (void)state;
    struct netblock block;
    struct address process = {.family = AF_UNIX};
    struct address unknown = {0};
    assert_null(netblock_parse(&block, "0.0.0.0/0"));
    assert_false(netblock_contains(&block, &process));
    assert_false(netblock_contains(&block, &unknown));
    assert_false(netblock_around(&block, &process, 32, 64));
    assert_false(netblock_around(&block, &unknown, 32, 64));
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "ADDRESS/BITS"},
        {"/8", "ADDRESS/BITS"},
        {"localhost", "ADDRESS/BITS"},
        {"10.0.0/8", "ADDRESS/BITS"},
        {"10.0.0.0.0/8", "ADDRESS/BITS"},
        {"[::1]/128", "ADDRESS/BITS"},
        {"fe80::1%2/128", "ADDRESS/BITS"},
        {" 10.0.0.0/8", "ADDRESS/BITS"},
        {"1234:1234:1234:1234:1234:1234:1234:1234:1234:1234/8", "names are not looked up"},
        {"10.0.0.0/", "0 to 32"},
        {"10.0.0.0/33", "0 to 32"},
        {"10.0.0.0/-1", "0 to 32"},
        {"10.0.0.0/8 ", "0 to 32"},
        {"10.0.0.0/8/8", "0 to 32"},
        {"10.0.0.0/4294967304", "0 to 32"},
        {"10.0.0.0/255.0.0.0", "0 to 32"},
        {"::/129", "0 to 128"},
        {"::/x", "0 to 128"},
        {"10.0.0.1/8", "bits set behind"},
        {"10.0.0.1/31", "bits set behind"},
        {"127.0.0.0/0", "bits set behind"},
        {"::1/127", "bits set behind"},
        {"2001:db8::1/64", "bits set behind"},
        {"::ffff:10.0.0.0/95", "bits set behind"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct netblock block;
        const char *wrong = netblock_parse(&block, cases[i][0]);
        if (!wrong || !strstr(wrong, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], wrong ? wrong : "taken");
    }
}

/* Whether both addresses count as one with these prefixes. */
static bool one_source(const char *one, const char *other, unsigned v4_bits, unsigned v6_bits)
{
    struct netblock blocks[2];
    struct address addresses[2] = {address_of(one), address_of(other)};
    for (int i = 0; i < 2; i++) {
        assert_true(netblock_around(&blocks[i], &addresses[i], v4_bits, v6_bits));
        assert_true(netblock_contains(&blocks[i], &addresses[i]));
    }
    return memcmp(&blocks[0].first, &blocks[1].first, sizeof blocks[0].first) == 0;
}

static void test_network_around_an_address(void **state)
{
    (void)state;
    assert_true(one_source("10.0.0.1", "10.0.0.1", 32, 64));
    assert_false(one_source("10.0.0.0", "10.0.0.1", 32, 64));
    assert_true(one_source("10.0.0.0", "10.0.0.1", 31, 64));
    assert_true(one_source("10.0.0.1", "255.0.0.1", 0, 64));
    assert_true(one_source("10.0.0.1", "::ffff:10.0.0.1", 32, 0));
    assert_true(one_source("fd00::1", "fd00::ffff:ffff:ffff:ffff", 32, 64));
    assert_false(one_source("fd00::1", "fd00:0:0:1::1", 32, 64));
    assert_false(one_source("fd00::1", "fd00::2", 32, 128));
    assert_true(one_source("fd00::1", "1::", 32, 0));
    /* All of one family is not all of the other. */
    assert_false(one_source("10.0.0.1", "::1", 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_and_last_address_are_in),
        cmocka_unit_test(test_each_family_by_itself),
        cmocka_unit_test(test_mapped_address_is_ipv4),
        cmocka_unit_test(test_others_are_in_none),
        cmocka_unit_test(test_what_is_wrong),
        cmocka_unit_test(test_network_around_an_address),
    };
    return cmocka_run_group_tests_name("netblock", tests, NULL, NULL);
}
