/* thrdsrv/observe.h - what a server lets others see: log lines, the end of each connection, the
 * counters, the slots.
 *
 * Structs that the library fills in grow at their end: a function that fills one takes its size,
 * and fills in so much of it; what this version of the library does not know is zero. */
#ifndef THRDSRV_OBSERVE_H
#define THRDSRV_OBSERVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <thrdsrv/export.h>

#ifdef __cplusplus
extern "C" {
#endif

struct thrdsrv_server;

enum thrdsrv_log_level {
    THRDSRV_LOG_ERROR = 0, /* the server cannot go on, or cannot start */
    THRDSRV_LOG_WARN,      /* trouble that costs connections; at most one line a second of a kind */
    THRDSRV_LOG_NOTICE,    /* start, stop, and what was asked for (the dump) */
    THRDSRV_LOG_INFO,      /* one line at the end of each connection */
    THRDSRV_LOG_DEBUG,     /* one line at the start of each connection too */
};

/* Receives one line of logfmt (key=value …, values quoted where they need it) without time,
 * level or newline. Called on the run() thread, on worker threads and on those that create and
 * destroy the server, at once, under no lock of the server's, never in a child process. The text is
 * valid during the call only. */
typedef void thrdsrv_log_fn(void *user, enum thrdsrv_log_level level, const char *line);

/* Why a connection ended. */
enum thrdsrv_end_reason {
    THRDSRV_END_NONE = 0,    /* it has not ended */
    THRDSRV_END_EOF,         /* the peer ended its side and got all its answers */
    THRDSRV_END_DONE,        /* the handler was complete first */
    THRDSRV_END_FAILED,      /* the peer broke the protocol, or the handler says it failed */
    THRDSRV_END_RESET,       /* the peer reset the connection or went away */
    THRDSRV_END_ERROR,       /* a call on the connection failed for a reason of the system's */
    THRDSRV_END_IDLE,        /* a timeout, see struct thrdsrv_config: idle_ms */
    THRDSRV_END_FIRST_BYTE,  /* first_byte_ms */
    THRDSRV_END_WRITE_STALL, /* write_stall_ms */
    THRDSRV_END_LIFETIME,    /* lifetime_ms */
    THRDSRV_END_RATE,        /* min_rate_bytes */
    THRDSRV_END_STOPPED,     /* the server's stop cut it */
    THRDSRV_END_TERMINATED,  /* somebody sent the worker process SIGTERM: code is SIGTERM */
    THRDSRV_END_SIGNAL,      /* the worker process died of a signal: code is its number */
    THRDSRV_END_EXIT,        /* the worker process exited by itself: code is its status */
    THRDSRV_END_NO_WORKER,   /* no worker could be started for it */
    THRDSRV_END_NO_PROGRAM,  /* config.program could not be run: code is the errno */
};

/* The word that stands behind end= in a log line, e.g. "first-byte"; "unknown" for a number that is
 * no reason. Never NULL; static storage; any thread. */
THRDSRV_API const char *thrdsrv_end_reason_name(enum thrdsrv_end_reason reason);

/* A connection that has ended, as config.on_end sees it. The texts are valid during the call. */
struct thrdsrv_end {
    uint64_t conn;     /* number of the connection, as thrdsrv_conn_id() */
    unsigned slot;     /* as thrdsrv_conn_slot() */
    pid_t worker;      /* thread id (mode thread, inline) or process id; 0: there was none */
    const char *peer;  /* as thrdsrv_conn_peer(), thrdsrv_conn_local() */
    const char *local; /* the listener's address where the system did not tell */
    enum thrdsrv_end_reason reason;
    int code;            /* signal number or exit status, else 0 */
    int64_t duration_us; /* microseconds from accept to the end of service */
    uint64_t bytes_in;   /* read from the peer */
    uint64_t bytes_out;  /* taken by the kernel for the peer */
    struct rusage usage; /* of the worker, for this connection alone: times, faults, context
                            switches (getrusage(2)); ru_maxrss counts in mode fork only */
    const char *proxy;   /* the balancer that named peer and local; NULL: none did */
};

/* Counters since create.
 * accepted = active + served + spawn_failures + refused_full + refused_admission + refused_source +
 * refused_rate + refused_rules + refused_proxy. */
struct thrdsrv_stats {
    uint64_t accepted;       /* connections that accept(2) has returned, or that were adopted; not
                                yet those that wait for their PROXY header, or behind it for a slot
                              */
    uint64_t active;         /* slots in use now */
    uint64_t peak;           /* most slots in use at once */
    uint64_t served;         /* connections whose worker has ended, for whatever reason */
    uint64_t refused_full;   /* closed or told "busy" because every slot that the peer may have was
                                taken */
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
    uint64_t refused_admission; /* config.admit said no */
    uint64_t refused_source;    /* its source had config.per_source connections */
    uint64_t refused_rate;      /* its source came faster than config.source_rate */
    uint64_t refused_rules;     /* config.rules, or those set since, deny it */
    uint64_t refused_proxy;     /* config.proxy_networks: no PROXY header that is believed came in
                                   time, or the stop came before a slot was free */
};

/* Copies the counters, all of one moment; size is sizeof *stats. Any thread, a handler, a hook;
 * after run() has returned too. Does not block for long: takes the table's lock once. In a child
 * process of mode fork all counters are zero. */
THRDSRV_API void thrdsrv_server_stats(struct thrdsrv_server *server, struct thrdsrv_stats *stats,
                                      size_t size);

/* The state of a slot. It goes round in this order. */
enum thrdsrv_slot_state {
    THRDSRV_SLOT_FREE = 0, /* holds no connection */
    THRDSRV_SLOT_RESERVED, /* its worker is being started */
    THRDSRV_SLOT_ACTIVE,   /* its worker serves */
    THRDSRV_SLOT_STOPPING, /* its worker was cut, or closes the connection */
};

/* "FREE", "RESERVED", "ACTIVE", "STOPPING"; "unknown" for another number. Any thread. */
THRDSRV_API const char *thrdsrv_slot_state_name(enum thrdsrv_slot_state state);

/* What a worker waits for. */
enum thrdsrv_wait {
    THRDSRV_WAIT_NONE = 0, /* for nothing of the peer's: the handler computes */
    THRDSRV_WAIT_READ,     /* for input */
    THRDSRV_WAIT_WRITE,    /* for the peer to take output */
    THRDSRV_WAIT_END,      /* all is sent; for the peer's end */
};

/* One slot at one moment. */
struct thrdsrv_slot {
    unsigned index; /* number of the slot */
    enum thrdsrv_slot_state state;
    uint32_t generation;     /* counts the uses of the slot, wraps */
    enum thrdsrv_wait waits; /* what its worker waits for, */
    int64_t waits_ms;        /* and for how long so far */
    uint64_t conn;           /* number of the connection */
    pid_t worker;            /* thread id or process id; 0: not yet known */
    int64_t age_ms;          /* since the connection was accepted */
    uint64_t bytes_in;       /* so far */
    uint64_t bytes_out;
    char peer[128];  /* as thrdsrv_conn_peer() */
    char local[128]; /* our address, or the listener's where that is not known */
    int64_t idle_ms; /* since a byte was last read, or taken by the kernel for the peer; since the
                        connection was accepted, where none was */
    int64_t cpu_us;  /* CPU time that the worker has used for this connection so far. With
                        config.program, that of the program, without the processes that it has
                        started. Negative: the system does not tell, or the worker is not there yet,
                        or no more */
};

/* Copies slot number index (0 … slots - 1); size is sizeof *slot. Returns 1 when the slot holds a
 * connection, 0 when it is free (all but index is then zero), E_INVALID past the last slot and in a
 * child process of mode fork. A walk over all slots shows each as it is when it is copied, not all
 * of them at one moment. Threads and blocking as thrdsrv_server_stats(). */
THRDSRV_API int thrdsrv_server_slot(struct thrdsrv_server *server, unsigned index,
                                    struct thrdsrv_slot *slot, size_t size);

/* Receives one line of logfmt, as thrdsrv_log_fn does. Returns 0, or a negative number to get no
 * more. */
typedef int thrdsrv_line_fn(void *user, const char *line);

/* Says what thrdsrv_server_dump() would have logged: a line for the server ("msg=server ..."), one
 * for each slot that holds a connection ("msg=slot ..."), and the counters ("msg=counters ..."),
 * which are the last. The slots are as in thrdsrv_server_slot(). write is called on the calling
 * thread, under no lock of the server's, so it may take its time; the log level does not matter.
 * Returns 0, what write returned when that was negative, or E_INVALID in a child process of mode
 * fork. Threads as thrdsrv_server_stats(). */
THRDSRV_API int thrdsrv_server_report(struct thrdsrv_server *server, thrdsrv_line_fn *write,
                                      void *user);

#ifdef __cplusplus
}
#endif

#endif
