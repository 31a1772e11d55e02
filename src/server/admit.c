/* admit.c - see admit.h. */
#include "server/admit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/access.h"
#include "server/clock.h"
#include "server/report.h"
#include "server/server.h"

enum admission admit_next(struct thrdsrv_server *server, struct SockInfo **slot)
{
    *slot = NULL;
    if (bucket_is_limited(&server->rate) &&
        bucket_ready_ns(&server->rate, server->rate_full_at_ns) > clock_ns())
        return ADMIT_LATER;
    *slot = slot_table_reserve(&server->table);
    if (*slot)
        return ADMIT;
    return server->config.when_full == THRDSRV_FULL_WAIT ? ADMIT_WAIT : ADMIT_REFUSE;
}

/* Rounded up: at that millisecond the token is there. */
int64_t admit_ready_ms(const struct thrdsrv_server *server)
{
    int64_t ready_ns = bucket_ready_ns(&server->rate, server->rate_full_at_ns);
    return ready_ns > 0 ? (ready_ns + 999999) / 1000000 : 0;
}

/* Tells the peer as the policy for a full table says, and everybody else. Who is denied is told
 * nothing: it is not to try again later. */
static void refuse(struct thrdsrv_server *server, int fd, const struct address *peer,
                   enum refusal why)
{
    const char *text = server->config.busy_text;
    slot_table_count_refused(&server->table, why); /* what the peer can see has been counted */
    if (server->config.when_full == THRDSRV_FULL_BUSY && why != REFUSAL_RULES) {
        /* The socket is new and its send buffer empty: a short text goes out whole at once. */
        send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
        conn_close_at_once(fd);
    } else {
        close(fd);
    }
    report_refused(server, why, peer);
}

void admit_refuse_full(struct thrdsrv_server *server, int fd, const struct address *peer)
{
    refuse(server, fd, peer, access_allows(server, peer) ? REFUSAL_FULL : REFUSAL_RULES);
}

void admit_refuse_proxied(struct thrdsrv_server *server, int fd, const struct address *peer,
                          enum refusal why)
{
    slot_table_count_refused(&server->table, why);
    close(fd);
    report_refused(server, why, peer);
}

/* Of the networks that the last slots are kept for, or a peer without an address, for whom the
 * limits of addresses are not meant. */
static bool is_trusted(const struct thrdsrv_server *server, const struct address *peer)
{
    if (peer->family != AF_INET && peer->family != AF_INET6)
        return true;
    for (size_t i = 0; i < server->config.reserve_network_count; i++)
        if (netblock_contains(&server->reserved[i], peer))
            return true;
    return false;
}

/* Without limits of sources nothing is asked: that is every connection's way in most servers. */
static enum refusal claim_slot(struct thrdsrv_server *server, struct SockInfo *slot,
                               const struct address *peer)
{
    const struct thrdsrv_config *config = &server->config;
    struct claimant claimant;
    if (config->per_source == 0 && config->source_rate == 0 && config->reserve == 0 &&
        !config->program)
        return REFUSAL_NONE;
    claimant.trusted = config->reserve == 0 || is_trusted(server, peer);
    claimant.has_source = netblock_around(&claimant.source, peer, config->source_prefix_ipv4,
                                          config->source_prefix_ipv6);
    return slot_table_claim(&server->table, slot, &claimant, clock_ns());
}

/* Asks the host. Where it says no the connection is closed. */
static bool ask_host(struct thrdsrv_server *server, int fd, const struct address *peer,
                     const struct listener *listener)
{
    char text[ADDRESS_TEXT_SIZE];
    struct sockaddr_storage address;
    if (!server->config.admit)
        return true;
    address_format(peer, text);
    struct thrdsrv_arrival arrival = {.fd = fd, .peer = text, .listener = listener->text};
    if (address_to_sockaddr(peer, &address))
        arrival.address = (const struct sockaddr *)&address;
    if (server->config.admit(&arrival, server->config.user))
        return true;
    slot_table_count_refused(&server->table, REFUSAL_ADMISSION);
    conn_close_at_once(fd);
    report_refused(server, REFUSAL_ADMISSION, peer);
    return false;
}

bool admit_connection(struct thrdsrv_server *server, struct SockInfo *slot, int fd,
                      const struct address *peer, const struct listener *listener)
{
    enum refusal refusal =
        access_allows(server, peer) ? claim_slot(server, slot, peer) : REFUSAL_RULES;
    if (refusal != REFUSAL_NONE) {
        refuse(server, fd, peer, refusal);
        return false;
    }
    if (!ask_host(server, fd, peer, listener))
        return false;
    if (bucket_is_limited(&server->rate)) /* and admit_next() has seen that there is a token */
        bucket_take(&server->rate, &server->rate_full_at_ns, clock_ns());
    return true;
}
