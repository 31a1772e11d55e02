/* Who may connect: which of several networks decides, what holds for addresses of none, and that
 * sorting and searching find what a look at every rule does. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <thrdsrv/error.h>

#include "random.h"
#include "server/netblock.h"
#include "server/rules.h"

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

#define ALLOW(text)                                                                                \
    {                                                                                              \
        text, true                                                                                 \
    }
#define DENY(text)                                                                                 \
    {                                                                                              \
        text, false                                                                                \
    }

/* Rules, and addresses that they let in or do not; each list ends with a NULL. */
struct example {
    struct thrdsrv_rule rules[8];
    const char *in[8];
    const char *out[8];
};

static struct rules *rules_of(const struct thrdsrv_rule *given, size_t count)
{
    struct rules *rules;
    const char *why;
    size_t wrong;
    assert_int_equal(rules_create(&rules, given, count, &wrong, &why), 0);
    return rules;
}

/* In the order in which they are given, and in the opposite one. */
static void check(const struct example *example)
{
    struct thrdsrv_rule turned[8];
    size_t count = 0;
    while (example->rules[count].network)
        count++;
    for (size_t i = 0; i < count; i++)
        turned[i] = example->rules[count - 1 - i];
    for (int turn = 0; turn < 2; turn++) {
        struct rules *rules = rules_of(turn ? turned : example->rules, count);
        for (size_t i = 0; example->in[i]; i++) {
            struct address address = address_of(example->in[i]);
            if (!rules_allow(rules, &address))
                fail_msg("%s is not let in", example->in[i]);
        }
        for (size_t i = 0; example->out[i]; i++) {
            struct address address = address_of(example->out[i]);
            if (rules_allow(rules, &address))
                fail_msg("%s is let in", example->out[i]);
        }
        rules_destroy(rules);
    }
}

static void test_smallest_network_decides(void **state)
{
    (void)state;
    check(&(struct example){
        {ALLOW("10.0.0.0/8"), DENY("10.1.0.0/16"), ALLOW("10.1.2.0/24"), DENY("10.1.2.3")},
        {"10.0.0.0", "10.0.255.255", "10.2.0.0", "10.255.255.255", "10.1.2.0", "10.1.2.255"},
        {"10.1.0.0", "10.1.1.255", "10.1.3.0", "10.1.255.255", "10.1.2.3", "11.0.0.0"}});
    check(&(struct example){{DENY("fd00::/8"), ALLOW("fd00:0:0:4::/62"), DENY("fd00:0:0:5::1")},
                            {"fd00:0:0:4::", "fd00:0:0:7:ffff::", "fd00:0:0:5::2"},
                            {"fd00::", "fd00:0:0:3::", "fd00:0:0:8::", "fd00:0:0:5::1"}});
}

/* An address behind the last network that begins before it, but of one around that. */
static void test_search_goes_outwards(void **state)
{
    (void)state;
    check(&(struct example){
        {ALLOW("0.0.0.0/0"), DENY("10.0.0.0/8"), ALLOW("10.0.0.0/16"), DENY("10.0.0.0/24"),
         ALLOW("10.0.0.0")},
        {"10.0.0.0", "10.0.1.0", "11.0.0.0", "9.255.255.255", "0.0.0.0", "255.255.255.255"},
        {"10.0.0.1", "10.0.0.255", "10.1.0.0", "10.255.255.255"}});
}

static void test_others_by_what_there_is(void **state)
{
    (void)state;
    check(&(struct example){{DENY("10.0.0.0/8")}, {"11.0.0.0", "::1"}, {"10.0.0.1"}});
    check(&(struct example){{ALLOW("10.0.0.0/8")}, {"10.0.0.1"}, {"11.0.0.0", "::1", "9.0.0.0"}});
    check(&(struct example){{ALLOW("10.0.0.0/8"), DENY("::1")}, {"10.0.0.1"}, {"::1", "::2"}});
    check(&(struct example){{ALLOW("0.0.0.0/0"), ALLOW("::/0"), DENY("::1")},
                            {"127.0.0.1", "::2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
                            {"::1"}});
}

static void test_denied_wins_over_the_same_allowed(void **state)
{
    (void)state;
    check(&(struct example){{ALLOW("10.0.0.0/8"), DENY("10.0.0.0/8"), ALLOW("10.0.0.0/8")},
                            {NULL},
                            {"10.0.0.1", "11.0.0.0"}});
    check(&(struct example){
        {ALLOW("127.0.0.1"), ALLOW("127.0.0.1/32")}, {"127.0.0.1"}, {"127.0.0.2"}});
}

static void test_families_are_apart(void **state)
{
    (void)state;
    check(&(struct example){{ALLOW("::/0")}, {"::1", "fd00::"}, {"127.0.0.1", "::ffff:127.0.0.1"}});
    check(&(struct example){
        {ALLOW("0.0.0.0/0")}, {"127.0.0.1", "::ffff:127.0.0.1"}, {"::1", "::fffe:7f00:1"}});
    check(&(struct example){{DENY("10.0.0.0/8")}, {"::ffff:11.0.0.1"}, {"::ffff:10.0.0.1"}});
    check(&(struct example){{DENY("::ffff:10.0.0.0/104")}, {"11.0.0.1"}, {"10.0.0.1"}});
}

static void test_peers_without_an_address(void **state)
{
    (void)state;
    static const struct thrdsrv_rule deny = {"10.0.0.0/8", false};
    static const struct thrdsrv_rule allow = {"10.0.0.0/8", true};
    struct address process = {.family = AF_UNIX};
    struct address unknown = {0};
    struct rules *denying = rules_of(&deny, 1);
    struct rules *allowing = rules_of(&allow, 1);
    assert_true(rules_allow(NULL, &process));
    assert_true(rules_allow(denying, &process));
    assert_true(rules_allow(allowing, &process));
    assert_true(rules_allow(NULL, &unknown));
    assert_true(rules_allow(denying, &unknown));
    assert_false(rules_allow(allowing, &unknown));
    rules_destroy(denying);
    rules_destroy(allowing);
    assert_null(rules_of(NULL, 0));
    rules_destroy(NULL);
}

static void test_wrong_rule_is_named(void **state)
{
    (void)state;
    struct thrdsrv_rule given[3] = {ALLOW("10.0.0.0/8"), ALLOW("::1"), DENY("10.0.0.1/8")};
    struct rules *rules = (struct rules *)&given; /* is overwritten */
    const char *why = NULL;
    size_t wrong = 99;
    assert_int_equal(rules_create(&rules, given, 3, &wrong, &why), THRDSRV_E_INVALID);
    assert_null(rules);
    assert_int_equal(wrong, 2);
    assert_non_null(strstr(why, "bits set behind"));
    given[1].network = NULL;
    assert_int_equal(rules_create(&rules, given, 3, &wrong, &why), THRDSRV_E_INVALID);
    assert_int_equal(wrong, 1);
    assert_non_null(strstr(why, "missing"));
}

/* ---- Against a look at every rule -------------------------------------------------------- */

enum { RANDOM_RULES = 300, ROUNDS = 40, ADDRESSES = 2000 };

/* Few different bits, so that networks lie in each other often. */
static struct address random_address(struct random_source *random)
{
    struct address address = {.family = random_below(random, 2) ? AF_INET : AF_INET6};
    unsigned char bytes[16] = {0};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(random_below(random, 3) << 6 | random_below(random, 2));
    if (random_below(random, 4) == 0) {
        memset(bytes, 0, 10);
        bytes[10] = bytes[11] = 0xff;
    }
    memcpy(&address.of, bytes, address.family == AF_INET ? 4 : 16);
    return address;
}

static bool model(const struct netblock *blocks, const bool *allow, size_t count,
                  const struct address *address)
{
    bool any = false;
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        any |= allow[i];
        if (!netblock_contains(&blocks[i], address))
            continue;
        if (best == count || blocks[i].bits > blocks[best].bits ||
            (blocks[i].bits == blocks[best].bits && !allow[i]))
            best = i;
    }
    return best < count ? allow[best] : !any;
}

static void test_finds_what_a_look_at_all_does(void **state)
{
    (void)state;
    static char texts[RANDOM_RULES][64];
    struct thrdsrv_rule given[RANDOM_RULES];
    struct netblock blocks[RANDOM_RULES];
    bool allow[RANDOM_RULES];
    struct random_source random = random_source_init("rules");
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < RANDOM_RULES; i++) {
            char text[INET6_ADDRSTRLEN];
            struct address address = random_address(&random);
            struct netblock *block = &blocks[i];
            netblock_around(block, &address, (unsigned)random_below(&random, 33),
                            (unsigned)random_below(&random, 129));
            inet_ntop(AF_INET6, block->first.bytes, text, sizeof text);
            snprintf(texts[i], sizeof texts[i], "%s/%u", text, block->bits);
            assert_null(netblock_parse(block, texts[i]));
            allow[i] = random_below(&random, 2);
            given[i] = (struct thrdsrv_rule){texts[i], allow[i]};
        }
        struct rules *rules = rules_of(given, RANDOM_RULES);
        for (size_t i = 0; i < ADDRESSES; i++) {
            struct address address = random_address(&random);
            assert_int_equal(rules_allow(rules, &address),
                             model(blocks, allow, RANDOM_RULES, &address));
        }
        rules_destroy(rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smallest_network_decides),
        cmocka_unit_test(test_search_goes_outwards),
        cmocka_unit_test(test_others_by_what_there_is),
        cmocka_unit_test(test_denied_wins_over_the_same_allowed),
        cmocka_unit_test(test_families_are_apart),
        cmocka_unit_test(test_peers_without_an_address),
        cmocka_unit_test(test_wrong_rule_is_named),
        cmocka_unit_test(test_finds_what_a_look_at_all_does),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
