/* proxy_wait.c - see proxy_wait.h.
 *
 * Bytes are looked at (MSG_PEEK) before they are taken, so that none of the client's own is ever
 * taken. As long as a header is incomplete all that has come is the header's, and is kept here:
 * what is left in the socket would be reported again and again. */
#include "server/proxy_wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/accept_loop.h"
#include "server/admit.h"
#include "server/clock.h"
#include "server/proxy_header.h"
#include "server/server.h"

/* A balancer sends its header at once, so that a place is usually had for no longer than a look.
 * With the 128 slots of the default they stay below the usual limit of 1,024 descriptors. */
#define PLACES  256

#define STOP_MS 1000 /* for a header to come when the server is to stop */
#define LOOK_MS 20   /* between two looks at a connection that epoll could not take */

struct awaited {
    struct accepted accepted; /* fd -1: the place is empty */
    uint32_t generation;      /* counts the uses of the place, wraps */
    bool is_watched;          /* by epoll */
    int64_t until_ms;
    struct awaited *next; /* in the list that it is in */
    struct awaited *previous;
    size_t size; /* bytes that have been taken */
    unsigned char bytes[PROXY_HEADER_MAX];
};

static void list_append(struct awaited_list *list, struct awaited *awaited)
{
    awaited->next = NULL;
    awaited->previous = list->last;
    if (list->last)
        list->last->next = awaited;
    else
        list->first = awaited;
    list->last = awaited;
}

static void list_prepend(struct awaited_list *list, struct awaited *awaited)
{
    awaited->previous = NULL;
    awaited->next = list->first;
    if (list->first)
        list->first->previous = awaited;
    else
        list->last = awaited;
    list->first = awaited;
}

static void list_remove(struct awaited_list *list, struct awaited *awaited)
{
    *(awaited->previous ? &awaited->previous->next : &list->first) = awaited->next;
    *(awaited->next ? &awaited->next->previous : &list->last) = awaited->previous;
}

int proxy_wait_init(struct thrdsrv_server *server)
{
    const struct thrdsrv_config *config = &server->config;
    struct proxy_wait *wait = &server->proxy_wait;
    if (config->proxy_network_count == 0)
        return 0;
    wait->balancers = calloc(config->proxy_network_count, sizeof *wait->balancers);
    wait->places = calloc(PLACES, sizeof *wait->places); /* pages are only had when touched */
    if (!wait->balancers || !wait->places)
        return THRDSRV_E_MEMORY;
    for (size_t i = 0; i < config->proxy_network_count; i++) {
        if (strcmp(config->proxy_networks[i], "unix") == 0)
            wait->believes_unix = true;
        else /* config.c has parsed it too */
            netblock_parse(&wait->balancers[wait->balancer_count++], config->proxy_networks[i]);
    }
    for (unsigned i = 0; i < PLACES; i++) {
        wait->places[i].accepted.fd = -1;
        list_append(&wait->empty, &wait->places[i]);
    }
    return 0;
}

void proxy_wait_fini(struct thrdsrv_server *server)
{
    free(server->proxy_wait.balancers);
    free(server->proxy_wait.places);
}

bool proxy_wait_is_for(const struct thrdsrv_server *server, const struct listener *listener)
{
    return server->proxy_wait.places &&
           listener->family != AF_UNSPEC; /* the host vouches for its */
}

bool proxy_wait_has_room(const struct thrdsrv_server *server)
{
    const struct proxy_wait *wait = &server->proxy_wait;
    return !wait->places || (wait->empty.first && !wait->ready.first);
}

bool proxy_wait_is_ready(const struct thrdsrv_server *server)
{
    return server->proxy_wait.ready.first != NULL;
}

bool proxy_wait_is_empty(const struct thrdsrv_server *server)
{
    return !server->proxy_wait.silent.first && !server->proxy_wait.ready.first;
}

static bool is_believed(const struct proxy_wait *wait, const struct address *peer)
{
    if (peer->family == AF_UNIX)
        return wait->believes_unix;
    for (unsigned i = 0; i < wait->balancer_count; i++)
        if (netblock_contains(&wait->balancers[i], peer))
            return true;
    return false;
}

/* epoll_ctl(2) may be short of memory. */
static void watch(struct thrdsrv_server *server, struct awaited *awaited) REQUIRES(ACCEPT_LOOP)
{
    unsigned place = (unsigned)(awaited - server->proxy_wait.places);
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u64 = accept_loop_header_tag(place, awaited->generation),
    };
    awaited->is_watched =
        epoll_ctl(server->epoll, EPOLL_CTL_ADD, awaited->accepted.fd, &event) == 0;
    server->proxy_wait.unwatched -= awaited->is_watched;
}

/* No longer one of the silent. Removed by name: a child that is just being forked may still hold a
 * copy of the descriptor. */
static void end_silence(struct thrdsrv_server *server, struct awaited *awaited)
    REQUIRES(ACCEPT_LOOP)
{
    if (awaited->is_watched)
        epoll_ctl(server->epoll, EPOLL_CTL_DEL, awaited->accepted.fd, NULL);
    else
        server->proxy_wait.unwatched--;
    list_remove(&server->proxy_wait.silent, awaited);
}

/* It is in no list any more. */
static struct accepted empty_place(struct thrdsrv_server *server, struct awaited *awaited)
    REQUIRES(ACCEPT_LOOP)
{
    struct accepted accepted = awaited->accepted;
    awaited->accepted.fd = -1;
    awaited->generation++;
    list_prepend(&server->proxy_wait.empty, awaited);
    return accepted;
}

static void refuse_silent(struct thrdsrv_server *server, struct awaited *awaited, enum refusal why)
    REQUIRES(ACCEPT_LOOP)
{
    end_silence(server, awaited);
    struct accepted accepted = empty_place(server, awaited);
    admit_refuse_proxied(server, accepted.fd, &accepted.peer, why);
}

/* As recv(2), at what has not been taken yet. */
static ssize_t receive(struct awaited *awaited, size_t size, int flags)
{
    ssize_t count;
    do
        count =
            recv(awaited->accepted.fd, awaited->bytes + awaited->size, size, flags | MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    return count;
}

/* Takes bytes that a look has shown. Where fewer come the rest is reported again. */
static void take_bytes(struct awaited *awaited, size_t size)
{
    ssize_t count = receive(awaited, size, 0);
    awaited->size += count > 0 ? (size_t)count : 0;
}

/* From here on its client is the peer. */
static void be_ready(struct thrdsrv_server *server, struct awaited *awaited,
                     const struct proxy_header *header) REQUIRES(ACCEPT_LOOP)
{
    end_silence(server, awaited);
    if (header->has_addresses) {
        awaited->accepted.proxy = awaited->accepted.peer;
        awaited->accepted.peer = header->client;
        awaited->accepted.local = header->destination;
    }
    list_append(&server->proxy_wait.ready, awaited);
}

static void look(struct thrdsrv_server *server, struct awaited *awaited) REQUIRES(ACCEPT_LOOP)
{
    struct proxy_header header;
    ssize_t count = receive(awaited, sizeof awaited->bytes - awaited->size, MSG_PEEK);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (count <= 0) { /* it has ended, or failed */
        refuse_silent(server, awaited, REFUSAL_PROXY_HEADER);
        return;
    }
    switch (proxy_header_parse(awaited->bytes, awaited->size + (size_t)count, &header)) {
    case PROXY_INCOMPLETE:
        take_bytes(awaited, (size_t)count);
        break;
    case PROXY_COMPLETE:
        take_bytes(awaited, header.length - awaited->size);
        if (awaited->size == header.length)
            be_ready(server, awaited, &header);
        break;
    case PROXY_MALFORMED:
        refuse_silent(server, awaited, REFUSAL_PROXY_HEADER);
        break;
    }
}

/* Usually the header has come with the connection, and epoll need not be asked. */
void proxy_wait_begin(struct thrdsrv_server *server, const struct accepted *accepted)
{
    struct proxy_wait *wait = &server->proxy_wait;
    if (!is_believed(wait, &accepted->peer)) {
        admit_refuse_proxied(server, accepted->fd, &accepted->peer, REFUSAL_PROXY_SOURCE);
        return;
    }
    struct awaited *awaited = wait->empty.first;
    list_remove(&wait->empty, awaited);
    awaited->accepted = *accepted;
    awaited->size = 0;
    awaited->until_ms = clock_after(clock_ns() / 1000000, server->config.proxy_ms);
    if (wait->last_ms > 0)
        awaited->until_ms = clock_earlier(awaited->until_ms, wait->last_ms);
    awaited->is_watched = false;
    wait->unwatched++;
    list_append(&wait->silent, awaited);
    look(server, awaited);
    if (wait->silent.last == awaited)
        watch(server, awaited);
}

void proxy_wait_look(struct thrdsrv_server *server, unsigned place, uint32_t generation)
{
    struct awaited *awaited = &server->proxy_wait.places[place];
    if (awaited->generation == generation && awaited->is_watched)
        look(server, awaited);
}

void proxy_wait_check(struct thrdsrv_server *server, int64_t now_ms)
{
    struct proxy_wait *wait = &server->proxy_wait;
    struct awaited *next;
    for (struct awaited *awaited = wait->silent.first; awaited; awaited = next) {
        next = awaited->next;
        if (now_ms >= awaited->until_ms)
            refuse_silent(server, awaited,
                          awaited->until_ms == wait->last_ms ? REFUSAL_PROXY_STOP
                                                             : REFUSAL_PROXY_LATE);
        else if (wait->unwatched == 0)
            return; /* the others have more time */
        else if (!awaited->is_watched)
            look(server, awaited);
    }
}

int64_t proxy_wait_due_ms(const struct thrdsrv_server *server, int64_t now_ms)
{
    const struct proxy_wait *wait = &server->proxy_wait;
    if (!wait->silent.first)
        return CLOCK_NEVER;
    return wait->unwatched > 0 ? now_ms + LOOK_MS : wait->silent.first->until_ms;
}

struct accepted proxy_wait_take(struct thrdsrv_server *server)
{
    struct awaited *awaited = server->proxy_wait.ready.first;
    list_remove(&server->proxy_wait.ready, awaited);
    return empty_place(server, awaited);
}

void proxy_wait_hurry(struct thrdsrv_server *server, int64_t now_ms)
{
    struct proxy_wait *wait = &server->proxy_wait;
    wait->last_ms = clock_after(now_ms, STOP_MS);
    for (struct awaited *awaited = wait->silent.first; awaited; awaited = awaited->next)
        awaited->until_ms = clock_earlier(awaited->until_ms, wait->last_ms);
}

void proxy_wait_close_all(struct thrdsrv_server *server)
{
    while (server->proxy_wait.silent.first)
        refuse_silent(server, server->proxy_wait.silent.first, REFUSAL_PROXY_STOP);
    while (proxy_wait_is_ready(server)) {
        struct accepted accepted = proxy_wait_take(server);
        admit_refuse_proxied(server, accepted.fd, &accepted.peer, REFUSAL_PROXY_STOP);
    }
}
