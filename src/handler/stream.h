/* handler/stream.h - the two things nearly every handler does with a stream.
 *
 * Private to src/handler; inline, so that the library defines no symbol for them. Neither touches
 * a pointer whose count is 0: it may be NULL, and memcpy() and pointer arithmetic forbid that. */
#ifndef HANDLER_STREAM_H
#define HANDLER_STREAM_H

#include <stddef.h>
#include <string.h>

#include <thrdsrv/handler.h>

/* Consumes all input there is without looking at it. */
static inline void stream_discard_input(struct thrdsrv_stream *stream)
{
    if (stream->avail_in > 0) {
        stream->next_in += stream->avail_in;
        stream->avail_in = 0;
    }
}

/* Writes as much of data as there is room for; returns that count. */
static inline size_t stream_write(struct thrdsrv_stream *stream, const void *data, size_t size)
{
    size_t n = size < stream->avail_out ? size : stream->avail_out;

    if (n > 0) {
        memcpy(stream->next_out, data, n);
        stream->next_out += n;
        stream->avail_out -= n;
    }
    return n;
}

#endif
