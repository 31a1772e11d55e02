/* address.h - socket addresses as values and as text. Sans-I/O; any thread.
 *
 * No name is ever looked up: a server that waits for a DNS answer serves nobody meanwhile. */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* Longest text: "unix:" and a path of 107 bytes; and the terminating NUL. */
#define ADDRESS_TEXT_SIZE 128

/* One end of a connection. family 0: unknown. For a Unix socket the peer has no address of its
 * own, so it is named by its process and user. */
struct address {
    sa_family_t family; /* 0, AF_INET, AF_INET6, AF_UNIX */
    in_port_t port;     /* network order */
    union {
        struct in_addr v4;
        struct {
            struct in6_addr ip;
            uint32_t scope;
        } v6;
        struct {
            pid_t pid;
            uid_t uid;
        } process;
    } of;
};

void address_from_sockaddr(struct address *address, const struct sockaddr *from);

/* Back again, for IPv4 and IPv6; false for the others. */
bool address_to_sockaddr(const struct address *address, struct sockaddr_storage *to);

/* The same without port and brackets; "" for what is neither IPv4 nor IPv6. */
void address_format_ip(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* "127.0.0.1:43211", "[fe80::1%2]:80", "unix:pid=17,uid=1000", "unknown". */
void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* What --listen=TEXT asks for: the texts are described at struct thrdsrv_config, listen. */
struct listen_spec {
    struct sockaddr_storage addresses[2]; /* both families for "localhost:" and ":" */
    socklen_t lengths[2];
    unsigned count;
    bool same_port; /* port 0 was asked for: both families shall get the same one */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* Unix socket, else "" */
    mode_t mode;    /* of the socket file; (mode_t)-1: as the umask has it */
    char owner[64]; /* USER[:GROUP], "" : as the process has it */
    int fd;         /* a descriptor that listens already; -1: none, open one */
    bool alone;     /* nobody else accepts at fd */
};

/* Returns NULL, or what is wrong with the text and what is allowed, in static storage. */
const char *listen_spec_parse(struct listen_spec *spec, const char *text);

#endif
