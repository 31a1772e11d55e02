/* demo_faults.h - a service with planted faults, for "thrd demo isolation".
 *
 * What it does: a line TEXT is answered with "hello TEXT". The word hello is shared by all workers,
 * and guarded by a lock that they share. A line that is the name of a fault is answered with
 * "worker PID", then the fault happens; where the worker comes through it, "done" follows. Called
 * by the library, in the worker of each connection. */
#ifndef THRD_CLI_DEMO_FAULTS_H
#define THRD_CLI_DEMO_FAULTS_H

#include <thrdsrv/conn.h>

enum demo_fault {
    DEMO_CRASH = 0,
    DEMO_EXIT,
    DEMO_LEAK,
    DEMO_SPIN,
    DEMO_LOCK,
    DEMO_SCRIBBLE,
    DEMO_FAULTS, /* how many there are */
};

#define DEMO_LEAK_MIB    64
#define DEMO_EXIT_STATUS 3

/* "crash" …; and what it is, for people, in at most 60 characters. Never NULL. */
const char *demo_fault_name(enum demo_fault fault);
const char *demo_fault_summary(enum demo_fault fault);

/* A thrdsrv_serve_fn; user is not used. */
int demo_faults_serve(struct thrdsrv_conn *conn, void *user);

#endif
