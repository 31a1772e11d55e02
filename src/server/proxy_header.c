/* proxy_header.c - see proxy_header.h. Strict, because a header is written by a program: what is
 * not as the specification has it comes from somebody else, or is the client's own first line. */
#include "server/proxy_header.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

/* ---- Version 1: a line of text --------------------------------------------------------------- */

#define V1_MAX 107 /* with CRLF */

static const unsigned char v1_begin[] = {'P', 'R', 'O', 'X', 'Y', ' '};

/* A line that is read word by word; words are separated by one space each. */
struct words {
    const char *next; /* NULL: none is left */
    const char *end;
};

/* Copies the next word. False where there is none, or one that does not fit. */
static bool next_word(struct words *words, char *word, size_t size)
{
    if (!words->next)
        return false;
    const char *space = memchr(words->next, ' ', (size_t)(words->end - words->next));
    const char *end = space ? space : words->end;
    size_t length = (size_t)(end - words->next);
    if (length >= size || memchr(words->next, '\0', length))
        return false;
    memcpy(word, words->next, length);
    word[length] = '\0';
    words->next = space ? space + 1 : NULL;
    return true;
}

static bool next_ip(struct words *words, int family, struct address *address)
{
    char word[INET6_ADDRSTRLEN];
    memset(address, 0, sizeof *address);
    address->family = (sa_family_t)family;
    return next_word(words, word, sizeof word) && inet_pton(family, word, &address->of) == 1;
}

/* Without leading zeros, which others take for octal numbers. */
static bool next_port(struct words *words, struct address *address)
{
    char word[sizeof "65535"];
    unsigned port = 0;
    if (!next_word(words, word, sizeof word))
        return false;
    size_t digits = strspn(word, "0123456789");
    if (digits == 0 || word[digits] != '\0' || (word[0] == '0' && digits > 1))
        return false;
    for (const char *digit = word; *digit; digit++)
        port = port * 10 + (unsigned)(*digit - '0');
    address->port = htons((uint16_t)port);
    return port <= 65535;
}

/* What stands behind "PROXY " and before CRLF. */
static bool parse_line(struct words *words, struct proxy_header *header)
{
    char protocol[sizeof "UNKNOWN"];
    if (!next_word(words, protocol, sizeof protocol))
        return false;
    if (strcmp(protocol, "UNKNOWN") == 0)
        return true; /* what else the line says is to be ignored */
    int family = strcmp(protocol, "TCP4") == 0   ? AF_INET
                 : strcmp(protocol, "TCP6") == 0 ? AF_INET6
                                                 : AF_UNSPEC;
    header->has_addresses = true;
    return family != AF_UNSPEC && next_ip(words, family, &header->client) &&
           next_ip(words, family, &header->destination) && next_port(words, &header->client) &&
           next_port(words, &header->destination) && !words->next;
}

static enum proxy_verdict parse_v1(const unsigned char *bytes, size_t size,
                                   struct proxy_header *header)
{
    size_t begin = size < sizeof v1_begin ? size : sizeof v1_begin;
    if (memcmp(bytes, v1_begin, begin) != 0)
        return PROXY_MALFORMED;
    const unsigned char *end = memchr(bytes, '\n', size < V1_MAX ? size : V1_MAX);
    if (!end)
        return size < V1_MAX ? PROXY_INCOMPLETE : PROXY_MALFORMED;
    header->length = (size_t)(end - bytes) + 1;
    if (header->length < sizeof v1_begin + 2 || end[-1] != '\r')
        return PROXY_MALFORMED;
    struct words words = {(const char *)bytes + sizeof v1_begin, (const char *)end - 1};
    return parse_line(&words, header) ? PROXY_COMPLETE : PROXY_MALFORMED;
}

/* ---- Version 2: bytes ------------------------------------------------------------------------ */

/* The fixed part: the signature, version and command, family and protocol, how many bytes follow.
 */
#define V2_FIXED 16

enum { V2_LOCAL = 0x20, V2_PROXY = 0x21 };
enum { V2_UNSPEC = 0x00, V2_TCP4 = 0x11, V2_TCP6 = 0x21, V2_UNIX = 0x31 };

/* No text, no line, and no valid beginning of what servers are usually told. */
static const unsigned char v2_signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static size_t read_u16(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

/* Bytes of both addresses and ports. */
static size_t address_size(unsigned char family)
{
    return family == V2_TCP4 ? 2 * (4 + 2) : family == V2_TCP6 ? 2 * (16 + 2) : 2 * 108;
}

static void set_ends(const unsigned char *bytes, sa_family_t family, struct proxy_header *header)
{
    size_t size = family == AF_INET ? 4 : 16;
    memset(&header->client, 0, sizeof header->client);
    memset(&header->destination, 0, sizeof header->destination);
    header->client.family = header->destination.family = family;
    memcpy(&header->client.of, bytes, size);
    memcpy(&header->destination.of, bytes + size, size);
    memcpy(&header->client.port, bytes + 2 * size, 2);
    memcpy(&header->destination.port, bytes + 2 * size + 2, 2);
    header->has_addresses = true;
}

/* Whether what follows the addresses is a list of values, each behind its type and its length. None
 * is asked for; a checksum among them (CRC32C) is not compared, for TCP has one. */
static bool are_values(const unsigned char *bytes, size_t size)
{
    while (size >= 3 && read_u16(bytes + 1) <= size - 3) {
        size_t value = 3 + read_u16(bytes + 1);
        bytes += value;
        size -= value;
    }
    return size == 0;
}

/* All of it is there. */
static enum proxy_verdict parse_addresses(const unsigned char *bytes, struct proxy_header *header)
{
    unsigned char family = bytes[13];
    const unsigned char *addresses = bytes + V2_FIXED;
    size_t left = header->length - V2_FIXED;
    if (bytes[12] == V2_LOCAL || family == V2_UNSPEC)
        return PROXY_COMPLETE; /* what else it says is to be ignored */
    size_t size = address_size(family);
    if (left < size || !are_values(addresses + size, left - size))
        return PROXY_MALFORMED;
    if (family != V2_UNIX)
        set_ends(addresses, family == V2_TCP4 ? AF_INET : AF_INET6, header);
    return PROXY_COMPLETE;
}

static bool is_stream(unsigned char family)
{
    return family == V2_UNSPEC || family == V2_TCP4 || family == V2_TCP6 || family == V2_UNIX;
}

/* A byte that is wrong is found as soon as it is there. */
static enum proxy_verdict parse_v2(const unsigned char *bytes, size_t size,
                                   struct proxy_header *header)
{
    size_t begin = size < sizeof v2_signature ? size : sizeof v2_signature;
    if (memcmp(bytes, v2_signature, begin) != 0)
        return PROXY_MALFORMED;
    if (size > 12 && bytes[12] != V2_LOCAL && bytes[12] != V2_PROXY)
        return PROXY_MALFORMED;
    if (size > 13 && bytes[12] == V2_PROXY && !is_stream(bytes[13]))
        return PROXY_MALFORMED;
    if (size < V2_FIXED)
        return PROXY_INCOMPLETE;
    header->length = V2_FIXED + read_u16(bytes + 14);
    if (header->length > PROXY_HEADER_MAX)
        return PROXY_MALFORMED;
    return size < header->length ? PROXY_INCOMPLETE : parse_addresses(bytes, header);
}

enum proxy_verdict proxy_header_parse(const unsigned char *bytes, size_t size,
                                      struct proxy_header *header)
{
    memset(header, 0, sizeof *header);
    if (size == 0)
        return PROXY_INCOMPLETE;
    return bytes[0] == v2_signature[0] ? parse_v2(bytes, size, header)
                                       : parse_v1(bytes, size, header);
}
