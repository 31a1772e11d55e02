/* embedded - a server inside the test program: made from a configuration, run in a thread of its
 * own, and everything that it says through its hooks kept for the test to look at.
 *
 *     static void echoes(struct embedded *e)
 *     {
 *         e->config.slots = 3;
 *         embedded_start(e);
 *         int fd = client_connect(e->address);
 *         ...
 *         embedded_finish(e);
 *     }
 *     int main(int argc, char **argv)
 *     {
 *         const struct CMUnitTest cases[] = {EMBEDDED_IN_ALL_MODES(echoes)};
 *         return embedded_run(argc, argv, "name", cases, sizeof cases / sizeof cases[0]);
 *     }
 *
 * A mode that the library was built without is skipped. What a case leaves behind when it fails is
 * ended. The functions are for the test's thread; the hooks of the server are called on any. */
#ifndef SUPPORT_EMBEDDED_H
#define SUPPORT_EMBEDDED_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <thrdsrv/server.h>

enum { EMBEDDED_TEXT_SIZE = 128 };

/* A call of on_end: what it was told, and what is so at that moment. */
struct embedded_end {
    struct thrdsrv_end end; /* peer and local point to the texts below */
    char peer[EMBEDDED_TEXT_SIZE];
    char local[EMBEDDED_TEXT_SIZE];
    pid_t thread; /* that called */
    enum thrdsrv_slot_state state;
};

struct embedded {
    /* May be changed before embedded_create(). At first: echo at a free port of 127.0.0.1 in the
     * case's mode; log, on_end and user are the fixture's. */
    struct thrdsrv_config config;
    const char *listen[4];
    void *context; /* the case's own, for its handlers and hooks */

    /* Set by embedded_create(). */
    struct thrdsrv_server *server;
    char address[EMBEDDED_TEXT_SIZE]; /* of the first listener; "" where there is none */

    /* Internal. */
    bool started;
    pthread_mutex_t lock; /* of what follows */
    char *log;            /* lines "level=notice msg=…\n" */
    size_t log_size;
    struct embedded_end *ends;
    size_t end_count;
};

typedef void embedded_case_fn(struct embedded *e);

struct CMUnitTest embedded_case(const char *name, embedded_case_fn *run, enum thrdsrv_mode mode);
#define EMBEDDED_IN_MODE(function, name, mode) embedded_case(#function "." name, function, mode)
#define EMBEDDED_IN_ALL_MODES(function)                                                            \
    EMBEDDED_IN_MODE(function, "thread", THRDSRV_MODE_THREAD),                                     \
        EMBEDDED_IN_MODE(function, "fork", THRDSRV_MODE_FORK),                                     \
        EMBEDDED_IN_MODE(function, "inline", THRDSRV_MODE_INLINE)
/* In the mode that a program with suite_init() was started for (suite.h). */
#define EMBEDDED_CASE(function) embedded_case(#function, function, suite_mode())
/* For what no mode has a part in. */
#define EMBEDDED_ONCE(function) EMBEDDED_IN_MODE(function, "any", THRDSRV_MODE_THREAD)

/* Runs the cases, or those that match argv[1]. Returns main()'s result. */
int embedded_run(int argc, char **argv, const char *name, const struct CMUnitTest *cases,
                 size_t count);

/* Before embedded_create(): serves with this function instead of the handler. */
void embedded_serve(struct embedded *e, thrdsrv_serve_fn *serve);

/* Both must succeed. */
void embedded_create(struct embedded *e);
void embedded_start(struct embedded *e); /* creates it, where that has not been done */

/* thrdsrv_server_create(), which must fail with this error; the last line of the log, which
 * matches the pattern (see log_lines.h), names the reason. */
void embedded_refused(struct embedded *e, int error, const char *pattern);

/* Waits until the server has stopped by itself or by whatever the case did. Its counters must add
 * up, and there must be an end for every connection that got a slot. The server is still there. */
void embedded_wait(struct embedded *e);

/* Stops it, embedded_wait(), destroys it. */
void embedded_finish(struct embedded *e);

/* Waits until a line of the log matches. Without waiting: how many do. */
void embedded_wait_log(struct embedded *e, const char *pattern);
size_t embedded_count_log(struct embedded *e, const char *pattern);

/* Waits for the end of connection number conn and returns it. */
struct embedded_end embedded_wait_end(struct embedded *e, uint64_t conn);

/* How many connections have ended so far. */
size_t embedded_count_ends(struct embedded *e);

struct thrdsrv_stats embedded_stats(const struct embedded *e);

/* Waits until no slot is in use; until so many were refused. */
void embedded_wait_idle(const struct embedded *e);
void embedded_wait_refused_full(const struct embedded *e, uint64_t count);

/* The slot of that number, when it holds a connection that has come to wait for this. */
struct thrdsrv_slot embedded_wait_slot(const struct embedded *e, unsigned index,
                                       enum thrdsrv_wait waits);

/* The fixture's log and on_end, for cases that have hooks of their own before them; user is the
 * struct embedded. */
void embedded_keep_line(void *user, enum thrdsrv_log_level level, const char *line);
void embedded_keep_end(const struct thrdsrv_end *end, void *user);

/* Memory that children share with us, zero at first; given back at the program's end. */
void *shared_memory(size_t size);

/* Runs the function in a process of its own, for what cannot be tested in this one: in it a check
 * is IN_HOST(condition). It must come to its end. */
void embedded_in_host(void (*function)(struct embedded *e), struct embedded *e);
#define IN_HOST(condition)                                                                         \
    ((condition) ? (void)0 : embedded_host_failed(__FILE__, __LINE__, #condition))
void embedded_host_failed(const char *file, int line, const char *condition);

#endif
