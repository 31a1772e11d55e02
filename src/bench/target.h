/* target.h - the servers that are measured: our own program in a mode, any other command, or one
 * that runs already.
 *
 * What it does: starts a server on a free loopback port, tells when it is ready and where, stops it
 * with all its descendants, and says what it cost (wait4(2)).
 * What it does not do: measure.
 * One thread of the caller's (that of bench). A server dies with us whatever happens: it gets
 * PR_SET_PDEATHSIG and a process group of its own, and we become its descendants' reaper
 * (PR_SET_CHILD_SUBREAPER). */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

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

/* How to start one of ours (the other kinds take no notice). */
struct target_options {
    const char *handler;   /* for --handler= */
    unsigned slots;        /* for --slots= */
    int64_t ballast_bytes; /* for --ballast=, 0: none */
};

/* A server that runs. */
struct target_process {
    pid_t pid; /* 0: TARGET_RUNNING */
    struct sockaddr_storage address;
    socklen_t address_length;
    char log[64]; /* the file that holds its stderr; removed by target_stop() */
};

/* Starts target and waits until it accepts connections: ours says so (--ready-fd), another is asked
 * with connect(2) again and again, up to 10 s. Returns 0, or -1 with the reason in error (one
 * line, with the last line of the server's stderr where it has said something). */
int target_start(const struct target *target, const struct target_options *options,
                 struct target_process *process, char *error, size_t size);

/* Whether it still runs (TARGET_RUNNING: true). */
bool target_is_alive(const struct target_process *process);

/* Stops it and all its descendants: SIGTERM to the group, after 2 s SIGKILL; waits for the end.
 * usage (may be NULL) gets what it and its reaped children have used in all their life; zero for
 * TARGET_RUNNING. Returns 0, or -1 with the reason in error where the server had ended before, or
 * ended otherwise than a server that is told to (a crash): its exit status or signal, and the last
 * line of its stderr. */
int target_stop(struct target_process *process, struct rusage *usage, char *error, size_t size);

#endif
