/* PROXY headers: what valid ones say, every beginning of them, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard_buffer.h"
#include "server/proxy_header.h"

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define V4_ENDS                                                                                    \
    "\xc0\x00\x02\x07"                                                                             \
    "\x0a\x00\x00\x01"                                                                             \
    "\x04\xd2"                                                                                     \
    "\x00\x50"
#define V6_ENDS                                                                                    \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"                                                   \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                                                   \
    "\x04\xd2"                                                                                     \
    "\x00\x50"
#define UNIX_ENDS_SIZE 216

struct text {
    const char *bytes;
    size_t size;
};
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

/* Looks at it where nothing may be read behind its last byte. */
static enum proxy_verdict parse(const void *bytes, size_t size, struct proxy_header *header)
{
    struct guard_buffer buffer;
    guard_buffer_init(&buffer, size + 1);
    unsigned char *copy = guard_buffer_tail(&buffer, size);
    memcpy(copy, bytes, size);
    enum proxy_verdict verdict = proxy_header_parse(copy, size, header);
    guard_buffer_fini(&buffer);
    return verdict;
}

static const struct {
    struct text text;
    const char *client; /* NULL: those of the connection itself */
    const char *destination;
} valid[] = {
    {TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234 80\r\n"), "192.0.2.7:1234", "10.0.0.1:80"},
    {TEXT("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), "0.0.0.0:0", "255.255.255.255:65535"},
    {TEXT("PROXY TCP6 2001:db8::7 ::1 1234 80\r\n"), "[2001:db8::7]:1234", "[::1]:80"},
    {TEXT("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {TEXT("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:10.0.0.1 1234 80\r\n"), "[::ffff:192.0.2.7]:1234",
     "[::ffff:10.0.0.1]:80"},
    {TEXT("PROXY UNKNOWN\r\n"), NULL, NULL},
    {TEXT("PROXY UNKNOWN whatever \0\xff 1 2  3\r\n"), NULL, NULL},
    {TEXT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
     NULL, NULL}, /* the longest: 107 bytes */
    {TEXT(V2 "\x21\x11\x00\x0c" V4_ENDS), "192.0.2.7:1234", "10.0.0.1:80"},
    {TEXT(V2 "\x21\x21\x00\x24" V6_ENDS), "[2001:db8::7]:1234", "[2001:db8::1]:80"},
    /* values: NOOP, an empty one, a name, a checksum that is not compared */
    {TEXT(V2 "\x21\x11\x00\x21" V4_ENDS "\x04\x00\x02\0\0"
             "\xee\x00\x00"
             "\x02\x00\x03"
             "a.b"
             "\x03\x00\x04"
             "\1\2\3\4"),
     "192.0.2.7:1234", "10.0.0.1:80"},
    {TEXT(V2 "\x20\x00\x00\x00"), NULL, NULL},
    {TEXT(V2 "\x20\x11\x00\x0c" V4_ENDS), NULL, NULL},
    {TEXT(V2 "\x20\x12\x00\x01"
             "x"),
     NULL, NULL}, /* of LOCAL all else is ignored */
    {TEXT(V2 "\x20\xff\x00\x03"
             "\4\xff\xff"),
     NULL, NULL},
    {TEXT(V2 "\x21\x00\x00\x00"), NULL, NULL},
    {TEXT(V2 "\x21\x00\x00\x02"
             "xy"),
     NULL, NULL},
};
enum { VALID = sizeof valid / sizeof *valid };

static void expect_end(const struct address *address, const char *expected)
{
    char text[ADDRESS_TEXT_SIZE];
    address_format(address, text);
    assert_string_equal(text, expected);
}

static void test_what_valid_ones_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < VALID; i++) {
        struct proxy_header header;
        if (parse(valid[i].text.bytes, valid[i].text.size, &header) != PROXY_COMPLETE)
            fail_msg("number %zu is refused", i);
        assert_int_equal(header.length, valid[i].text.size);
        assert_int_equal(header.has_addresses, valid[i].client != NULL);
        if (valid[i].client) {
            expect_end(&header.client, valid[i].client);
            expect_end(&header.destination, valid[i].destination);
        }
    }
}

static void test_every_beginning_is_incomplete(void **state)
{
    (void)state;
    struct proxy_header header;
    for (size_t i = 0; i < VALID; i++)
        for (size_t size = 0; size < valid[i].text.size; size++)
            if (parse(valid[i].text.bytes, size, &header) != PROXY_INCOMPLETE)
                fail_msg("the first %zu bytes of number %zu", size, i);
}

/* Whatever the client says behind it, it is not the header's. */
static void test_what_follows_is_the_clients(void **state)
{
    (void)state;
    static const struct text behind[] = {TEXT("\n"), TEXT("\r\n"), TEXT("\0"),
                                         TEXT("PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n"), TEXT(V2)};
    char all[256];
    for (size_t i = 0; i < VALID; i++) {
        for (size_t j = 0; j < sizeof behind / sizeof *behind; j++) {
            struct proxy_header header;
            memcpy(all, valid[i].text.bytes, valid[i].text.size);
            memcpy(all + valid[i].text.size, behind[j].bytes, behind[j].size);
            assert_int_equal(parse(all, valid[i].text.size + behind[j].size, &header),
                             PROXY_COMPLETE);
            assert_int_equal(header.length, valid[i].text.size);
        }
    }
}

/* A client of a Unix socket has no address of its own; the paths are skipped. */
static void test_unix_addresses_are_skipped(void **state)
{
    (void)state;
    unsigned char bytes[16 + UNIX_ENDS_SIZE] = V2 "\x21\x31\x00\xd8";
    struct proxy_header header;
    memset(bytes + 16, '/', UNIX_ENDS_SIZE);
    assert_int_equal(parse(bytes, sizeof bytes - 1, &header), PROXY_INCOMPLETE);
    assert_int_equal(parse(bytes, sizeof bytes, &header), PROXY_COMPLETE);
    assert_int_equal(header.length, sizeof bytes);
    assert_false(header.has_addresses);
    bytes[15]--;
    assert_int_equal(parse(bytes, sizeof bytes, &header), PROXY_MALFORMED);
}

static void test_longest(void **state)
{
    (void)state;
    static unsigned char bytes[PROXY_HEADER_MAX] = V2 "\x20\x00";
    struct proxy_header header;
    bytes[14] = (PROXY_HEADER_MAX - 16) >> 8;
    bytes[15] = (PROXY_HEADER_MAX - 16) & 0xff;
    assert_int_equal(parse(bytes, sizeof bytes - 1, &header), PROXY_INCOMPLETE);
    assert_int_equal(parse(bytes, sizeof bytes, &header), PROXY_COMPLETE);
    assert_int_equal(header.length, PROXY_HEADER_MAX);
    bytes[15]++;
    assert_int_equal(parse(bytes, 16, &header), PROXY_MALFORMED);
    bytes[14] = bytes[15] = 0xff;
    assert_int_equal(parse(bytes, 16, &header), PROXY_MALFORMED);
}

static void test_malformed(void **state)
{
    (void)state;
    static const struct text cases[] = {
        TEXT("G"),
        TEXT("\n"),
        TEXT("\0"),
        TEXT("proxy TCP4 192.0.2.7 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY\r\n"),
        TEXT("PROXY \r\n"),
        TEXT("PROXY \n"),
        TEXT("PROXY  TCP4 192.0.2.7 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP 192.0.2.7 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY UDP4 192.0.2.7 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY unknown\r\n"),
        TEXT("PROXY UNKNOWNS\r\n"),
        TEXT("PROXY TCP4\r\n"),
        TEXT("PROXY TCP4 192.0.2.7\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234 \r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234 80 \r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234 80 81\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234 80\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234\n80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234 80\r\r\n"),
        TEXT("PROXY TCP4 192.0.2.7\t10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP4 192.0.2 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.256 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7\0 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234\0 80\r\n"),
        TEXT("PROXY TCP4\0 192.0.2.7 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP4 2001:db8::7 2001:db8::1 1234 80\r\n"),
        TEXT("PROXY TCP4 localhost 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP6 192.0.2.7 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP6 2001:db8::7 10.0.0.1 1234 80\r\n"),
        TEXT("PROXY TCP6 [2001:db8::7] [::1] 1234 80\r\n"),
        TEXT("PROXY TCP6 fe80::1%1 ::1 1234 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 65536 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234 99999\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 1234 4294967376\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 -1 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 +1 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 01234 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 00 80\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 12x4 80\r\n"),
        TEXT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
             "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535 \r\n"), /* 108 bytes */
        TEXT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
             "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 6553599"), /* 107, and no end */
        TEXT("\r\n\r\n\0\r\nQUIT\r"),
        TEXT("\r\n\r\n\r"),
        TEXT("\r\nGET"),
        TEXT(V2 "\x11"), /* version 1 */
        TEXT(V2 "\x31"),
        TEXT(V2 "\x22"),     /* no such command */
        TEXT(V2 "\x21\x12"), /* a datagram */
        TEXT(V2 "\x21\x22"),
        TEXT(V2 "\x21\x32"),
        TEXT(V2 "\x21\x10"),
        TEXT(V2 "\x21\x01"),
        TEXT(V2 "\x21\x41"),
        TEXT(V2 "\x21\x11\x00\x0b" V4_ENDS), /* no room for the addresses */
        TEXT(V2 "\x21\x11\x00\x00"),
        TEXT(V2 "\x21\x21\x00\x0c" V4_ENDS),
        TEXT(V2 "\x21\x11\x00\x0d" V4_ENDS "\x04"), /* values that do not end where it ends */
        TEXT(V2 "\x21\x11\x00\x0e" V4_ENDS "\x04\x00"),
        TEXT(V2 "\x21\x11\x00\x0f" V4_ENDS "\x04\x00\x01"),
        TEXT(V2 "\x21\x11\x00\x12" V4_ENDS "\x04\x01\x00"
                "abc"),
        TEXT(V2 "\x21\x11\x00\x13" V4_ENDS "\x04\x00\x03"
                "abc"
                "\x04"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proxy_header header;
        if (parse(cases[i].bytes, cases[i].size, &header) != PROXY_MALFORMED)
            fail_msg("number %zu is taken: %s", i, cases[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_valid_ones_say),
        cmocka_unit_test(test_every_beginning_is_incomplete),
        cmocka_unit_test(test_what_follows_is_the_clients),
        cmocka_unit_test(test_unix_addresses_are_skipped),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests_name("proxy_header", tests, NULL, NULL);
}
