/* proxy_wait.h - connections of load balancers that have been accepted and have no slot yet: their
 * PROXY header is awaited, or it has come and a slot is awaited.
 *
 * Rules, limits and the log are to speak of the client that the header names, so it comes before
 * all of them, and before a slot. A fixed number of places, which the accept loop alone knows;
 * nothing here blocks. A descriptor in a place is open, in the epoll set as long as its header is
 * awaited, and nobody else's. Accept loop only. */
#ifndef SERVER_PROXY_WAIT_H
#define SERVER_PROXY_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "server/address.h"
#include "server/netblock.h"
#include "server/thread_safety.h"

struct awaited;
struct listener;
struct thrdsrv_server;

struct awaited_list {
    struct awaited *first;
    struct awaited *last;
};

struct proxy_wait {
    struct netblock *balancers; /* who is believed */
    unsigned balancer_count;
    bool believes_unix;         /* also those who come by a Unix socket */
    struct awaited *places;     /* NULL: no header is awaited of anybody */
    struct awaited_list empty;  /* the one used last is the first */
    struct awaited_list silent; /* the header is not whole yet; in the order of their deadlines */
    struct awaited_list ready;  /* it is; the next one to be let in is the first */
    int64_t last_ms;            /* nobody waits longer: the server is to stop; 0: it is not */
    unsigned unwatched;         /* of the silent ones: epoll tells nothing of them */
};

/* A connection, and who its ends are. */
struct accepted {
    int fd;
    struct address peer;
    struct address local; /* family 0: the system tells */
    struct address proxy; /* the balancer that named both; family 0: none did */
    const struct listener *listener;
};

/* Makes the places, where config.proxy_networks has any. 0, or THRDSRV_E_MEMORY. */
int proxy_wait_init(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);
void proxy_wait_fini(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

/* Whether connections of this listener begin with a header. */
bool proxy_wait_is_for(const struct thrdsrv_server *server, const struct listener *listener)
    REQUIRES(ACCEPT_LOOP);

/* Whether one more may be accepted: a place is free, and nobody who came before waits for a slot.
 */
bool proxy_wait_has_room(const struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

/* Takes an accepted connection over, for which there is room: refuses it, or puts it in a place,
 * and looks for its header. Then, and after the next two, there may be some who are ready. */
void proxy_wait_begin(struct thrdsrv_server *server, const struct accepted *accepted)
    REQUIRES(ACCEPT_LOOP);

/* Something has happened on the connection in that place, if it is still there. */
void proxy_wait_look(struct thrdsrv_server *server, unsigned place, uint32_t generation)
    REQUIRES(ACCEPT_LOOP);

/* Refuses those whose time is over; looks at those of whom nothing is told. */
void proxy_wait_check(struct thrdsrv_server *server, int64_t now_ms) REQUIRES(ACCEPT_LOOP);

/* When to check. CLOCK_NEVER: no need. */
int64_t proxy_wait_due_ms(const struct thrdsrv_server *server, int64_t now_ms)
    REQUIRES(ACCEPT_LOOP);

bool proxy_wait_is_ready(const struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

/* Whether nobody waits here. */
bool proxy_wait_is_empty(const struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

/* Takes the first one who is ready out. The descriptor is the caller's. */
struct accepted proxy_wait_take(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

/* The server is to stop: those whose headers do not come soon are refused. */
void proxy_wait_hurry(struct thrdsrv_server *server, int64_t now_ms) REQUIRES(ACCEPT_LOOP);

/* Closes all that wait: the server stops at once. */
void proxy_wait_close_all(struct thrdsrv_server *server) REQUIRES(ACCEPT_LOOP);

#endif
