/* kinds - the sorts of clients in a soak run: what each says, at what pace, and how it ends. */
#ifndef SOAK_KINDS_H
#define SOAK_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind_ending {
    ENDING_CLOSE,      /* hears all answers, then closes */
    ENDING_HALF_CLOSE, /* ends its side, hears the answer to the last byte and the end of input */
    ENDING_GONE,       /* closes at a random moment, whatever is under way */
    ENDING_RESET,      /* the same with a reset */
    ENDING_CUT,        /* the server must cut it */
};

struct kind {
    const char *name;
    unsigned share;     /* of the clients that come and go */
    uint64_t bytes_min; /* of its stream: random, small ones as often as large ones */
    uint64_t bytes_max; /* 0: it says nothing */
    size_t message;     /* says so much at a time, 0: all at once; random up to it if answered */
    bool answered;      /* waits for the answer to each */
    unsigned pause_ms;  /* between two of them */
    size_t bite;        /* hears so much at a time, 0: as much as there is */
    unsigned bite_ms;   /* between two bites */
    bool deaf;          /* hears nothing at all */
    unsigned leaves_ms; /* ENDING_GONE, ENDING_RESET: up to so long after it has come */
    const char *cut;    /* ENDING_CUT: the counter of the limit */
    enum kind_ending ending;
};

/* The limits of a soak run's servers, times THRD_TIMEOUT_FACTOR (patience.h); the kinds that are to
 * be cut are made for them. */
enum {
    LIMIT_FIRST_BYTE_MS = 1000,
    LIMIT_IDLE_MS = 2000,
    LIMIT_WRITE_STALL_MS = 2000,
    LIMIT_LIFETIME_MS = 8000,
    LIMIT_RATE_BYTES = 40,
    LIMIT_RATE_MS = 3000,
};

/* How many there are, and which is the flood: it comes all at once, so it has no share. */
enum { KINDS = 16, KIND_FLOOD = 0 };
extern const struct kind kinds[KINDS];

/* Whether all that such a client does is known to both ends, to the last byte. */
bool kind_is_orderly(const struct kind *kind);

/* One of the kinds by share; only of the orderly ones. */
const struct kind *kind_choose(uint64_t random, bool orderly);

#endif
