/* admit.c - see admit.h. */
#include "server/admit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/report.h"
#include "server/server.h"

enum admission admit_next(struct thrdsrv_server *server, struct SockInfo **slot)
{
    *slot = slot_table_reserve(&server->table);
    if (*slot)
        return ADMIT;
    return server->config.when_full == THRDSRV_FULL_WAIT ? ADMIT_WAIT : ADMIT_REFUSE;
}

/* Ends our side behind what was said, and closes. The input that has come already is read away,
 * because closing with unread input sends a reset, which may overtake our words. Input that comes
 * later can still do that: waiting for it is what a slot would be for. */
static void turn_away(int fd)
{
    char discarded[4096];
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 16 && recv(fd, discarded, sizeof discarded, MSG_DONTWAIT) > 0; i++)
        continue;
    close(fd);
}

void admit_refuse_full(struct thrdsrv_server *server, int fd)
{
    const char *text = server->config.busy_text;
    slot_table_count_refused_full(&server->table); /* what the peer can see has been counted */
    if (server->config.when_full == THRDSRV_FULL_BUSY) {
        /* The socket is new and its send buffer empty: a short text goes out whole at once. */
        send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
        turn_away(fd);
    } else {
        close(fd);
    }
    report_refused_full(server);
}

bool admit_ask(struct thrdsrv_server *server, int fd, const struct address *peer,
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
    slot_table_count_refused_admission(&server->table);
    turn_away(fd);
    report_refused_admission(server, text);
    return false;
}
