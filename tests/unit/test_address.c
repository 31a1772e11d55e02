/* Listen texts: every form that is allowed, every way to get one wrong, and addresses as text. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/address.h"

/* All addresses of a spec as "A A". */
static const char *texts_of(const struct listen_spec *spec)
{
    static char texts[2 * ADDRESS_TEXT_SIZE + 2];
    texts[0] = '\0';
    for (unsigned i = 0; i < spec->count; i++) {
        struct address address;
        char text[ADDRESS_TEXT_SIZE];
        address_from_sockaddr(&address, (const struct sockaddr *)&spec->addresses[i]);
        address_format(&address, text);
        strcat(strcat(texts, i ? " " : ""), text);
    }
    return texts;
}

static void test_tcp_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *addresses;
    } cases[] = {
        {"127.0.0.1:43211", "127.0.0.1:43211"},
        {"192.0.2.7:0", "192.0.2.7:0"},
        {"0.0.0.0:65535", "0.0.0.0:65535"},
        {"localhost:80", "127.0.0.1:80 [::1]:80"},
        {":80", "0.0.0.0:80 [::]:80"},
        {"*:80", "0.0.0.0:80 [::]:80"},
        {"[::1]:80", "[::1]:80"},
        {"[2001:db8::17]:80", "[2001:db8::17]:80"},
        {"[fe80::1%3]:80", "[fe80::1%3]:80"},
        {"[::ffff:192.0.2.1]:80", "[::ffff:192.0.2.1]:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct listen_spec spec;
        assert_null(listen_spec_parse(&spec, cases[i].text));
        assert_string_equal(texts_of(&spec), cases[i].addresses);
        assert_string_equal(spec.path, "");
    }
}

static void test_port_zero_is_the_same_for_both_families(void **state)
{
    (void)state;
    struct listen_spec spec;
    assert_null(listen_spec_parse(&spec, "localhost:0"));
    assert_true(spec.same_port);
    assert_null(listen_spec_parse(&spec, "localhost:1"));
    assert_false(spec.same_port);
    assert_null(listen_spec_parse(&spec, "127.0.0.1:0"));
    assert_false(spec.same_port);
}

static void test_unix_sockets(void **state)
{
    (void)state;
    struct listen_spec spec;
    assert_null(listen_spec_parse(&spec, "unix:/run/x.sock"));
    assert_string_equal(spec.path, "/run/x.sock");
    assert_true(spec.mode == (mode_t)-1);
    assert_string_equal(spec.owner, "");
    assert_int_equal(spec.addresses[0].ss_family, AF_UNIX);

    assert_null(listen_spec_parse(&spec, "unix:a,mode=0660,owner=www:adm"));
    assert_string_equal(spec.path, "a");
    assert_int_equal(spec.mode, 0660);
    assert_string_equal(spec.owner, "www:adm");

    char text[5 + 108 + 1] = "unix:";
    memset(text + 5, 'p', 107);
    assert_null(listen_spec_parse(&spec, text));
    assert_int_equal(strlen(spec.path), 107);
    text[5 + 107] = 'p';
    assert_non_null(listen_spec_parse(&spec, text));
}

static void test_wrong_texts_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "80",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:99999",
        "127.0.0.1:123456",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1: 1",
        "127.0.0.1:1x",
        "127.0.0.1:http",
        "127.0.0.256:80",
        "127.1:80",
        "example.org:80",
        "localhost",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1]:",
        "[::1:80",
        "[]:80",
        "[::g]:80",
        "[127.0.0.1]:80",
        "[fe80::1%eth0]:80",
        "[fe80::1%]:80",
        "[fe80::1%+3]:80",
        "[fe80::1% 3]:80",
        "[fe80::1%-18446744073709551613]:80",
        "[fe80::1%4294967296]:80",
        "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff]:80",
        "unix:",
        "unix:,mode=0660",
        "unix:/x,",
        "unix:/x,mode=",
        "unix:/x,mode=8",
        "unix:/x,mode=1777",
        "unix:/x,mode=06600",
        "unix:/x,mode=0660x",
        "unix:/x,owner=",
        "unix:/x,group=adm",
        "unix:/x,owner=0123456789012345678901234567890123456789012345678901234567890123",
        "0123456789012345678901234567890123456789012345678901234567890123456789:80",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct listen_spec spec;
        if (!listen_spec_parse(&spec, wrong[i]))
            fail_msg("'%s' was accepted", wrong[i]);
    }
}

static void test_peer_texts(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_SIZE];
    struct address address = {.family = AF_UNIX};
    address.of.process.pid = 17;
    address.of.process.uid = 1000;
    address_format(&address, text);
    assert_string_equal(text, "unix:pid=17,uid=1000");
    address = (struct address){0};
    address_format(&address, text);
    assert_string_equal(text, "unknown");
    struct sockaddr other = {.sa_family = AF_PACKET};
    address_from_sockaddr(&address, &other);
    assert_int_equal(address.family, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_addresses),
        cmocka_unit_test(test_port_zero_is_the_same_for_both_families),
        cmocka_unit_test(test_unix_sockets),
        cmocka_unit_test(test_wrong_texts_are_refused_with_a_reason),
        cmocka_unit_test(test_peer_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
