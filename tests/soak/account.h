/* account - what the clients of one server know of it: how many there were, how they ended, and
 * how many bytes went to and fro. The server's own counters must agree with it. */
#ifndef SOAK_ACCOUNT_H
#define SOAK_ACCOUNT_H

#include <stdint.h>

#include "kinds.h"

/* How clients ended, by kind. */
struct kind_account {
    uint64_t begun;     /* connected */
    uint64_t completed; /* did what they came for; a cut kind: was cut */
    uint64_t refused;   /* the table was full, and they were told so or closed */
    uint64_t left;      /* went without knowing: by their nature, or as the wave was over */
    uint64_t unclear;   /* cut or refused, which cannot be told */
    uint64_t excused;   /* cut while the soak itself had no processor time to keep them busy */
    uint64_t faulty;    /* what else: each is a fault */
};

struct account {
    struct kind_account kind[KINDS];
    uint64_t orderly_in;  /* bytes said by clients that completed, all of which the server read */
    uint64_t orderly_out; /* bytes that they heard */
    uint64_t said;        /* bytes that all clients have given to their sockets */
    uint64_t heard;       /* bytes that all clients have heard from the service */
};

void account_add(struct kind_account *sum, const struct kind_account *kind);

/* The sum of all kinds. */
struct kind_account account_sum(const struct account *account);

#endif
