/* address.c - parsing and printing of addresses; see address.h. Any thread, no I/O. */
#include "server/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "server/text.h"

void address_from_sockaddr(struct address *address, const struct sockaddr *from)
{
    memset(address, 0, sizeof *address);
    if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        address->family = AF_INET;
        address->port = v4.sin_port;
        address->of.v4 = v4.sin_addr;
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        address->family = AF_INET6;
        address->port = v6.sin6_port;
        address->of.v6.ip = v6.sin6_addr;
        address->of.v6.scope = v6.sin6_scope_id;
    }
}

bool address_to_sockaddr(const struct address *address, struct sockaddr_storage *to)
{
    memset(to, 0, sizeof *to);
    if (address->family == AF_INET) {
        struct sockaddr_in v4 = {
            .sin_family = AF_INET, .sin_port = address->port, .sin_addr = address->of.v4};
        memcpy(to, &v4, sizeof v4);
    } else if (address->family == AF_INET6) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                                  .sin6_port = address->port,
                                  .sin6_addr = address->of.v6.ip,
                                  .sin6_scope_id = address->of.v6.scope};
        memcpy(to, &v6, sizeof v6);
    }
    return to->ss_family != 0;
}

static char *put_v4(char *to, const struct in_addr *ip)
{
    const unsigned char *bytes = (const unsigned char *)ip;
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            *to++ = '.';
        to = text_put_number(to, bytes[i]);
    }
    return to;
}

static char *put_v6(char *to, const struct in6_addr *ip, uint32_t scope)
{
    char text[INET6_ADDRSTRLEN];
    to = text_put(to, inet_ntop(AF_INET6, ip, text, sizeof text));
    if (scope)
        to = text_put_number(text_put(to, "%"), scope);
    return to;
}

void address_format_ip(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
    char *end = text;
    if (address->family == AF_INET)
        end = put_v4(end, &address->of.v4);
    else if (address->family == AF_INET6)
        end = put_v6(end, &address->of.v6.ip, address->of.v6.scope);
    *end = '\0';
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
    char *end = text;
    switch (address->family) {
    case AF_INET:
        end = text_put(put_v4(end, &address->of.v4), ":");
        end = text_put_number(end, ntohs(address->port));
        break;
    case AF_INET6:
        end = put_v6(text_put(end, "["), &address->of.v6.ip, address->of.v6.scope);
        end = text_put(end, "]:");
        end = text_put_number(end, ntohs(address->port));
        break;
    case AF_UNIX:
        end = text_put_number(text_put(end, "unix:pid="), (unsigned long)address->of.process.pid);
        end = text_put_number(text_put(end, ",uid="), address->of.process.uid);
        break;
    default:
        end = text_put(end, "unknown");
    }
    *end = '\0';
}

static const char port_wanted[] = "the port must be a number from 0 to 65535";

static bool parse_port(const char *text, in_port_t *port)
{
    unsigned value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    for (const char *digit = text; *digit; digit++)
        value = value * 10 + (unsigned)(*digit - '0');
    *port = htons((uint16_t)value);
    return value <= 65535;
}

/* strtoull(3) alone would take spaces and signs as well. */
static bool parse_zone(const char *text, uint32_t *scope)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long long value = strtoull(text, NULL, 10);
    *scope = (uint32_t)value;
    return digits > 0 && text[digits] == '\0' && value <= UINT32_MAX;
}

static void add_v4(struct listen_spec *spec, struct in_addr ip, in_port_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port, .sin_addr = ip};
    memcpy(&spec->addresses[spec->count], &v4, sizeof v4);
    spec->lengths[spec->count++] = sizeof v4;
}

static void add_v6(struct listen_spec *spec, struct in6_addr ip, uint32_t scope, in_port_t port)
{
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = ip, .sin6_scope_id = scope};
    memcpy(&spec->addresses[spec->count], &v6, sizeof v6);
    spec->lengths[spec->count++] = sizeof v6;
}

/* "[V6]:PORT", a zone as a number behind "%". */
static const char *parse_v6(struct listen_spec *spec, const char *text)
{
    char ip[INET6_ADDRSTRLEN + 16];
    struct in6_addr binary;
    in_port_t port;
    uint32_t scope = 0;
    const char *close = strchr(text, ']');
    if (!close || close[1] != ':' || (size_t)(close - text) > sizeof ip)
        return "an IPv6 address is written [ADDRESS]:PORT";
    if (!parse_port(close + 2, &port))
        return port_wanted;
    memcpy(ip, text + 1, (size_t)(close - text) - 1);
    ip[close - text - 1] = '\0';
    char *zone = strchr(ip, '%');
    if (zone) {
        *zone++ = '\0';
        if (!parse_zone(zone, &scope))
            return "the zone behind % must be the number of an interface";
    }
    if (inet_pton(AF_INET6, ip, &binary) != 1)
        return "what stands between [ and ] must be a numeric IPv6 address";
    add_v6(spec, binary, scope, port);
    return NULL;
}

/* "HOST:PORT", "localhost:PORT", "*:PORT", ":PORT". */
static const char *parse_host(struct listen_spec *spec, const char *text)
{
    char host[64];
    struct in_addr binary;
    in_port_t port;
    const char *colon = strrchr(text, ':');
    if (!colon)
        return "an address is HOST:PORT, [V6]:PORT, :PORT, unix:PATH or fd:N";
    if ((size_t)(colon - text) >= sizeof host)
        return "HOST must be a numeric address, localhost or *; names are not looked up";
    if (!parse_port(colon + 1, &port))
        return port_wanted;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    if (strcmp(host, "localhost") == 0) {
        add_v4(spec, (struct in_addr){htonl(INADDR_LOOPBACK)}, port);
        add_v6(spec, in6addr_loopback, 0, port);
    } else if (strcmp(host, "") == 0 || strcmp(host, "*") == 0) {
        add_v4(spec, (struct in_addr){htonl(INADDR_ANY)}, port);
        add_v6(spec, in6addr_any, 0, port);
    } else if (inet_pton(AF_INET, host, &binary) == 1) {
        add_v4(spec, binary, port);
    } else if (strchr(host, ':')) {
        return "an IPv6 address is written [ADDRESS]:PORT";
    } else {
        return "HOST must be a numeric address, localhost or *; names are not looked up";
    }
    spec->same_port = port == 0 && spec->count == 2;
    return NULL;
}

/* One "mode=0660" or "owner=USER[:GROUP]". */
static const char *parse_unix_option(struct listen_spec *spec, const char *text, size_t length)
{
    if (length > 5 && memcmp(text, "mode=", 5) == 0) {
        size_t digits = strspn(text + 5, "01234567");
        if (digits + 5 != length || digits > 4)
            return "mode= must be octal, such as mode=0660";
        spec->mode = (mode_t)strtoul(text + 5, NULL, 8);
        return spec->mode <= 0777 ? NULL : "mode= must be at most 0777";
    }
    if (length > 6 && memcmp(text, "owner=", 6) == 0 && length - 6 < sizeof spec->owner) {
        memcpy(spec->owner, text + 6, length - 6);
        spec->owner[length - 6] = '\0';
        return NULL;
    }
    return "behind the path only ,mode=0660 and ,owner=USER[:GROUP] are known";
}

/* Behind "unix:": PATH[,mode=…][,owner=…]. */
static const char *parse_unix(struct listen_spec *spec, const char *text)
{
    size_t length = strcspn(text, ",");
    if (length == 0 || length >= sizeof spec->path)
        return "the path of a Unix socket must have 1 to 107 bytes and no comma";
    memcpy(spec->path, text, length);
    spec->path[length] = '\0';
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memcpy(un.sun_path, spec->path, length + 1);
    memcpy(&spec->addresses[0], &un, sizeof un);
    spec->lengths[0] = sizeof un;
    spec->count = 1;
    for (text += length; *text == ','; text += length) {
        length = strcspn(++text, ",");
        const char *wrong = parse_unix_option(spec, text, length);
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* Behind "fd:": a descriptor's number, and perhaps ",alone". */
static const char *parse_fd(struct listen_spec *spec, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || (text[digits] != '\0' && text[digits] != ','))
        return "behind fd: stands the number of a descriptor that listens";
    if (text[digits] == ',' && strcmp(text + digits, ",alone") != 0)
        return "behind fd:N stands nothing or ,alone";
    spec->alone = text[digits] == ',';
    spec->fd = (int)strtol(text, NULL, 10);
    return NULL;
}

const char *listen_spec_parse(struct listen_spec *spec, const char *text)
{
    memset(spec, 0, sizeof *spec);
    spec->mode = (mode_t)-1;
    spec->fd = -1;
    if (strncmp(text, "fd:", 3) == 0)
        return parse_fd(spec, text + 3);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(spec, text + 5);
    if (text[0] == '[')
        return parse_v6(spec, text);
    return parse_host(spec, text);
}
