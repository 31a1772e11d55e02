/* payload.c - see payload.h. */
#include "client/payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pseudo-random bytes repeat after so many: a wrong place in the table goes unnoticed once in
 * 65,536 times, and the table still fits into a core's second cache. */
#define ECHO_PERIOD 65536u

/* Lines of rot13, with the line end: as long as the usual request. */
#define LINE 64u

/* Where an exchange begins in the table. Both odd, so that all exchanges of a connection and all
 * connections at the same exchange differ until 65,536 of them have passed; far apart, so that
 * neighbours have no bytes in common where they are short. */
#define CONNECTION_STRIDE 40503u
#define EXCHANGE_STRIDE   9973u

/* The reply of thrd's handler bytes. */
#define LETTERS 26u

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). The seed
 * is fixed: a failure comes back with the same bytes. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Not the server's code: a mistake in that is to be found. */
static unsigned char rotated(unsigned char byte)
{
    static const char from[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char to[] = "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm";
    const char *letter = memchr(from, byte, sizeof from - 1);
    return letter ? (unsigned char)to[letter - from] : byte;
}

/* One period, and behind it the beginning of the next, so that a piece may start anywhere. */
static void fill_table(struct payload *payload, size_t size)
{
    uint64_t state = 862; /* the RFC's number */
    for (size_t i = 0; i < size; i++) {
        if (i >= payload->period)
            payload->table[i] = payload->table[i - payload->period];
        else if (payload->service == LOAD_BYTES)
            payload->table[i] = (unsigned char)('a' + i);
        else
            payload->table[i] = (unsigned char)(next_random(&state) >> 56);
    }
}

/* What has to be sent for the table to come back, with a line end in every LINE bytes. */
static void fill_rot13(struct payload *payload, size_t size)
{
    for (size_t i = LINE - 1; i < size; i += LINE)
        payload->table[i] = '\n';
    for (size_t i = 0; i < size; i++)
        payload->asking[i] = rotated(payload->table[i]);
}

int payload_init(struct payload *payload, enum load_service service, size_t size)
{
    *payload = (struct payload){.service = service};
    if (service == LOAD_AGE)
        return 0;
    payload->reply_size = size;
    payload->request_size = size;
    payload->period = ECHO_PERIOD;
    if (service == LOAD_BYTES) {
        int length = snprintf(payload->request, sizeof payload->request, "%zu\n", size);
        payload->request_size = (size_t)length;
        payload->period = LETTERS;
    }
    size_t table_size = payload->period + (size < PAYLOAD_PIECE ? size : PAYLOAD_PIECE);
    payload->table = malloc(table_size);
    payload->asking = service == LOAD_ROT13 ? malloc(table_size) : payload->table;
    if (!payload->table || !payload->asking) {
        payload_fini(payload);
        return -1;
    }
    fill_table(payload, table_size);
    if (service == LOAD_ROT13)
        fill_rot13(payload, table_size);
    return 0;
}

void payload_fini(struct payload *payload)
{
    if (payload->asking != payload->table)
        free(payload->asking);
    free(payload->table);
    payload->asking = payload->table = NULL;
}

/* Where in the tables an exchange begins. One of rot13 ends where a line does. */
static uint32_t start_of(const struct payload *payload, unsigned connection, uint64_t exchange)
{
    uint32_t place = connection * CONNECTION_STRIDE + (uint32_t)exchange * EXCHANGE_STRIDE;
    if (payload->service == LOAD_ECHO)
        return place % ECHO_PERIOD;
    if (payload->service == LOAD_ROT13)
        return (place * LINE - (uint32_t)payload->reply_size) % ECHO_PERIOD;
    return 0;
}

const unsigned char *payload_reply(const struct payload *payload, unsigned connection,
                                   uint64_t exchange, size_t position, size_t *length)
{
    uint32_t start = start_of(payload, connection, exchange);
    size_t left = payload->reply_size - position;
    *length = left < PAYLOAD_PIECE ? left : PAYLOAD_PIECE;
    return payload->table + (start + (uint32_t)position) % payload->period;
}

const unsigned char *payload_request(const struct payload *payload, unsigned connection,
                                     uint64_t exchange, size_t position, size_t *length)
{
    if (payload->service == LOAD_ECHO || payload->service == LOAD_ROT13)
        return payload->asking +
               (payload_reply(payload, connection, exchange, position, length) - payload->table);
    *length = payload->request_size - position;
    return (const unsigned char *)payload->request + position;
}
