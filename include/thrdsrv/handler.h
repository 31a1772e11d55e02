/* thrdsrv/handler.h - handlers that know no sockets: bytes in, bytes out.
 *
 * A handler is a state machine in the manner of zlib's inflate(): the caller owns the input
 * buffer, the output buffer and the session memory; step() consumes some input, produces some
 * output and says what it needs next. It never blocks, allocates, reads a clock or asks the
 * system for anything, so the same object code runs in a thread, in a child process, in an event
 * loop, as a filter, in a fuzzer or in a unit test.
 *
 * Threads: a handler is a constant; every function of it may run in any number of threads at
 * once, each with a session of its own. One session is used by one thread at a time. Nothing
 * here blocks, and nothing here touches errno or signals.
 *
 * Use:
 *
 *     max_align_t session[...];                  // at least handler->session_size bytes
 *     handler->start(session, &info);
 *     for (;;) {
 *         answer = handler->step(session, &stream);
 *         ... take what was written before stream.next_out, offer room again ...
 *         if (answer == THRDSRV_STEP_WANT_INPUT)
 *             ... keep the avail_in bytes at next_in, append more behind them ...
 *         if (answer >= THRDSRV_STEP_DONE)
 *             break;
 *     }
 *
 * There is nothing to finish: session memory is simply forgotten.
 *
 * What a caller may rely on: with room for output, WANT_OUTPUT comes with a byte consumed or
 * produced; WANT_INPUT is never the answer to THRDSRV_INPUT_END; after DONE or FAILED a further
 * step changes nothing and answers the same. */
#ifndef THRDSRV_HANDLER_H
#define THRDSRV_HANDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What step() answers. The output produced so far is valid whatever the answer is. */
enum thrdsrv_step {
    THRDSRV_STEP_WANT_INPUT = 0, /* give more input (append to what was left), or say it ended */
    THRDSRV_STEP_WANT_OUTPUT,    /* there is more to say: give room for output and call again;
                                    new input may be offered in that call too */
    THRDSRV_STEP_DONE,           /* the service is complete: send the output, then close */
    THRDSRV_STEP_FAILED,         /* the peer broke the protocol: send the output (it holds the
                                    error line, where the protocol has one), then close */
};

/* What the caller says about the input it offers. */
enum thrdsrv_input {
    THRDSRV_INPUT_MORE = 0, /* more may follow; the handler may leave any part unconsumed */
    THRDSRV_INPUT_FULL,     /* more may follow, but the caller's buffer is full: the handler must
                               not wait for more without consuming at least one byte, even in
                               the middle of a line */
    THRDSRV_INPUT_END,      /* these bytes are the last; stays so for the rest of the session */
};

/* One call's buffers. step() advances next_in/next_out and lowers avail_in/avail_out by what it
 * consumed and produced, as z_stream does. The pointers may be NULL where the count is 0. */
struct thrdsrv_stream {
    const unsigned char *next_in;
    size_t avail_in; /* bytes */
    unsigned char *next_out;
    size_t avail_out; /* bytes */
    enum thrdsrv_input input;
};

/* What a handler is told at the start, because it may ask nobody. */
struct thrdsrv_start {
    int64_t unix_time; /* seconds since 1970-01-01 00:00:00 UTC */
    const char *peer;  /* the peer's address as text, "" if there is none; valid in start() only */
};

struct thrdsrv_handler {
    const char *name;    /* short, lower case, as in --handler=NAME */
    const char *summary; /* one line, no full stop, for a list of handlers */
    size_t session_size; /* bytes of session memory, aligned as malloc() does; may be 0 */
    bool in_place; /* next_out may equal next_in, avail_out then being no larger than avail_in:
                      the handler writes exactly one byte for each byte it consumes, so one
                      buffer serves for both and is not copied */
    void (*start)(void *session, const struct thrdsrv_start *start);
    enum thrdsrv_step (*step)(void *session, struct thrdsrv_stream *stream);
};

/* The built-in services. Each one's protocol is described in the file that implements it. */
THRDSRV_API extern const struct thrdsrv_handler thrdsrv_echo; /* RFC 862: what comes in goes out */
THRDSRV_API extern const struct thrdsrv_handler
    thrdsrv_discard; /* RFC 863: reads all, says nothing */
THRDSRV_API extern const struct thrdsrv_handler
    thrdsrv_chargen; /* RFC 864: lines of 72 characters, for ever */
THRDSRV_API extern const struct thrdsrv_handler
    thrdsrv_daytime; /* RFC 867: date and time (UTC) as a line */
THRDSRV_API extern const struct thrdsrv_handler
    thrdsrv_time; /* RFC 868: seconds since 1900, 4 bytes */
THRDSRV_API extern const struct thrdsrv_handler
    thrdsrv_rot13; /* letters rotated by 13, a line at a time */
THRDSRV_API extern const struct thrdsrv_handler
    thrdsrv_bytes; /* "N\n" in, exactly N bytes out, repeatedly */

/* The built-in handler of that name, or NULL. Any thread. */
THRDSRV_API const struct thrdsrv_handler *thrdsrv_handler_find(const char *name);

/* The built-in handlers by number 0, 1, 2 … in the order of their names; NULL past the last. */
THRDSRV_API const struct thrdsrv_handler *thrdsrv_handler_at(size_t index);

#ifdef __cplusplus
}
#endif

#endif
