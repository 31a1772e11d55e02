/* siphash.h - a hash that nobody without its key can find collisions for: SipHash-2-4 of 16 bytes
 * (Aumasson and Bernstein, https://www.aumasson.jp/siphash/siphash.pdf). Any thread. */
#ifndef SERVER_SIPHASH_H
#define SERVER_SIPHASH_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

struct siphash_key {
    uint64_t word[2];
};

struct siphash_state {
    uint64_t v[4];
};

static inline uint64_t siphash_rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void siphash_rounds(struct siphash_state *state, int rounds)
{
    uint64_t *v = state->v;
    while (rounds-- > 0) {
        v[0] += v[1];
        v[1] = siphash_rotate(v[1], 13) ^ v[0];
        v[0] = siphash_rotate(v[0], 32);
        v[2] += v[3];
        v[3] = siphash_rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = siphash_rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = siphash_rotate(v[1], 17) ^ v[2];
        v[2] = siphash_rotate(v[2], 32);
    }
}

static inline uint64_t siphash_16(const struct siphash_key *key, const unsigned char bytes[16])
{
    struct siphash_state state = {
        {key->word[0] ^ 0x736f6d6570736575, key->word[1] ^ 0x646f72616e646f6d,
         key->word[0] ^ 0x6c7967656e657261, key->word[1] ^ 0x7465646279746573}};
    uint64_t message[3] = {0, 0, (uint64_t)16 << 56}; /* the last word holds the length */
    memcpy(message, bytes, 16);
    for (int i = 0; i < 3; i++) {
        uint64_t word = i < 2 ? le64toh(message[i]) : message[i];
        state.v[3] ^= word;
        siphash_rounds(&state, 2);
        state.v[0] ^= word;
    }
    state.v[2] ^= 0xff;
    siphash_rounds(&state, 4);
    return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3];
}

#endif
