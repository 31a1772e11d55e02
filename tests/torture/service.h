/* service.h - what clients say to a handler, and what they must hear. Each client has a tag, so
 * that bytes of another one are noticed. */
#ifndef TORTURE_SERVICE_H
#define TORTURE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#define ASK_MAX   8192
#define HEARD_MAX 262144

struct service {
    const char *name; /* --handler=NAME; NULL: the host has its own */
    bool ends;        /* it ends the connection when it has answered */
    /* Fills in what the client says in its exchange number 0, 1 …; returns the length. */
    size_t (*ask)(char *text, unsigned tag, unsigned number);
    /* Whether that may be the (beginning of the) answer; *all: it is the whole. */
    bool (*is_right)(const char *heard, size_t size, unsigned tag, unsigned number, bool *all);
};

extern const struct service service_echo;
extern const struct service service_echo_long; /* longer than the small buffer of a connection */
extern const struct service service_cat;       /* a program: echo without a handler's name */
extern const struct service service_proxied;   /* echo, of clients behind a load balancer */
extern const struct service service_rot13;
extern const struct service service_bytes;
extern const struct service service_chargen;
extern const struct service service_daytime;
extern const struct service service_discard;
extern const struct service service_whoami;
extern const struct service service_lines; /* the host's blocking handler */

#endif
