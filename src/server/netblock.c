/* netblock.c - see netblock.h. */
#include "server/netblock.h"

#include <arpa/inet.h>
#include <string.h>

#include <thrdsrv/server.h>

#define MAPPED_BITS                                                                                \
    96 /* what an IPv4 address has in front of it: ::ffff:0:0/96, RFC 4291 2.5.5.2 */

static const unsigned char mapped[MAPPED_BITS / 8] = {[10] = 0xff, [11] = 0xff};

static bool is_mapped(const struct netblock_address *address)
{
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

static void set_v4(struct netblock_address *to, const struct in_addr *ip)
{
    memcpy(to->bytes, mapped, sizeof mapped);
    memcpy(to->bytes + sizeof mapped, ip, sizeof *ip);
}

static bool set_address(struct netblock_address *to, const struct address *from)
{
    if (from->family == AF_INET)
        set_v4(to, &from->of.v4);
    else if (from->family == AF_INET6)
        memcpy(to->bytes, &from->of.v6.ip, sizeof to->bytes);
    return from->family == AF_INET || from->family == AF_INET6;
}

/* Byte number i of a mask of so many bits. */
static unsigned char mask_byte(unsigned bits, unsigned i)
{
    if (bits >= 8 * (i + 1))
        return 0xff;
    return bits <= 8 * i ? 0 : (unsigned char)(0xff00 >> (bits - 8 * i));
}

static struct netblock_address masked(const struct netblock_address *address, unsigned bits)
{
    struct netblock_address result;
    for (unsigned i = 0; i < sizeof result.bytes; i++)
        result.bytes[i] = address->bytes[i] & mask_byte(bits, i);
    return result;
}

static bool same(const struct netblock_address *one, const struct netblock_address *other)
{
    return memcmp(one, other, sizeof *one) == 0;
}

static bool parse_bits(const char *text, unsigned max, unsigned *bits)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits] != '\0')
        return false;
    *bits = 0;
    for (; *text; text++)
        *bits = *bits * 10 + (unsigned)(*text - '0');
    return *bits <= max;
}

/* Both families; *v4 tells which text it was. */
static bool parse_address(const char *text, struct netblock_address *address, bool *v4)
{
    struct in_addr ip;
    *v4 = inet_pton(AF_INET, text, &ip) == 1;
    if (*v4)
        set_v4(address, &ip);
    return *v4 || inet_pton(AF_INET6, text, address->bytes) == 1;
}

const char *netblock_parse(struct netblock *block, const char *text)
{
    char host[INET6_ADDRSTRLEN];
    struct netblock_address address;
    bool v4;
    size_t length = strcspn(text, "/");
    if (length >= sizeof host)
        return "a network is ADDRESS/BITS, and names are not looked up";
    memcpy(host, text, length);
    host[length] = '\0';
    if (!parse_address(host, &address, &v4))
        return "a network is ADDRESS/BITS with a numeric IPv4 or IPv6 address, such as 10.0.0.0/8 "
               "or fd00::/8";
    block->bits = v4 ? 32 : 128;
    if (text[length] == '/' && !parse_bits(text + length + 1, block->bits, &block->bits))
        return v4 ? "behind the / stands a number of bits from 0 to 32"
                  : "behind the / stands a number of bits from 0 to 128";
    block->bits += v4 ? MAPPED_BITS : 0;
    block->v4 = v4 || (is_mapped(&address) && block->bits >= MAPPED_BITS);
    block->first = masked(&address, block->bits);
    if (!same(&block->first, &address))
        return "the address has bits set behind the first BITS, so it is no network: 10.0.0.0/8 is "
               "one, 10.0.0.1/8 is not";
    return NULL;
}

const char *thrdsrv_network_check(const char *text)
{
    struct netblock block;
    return netblock_parse(&block, text);
}

bool netblock_contains(const struct netblock *block, const struct address *address)
{
    struct netblock_address whole;
    if (!set_address(&whole, address) || is_mapped(&whole) != block->v4)
        return false;
    whole = masked(&whole, block->bits);
    return same(&whole, &block->first);
}

bool netblock_covers(const struct netblock *outer, const struct netblock *inner)
{
    if (outer->v4 != inner->v4 || outer->bits > inner->bits)
        return false;
    struct netblock_address whole = masked(&inner->first, outer->bits);
    return same(&whole, &outer->first);
}

int netblock_compare(const struct netblock *one, const struct netblock *other)
{
    if (one->v4 != other->v4)
        return one->v4 ? -1 : 1;
    int order = memcmp(&one->first, &other->first, sizeof one->first);
    if (order != 0)
        return order;
    return one->bits < other->bits ? -1 : one->bits > other->bits;
}

bool netblock_around(struct netblock *block, const struct address *address, unsigned v4_bits,
                     unsigned v6_bits)
{
    struct netblock_address whole;
    if (!set_address(&whole, address))
        return false;
    block->v4 = is_mapped(&whole);
    block->bits = block->v4 ? MAPPED_BITS + v4_bits : v6_bits;
    block->first = masked(&whole, block->bits);
    return true;
}
