/* load.h - the load generator: many TCP connections from a few event-driven threads, every reply
 * checked byte by byte.
 *
 * What it does: keeps `connections` connections busy with exchanges (a request, its reply), one
 * after another (closed loop) or on a fixed schedule (open loop, `rate`), and tells how many there
 * were, how long each took, and what went wrong.
 * What it does not do: it starts no server, looks at no process but its own threads, prints
 * nothing. Knows only libc; shares no code with the server.
 *
 * The caller's thread leads, the load threads run by themselves:
 *
 *     load_start()          connects; returns when all connections are up (or one cannot be)
 *     load_open_window()    from a moment on that is told, exchanges are measured
 *     load_close_window()   up to a moment that is told; then waits for what is still under way
 *     load_finish()         closes all, joins the threads, gives the result
 */
#ifndef CLIENT_LOAD_H
#define CLIENT_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "client/histogram.h"

/* What is sent, and what has to come back. */
enum load_service {
    LOAD_ECHO = 0, /* size bytes, different each time; the same come back (RFC 862) */
    LOAD_BYTES, /* "SIZE\n"; SIZE bytes come back, byte i is 'a' + i % 26 (thrd's handler bytes) */
    LOAD_AGE,   /* nothing is sent; a decimal number of nanoseconds and a line end come back,
                   then the end (thrd's handler age); the numbers go to result.ages. Each
                   exchange has a connection of its own, as with reconnect; none is held */
    LOAD_ROT13, /* as LOAD_ECHO, with a line end as each request's last byte and 64 bytes before
                   every other: servers that answer line by line can be asked. What comes back
                   has its letters rotated by 13 places */
};

struct load_config {
    struct sockaddr_storage address; /* of the server, IPv4 or IPv6 */
    socklen_t address_length;
    enum load_service service;
    size_t size;          /* bytes of a request or (bytes) of a reply, 1 to LOAD_SIZE_MAX */
    unsigned connections; /* that are busy at once, 1 to LOAD_CONNECTIONS_MAX; 0 where held > 0 */
    unsigned held;        /* idle connections besides: each makes one exchange at its start, so that
                             its worker is at work, and then says nothing more */
    unsigned depth;       /* requests under way on one connection, 1 to LOAD_DEPTH_MAX; 1: waits for
                             each reply. With reconnect always 1 */
    bool reconnect;       /* a connection for each exchange: connect, exchange, close */
    unsigned threads;     /* 1 to LOAD_THREADS_MAX */
    double rate;          /* exchanges a second in all, on a fixed schedule; 0: closed loop */
    uint64_t limit;       /* stop after so many exchanges of busy connections, failed ones included;
                             they begin with the window, so that all are measured. 0: no limit */
    int64_t patience_ns;  /* a connect or a reply that takes longer (from when its exchange was
                             begun) is a failure */
};

#define LOAD_SIZE_MAX        (16u << 20)
#define LOAD_CONNECTIONS_MAX 100000u
#define LOAD_DEPTH_MAX       64u
#define LOAD_THREADS_MAX     64u

/* What can go wrong with a connection, in the order of how surprising it is. A connection that
 * fails is counted once, whatever was under way on it, left alone for 10 ms and made again. */
enum load_failure {
    LOAD_REFUSED = 0,  /* connect(2) failed: ECONNREFUSED, ETIMEDOUT … */
    LOAD_RESET,        /* the connection was reset */
    LOAD_CLOSED_EARLY, /* the end came before the whole reply */
    LOAD_WRONG_BYTE,   /* a byte of a reply is not what it should be, or there was one too many */
    LOAD_UNANSWERED,   /* no connection or no reply within patience_ns. At the end of an open loop's
                          window each exchange that was due and has not ended counts */
    LOAD_LOCAL,        /* this side could not: no descriptor, no memory, no port */
    LOAD_FAILURES,     /* how many there are */
};

/* "refused", "reset", "closed early", "wrong byte", "unanswered", "local". */
const char *load_failure_name(enum load_failure failure);

struct load_result {
    /* In the window: */
    int64_t window_ns;
    uint64_t exchanges;     /* that ended in it. An open loop's times are of those that were due in
                               it: late.count of them have ended, total.count in all */
    uint64_t connects;      /* connections made in it */
    uint64_t bytes_in;      /* received from the server */
    uint64_t bytes_out;     /* sent */
    double load_cpu_s;      /* CPU time of all load threads, seconds */
    double load_busiest;    /* CPU time of the busiest load thread / window, 0 to 1 */
    struct histogram total; /* from the intended start of an exchange (open loop: when it was due;
                               else with reconnect: of its connect) to its last byte. Open loop:
                               those unanswered, too, with the time that they had waited */
    struct histogram late;  /* the same without correction for coordinated omission: from when it
                               was really begun; of those answered. Closed loop: as total */
    struct histogram first; /* from the request's last byte sent to the reply's first; 0 where
                               that came before. LOAD_AGE: from the connection */
    struct histogram connect; /* from connect(2) to the connection; of all connections ever made */
    struct histogram ages;    /* LOAD_AGE only */

    /* From the beginning to the end: */
    uint64_t all_exchanges; /* warm-up included, those of held connections too */
    uint64_t all_connects;
    uint64_t failures[LOAD_FAILURES];
    char first_failure[200]; /* the first one in words, "" where there is none:
                                "connection 17, exchange 5, byte 31: 0x43 instead of 0x41";
                                all counted from 0, held connections after the busy ones */
};

struct load;

/* Lets this process open as many files as such a load takes: raises the soft limit where needed.
 * Servers that are started afterwards inherit it, and need no more. load_start() does it too.
 * Returns 0, or -1 with the reason in error (one line). */
int load_allow_files(const struct load_config *config, char *error, size_t size);

/* Makes the threads and the connections. Blocks until every connection (held ones too, each after
 * its exchange) is up; each has patience_ns for that. Exchanges of the busy connections begin as
 * soon as all are up: they are the warm-up (none with a limit), and each connection has had its
 * first one, well or not, when this returns (not in an open loop in which a round of them takes
 * more than a second). With reconnect the busy ones are
 * made as they are needed, and have been up once each when this returns (not with a limit). Returns
 * 0 with *load, or -1 with the reason in error (one line), also when a signal that is not blocked
 * comes: then nothing is left. Raises the soft limit of open files where needed. Where the server's
 * address is in 127/8, connections come from 254 addresses of it in turn, so that ports do not run
 * out (dial.h). The load threads block all signals. config may be gone afterwards. */
int load_start(const struct load_config *config, struct load **load, char *error, size_t size);

/* Exchanges count from begin_ns (CLOCK_MONOTONIC, later; or else now) on and until
 * load_close_window(). Once for each load. Does not block. */
void load_open_window(struct load *load, int64_t begin_ns);

/* Waits (sleeping, and no longer than to end_ns) until the limit is reached or the window is over;
 * false where a signal that is not blocked came first: the window stays open. */
bool load_wait(struct load *load, int64_t end_ns);

/* The window ends at end_ns (later; or else now: result.window_ns tells). Exchanges that end after
 * it do not count, except for the times of an open loop's: those that were due before are waited
 * for, patience_ns at most. No new ones begin. Blocks until none is under way; false where a signal
 * that is not blocked came first: then load_finish() gives them up without a word. Connections stay
 * up until then. */
bool load_close_window(struct load *load, int64_t end_ns);

/* Closes every connection, joins the threads, fills in *result (large: not on a small stack) and
 * frees all. Works at any time after load_start(), also without a window. */
void load_finish(struct load *load, struct load_result *result);

#endif
