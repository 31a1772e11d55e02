/* thrdsrv/conn.h - what a blocking handler may do with its connection.
 *
 * A blocking handler is straight-line code that a worker (a thread of its own, a child process,
 * or the server's thread in inline mode) runs for one connection:
 *
 *     static int serve(struct thrdsrv_conn *conn, void *user)
 *     {
 *         char line[256];
 *         while (thrdsrv_conn_read_line(conn, line, sizeof line) >= 0)
 *             if (thrdsrv_conn_printf(conn, "you said %s\n", line) < 0)
 *                 break;
 *         return 0;
 *     }
 *
 * It must return: no longjmp(3), pthread_exit(3) or C++ exception may leave it.
 * It returns 0 when the service is complete, or a negative THRDSRV_E_… that becomes the reason in
 * the connection's end line. The server then sends what is left, ends its side, waits a moment
 * for the peer's end so that no reply is lost to a reset, and closes: the handler never closes.
 *
 * Threads: a conn belongs to the worker that was given it; only that thread may use it, and only
 * until the handler returns. All functions that read or write block, bounded by the server's
 * timeouts (see config.h) and by thrdsrv_conn_set_deadline(). When the server cuts a connection
 * (a timeout, the end of the drain), blocked calls return at once with THRDSRV_E_TIMEOUT or
 * THRDSRV_E_STOPPED, and so do all later ones: return soon. A child that goes on is killed a second
 * after the cut, when the server stops 50 ms after it; nothing can end a thread that goes on. EINTR
 * and short counts are dealt with inside. No call raises SIGPIPE. */
#ifndef THRDSRV_CONN_H
#define THRDSRV_CONN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <thrdsrv/export.h>

#ifdef __cplusplus
extern "C" {
#endif

struct thrdsrv_conn;
struct thrdsrv_server;

/* Reads at least 1 and at most size bytes into buf. Blocks until there is input.
 * Returns the count; 0 at the end of input (the peer has ended its side; writing still works);
 * negative: E_INVALID (size is 0), E_TIMEOUT, E_STOPPED, E_RESET, E_SYSTEM. */
THRDSRV_API ssize_t thrdsrv_conn_read(struct thrdsrv_conn *conn, void *buf, size_t size);

/* Reads one line that ends in LF or CRLF into buf, without its line end and with a terminating
 * NUL byte. Returns its length (0 for an empty line; bytes of value 0 are possible, so the length
 * counts). A last line without a line end is returned as a line.
 * Negative: E_EOF at the end of input; E_TOO_LONG when the line is longer than size - 1 bytes, or
 * than 4095 whatever size is (4094 where CRLF ends it): buf then holds its first bytes, as many as
 * fit, and the next call goes on behind them, so no byte is lost; E_INVALID (size < 2) and the
 * errors of thrdsrv_conn_read(). On an error other than E_TOO_LONG what was read of an unfinished
 * line stays in the connection for the next call.
 *
 * Reads ahead into the connection's own buffer (4 KiB), which thrdsrv_conn_read() empties first.
 * For a bound on the time that a line may take see thrdsrv_conn_set_deadline(). */
THRDSRV_API ssize_t thrdsrv_conn_read_line(struct thrdsrv_conn *conn, char *buf, size_t size);

/* Writes all size bytes, or fails. Returns 0, or E_TIMEOUT, E_STOPPED, E_RESET, E_SYSTEM: then
 * an unknown part of the bytes has been sent. "Written" means that the kernel has taken them. */
THRDSRV_API int thrdsrv_conn_write(struct thrdsrv_conn *conn, const void *data, size_t size);

/* Formats as printf does and writes the result. At most 4095 bytes: a longer result is
 * E_TOO_LONG, and a format that printf(3) cannot carry out E_INVALID; nothing of them is written.
 * Otherwise as thrdsrv_conn_write(). */
THRDSRV_API int thrdsrv_conn_printf(struct thrdsrv_conn *conn, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* The handler's own deadline: reads and writes that would block later than milliseconds from now
 * fail with E_TIMEOUT. Negative: no deadline (as at the start). May be set anew at any time. */
THRDSRV_API void thrdsrv_conn_set_deadline(struct thrdsrv_conn *conn, int64_t milliseconds);

/* Addresses as text: "127.0.0.1:43211", "[::1]:43211"; for a Unix socket the peer is
 * "unix:pid=17,uid=1000" and the local address "unix:/run/x". Owned by the connection, valid
 * until the handler returns; never NULL. */
THRDSRV_API const char *thrdsrv_conn_peer(struct thrdsrv_conn *conn);
THRDSRV_API const char *thrdsrv_conn_local(struct thrdsrv_conn *conn);

/* Number of the slot that the connection occupies, 0 … slots - 1. */
THRDSRV_API unsigned thrdsrv_conn_slot(const struct thrdsrv_conn *conn);

/* Number of the connection: 1 for the first that this server accepted, then 2, 3 … */
THRDSRV_API uint64_t thrdsrv_conn_id(const struct thrdsrv_conn *conn);

/* How long ago the connection was accepted, or adopted, by CLOCK_MONOTONIC: nanoseconds, 0 or more.
 * At the top of a handler this is what starting its worker took. */
THRDSRV_API int64_t thrdsrv_conn_age_ns(const struct thrdsrv_conn *conn);

/* The server that accepted the connection, e.g. to stop it (thrdsrv_server_quiesce(), _stop()
 * may be called from a handler in thread and inline mode; in a child process of fork mode they
 * have no effect on the parent). */
THRDSRV_API struct thrdsrv_server *thrdsrv_conn_server(const struct thrdsrv_conn *conn);

#ifdef __cplusplus
}
#endif

#endif
