/* handler/bytes.c - as many bytes as the peer asks for. There is no RFC for it; it exists to
 * measure a server with answers of every size.
 *
 * A request is a line: a decimal number from 0 to 2147483647, then LF or CRLF. At most 16 digits,
 * so leading zeros are allowed, but no sign, no space and no empty line. The answer is exactly so
 * many bytes with nothing around them; byte number i of each answer is the letter 'a' + i % 26, so
 * that a client can tell a lost byte from a wrong one. Requests may follow each other on one
 * connection, also without waiting for the answers. While an answer is being written, no input is
 * consumed: a peer that does not read its answers is not read from either.
 *
 * Bad input (a byte that cannot belong to a request, a number too large, a line too long) is
 * answered at the first byte that makes it so:
 *
 *     error: expected a number from 0 to 2147483647 and a newline\r\n
 *
 * and the service has failed; input behind that byte is not consumed. The end of input between
 * two requests completes the service; within a request it is bad input.
 *
 * Run by any caller of handler.h on any thread. */
#include "stream.h"

#define NUMBER_MAX 2147483647u
#define DIGITS_MAX 16u

#define PERIOD     26u /* bytes after which an answer repeats */

/* Most that one memcpy() of an answer takes from the bytes before it: large enough to be fast,
 * small enough to stay in the first-level cache. */
#define COPY_MAX (PERIOD * 256u)

static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
_Static_assert(sizeof letters - 1 == 2 * PERIOD, "a period from any letter on");

static const char error_line[] = "error: expected a number from 0 to 2147483647 and a newline\r\n";
#define ERROR_LENGTH (sizeof error_line - 1)

enum state {
    STATE_NUMBER, /* reads digits, or the line end behind at least one of them */
    STATE_CR,     /* has read a number and CR; only LF may follow */
    STATE_ANSWER, /* writes the answer; then STATE_NUMBER */
    STATE_ERROR,  /* writes the error line, and stays here for good */
};

struct session {
    enum state state;
    unsigned digits; /* of the number that is being read */
    uint32_t number; /* the number so far; in STATE_ANSWER the length of the answer */
    uint32_t sent;   /* bytes of the answer or of the error line already written */
};

static void expect_request(struct session *s)
{
    s->state = STATE_NUMBER;
    s->digits = 0;
    s->number = 0;
    s->sent = 0;
}

static void start(void *session, const struct thrdsrv_start *info)
{
    (void)info;
    expect_request(session);
}

static enum state read_number(struct session *s, unsigned char c)
{
    if (c >= '0' && c <= '9') {
        uint64_t number = (uint64_t)s->number * 10 + (c - '0');
        if (number > NUMBER_MAX || ++s->digits > DIGITS_MAX)
            return STATE_ERROR;
        s->number = (uint32_t)number;
        return STATE_NUMBER;
    }
    if (s->digits == 0)
        return STATE_ERROR;
    if (c == '\r')
        return STATE_CR;
    return c == '\n' ? STATE_ANSWER : STATE_ERROR;
}

/* Consumes input until the request is complete or known to be bad. */
static void read_request(struct session *s, struct thrdsrv_stream *stream)
{
    while (stream->avail_in > 0 && (s->state == STATE_NUMBER || s->state == STATE_CR)) {
        unsigned char c = *stream->next_in++;
        stream->avail_in--;
        if (s->state == STATE_NUMBER)
            s->state = read_number(s, c);
        else
            s->state = c == '\n' ? STATE_ANSWER : STATE_ERROR;
    }
}

/* Writes what there is room for of the answer: one period from where the answer stands, then
 * copies of what is there already, by whole periods and doubling up to COPY_MAX. */
static void write_answer(struct session *s, struct thrdsrv_stream *stream)
{
    const unsigned char *first = stream->next_out;
    size_t size = s->number - s->sent;
    size_t done;

    if (size > stream->avail_out)
        size = stream->avail_out;
    done = stream_write(stream, letters + s->sent % PERIOD, size < PERIOD ? size : PERIOD);
    while (done < size) {
        size_t n = done < COPY_MAX ? done : COPY_MAX;
        done += stream_write(stream, first, n < size - done ? n : size - done);
    }
    s->sent += (uint32_t)size;
}

static enum thrdsrv_step write_error(struct session *s, struct thrdsrv_stream *stream)
{
    s->sent += (uint32_t)stream_write(stream, error_line + s->sent, ERROR_LENGTH - s->sent);
    return s->sent < ERROR_LENGTH ? THRDSRV_STEP_WANT_OUTPUT : THRDSRV_STEP_FAILED;
}

static enum thrdsrv_step step(void *session, struct thrdsrv_stream *stream)
{
    struct session *s = session;

    for (;;) {
        read_request(s, stream);
        if (s->state == STATE_ANSWER) {
            write_answer(s, stream);
            if (s->sent < s->number)
                return THRDSRV_STEP_WANT_OUTPUT;
            expect_request(s);
            continue;
        }
        if (s->state == STATE_ERROR)
            return write_error(s, stream);
        if (stream->input != THRDSRV_INPUT_END)
            return THRDSRV_STEP_WANT_INPUT;
        if (s->digits == 0)
            return THRDSRV_STEP_DONE;
        s->state = STATE_ERROR;
    }
}

const struct thrdsrv_handler thrdsrv_bytes = {
    .name = "bytes",
    .summary = "answers each line that holds a number with that many bytes",
    .session_size = sizeof(struct session),
    .in_place = false,
    .start = start,
    .step = step,
};
