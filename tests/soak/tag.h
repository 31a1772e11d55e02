/* tag - the bytes of a client: every one of them tells whose it is, and where in the stream.
 *
 * A stream is made of lines of 16 bytes: the client's number in 7 hexadecimal digits, the line's in
 * 8, and a newline. So a byte of another client is told from one that is lost, doubled or wrong,
 * and a service that answers line by line answers each. */
#ifndef SOAK_TAG_H
#define SOAK_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAG_LINE = 16, TAG_CLIENTS_MAX = 0xfffffff };

/* The bytes of the client's stream from offset on. */
void tag_fill(uint32_t client, uint64_t offset, unsigned char *data, size_t size);

/* Compares what a client hears with what it said. */
struct tag_check {
    uint32_t client;
    bool rotated;    /* letters come back rotated by 13 */
    uint64_t offset; /* bytes that were right so far */
    unsigned char line[TAG_LINE];
};

/* The next bytes of the answer. Returns true where all are right. Otherwise says in error what came
 * instead, as far as that can be told from the line that it stands in. */
bool tag_check(struct tag_check *check, const unsigned char *data, size_t size, char *error,
               size_t error_size);

#endif
