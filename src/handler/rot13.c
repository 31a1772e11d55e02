/* handler/rot13.c - letters rotated by 13 places, a line at a time. There is no RFC for it; what
 * it does to a byte is what `tr A-Za-z N-ZA-Mn-za-m` does in the C locale.
 *
 * A line, up to and with its LF, is answered when its LF has come; CR and every other byte that
 * is not a letter of ASCII passes unchanged. An incomplete line is held back, as unconsumed input
 * in the caller's buffer, until its LF comes or
 * - the caller's buffer is full of it: then it is answered as far as it has come, so lines may be
 *   of any length, or
 * - the input ends: then it is answered without an LF, and the service is complete.
 * Where there is less room than a line is long, the line goes out in pieces. There is no bad
 * input.
 *
 * The session is empty. What is answered in a step follows from that step's stream alone, so
 * nothing is assumed about bytes that were left unconsumed earlier; only consumed bytes are
 * written over (in place), so no byte is rotated twice. The price is that a held-back line is
 * searched again in each step; memrchr() does that at memory speed.
 *
 * Run by any caller of handler.h on any thread. */
#include "stream.h"

/* The loops go by blocks of a constant size, because that is the form which gcc 12 vectorises at
 * -O2 already (for an unknown count it wants -O3). 64: a few vector registers of any machine. */
#define BLOCK 64u

/* Without branches, so that the loops over it can be vectorised, and with every step cut back to
 * a byte, so that a vector register holds 16 of them and not 4 ints. */
static inline unsigned char rotate_byte(unsigned char c)
{
    unsigned char letter = (unsigned char)((c | 0x20) - 'a'); /* 0 … 25 for a letter of any case */
    unsigned char second = (unsigned char)(letter - 13);      /* 0 … 12 in the second half */
    unsigned char up = letter < 26 ? 13 : 0;
    unsigned char down = second < 13 ? 26 : 0;

    return (unsigned char)(c + up - down);
}

/* Two functions, because the compiler may assume that the ranges do not overlap in one of them
 * and that they are the same in the other; that spares it the check and the slow version. */
static void rotate_in_place(unsigned char *bytes, size_t size)
{
    for (; size >= BLOCK; size -= BLOCK, bytes += BLOCK)
        for (size_t i = 0; i < BLOCK; i++)
            bytes[i] = rotate_byte(bytes[i]);
    for (size_t i = 0; i < size; i++)
        bytes[i] = rotate_byte(bytes[i]);
}

static void rotate_copy(unsigned char *restrict out, const unsigned char *restrict in, size_t size)
{
    for (; size >= BLOCK; size -= BLOCK, in += BLOCK, out += BLOCK)
        for (size_t i = 0; i < BLOCK; i++)
            out[i] = rotate_byte(in[i]);
    for (size_t i = 0; i < size; i++)
        out[i] = rotate_byte(in[i]);
}

/* How many bytes of the input may be answered: all complete lines, or else all bytes where
 * nothing more can be waited for. */
static size_t answerable(const struct thrdsrv_stream *stream)
{
    const unsigned char *newline;

    if (stream->avail_in == 0 || stream->input == THRDSRV_INPUT_END)
        return stream->avail_in;
    newline = memrchr(stream->next_in, '\n', stream->avail_in);
    if (newline != NULL)
        return (size_t)(newline - stream->next_in) + 1;
    return stream->input == THRDSRV_INPUT_FULL ? stream->avail_in : 0;
}

static void start(void *session, const struct thrdsrv_start *info)
{
    (void)session;
    (void)info;
}

static enum thrdsrv_step step(void *session, struct thrdsrv_stream *stream)
{
    size_t due = answerable(stream);
    size_t n = due < stream->avail_out ? due : stream->avail_out;

    (void)session;
    if (n > 0) {
        if (stream->next_out == stream->next_in)
            rotate_in_place(stream->next_out, n);
        else
            rotate_copy(stream->next_out, stream->next_in, n);
        stream->next_in += n;
        stream->avail_in -= n;
        stream->next_out += n;
        stream->avail_out -= n;
    }
    if (n < due)
        return THRDSRV_STEP_WANT_OUTPUT;
    return stream->input == THRDSRV_INPUT_END ? THRDSRV_STEP_DONE : THRDSRV_STEP_WANT_INPUT;
}

const struct thrdsrv_handler thrdsrv_rot13 = {
    .name = "rot13",
    .summary = "sends back each line with its letters rotated by 13",
    .session_size = 0,
    .in_place = true,
    .start = start,
    .step = step,
};
