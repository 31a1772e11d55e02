/* target.h - the servers that are measured: our own program in a mode, any other command, or one
 * that runs already.
 *
 * What it does: starts a server on a free loopback port, tells when it is ready and where, stops it
 * with all its descendants, and says what it cost (wait4(2)).
 * What it does not do: measure.
 * One thread of the caller's (that of bench), in a program that has no other children. A server
 * dies with us whatever happens; what that means for its descendants is told in child.h. */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "bench/child.h"

enum target_kind {
    TARGET_OURS = 0, /* the program that runs now (/proc/self/exe), with a mode */
    TARGET_COMMAND,  /* a shell command in which {port} stands for the port */
    TARGET_RUNNING,  /* HOST:PORT, not started and not stopped by us */
};

/* One server to be measured; constant while it is used. */
struct target {
    enum target_kind kind;
    const char *name;    /* "thread", "fork", "inline", or what the user calls it */
    const char *mode;    /* TARGET_OURS: for --mode= */
    const char *command; /* TARGET_COMMAND */
    const char *address; /* TARGET_RUNNING: "HOST:PORT" */
};

/* How to start a server. A zeroed one is valid for all but ours. */
struct target_options {
    /* Ours; the other kinds take no notice. */
    const char *handler;   /* for --handler= */
    unsigned slots;        /* for --slots= */
    int64_t ballast_bytes; /* for --ballast=, 0: none */
    bool starts_workers;   /* --park=off: each connection gets a new thread */
    const char *program;   /* the file to run; NULL: the program that runs now, also when its file
                              has been replaced in the meantime */
    /* All kinds. */
    int start_limit_ms;                          /* 0: 10 s */
    const volatile sig_atomic_t *stop_requested; /* not 0: gives the start up; NULL: never */
};

/* A server that runs. */
struct target_process {
    enum target_kind kind;
    pid_t pid; /* 0: TARGET_RUNNING */
    struct sockaddr_storage address;
    socklen_t address_length;
    struct child child;
};

/* Starts target and waits until it accepts connections: ours says so (--ready-fd), another is asked
 * with connect(2) again and again, so it sees a first client that says nothing. A command has to
 * stay in the foreground and to listen on 127.0.0.1, at least. Returns 0, or -1 with the reason in
 * error (one line, with the last line of the server's stderr where it has said something); nothing
 * is left of it then. */
int target_start(const struct target *target, const struct target_options *options,
                 struct target_process *process, char *error, size_t size);

/* Whether it still runs (TARGET_RUNNING: true). */
bool target_is_alive(const struct target_process *process);

/* Stops it and all its descendants: SIGTERM to the group, after 2 s SIGKILL; waits for the end.
 * usage (may be NULL) gets what it and its descendants have used in all their life; zero for
 * TARGET_RUNNING. Returns 0, or -1 with the reason in error where the server had ended before, or
 * ended otherwise than a server that is told to (a crash): its exit status or signal, and the last
 * line of its stderr. A server that had to be killed is none such: it has only been slow. */
int target_stop(struct target_process *process, struct rusage *usage, char *error, size_t size);

#endif
