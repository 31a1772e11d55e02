/* proxy_header.h - what a load balancer says of its client before the client's first byte: the
 * PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt). Sans-I/O; any thread. */
#ifndef SERVER_PROXY_HEADER_H
#define SERVER_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "server/address.h"

/* The longest header that is taken. One of version 1 has 107 bytes at most; behind the addresses of
 * version 2 may stand what a balancer knows of TLS, which is some hundred bytes, but may be 64 KiB
 * by its format. */
#define PROXY_HEADER_MAX 4096

enum proxy_verdict {
    PROXY_INCOMPLETE, /* so far it is right; all of the bytes are the header's */
    PROXY_COMPLETE,
    PROXY_MALFORMED, /* and no further byte can mend it */
};

struct proxy_header {
    size_t length; /* bytes of it; behind them the client speaks */
    /* Whether it names IPv4 or IPv6 addresses. If not, those of the connection itself are meant:
     * the balancer connects for itself (LOCAL), or knows none (UNKNOWN, UNSPEC, a Unix socket). */
    bool has_addresses;
    struct address client;
    struct address destination; /* the address that the client connected to */
};

/* *header is set where the verdict is PROXY_COMPLETE. */
enum proxy_verdict proxy_header_parse(const unsigned char *bytes, size_t size,
                                      struct proxy_header *header);

#endif
