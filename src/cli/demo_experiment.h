/* demo_experiment.h - one fault in one mode: who notices?
 *
 * What it does: starts a server (demo_server.h) with three clients that talk to it, lets a fourth
 * bring about the fault and leave, then looks at the fourth, the three, the server and a newcomer.
 * What it does not do: expect anything. What is seen is told.
 * Blocks for some tenths of a second: what does not answer has to be waited for. */
#ifndef THRD_CLI_DEMO_EXPERIMENT_H
#define THRD_CLI_DEMO_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <thrdsrv/server.h>

#include "cli/demo_faults.h"

#define DEMO_OTHERS 3

/* What became of a client's request. */
enum demo_fate {
    DEMO_ANSWERED = 0,
    DEMO_WRONG,  /* other bytes came than should */
    DEMO_ENDED,  /* the connection ended, or there was none to be had */
    DEMO_SILENT, /* nothing came */
    DEMO_FATES,
};

struct demo_observation {
    enum demo_fault fault;
    enum thrdsrv_mode mode;
    enum demo_fate own;          /* the connection with the fault, */
    unsigned others[DEMO_FATES]; /* how many of the others, */
    enum demo_fate newcomer;     /* and one who connects afterwards */
    bool server_ended;
    int status; /* then: how, see wait(2) */
    bool memory_is_told;
    int64_t memory_bytes; /* more than before the fault, when its client has left */
    double cores;         /* processors busy, when its client has left and nobody asks anything */
    bool kill_ended_spin; /* the worker's process could be killed, and was all that ended */
};

/* Returns 0; or -1: it could not be done, and standard error has the reason. */
int demo_experiment_run(enum demo_fault fault, enum thrdsrv_mode mode,
                        struct demo_observation *observation);

#endif
