/* handler/time.c - the time service, RFC 868: the time as a 32-bit number.
 *
 * Four bytes, most significant first: the seconds since 1900-01-01 00:00:00 UTC, modulo 2^32. So
 * the number starts again at 0 on 2036-02-07 06:28:16 UTC, and it is for the client to know in
 * which of these spans of 136 years it lives. The time is the caller's, taken at the start.
 *
 * Input is thrown away, its end does not matter: the service is complete once the bytes are
 * written, which may take four steps where there is little room. It never fails.
 *
 * Run by any caller of handler.h on any thread; asks no clock. */
#include "stream.h"

/* From 1900-01-01 to 1970-01-01: 70 years with 17 leap days. */
#define SECONDS_1900_TO_1970 2208988800u

struct session {
    unsigned sent; /* bytes already written, 0 … 4 */
    unsigned char bytes[4];
};

static void start(void *session, const struct thrdsrv_start *info)
{
    struct session *s = session;
    uint32_t seconds = (uint32_t)((uint64_t)info->unix_time + SECONDS_1900_TO_1970);

    s->sent = 0;
    s->bytes[0] = (unsigned char)(seconds >> 24);
    s->bytes[1] = (unsigned char)(seconds >> 16);
    s->bytes[2] = (unsigned char)(seconds >> 8);
    s->bytes[3] = (unsigned char)seconds;
}

static enum thrdsrv_step step(void *session, struct thrdsrv_stream *stream)
{
    struct session *s = session;

    stream_discard_input(stream);
    s->sent += (unsigned)stream_write(stream, s->bytes + s->sent, sizeof s->bytes - s->sent);
    return s->sent < sizeof s->bytes ? THRDSRV_STEP_WANT_OUTPUT : THRDSRV_STEP_DONE;
}

const struct thrdsrv_handler thrdsrv_time = {
    .name = "time",
    .summary = "sends the seconds since 1900 as four bytes (RFC 868)",
    .session_size = sizeof(struct session),
    .in_place = false,
    .start = start,
    .step = step,
};
