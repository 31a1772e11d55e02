/* run - a soak run: servers that live as long as it does, and waves of clients at them. Between two
 * waves, while nobody is connected, each server must hold what it held at the start. */
#ifndef SOAK_RUN_H
#define SOAK_RUN_H

#include <stdint.h>

#include "account.h"
#include "options.h"
#include "sample.h"
#include "stage.h"
#include "target.h"
#include "verdict.h"

/* One for each policy for a full table. */
enum { RUN_SERVERS = 3 };

struct server {
    struct target target;
    struct account account;
    struct baseline baseline;
    struct ledger quiet; /* as of the last quiet moment */
    int exit_status;
};

struct run {
    const struct options *options;
    struct server server[RUN_SERVERS];
    struct stage stage;
    struct samples samples;
    unsigned waves; /* so far */
    unsigned floods;
    unsigned storms;
    unsigned exact; /* waves of orderly clients alone, whose bytes agree to the last */
    unsigned dumps;
    double seconds;
    int64_t began_ms;
};

/* Starts the servers, lets the waves come until the time is over or something was wrong, and stops
 * the servers. Faults are told by faults.h. */
void run_all(struct run *run, const struct options *options);
void run_fini(struct run *run);

#endif
