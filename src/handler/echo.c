/* handler/echo.c - the echo service, RFC 862: every byte that comes in goes out again.
 *
 * A byte is answered in the step that sees it, as far as there is room; nothing is ever held
 * back, so a caller's full buffer needs no special case. At the end of input what is left goes
 * out, then the service is complete. There is no bad input. The state is all in the caller's
 * stream: the session is empty.
 *
 * Run by any caller of handler.h on any thread. Knows nothing of lines or of time. */
#include "stream.h"

static void start(void *session, const struct thrdsrv_start *info)
{
    (void)session;
    (void)info;
}

static enum thrdsrv_step step(void *session, struct thrdsrv_stream *stream)
{
    size_t n = stream->avail_in < stream->avail_out ? stream->avail_in : stream->avail_out;

    (void)session;
    if (n > 0) {
        if (stream->next_out != stream->next_in)
            memcpy(stream->next_out, stream->next_in, n);
        stream->next_in += n;
        stream->avail_in -= n;
        stream->next_out += n;
        stream->avail_out -= n;
    }
    if (stream->avail_in > 0)
        return THRDSRV_STEP_WANT_OUTPUT;
    return stream->input == THRDSRV_INPUT_END ? THRDSRV_STEP_DONE : THRDSRV_STEP_WANT_INPUT;
}

const struct thrdsrv_handler thrdsrv_echo = {
    .name = "echo",
    .summary = "sends back every byte (RFC 862)",
    .session_size = 0,
    .in_place = true,
    .start = start,
    .step = step,
};
