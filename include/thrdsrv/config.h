/* thrdsrv/config.h - how a server is to be: struct thrdsrv_config and its defaults. */
#ifndef THRDSRV_CONFIG_H
#define THRDSRV_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <thrdsrv/conn.h>
#include <thrdsrv/handler.h>
#include <thrdsrv/observe.h>

#ifdef __cplusplus
extern "C" {
#endif

enum thrdsrv_mode {
    THRDSRV_MODE_THREAD = 0, /* a detached thread a connection */
    THRDSRV_MODE_FORK,       /* a child process a connection */
    THRDSRV_MODE_INLINE,     /* the thread in run() serves, one connection at a time */
};

/* What happens to a new connection while every slot is taken. */
enum thrdsrv_when_full {
    THRDSRV_FULL_WAIT = 0, /* the listeners are not polled: the kernel's backlog holds new
                              connections, and the next free slot takes the oldest */
    THRDSRV_FULL_CLOSE,    /* accept it and close it at once */
    THRDSRV_FULL_BUSY,     /* accept it, send busy_text, close it */
};

/* A blocking handler, see conn.h. */
typedef int thrdsrv_serve_fn(struct thrdsrv_conn *conn, void *user);

/* A connection that asks to come in, as config.admit sees it. Valid during the call. */
struct thrdsrv_arrival {
    int fd;                         /* the connection */
    const char *peer;               /* as thrdsrv_conn_peer() */
    const char *listener;           /* as thrdsrv_server_address(); "adopted" */
    const struct sockaddr *address; /* the peer's, IPv4 or IPv6; NULL for a Unix socket (SO_PEERCRED
                                       tells its user) and where it is unknown */
};

/* Who may connect, and who may not. */
struct thrdsrv_rule {
    const char *network; /* as in reserve_networks below */
    bool allow;          /* false: deny */
};

/* All times are milliseconds; 0 or less means "no such timeout" unless said otherwise. */
struct thrdsrv_config {
    size_t size; /* sizeof of this struct, set by THRDSRV_CONFIG_INIT; lets the struct grow */

    /* The service: exactly one of handler, serve and program. What is pointed to here outlives the
     * server.
     */
    const struct thrdsrv_handler *handler; /* session_size at most THRDSRV_SESSION_MAX */
    thrdsrv_serve_fn *serve;
    const char *name; /* how logs call the service; NULL: handler->name, or "serve" */
    void *user;       /* handed to serve, log and the hooks */

    /* Listening. Addresses: "HOST:PORT", "[V6]:PORT", ":PORT" (all addresses of both families),
     * "localhost:PORT" (127.0.0.1 and ::1), "unix:PATH[,mode=0660][,owner=USER[:GROUP]]", or
     * "fd:N[,alone]".
     * HOST is a numeric address, "localhost" or "*": no name is ever looked up. PORT is 0 … 65535;
     * 0 lets the kernel choose, the same for both families. N is a descriptor that listens already,
     * a stream socket of family IPv4, IPv6 or Unix: when create succeeds it is the server's, which
     * makes it non-blocking, sets nodelay and keepalive, and closes it when it accepts no more
     * (dup(2) it to keep it); when create fails it is still yours, and as it was. Its backlog is
     * not touched, nor is its file, and who waits there when the server stops stays: others may
     * accept at the same socket. ",alone" says that none does once the server runs: at the end who
     * waits is served, and the file removed, as if the server had made the socket. */
    const char *const *listen;
    size_t listen_count;    /* 0: one, "localhost:43211"; none with adopt */
    bool adopt;             /* take connections from thrdsrv_server_adopt() too; 2 descriptors */
    int backlog;            /* 1 or more; listen(2), the kernel caps it at net.core.somaxconn */
    bool nodelay;           /* TCP_NODELAY on every connection */
    int keepalive_idle;     /* 1 … 32767 seconds, 0: no keepalive probes; tcp(7) TCP_KEEPIDLE */
    int keepalive_interval; /* 1 … 32767 seconds, TCP_KEEPINTVL */
    int keepalive_count;    /* 1 … 127 probes, TCP_KEEPCNT */

    /* Workers. */
    enum thrdsrv_mode mode;
    unsigned slots; /* connections at once, 1 … THRDSRV_SLOTS_MAX; mode inline always has one */
    enum thrdsrv_when_full when_full;
    const char *busy_text; /* for THRDSRV_FULL_BUSY; sent as it is */
    size_t stack_size;     /* bytes of each worker thread and of start()'s thread, a guard page not
                              counted; rounded up to pages; THRDSRV_STACK_MIN … 1 GiB */

    /* Timeouts, for every handler and in every mode. They pass while the worker waits for its
     * peer; a handler that computes is bounded by lifetime_ms alone. With very many slots (100,000
     * and more) they may pass some tenths of a second late. */
    int64_t idle_ms;        /* waits for input for so long, no byte having moved meanwhile */
    int64_t first_byte_ms;  /* the same, instead of idle_ms, as long as nothing has been read yet */
    int64_t write_stall_ms; /* the peer takes no byte of our output for so long */
    int64_t lifetime_ms;    /* the whole connection */
    int64_t min_rate_bytes; /* with min_rate_ms: at least so many bytes, in and out together, */
    int64_t min_rate_ms;    /* in every so many milliseconds that the worker waits for the peer */
    int64_t drain_ms;       /* after quiesce: how long connections may go on; 0: not at all */

    /* Seen from outside. A hook that is NULL is not called. */
    thrdsrv_log_fn *log;              /* NULL: no log; thrdsrv_log_stderr() is one */
    enum thrdsrv_log_level log_level; /* lines above this level are not made */

    /* May this connection come in? Called on the run() thread when a slot is free for it; it must
     * not block, for nobody is accepted meanwhile. false: it is closed and counted as
     * refused_admission. The hook may write to the connection (a short text without waiting,
     * MSG_DONTWAIT and MSG_NOSIGNAL, see send(2)), and ask it; it must not read from it or close
     * it. */
    bool (*admit)(const struct thrdsrv_arrival *arrival, void *user);

    /* Called by the worker (in mode fork: in the child) before the handler; it may read and write.
     * A child that gives up
     * privileges here or in serve must ask for PR_SET_PDEATHSIG, SIGKILL, again: the kernel forgets
     * it then (prctl(2)), and the child would outlive a parent that is killed. */
    void (*on_start)(struct thrdsrv_conn *conn, void *user);

    /* Called once for every connection that got a slot, when it has been closed and before the slot
     * is free: by the worker (mode thread), or on the run() thread (mode fork, in the parent;
     * inline; in every mode where no worker could be started, and then without on_start before it).
     */
    void (*on_end)(const struct thrdsrv_end *end, void *user);

    /* Mode thread: how long a worker stays parked in its slot when its connection has ended, and
     * serves the slot's next one if that comes in time. What a handler leaves in its thread
     * (thread-local variables, a signal mask, a name) is then there for the next connection. 0 or
     * less: each connection gets a new thread. */
    int64_t park_ms;

    /* Limits for clients that take too much. A source is all the addresses that are equal in their
     * first source_prefix_ipv4 or source_prefix_ipv6 bits. Peers without an IPv4 or IPv6 address
     * (Unix sockets) are limited by rate alone. An IPv4 address that comes by an IPv6 socket
     * (::ffff:10.0.0.1) is an IPv4 address.
     *
     * Whoever is over a limit of its source is refused at once: told busy_text with
     * THRDSRV_FULL_BUSY, else closed. It has been accepted then, so config.admit is not asked, and
     * no worker is started. */
    unsigned per_source;         /* connections at once from one source; 0: no limit */
    unsigned source_prefix_ipv4; /* 0 … 32 bits */
    unsigned source_prefix_ipv6; /* 0 … 128 bits */

    /* So many connections are let in within rate_ms, on the average, and rate_burst at once; 0: no
     * limit. Then nothing is accepted until the next one may come in: the kernel's backlog holds
     * them, none is refused. Refused ones do not count. */
    unsigned rate;       /* 0 … 1000000 */
    int64_t rate_ms;     /* 1000 … 3600000 */
    unsigned rate_burst; /* 0 … 1000000; 0: as many as may come in a second, at least 1 */

    /* The same for each source; but the address is known only after accept, so that who comes too
     * fast is refused, until the next one may come in. Sources that have no connection are
     * remembered as long as no more than 16,384 others have come since. */
    unsigned source_rate;
    int64_t source_rate_ms;
    unsigned source_rate_burst;

    /* When only so many slots are free, they are for peers of reserve_networks and those without an
     * IPv4 or IPv6 address. Others are refused as above, also with THRDSRV_FULL_WAIT, because the
     * address is known only after accept; they count as refused_full. 0 … slots - 1. The other
     * limits hold for these networks too. */
    unsigned reserve;
    const char *const *reserve_networks; /* "ADDRESS/BITS", e.g. "10.0.0.0/8", "::1/128"; without
                                            "/BITS" one address */
    size_t reserve_network_count;        /* 1 or more with reserve */

    /* A service that is a program of its own: its arguments, the first its file, and a NULL. It is
     * looked for when the server is created, as a shell does that, and run for each connection,
     * which is its standard input and output. Mode fork: the child becomes the program. The other
     * modes: the worker starts it and waits. Standard error is the server's. Other descriptors are
     * closed, as far as libc knows how (glibc 2.34), else where they are close-on-exec. It leads a
     * process group of its own.
     *
     * Its environment is the host's when the server was created, and: PROTO (TCP), TCPREMOTEIP,
     * TCPREMOTEPORT, TCPLOCALIP, TCPLOCALPORT, TCPCONNNUM (connections of its source, this one
     * included), or PROTO (UNIX), UNIXREMOTEPID, UNIXREMOTEUID; THRD_SLOT, THRD_CONN, THRD_MODE.
     *
     * Timeouts are measured by what the kernel says of the connection (TCP_INFO, tcp(7)): what a
     * program waits for nobody can see, so that idle_ms passes while no byte moves, for whatever
     * reason. Over a Unix socket lifetime_ms alone holds, and no bytes are counted. A program that
     * is cut is sent SIGTERM and its connection is shut down; SIGKILL follows where it does not
     * end. A connection ends with its program, and what the program has said is delivered as after
     * a handler; what it has left unread is counted as neither read nor lost. */
    const char *const *program;

    /* Who may connect; thrdsrv_server_set_rules() gives others while the server runs. Of all the
     * networks that a peer's address is of, the one with the most bits decides, in whatever order
     * they stand here; the same network allowed and denied is denied. A peer of none of them is
     * denied where any network is allowed, else allowed: to allow everybody but some, allow
     * "0.0.0.0/0" and "::/0" too, or deny only. Unix sockets' peers are always allowed: the file's
     * permissions say who may connect. An IPv4 address that comes by an IPv6 socket is an IPv4
     * address; an address that is not known (an adopted connection whose peer has gone) is of no
     * network. No name is ever looked up.
     *
     * Who is denied is closed without a word, also with THRDSRV_FULL_BUSY, before any limit counts
     * it, before config.admit is asked and before it has a slot; it has been accepted then, because
     * the address is not known before. While all slots are taken with THRDSRV_FULL_WAIT, and while
     * the rate lets nobody in, it waits in the backlog like the others. */
    const struct thrdsrv_rule *rules;
    size_t rule_count; /* 0 … THRDSRV_RULES_MAX; 0: everybody may connect */

    /* Load balancers, by their networks as in reserve_networks above, or "unix": whoever connects
     * to a listener of ours by a Unix socket, for the file's permissions say who may. With any,
     * each connection has to begin with a header of the PROXY protocol, version 1 or 2, from one of
     * them: HAProxy's send-proxy and send-proxy-v2. From then on the peer is the client that the
     * header names, for the rules, the limits, config.admit, the log and the environment of a
     * program, and its destination is the connection's local address. The balancer's own
     * connections (LOCAL, UNKNOWN, and those for clients without an IPv4 or IPv6 address) keep the
     * addresses that they have. Connections that the host hands over (thrdsrv_server_adopt()) have
     * no header.
     *
     * Who is not of these networks, whose header is malformed or longer than 4,096 bytes, and who
     * has not sent all of it after proxy_ms is closed without a word and counted as refused_proxy.
     * Until then 256 connections have a place beside the slots; the others wait in the backlog.
     * With THRDSRV_FULL_WAIT a connection keeps its place when its header has come and no slot is
     * free, and nobody else is accepted meanwhile. Other timeouts begin when a slot has been found.
     */
    const char *const *proxy_networks;
    size_t proxy_network_count;
    int64_t proxy_ms; /* 1 or more */

    /* Called on the run() thread after thrdsrv_server_call(): what a signal handler of the host
     * cannot do itself. It must not block, for nobody is accepted meanwhile. */
    void (*on_call)(struct thrdsrv_server *server, void *user);
};

#define THRDSRV_SLOTS_MAX   1000000u
#define THRDSRV_SESSION_MAX 1024u
#define THRDSRV_STACK_MIN   131072u
#define THRDSRV_RULES_MAX   1000000u

/* Defaults a careful operator would choose; the service is the one thing left to set. */
#define THRDSRV_CONFIG_INIT                                                                        \
    {                                                                                              \
        sizeof(struct thrdsrv_config), NULL, NULL, NULL, NULL,         /* service */               \
            NULL, 0, false, 65535, true, 60, 10, 6,                    /* listening */             \
            THRDSRV_MODE_THREAD, 128, THRDSRV_FULL_WAIT, NULL, 262144, /* workers */               \
            600000, 60000, 60000, 0, 0, 0, 30000,                      /* timeouts */              \
            NULL, THRDSRV_LOG_NOTICE, NULL, NULL, NULL,                /* seen from outside */     \
            1000,                                                      /* parked workers */        \
            0, 32, 64, 0, 1000, 0, 0, 1000, 0, 0, NULL, 0,             /* limits by source */      \
            NULL,                                                      /* program */               \
            NULL, 0,                                                   /* rules */                 \
            NULL, 0, 5000,                                             /* load balancers */        \
            NULL                                                       /* on_call */               \
    }

#ifdef __cplusplus
}
#endif

#endif
