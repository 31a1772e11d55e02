/* thrd_process - the program under test as a child of the test program: started with arguments,
 * known by its ready line and its log, ended whatever happens.
 *
 * It gets --mode=MODE of the suite and, unless the arguments say otherwise,
 * --listen=127.0.0.1:0 and --log=info. Its stderr goes to a file in a scratch directory of its
 * own, where tests may put their Unix sockets too. It dies with the test program. */
#ifndef SUPPORT_THRD_PROCESS_H
#define SUPPORT_THRD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCESS_ADDRESSES = 4, PROCESS_ADDRESS_SIZE = 128, PROCESS_LINE_SIZE = 2048 };
enum { PROCESS_VARIABLES = 4, PROCESS_HANDED = 2 };

struct process {
    /* May be set before process_start(). */
    size_t nofile;             /* RLIMIT_NOFILE, 0: as it is here */
    size_t nproc;              /* RLIMIT_NPROC, 0: as it is here */
    uid_t uid;                 /* run as this user and group, 0: as it is here */
    int inherited_fd;          /* stays open in the program under its number, -1: none */
    const char *notify_socket; /* NOTIFY_SOCKET, NULL: not set */
    const char *environment[PROCESS_VARIABLES]; /* "NAME=value", the rest is NULL */
    int handed[PROCESS_HANDED]; /* as its descriptors 3, 4 …, and then LISTEN_PID */
    size_t handed_count;        /* is set to its number */
    int stdin_fd;               /* its descriptor 0, -1: as it is here */
    int stdout_fd;              /* its descriptor 1, -1: the pipe that `out` reads */
    int stderr_fd;              /* its descriptor 2, -1: a file, the log */
    bool with_stdin_closed;     /* descriptor 0 is not open */
    bool with_stdout_closed;    /* descriptor 1 is not open */
    bool with_sigpipe_ignored;  /* otherwise its disposition is the default */
    bool with_default_log;      /* no --log */

    /* What the program is expected to do, checked at the end. */
    int expect_exit;   /* exit status, 128 + N for a death by signal N; default 0 */
    bool expect_crash; /* a child of it crashes: a sanitizer's or valgrind's report is no fault */
    bool expect_quiet; /* its --log leaves out the counters at the end */

    /* Set by process_start(). */
    pid_t pid;
    char dir[64];                  /* scratch directory */
    char ready[PROCESS_LINE_SIZE]; /* the ready line, without newline */
    size_t addresses;              /* how many listen= there are in it, and which: */
    char address[PROCESS_ADDRESSES][PROCESS_ADDRESS_SIZE];

    /* Internal. */
    bool launched;
    bool exited;
    int exit_status;
    int out;                      /* read end of its stdout */
    char *log;                    /* what its stderr file holds so far, NUL-terminated */
    size_t log_size;              /* bytes */
    char line[PROCESS_LINE_SIZE]; /* what process_log_wait() and its like return */
};

/* Makes the scratch directory; nothing runs yet. */
void process_init(struct process *p);

/* A user of whom nobody else runs anything, so that its limit of processes is this server's. */
uid_t process_lonely_user(void);

/* Starts the program with these arguments (char pointers, NULL at the end) and waits for its
 * ready line. */
void process_start(struct process *p, ...) __attribute__((sentinel));

/* Starts the program, which must end by itself without getting ready. Returns its exit status.
 * Its stderr is then read with process_log_text(). */
int process_start_refused(struct process *p, ...) __attribute__((sentinel));

/* Starts the program with these arguments and nothing else; it is a command without ready line and
 * log. Waits for nothing. */
void process_command(struct process *p, ...) __attribute__((sentinel));

/* Runs the program with these arguments and nothing else, up to its end. Its stdout goes to output
 * as a string. Returns its exit status. */
int process_run(struct process *p, char *output, size_t size, ...) __attribute__((sentinel));

/* The first address of the ready line. */
const char *process_address(const struct process *p);

void process_signal(struct process *p, int signal_number);

/* Waits until the program has ended. Returns its exit status (128 + N for signal N). */
int process_wait_exit(struct process *p);

/* SIGTERM, then process_wait_exit(); the status must be p->expect_exit. */
void process_stop(struct process *p);

/* Ends the program and checks it as the end of a case does; then it may be started anew. */
void process_renew(struct process *p);

/* Whether THRD_WRAPPER is set: then descriptors, limits and CPU time are also the wrapper's. */
bool process_is_wrapped(void);

/* Descriptors and tasks as they are now, and a wait until they are so again. */
struct process_baseline {
    int fds;
    int tasks;
};
struct process_baseline process_baseline(struct process *p);
void process_wait_baseline(const struct process *p, struct process_baseline baseline);

/* The n-th child (from 0) of the server, which the test waits for: fork mode. */
pid_t process_wait_child(const struct process *p, size_t n);

/* Waits until that process, any, has ended; somebody else may still have to wait for it. */
void process_wait_gone(pid_t pid);

/* Ends the program if it still runs, and checks that what it did was sound (see
 * process_check_invariants()). Returns false, having said why, when it was not. */
bool process_end(struct process *p);

/* Prints the end of the log; removes the scratch directory and frees all. */
void process_print_log(struct process *p);
void process_fini(struct process *p);

#endif
