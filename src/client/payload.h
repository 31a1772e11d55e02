/* payload.h - what is sent and what has to come back, byte by byte.
 *
 * Nothing is stored for an exchange: what its bytes are follows from the connection's number, the
 * exchange's number on it and the position, so one table serves all connections and a reply can be
 * checked in whatever pieces it comes. The bytes of an echo are pseudo-random and begin elsewhere
 * for each exchange and connection: a reply that belongs to another one is found.
 *
 * Constant after payload_init(); any thread. Knows no socket. */
#ifndef CLIENT_PAYLOAD_H
#define CLIENT_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "client/load.h"

/* The longest piece that is told at once: what one recv(2) takes at most, and what still fits
 * into a core's own cache. */
#define PAYLOAD_PIECE (128u << 10)

struct payload {
    enum load_service service;
    size_t request_size;   /* 0: nothing is sent */
    size_t reply_size;     /* 0: it ends with the connection */
    char request[16];      /* LOAD_BYTES */
    unsigned char *table;  /* what comes back */
    unsigned char *asking; /* what is sent for it; the same table but for LOAD_ROT13 */
    uint32_t period;       /* after so many bytes the tables begin again */
};

/* Returns 0, or -1 where there is no memory. */
int payload_init(struct payload *payload, enum load_service service, size_t size);
void payload_fini(struct payload *payload);

/* The bytes from position on (below request_size, reply_size), and how many lie there in a row:
 * up to the end, or fewer where that is far. */
const unsigned char *payload_request(const struct payload *payload, unsigned connection,
                                     uint64_t exchange, size_t position, size_t *length);
const unsigned char *payload_reply(const struct payload *payload, unsigned connection,
                                   uint64_t exchange, size_t position, size_t *length);

#endif
