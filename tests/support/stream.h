/* stream - one client that sends and receives at the same time, too much to hold in memory.
 *
 * Request and reply are patterns, repeated up to a size: the reply is compared byte for byte while
 * it comes. The length of a random pattern is a prime number, so that a lost, doubled or moved
 * block of any usual size shows. */
#ifndef SUPPORT_STREAM_H
#define SUPPORT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern {
    const unsigned char *data;
    size_t size;    /* of data, which is repeated */
    uint64_t total; /* bytes of the stream */
};

struct stream {
    struct pattern request;
    struct pattern reply;
    bool leave_open;   /* do not end the own side behind the request, expect no end of input */
    size_t bite;       /* receive at most so many bytes at a time, 0: 64 KiB */
    unsigned pause_ms; /* between two bites, for a slow reader */
};

/* Random bytes, the same at every call; the second: the same bytes with letters rotated by 13. */
struct pattern stream_random(uint64_t total);
struct pattern stream_random_rot13(uint64_t total);

/* Sends and receives all of it on a connected client, which stays open. */
void stream_run(int fd, const struct stream *stream);

#endif
