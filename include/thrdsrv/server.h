/* thrdsrv/server.h - a TCP server that gives every connection a worker of its own.
 *
 *     struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
 *     struct thrdsrv_server *server;
 *     config.mode = THRDSRV_MODE_THREAD;
 *     config.handler = &thrdsrv_echo;
 *     if (thrdsrv_server_create(&config, &server) == 0) {
 *         thrdsrv_server_run(server);     // until somebody calls thrdsrv_server_quiesce()
 *         thrdsrv_server_destroy(server);
 *     }
 *
 * The thread that calls thrdsrv_server_run() accepts connections into a fixed table of slots and
 * does all control work: timeouts, reaping of children, drain. Each connection is served by a
 * detached POSIX thread (mode thread), a child process (mode fork), or by the calling thread
 * itself, one at a time (mode inline).
 *
 * The library changes no signal disposition, raises no SIGPIPE, never exits the process, prints
 * only through config.log, and reaps only its own children. */
#ifndef THRDSRV_SERVER_H
#define THRDSRV_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/conn.h>
#include <thrdsrv/error.h>
#include <thrdsrv/handler.h>

#ifdef __cplusplus
extern "C" {
#endif

struct thrdsrv_server;

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

enum thrdsrv_log_level {
    THRDSRV_LOG_ERROR = 0, /* the server cannot go on, or cannot start */
    THRDSRV_LOG_WARN,      /* trouble that costs connections; at most one line a second of a kind */
    THRDSRV_LOG_NOTICE,    /* start, stop, and what was asked for (the dump) */
    THRDSRV_LOG_INFO,      /* one line at the end of each connection */
    THRDSRV_LOG_DEBUG,     /* one line at the start of each connection too */
};

/* Receives one line of logfmt (key=value …, values quoted where they need it) without time,
 * level or newline. Called on the run() thread and on worker threads at once, under no lock of
 * the server's, never in a child process. The text is valid during the call only. */
typedef void thrdsrv_log_fn(void *user, enum thrdsrv_log_level level, const char *line);

/* A blocking handler, see conn.h. */
typedef int thrdsrv_serve_fn(struct thrdsrv_conn *conn, void *user);

/* All times are milliseconds; 0 or less means "no such timeout" unless said otherwise. */
struct thrdsrv_config {
    size_t size; /* sizeof of this struct, set by THRDSRV_CONFIG_INIT; lets the struct grow */

    /* The service: exactly one of handler and serve. */
    const struct thrdsrv_handler *handler; /* session_size at most THRDSRV_SESSION_MAX */
    thrdsrv_serve_fn *serve;
    const char *name; /* how logs call the service; NULL: handler->name, or "serve" */
    void *user;       /* handed to serve, on_start and log */

    /* Listening. Addresses: "HOST:PORT", "[V6]:PORT", ":PORT" (all addresses of both families),
     * "localhost:PORT" (127.0.0.1 and ::1), "unix:PATH[,mode=0660][,owner=USER[:GROUP]]". HOST is
     * a numeric address, "localhost" or "*": no name is ever looked up. PORT is 0 … 65535; 0 lets
     * the kernel choose, the same for both families. */
    const char *const *listen;
    size_t listen_count;    /* 0: one, "localhost:43211" */
    int backlog;            /* listen(2); the kernel caps it at net.core.somaxconn */
    bool nodelay;           /* TCP_NODELAY on every connection */
    int keepalive_idle;     /* seconds, 0: no keepalive probes; tcp(7) TCP_KEEPIDLE */
    int keepalive_interval; /* seconds, TCP_KEEPINTVL */
    int keepalive_count;    /* probes, TCP_KEEPCNT */

    /* Workers. */
    enum thrdsrv_mode mode;
    unsigned slots; /* connections at once, 1 … THRDSRV_SLOTS_MAX; mode inline always has one */
    enum thrdsrv_when_full when_full;
    const char *busy_text; /* for THRDSRV_FULL_BUSY; sent as it is */
    size_t stack_size;     /* bytes of each worker thread, a guard page not counted; rounded up to
                              pages; at least THRDSRV_STACK_MIN */

    /* Timeouts, for every handler and in every mode. They pass while the worker waits for its
     * peer; a handler that computes is bounded by lifetime_ms alone. */
    int64_t idle_ms;        /* waits for input for so long, no byte having moved meanwhile */
    int64_t first_byte_ms;  /* the same, instead of idle_ms, as long as nothing has been read yet */
    int64_t write_stall_ms; /* the peer takes no byte of our output for so long */
    int64_t lifetime_ms;    /* the whole connection */
    int64_t min_rate_bytes; /* with min_rate_ms: at least so many bytes, in and out together, */
    int64_t min_rate_ms;    /* in every so many milliseconds that the worker waits for the peer */
    int64_t drain_ms;       /* after quiesce: how long connections may go on; 0: not at all */

    /* Seen from outside. */
    thrdsrv_log_fn *log;              /* NULL: no log */
    enum thrdsrv_log_level log_level; /* lines above this level are not made */

    /* Called by the worker (in fork mode: in the child) before the handler. NULL: none. A child
     * that gives up privileges here or in serve must ask for PR_SET_PDEATHSIG, SIGKILL, again: the
     * kernel forgets it then (prctl(2)), and the child would outlive a parent that is killed. */
    void (*on_start)(struct thrdsrv_conn *conn, void *user);
};

#define THRDSRV_SLOTS_MAX   1000000u
#define THRDSRV_SESSION_MAX 1024u
#define THRDSRV_STACK_MIN   131072u

/* Defaults a careful operator would choose; the service is the one thing left to set. */
#define THRDSRV_CONFIG_INIT                                                                        \
    {                                                                                              \
        sizeof(struct thrdsrv_config), NULL, NULL, NULL, NULL,         /* service */               \
            NULL, 0, 65535, true, 60, 10, 6,                           /* listening */             \
            THRDSRV_MODE_THREAD, 128, THRDSRV_FULL_WAIT, NULL, 262144, /* workers */               \
            600000, 60000, 60000, 0, 0, 0, 30000,                      /* timeouts */              \
            NULL, THRDSRV_LOG_NOTICE, NULL                             /* seen from outside */     \
    }

/* Counters since create. accepted = active + served + refused_full + spawn_failures. */
struct thrdsrv_stats {
    uint64_t accepted;       /* connections that accept(2) has returned */
    uint64_t active;         /* slots in use now */
    uint64_t peak;           /* most slots in use at once */
    uint64_t served;         /* connections whose worker has ended, for whatever reason */
    uint64_t refused_full;   /* closed or told "busy" because every slot was taken */
    uint64_t spawn_failures; /* closed because no thread or process could be started */
    uint64_t timeouts_idle;  /* connections cut, by the timeout that passed */
    uint64_t timeouts_first_byte;
    uint64_t timeouts_write_stall;
    uint64_t timeouts_lifetime;
    uint64_t timeouts_rate;
    uint64_t accept_errors_conn;   /* accept(2) failed for a reason of that one connection */
    uint64_t accept_errors_system; /* accept(2) failed for want of descriptors or memory */
    uint64_t bytes_in;             /* of connections that have ended */
    uint64_t bytes_out;
    uint64_t drained; /* connections that were active at the stop and were let end */
    uint64_t cut;     /* those that the stop cut, or a signal to their process while it drained */
};

/* Checks the configuration, binds and listens; nothing is accepted yet, but from here on the
 * kernel's backlog takes connections. On success *server is the caller's, to be given to
 * thrdsrv_server_destroy(). The configuration is copied, and the strings in it too.
 * Returns 0, or E_INVALID, E_MEMORY, E_SYSTEM, E_UNSUPPORTED with *server NULL; config->log has
 * then got one line of level ERROR that names the cause and the remedy (unless not even memory for
 * that was there, or config->size is too small to hold a log). Any thread. */
int thrdsrv_server_create(const struct thrdsrv_config *config, struct thrdsrv_server **server);

/* Writes the address that listener number index (0, 1 …) is bound to as text, e.g.
 * "127.0.0.1:43211", with the port that the kernel chose. Returns its length, or E_INVALID past
 * the last listener or where size is too small (128 always suffices). Any thread, before run()
 * returns. "localhost:PORT" and ":PORT" make two listeners where the machine has both families. */
int thrdsrv_server_address(const struct thrdsrv_server *server, size_t index, char *buf,
                           size_t size);

/* Serves until the server has stopped; call it once. Blocks. When it returns, the listeners are
 * closed, every connection has ended, and no worker thread or child of this server is left: it
 * is safe to destroy the server and to unload the library. A handler that does not return keeps
 * run() from returning.
 * Returns 0 (thrdsrv_server_stats() tells whether connections were cut), or E_SYSTEM with errno
 * when the server had to give up by itself. In fork mode no signal disposition is changed, but
 * a process that ignores SIGCHLD loses the exit status of its children, and so does our log. */
int thrdsrv_server_run(struct thrdsrv_server *server);

/* Requests; each returns at once and is carried out by the run() thread. Safe in any thread, in a
 * handler and in a signal handler (they change errno for nobody), before run() too; not after
 * destroy.
 * quiesce: accept no more, let the running connections end within drain_ms, cut the rest.
 * stop:    accept no more, cut the running connections now.
 * dump:    log the slot table and the counters, level NOTICE. */
void thrdsrv_server_quiesce(struct thrdsrv_server *server);
void thrdsrv_server_stop(struct thrdsrv_server *server);
void thrdsrv_server_dump(struct thrdsrv_server *server);

/* Copies the counters. Any thread, also after run() has returned. Does not block for long: takes
 * the table's lock once. Not in a child process of fork mode, where that lock may be held for ever
 * by a thread that was not forked along. */
void thrdsrv_server_stats(struct thrdsrv_server *server, struct thrdsrv_stats *stats);

/* Gives everything back; NULL is allowed. Not while run() runs, but before run() is fine. */
void thrdsrv_server_destroy(struct thrdsrv_server *server);

/* Whether this build of the library can run the mode. */
bool thrdsrv_mode_supported(enum thrdsrv_mode mode);

#ifdef __cplusplus
}
#endif

#endif
