/* handler/chargen.c - the character generator service, RFC 864: lines of text for ever.
 *
 * The pattern is the one the RFC describes: think of the 95 printing characters of ASCII, from
 * space to '~', as a ring; line N has the 72 characters from number N mod 95 on, then CRLF. So
 * the text repeats after 95 lines, 7030 bytes.
 *
 * Input is thrown away. The end of input changes nothing, as the RFC wants it ("continues until
 * the calling user terminates the connection"): the service never completes, it is the caller who
 * stops calling, when its peer is gone. It never fails either. Every step fills all the room there
 * is and asks for more.
 *
 * Run by any caller of handler.h on any thread. */
#include "stream.h"

#define RING       95u /* printing characters, hence different lines */
#define LINE       72u /* characters of a line before its CRLF */
#define LINE_BYTES 74u /* with CRLF */

/* The ring unrolled, so that every line is one piece of it: RING + LINE - 1 characters. */
static const char ring[] = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                           "abcdefghijklmnopqrstuvwxyz{|}~"
                           " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                           "abcdef";
_Static_assert(sizeof ring - 1 == RING + LINE - 1, "each line is a piece of the ring");

struct session {
    unsigned line;   /* number of the current line, 0 … RING - 1 */
    unsigned column; /* bytes of it already written, 0 … LINE_BYTES - 1 */
};

static void start(void *session, const struct thrdsrv_start *info)
{
    struct session *s = session;

    (void)info;
    s->line = 0;
    s->column = 0;
}

static void next_line(struct session *s)
{
    s->column = 0;
    s->line = s->line + 1 < RING ? s->line + 1 : 0;
}

/* Whole lines while they fit: copies of constant size, which the compiler turns into a few moves.
 */
static void write_lines(struct session *s, struct thrdsrv_stream *stream)
{
    unsigned char *out = stream->next_out;
    size_t room = stream->avail_out;

    while (room >= LINE_BYTES) {
        memcpy(out, ring + s->line, LINE);
        memcpy(out + LINE, "\r\n", 2);
        out += LINE_BYTES;
        room -= LINE_BYTES;
        next_line(s);
    }
    stream->next_out = out;
    stream->avail_out = room;
}

/* What fits of the rest of the current line. */
static void write_piece(struct session *s, struct thrdsrv_stream *stream)
{
    char line[LINE_BYTES];

    memcpy(line, ring + s->line, LINE);
    memcpy(line + LINE, "\r\n", 2);
    s->column += (unsigned)stream_write(stream, line + s->column, LINE_BYTES - s->column);
    if (s->column == LINE_BYTES)
        next_line(s);
}

static enum thrdsrv_step step(void *session, struct thrdsrv_stream *stream)
{
    struct session *s = session;

    stream_discard_input(stream);
    if (s->column > 0) /* finish the line that the last step's room cut */
        write_piece(s, stream);
    write_lines(s, stream);
    if (stream->avail_out > 0)
        write_piece(s, stream);
    return THRDSRV_STEP_WANT_OUTPUT;
}

const struct thrdsrv_handler thrdsrv_chargen = {
    .name = "chargen",
    .summary = "sends lines of text for ever (RFC 864)",
    .session_size = sizeof(struct session),
    .in_place = false,
    .start = start,
    .step = step,
};
