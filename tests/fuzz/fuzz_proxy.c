/* fuzz_proxy.c - PROXY headers: what is said of a text must agree with what is said of each of its
 * beginnings, and with a header that is written anew from what was read.
 *
 * The input is what comes on the connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/proxy_header.h"

static bool is_same(const struct address *one, const struct address *other)
{
    size_t size = one->family == AF_INET ? sizeof one->of.v4 : sizeof one->of.v6.ip;
    return one->family == other->family && one->port == other->port &&
           memcmp(&one->of, &other->of, size) == 0;
}

/* As another balancer would say it, in version 1. */
static void check_again(const struct proxy_header *header)
{
    char text[128], client[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];
    struct proxy_header again;
    address_format_ip(&header->client, client);
    address_format_ip(&header->destination, destination);
    int length = snprintf(text, sizeof text, "PROXY %s %s %s %d %d\r\n",
                          header->client.family == AF_INET ? "TCP4" : "TCP6", client, destination,
                          ntohs(header->client.port), ntohs(header->destination.port));
    FUZZ_CHECK(length > 0 && length <= 107);
    FUZZ_CHECK(proxy_header_parse((unsigned char *)text, (size_t)length, &again) == PROXY_COMPLETE);
    FUZZ_CHECK(again.length == (size_t)length && again.has_addresses);
    FUZZ_CHECK(is_same(&header->client, &again.client));
    FUZZ_CHECK(is_same(&header->destination, &again.destination));
}

static void check_complete(const struct proxy_header *header, size_t size)
{
    FUZZ_CHECK(header->length <= size && header->length <= PROXY_HEADER_MAX);
    FUZZ_CHECK(header->length >= sizeof "PROXY UNKNOWN\r\n" - 1);
    if (!header->has_addresses)
        return;
    FUZZ_CHECK(header->client.family == header->destination.family);
    FUZZ_CHECK(header->client.family == AF_INET || header->client.family == AF_INET6);
    check_again(header);
}

/* A copy that ends where it ends, for the sanitizer to see a look behind it. */
static enum proxy_verdict parse(const uint8_t *data, size_t size, struct proxy_header *header)
{
    unsigned char *copy = calloc(1, size + (size == 0));
    FUZZ_CHECK(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    enum proxy_verdict verdict = proxy_header_parse(copy, size, header);
    free(copy);
    return verdict;
}

/* Incomplete up to some byte, and from there on all the same: so it does not matter how the bytes
 * come. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header header;
    struct proxy_header whole;
    size_t most = size < 512 ? size : 512; /* of its beginnings are looked at */
    size_t begin = 0;
    enum proxy_verdict verdict = parse(data, size, &whole);
    while (begin < most && parse(data, begin, &header) == PROXY_INCOMPLETE)
        begin++;
    for (; begin < most; begin++) {
        FUZZ_CHECK(parse(data, begin, &header) == verdict);
        if (verdict == PROXY_COMPLETE)
            FUZZ_CHECK(header.length == whole.length && header.length <= begin);
    }
    if (verdict == PROXY_COMPLETE) {
        check_complete(&whole, size);
        FUZZ_CHECK(parse(data, whole.length - 1, &header) == PROXY_INCOMPLETE);
    }
    FUZZ_CHECK(verdict != PROXY_INCOMPLETE || size < PROXY_HEADER_MAX);
    return 0;
}
