/* admit.c - see admit.h. */
#include "server/admit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/server.h"

enum admission admit_next(struct thrdsrv_server *server, struct SockInfo **slot)
{
    *slot = slot_table_reserve(&server->table);
    if (*slot)
        return ADMIT;
    return server->config.when_full == THRDSRV_FULL_WAIT ? ADMIT_WAIT : ADMIT_REFUSE;
}

/* The socket is new and its send buffer empty, so a short text goes out whole without waiting. The
 * input that has come already is read away, because closing with unread input sends a reset, which
 * may overtake the text. Input that comes later can still do that: waiting for it is what a slot
 * would be for. */
static void say_busy(int fd, const char *text)
{
    char discarded[4096];
    send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 16 && recv(fd, discarded, sizeof discarded, MSG_DONTWAIT) > 0; i++)
        continue;
}

void admit_refuse(struct thrdsrv_server *server, int fd)
{
    struct log_line line;
    uint64_t repeated;
    if (server->config.when_full == THRDSRV_FULL_BUSY)
        say_busy(fd, server->config.busy_text);
    close(fd);
    slot_table_count_refused(&server->table);
    if (!log_limit_due(&server->limit_refused, clock_coarse_ms(), &repeated))
        return;
    log_begin(&line, "connection refused");
    log_text(&line, "reason", "full");
    log_number(&line, "slots", server->table.count);
    log_number(&line, "repeated", repeated);
    log_send(&server->config, THRDSRV_LOG_WARN, &line);
}
