/* handler/discard.c - the discard service, RFC 863: reads everything, answers nothing.
 *
 * All input of a step is consumed at once, whether or not there is room for output, which is
 * never used. The service is complete at the end of input. There is no bad input. The session is
 * empty.
 *
 * Run by any caller of handler.h on any thread. */
#include "stream.h"

static void start(void *session, const struct thrdsrv_start *info)
{
    (void)session;
    (void)info;
}

static enum thrdsrv_step step(void *session, struct thrdsrv_stream *stream)
{
    (void)session;
    stream_discard_input(stream);
    return stream->input == THRDSRV_INPUT_END ? THRDSRV_STEP_DONE : THRDSRV_STEP_WANT_INPUT;
}

const struct thrdsrv_handler thrdsrv_discard = {
    .name = "discard",
    .summary = "reads everything and answers nothing (RFC 863)",
    .session_size = 0,
    .in_place = false,
    .start = start,
    .step = step,
};
