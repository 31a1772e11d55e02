/* fuzz_netblock.c - networks as text, and who is of one, against a reader that takes the text apart
 * at its "/" and looks at one bit after the other. Which error is named may differ; whether there
 * is one may not.
 *
 * The input: an address of 16 bytes, whether it came by an IPv4 socket, two lengths of prefixes;
 * then the text. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/netblock.h"

/* 128 bits for both families, IPv4 as it is mapped into IPv6, and of them the first so many. */
struct network {
    unsigned char bytes[16];
    unsigned bits;
};

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool bit(const unsigned char *bytes, unsigned index)
{
    return bytes[index / 8] >> (7 - index % 8) & 1;
}

static bool is_v4(const unsigned char *bytes)
{
    return memcmp(bytes, mapped, sizeof mapped) == 0;
}

static bool read_bits(const char *text, unsigned max, unsigned *bits)
{
    if (*text == '\0' || strlen(text) > 3 || strspn(text, "0123456789") != strlen(text))
        return false;
    *bits = (unsigned)strtoul(text, NULL, 10);
    return *bits <= max;
}

/* Takes text apart. */
static bool model(char *text, struct network *network)
{
    struct in_addr v4;
    char *slash = strchr(text, '/');
    unsigned before = 0;
    if (slash)
        *slash = '\0';
    if (inet_pton(AF_INET, text, &v4) == 1) {
        before = 96;
        memcpy(network->bytes, mapped, sizeof mapped);
        memcpy(network->bytes + sizeof mapped, &v4, sizeof v4);
    } else if (inet_pton(AF_INET6, text, network->bytes) != 1) {
        return false;
    }
    network->bits = 128 - before;
    if (slash && !read_bits(slash + 1, network->bits, &network->bits))
        return false;
    network->bits += before;
    for (unsigned i = network->bits; i < 128; i++)
        if (bit(network->bytes, i))
            return false;
    return true;
}

/* A network of IPv6 has no address of IPv4, however short it is. */
static bool has(const struct network *network, const unsigned char *address)
{
    bool of_v4 = is_v4(network->bytes) && network->bits >= 96;
    for (unsigned i = 0; i < network->bits; i++)
        if (bit(network->bytes, i) != bit(address, i))
            return false;
    return of_v4 == is_v4(address);
}

static void check_around(const struct address *address, const unsigned char *bytes,
                         unsigned v4_bits, unsigned v6_bits)
{
    struct netblock block;
    struct network expected = {.bits = is_v4(bytes) ? 96 + v4_bits : v6_bits};
    FUZZ_CHECK(netblock_around(&block, address, v4_bits, v6_bits));
    FUZZ_CHECK(netblock_contains(&block, address));
    for (unsigned i = 0; i < expected.bits; i++)
        expected.bytes[i / 8] |= (unsigned char)(bit(bytes, i) << (7 - i % 8));
    FUZZ_CHECK(memcmp(block.first.bytes, expected.bytes, sizeof expected.bytes) == 0);
}

static void check_text(const char *text, const struct address *address, const unsigned char *bytes)
{
    struct network expected;
    struct netblock block;
    char *copy = strdup(text);
    FUZZ_CHECK(copy != NULL);
    bool is_right = model(copy, &expected);
    free(copy);
    const char *wrong = netblock_parse(&block, text);
    FUZZ_CHECK(is_right == !wrong);
    if (is_right)
        FUZZ_CHECK(netblock_contains(&block, address) == has(&expected, bytes));
    else
        FUZZ_CHECK(strlen(wrong) > 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct address address = {.family = AF_INET6};
    unsigned char bytes[16];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = fuzz_byte(&input);
    memcpy(&address.of.v6.ip, bytes, sizeof bytes);
    if (fuzz_byte(&input) % 2) {
        memcpy(bytes, mapped, sizeof mapped);
        address.family = AF_INET;
        memcpy(&address.of.v4, bytes + sizeof mapped, sizeof address.of.v4);
    }
    unsigned v4_bits = fuzz_byte(&input) % 33;
    check_around(&address, bytes, v4_bits, fuzz_byte(&input) % 129);
    check_text(fuzz_text(&input, 0), &address, bytes);
    return 0;
}
