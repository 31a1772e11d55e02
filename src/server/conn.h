/* conn.h - a connection while a worker serves it: the only place where a socket meets a handler.
 *
 * The public functions on it are in <thrdsrv/conn.h>. A conn lives on its worker's stack, from
 * conn_init() to the close of the fd; only that worker uses it. */
#ifndef SERVER_CONN_H
#define SERVER_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <thrdsrv/conn.h>
#include <thrdsrv/handler.h>

#include "server/address.h"
#include "server/progress.h"

/* How a worker waits that may not simply block: mode inline runs the accept loop meanwhile.
 * Returns > 0 when fd has one of events (poll(2)), 0 when timeout_ms (-1: none) has passed; a
 * return without either is allowed. */
struct conn_waiter {
    int (*wait)(void *context, int fd, short events, int timeout_ms);
    void *context;
};

struct thrdsrv_conn {
    int fd;
    const struct SockInfo *slot;
    struct progress *progress;
    const struct conn_waiter *waiter; /* NULL: the worker may block in recv(2) and poll(2) */
    int64_t stall_check_ms; /* how often a blocked write looks whether the peer takes bytes; -1 */
    bool end_of_input;      /* the peer has ended its side */
    bool rated;             /* there is a minimum rate: say how long we have waited */
    int64_t wait_began_ms;  /* of the present wait */
    int64_t looped_ms;      /* mode inline: when a write last let the accept loop run */
    int64_t idle_ms;        /* waited for input in earlier calls, without any byte moved since */
    enum thrdsrv_wait
        reading;         /* what a read counts as: THRDSRV_WAIT_READ, in the end THRDSRV_WAIT_END */
    int64_t deadline_ms; /* the handler's own, CLOCK_MONOTONIC; -1: none */
    char peer[ADDRESS_TEXT_SIZE]; /* made when first asked for, else "" */
    char local[ADDRESS_TEXT_SIZE];
    size_t ahead_begin; /* what read_line() has read ahead: ahead[ahead_begin … ahead_end) */
    size_t ahead_end;
    char *ahead; /* CONN_AHEAD_SIZE bytes; NULL unless set: no code of the host's asks for lines */
};

#define CONN_AHEAD_SIZE 4096

void conn_init(struct thrdsrv_conn *conn, const struct SockInfo *slot, int fd,
               const struct conn_waiter *waiter);

/* Like thrdsrv_conn_read() but never blocks: 0 when there is nothing to read now (which includes
 * the end of input; a later blocking read will tell). */
size_t conn_read_ready(struct thrdsrv_conn *conn, void *buf, size_t size);

/* Runs a sans-I/O handler on the connection; the same results as a thrdsrv_serve_fn, with
 * THRDSRV_E_INVALID when the peer broke the handler's protocol. */
int conn_run_handler(struct thrdsrv_conn *conn, const struct thrdsrv_handler *handler);

/* Ends our side and reads until the peer has ended its own, two seconds at most. Closing with
 * unread input would send a reset, which may overtake our last answer (RFC 1122, 4.2.2.13). */
void conn_linger(struct thrdsrv_conn *conn);

/* Ends our side behind what was said, and closes. The input that has come already is read away,
 * because closing with unread input sends a reset, which may overtake our words. Input that comes
 * later can still do that: waiting for it is what a worker would be for. Never blocks. Returns how
 * many bytes were read away. */
size_t conn_close_at_once(int fd);

/* The address of our side; family 0 where the system does not tell. */
void conn_local_address(int fd, struct address *address);

/* The address that the client connected to: that, or what a load balancer says it was. */
struct address conn_local(const struct thrdsrv_conn *conn);

#endif
