/* fuzz_address.c - --listen's texts, and addresses as text: what is taken is an address that
 * getaddrinfo(3) takes for the same (numbers only: it looks nothing up), what is refused is told
 * why, and what address_format() writes is read back as it was.
 *
 * The input: a socket address of 28 bytes as the kernel might have given it; then the text. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/address.h"

static bool is_same(const struct sockaddr_storage *a, const struct sockaddr *b)
{
    if (a->ss_family != b->sa_family)
        return false;
    struct address one, other;
    address_from_sockaddr(&one, (const struct sockaddr *)a);
    address_from_sockaddr(&other, b);
    return memcmp(&one, &other, sizeof one) == 0;
}

/* For "HOST:PORT" and "[V6]:PORT" with a numeric host. */
static void check_by_getaddrinfo(const struct listen_spec *spec, const char *text)
{
    const struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[128];
    bool has_brackets = text[0] == '[';
    const char *colon = strrchr(text, ':');
    size_t length = (size_t)(colon - text) - 2 * has_brackets;
    FUZZ_CHECK(colon && length < sizeof host);
    memcpy(host, text + has_brackets, length);
    host[length] = '\0';
    FUZZ_CHECK(strtol(colon + 1, NULL, 10) <= 65535); /* glibc takes a larger one modulo 65536 */
    FUZZ_CHECK(getaddrinfo(host, colon + 1, &wanted, &found) == 0);
    FUZZ_CHECK(is_same(&spec->addresses[0], found->ai_addr));
    FUZZ_CHECK(spec->lengths[0] == found->ai_addrlen);
    freeaddrinfo(found);
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static void check_spec(const struct listen_spec *spec, const char *text)
{
    if (begins_with(text, "fd:")) {
        FUZZ_CHECK(spec->fd >= 0 && spec->count == 0);
    } else if (begins_with(text, "unix:")) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&spec->addresses[0];
        FUZZ_CHECK(spec->count == 1 && strcmp(un->sun_path, spec->path) == 0);
        FUZZ_CHECK(begins_with(text + strlen("unix:"), spec->path) && spec->path[0] != '\0');
        FUZZ_CHECK(spec->mode == (mode_t)-1 || spec->mode <= 0777);
        FUZZ_CHECK(memchr(spec->owner, '\0', sizeof spec->owner) != NULL);
    } else if (begins_with(text, "localhost:") || text[0] == ':' || text[0] == '*') {
        FUZZ_CHECK(spec->count == 2 && spec->addresses[0].ss_family == AF_INET &&
                   spec->addresses[1].ss_family == AF_INET6);
    } else {
        FUZZ_CHECK(spec->count == 1 && !spec->same_port);
        check_by_getaddrinfo(spec, text);
    }
}

static void check_text(const char *text)
{
    struct listen_spec spec;
    const char *wrong = listen_spec_parse(&spec, text);
    if (wrong)
        FUZZ_CHECK(strlen(wrong) > 10);
    else
        check_spec(&spec, text);
}

static void check_round_trip(const struct sockaddr_storage *name)
{
    struct address address;
    struct sockaddr_storage back;
    struct listen_spec spec;
    char text[ADDRESS_TEXT_SIZE];
    address_from_sockaddr(&address, (const struct sockaddr *)name);
    address_format(&address, text);
    FUZZ_CHECK(strlen(text) < sizeof text);
    FUZZ_CHECK(address_to_sockaddr(&address, &back) == (address.family != 0));
    if (address.family == 0) {
        FUZZ_CHECK(strcmp(text, "unknown") == 0);
        return;
    }
    FUZZ_CHECK(is_same(name, (const struct sockaddr *)&back));
    FUZZ_CHECK(listen_spec_parse(&spec, text) == NULL);
    FUZZ_CHECK(is_same(&spec.addresses[0], (const struct sockaddr *)name));
}

/* Any number that the kernel has for a process or a user. */
static void check_process(const struct sockaddr_in6 *numbers)
{
    struct address address = {.family = AF_UNIX};
    char text[ADDRESS_TEXT_SIZE];
    address.of.process.pid = (pid_t)(numbers->sin6_flowinfo & INT32_MAX);
    address.of.process.uid = (uid_t)numbers->sin6_scope_id;
    address_format(&address, text);
    FUZZ_CHECK(strlen(text) < sizeof text && begins_with(text, "unix:pid="));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const sa_family_t families[] = {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC};
    struct fuzz_input input = {data, size};
    struct sockaddr_storage name;
    memset(&name, 0, sizeof name);
    for (size_t i = 0; i < sizeof(struct sockaddr_in6); i++)
        ((unsigned char *)&name)[i] = fuzz_byte(&input);
    check_process((const struct sockaddr_in6 *)&name);
    name.ss_family = families[name.ss_family % 4];
    check_round_trip(&name);
    check_text(fuzz_text(&input, 0));
    return 0;
}
