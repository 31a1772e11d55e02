/* netblock.h - networks as text ("10.0.0.0/8"), and which addresses are of one. Sans-I/O; any
 * thread.
 *
 * An IPv4 address that comes by an IPv6 socket (::ffff:10.0.0.1) is an IPv4 address: who writes a
 * network means the peer, whatever socket it came by. */
#ifndef SERVER_NETBLOCK_H
#define SERVER_NETBLOCK_H

#include <stdbool.h>

#include "server/address.h"

/* An IPv4 address as it is mapped into IPv6, so that both families are of one kind. */
struct netblock_address {
    unsigned char bytes[16];
};

/* The addresses whose first bits are these; the others are 0 here. */
struct netblock {
    struct netblock_address first;
    unsigned bits; /* 0 … 128; of an IPv4 network 96 more than are written */
    bool v4;       /* ::/0 is all of IPv6, and nothing of IPv4 */
};

/* "ADDRESS/BITS", or "ADDRESS" for it alone. Returns NULL, or what is wrong with the text and what
 * is allowed, in static storage. */
const char *netblock_parse(struct netblock *block, const char *text);

/* Whether the address is one of the network's; never where it is neither IPv4 nor IPv6. */
bool netblock_contains(const struct netblock *block, const struct address *address);

/* Whether all addresses of the inner network are of the outer one, which may be the same. */
bool netblock_covers(const struct netblock *outer, const struct netblock *inner);

/* Less than, equal to or greater than 0: the order by family, first address and number of bits. A
 * network stands before all that it covers, and nothing that it does not cover between them. */
int netblock_compare(const struct netblock *one, const struct netblock *other);

/* The network around an address, so many bits long by its family (0 … 32, 0 … 128). False where it
 * is neither IPv4 nor IPv6. */
bool netblock_around(struct netblock *block, const struct address *address, unsigned v4_bits,
                     unsigned v6_bits);

#endif
