/* test_embed.c - the life of a server in other people's programs: run, start, wait, stop, destroy,
 * from every thread there is and in every order; and the small functions that need no server.
 * Connections that the host hands over are test_adopt.c's, hooks and counters test_observe.c's,
 * what the system refuses test_shortage.c's. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"

/* ---- start and wait ---------------------------------------------------------------------- */

static void a_started_server_serves_until_it_is_stopped(struct embedded *e)
{
    embedded_start(e);
    for (int i = 0; i < 3; i++) {
        int fd = client_connect(e->address);
        client_echo(fd, "hello");
        client_leave(fd);
    }
    embedded_wait_idle(e);
    thrdsrv_server_stop(e->server);
    embedded_wait(e);
    assert_int_equal(embedded_stats(e).served, 3);
    assert_int_equal(embedded_count_log(e, "level=notice msg=stop drained=0 cut=0"), 1);
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
}

static void a_server_lives_once(struct embedded *e)
{
    embedded_start(e);
    assert_int_equal(thrdsrv_server_start(e->server), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_run(e->server), THRDSRV_E_INVALID);
    int fd = client_connect(e->address); /* which did not disturb it */
    client_echo(fd, "hello");
    client_close(fd);
    thrdsrv_server_quiesce(e->server);
    embedded_wait(e);
    assert_int_equal(thrdsrv_server_wait(e->server), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_start(e->server), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_run(e->server), THRDSRV_E_INVALID);
    thrdsrv_server_stop(e->server); /* asked for too late: nothing happens */
    thrdsrv_server_dump(e->server);
    assert_int_equal(thrdsrv_server_wait(e->server), THRDSRV_E_INVALID);
}

static void requests_before_the_start_are_kept(struct embedded *e)
{
    embedded_create(e);
    thrdsrv_server_dump(e->server);
    thrdsrv_server_quiesce(e->server);
    embedded_start(e);
    embedded_wait(e);
    assert_int_equal(embedded_count_log(e, "msg=counters"), 2); /* the dump's, and at the end */
    assert_int_equal(embedded_count_log(e, "msg=quiesce active=0"), 1);
}

static void *run_server(void *server)
{
    return (void *)(intptr_t)thrdsrv_server_run(server);
}

static void only_a_started_server_is_waited_for(struct embedded *e)
{
    pthread_t thread;
    void *result;
    embedded_create(e);
    assert_int_equal(thrdsrv_server_wait(e->server), THRDSRV_E_INVALID);
    assert_int_equal(pthread_create(&thread, NULL, run_server, e->server), 0);
    embedded_wait_log(e, "msg=start");
    assert_int_equal(thrdsrv_server_wait(e->server), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_start(e->server), THRDSRV_E_INVALID);
    thrdsrv_server_stop(e->server);
    pthread_join(thread, &result);
    assert_int_equal((intptr_t)result, 0);
    assert_int_equal(thrdsrv_server_wait(e->server), THRDSRV_E_INVALID);
}

static _Atomic int waits_over;

static void *wait_for_server(void *server)
{
    int result = thrdsrv_server_wait(server);
    waits_over++;
    return (void *)(intptr_t)result;
}

/* Of two threads one waits; the other is told so at once. */
static void one_thread_waits(struct embedded *e)
{
    pthread_t threads[2];
    void *results[2];
    int64_t deadline = patience();
    embedded_start(e);
    waits_over = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_server, e->server), 0);
    while (waits_over == 0) /* at once: nobody has stopped the server yet */
        assert_true(look_again(deadline));
    thrdsrv_server_stop(e->server);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], &results[i]);
    intptr_t first = (intptr_t)results[0];
    intptr_t second = (intptr_t)results[1];
    assert_int_equal(first + second, THRDSRV_E_INVALID);
    assert_true(first == 0 || second == 0);
    e->started = false;
}

/* Says what it is told when it waits for its own server, then lets it stop. */
static int wait_in_handler(struct thrdsrv_conn *conn, void *user)
{
    struct thrdsrv_server *server = thrdsrv_conn_server(conn);
    (void)user;
    int waited = thrdsrv_server_wait(server);
    int started = thrdsrv_server_start(server);
    int ran = thrdsrv_server_run(server);
    return thrdsrv_conn_printf(conn, "%d %d %d\n", waited, started, ran);
}

static void a_handler_does_not_wait_for_itself(struct embedded *e)
{
    embedded_serve(e, wait_in_handler);
    embedded_start(e);
    client_expect_answer(e->address, "-1 -1 -1\n");
    embedded_finish(e);
}

static _Atomic int results_of_hooks[3];

static void wait_in_log(void *user, enum thrdsrv_log_level level, const char *line)
{
    struct embedded *e = user;
    embedded_keep_line(user, level, line);
    if (strncmp(line, "msg=start ", 10) == 0)
        results_of_hooks[0] = thrdsrv_server_wait(e->server);
}

static bool wait_in_admit(const struct thrdsrv_arrival *arrival, void *user)
{
    struct embedded *e = user;
    (void)arrival;
    results_of_hooks[1] = thrdsrv_server_wait(e->server);
    return true;
}

static void wait_in_end(const struct thrdsrv_end *end, void *user)
{
    struct embedded *e = user;
    results_of_hooks[2] = thrdsrv_server_wait(e->server);
    embedded_keep_end(end, user);
}

static void a_hook_does_not_wait_for_itself(struct embedded *e)
{
    e->config.log = wait_in_log;
    e->config.admit = wait_in_admit;
    e->config.on_end = wait_in_end;
    for (int i = 0; i < 3; i++)
        results_of_hooks[i] = 0;
    embedded_start(e);
    client_close(client_connect(e->address));
    embedded_wait_end(e, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(results_of_hooks[i], THRDSRV_E_INVALID);
    embedded_finish(e);
}

/* ---- destroy ----------------------------------------------------------------------------- */

static void destroy_takes_what_there_is(struct embedded *e)
{
    thrdsrv_server_destroy(NULL);
    int fds = proc_count_fds(getpid());
    embedded_create(e);
    int fd = client_connect(e->address); /* the kernel takes it; nobody will serve it */
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
    client_wait_end(fd);
    client_close(fd);
    assert_int_equal(proc_count_fds(getpid()), fds);
}

/* Without stop and wait; connections are cut, and nothing is left of it. */
static void destroy_stops_a_started_server(struct embedded *e)
{
    int fds = proc_count_fds(getpid());
    int clients[3];
    embedded_start(e);
    for (int i = 0; i < 3; i++)
        clients[i] = client_connect(e->address);
    client_echo(clients[0], "hello");
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
    for (int i = 0; i < 3; i++) {
        client_wait_end(clients[i]);
        client_close(clients[i]);
    }
    assert_int_equal(embedded_count_log(e, "msg=stop drained=0"), 1);
    assert_int_equal(proc_count_fds(getpid()), fds);
}

static void destroy_after_the_end_needs_no_wait(struct embedded *e)
{
    embedded_start(e);
    thrdsrv_server_quiesce(e->server);
    embedded_wait_log(e, "msg=stop");
    thrdsrv_server_destroy(e->server);
    e->server = NULL;
}

#define REFUSAL "level=error msg=\"cannot destroy the server\""

static void destroy_gives_nothing_back_while_it_runs(struct embedded *e)
{
    pthread_t thread;
    void *result;
    embedded_create(e);
    assert_int_equal(pthread_create(&thread, NULL, run_server, e->server), 0);
    embedded_wait_log(e, "msg=start");
    thrdsrv_server_destroy(e->server);
    thrdsrv_server_destroy(e->server);
    assert_int_equal(embedded_count_log(e, REFUSAL), 1);
    int fd = client_connect(e->address);
    client_echo(fd, "hello");
    thrdsrv_server_stop(e->server);
    pthread_join(thread, &result);
    assert_int_equal((intptr_t)result, 0);
    assert_int_equal(embedded_stats(e).cut, 1);
}

static int destroy_in_handler(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    thrdsrv_server_destroy(thrdsrv_conn_server(conn));
    return thrdsrv_conn_printf(conn, "still here\n");
}

static void destroy_in_end(const struct thrdsrv_end *end, void *user)
{
    struct embedded *e = user;
    thrdsrv_server_destroy(e->server);
    embedded_keep_end(end, user);
}

/* It is said once. In a child of mode fork the handler's call is not even that; the hook's is in
 * the parent. */
static void handlers_and_hooks_destroy_nothing(struct embedded *e)
{
    embedded_serve(e, destroy_in_handler);
    e->config.on_end = destroy_in_end;
    embedded_start(e);
    for (int i = 0; i < 2; i++)
        client_expect_answer(e->address, "still here\n");
    embedded_wait_end(e, 2);
    assert_int_equal(embedded_count_log(e, REFUSAL), 1);
    embedded_finish(e);
}

/* Stop, wait and destroy from different threads at once: each is done, or refused, and nothing is
 * done twice. */
static void *stop_and_wait(void *server)
{
    thrdsrv_server_stop(server);
    return (void *)(intptr_t)thrdsrv_server_wait(server);
}

static void starts_and_stops_in_many_threads(struct embedded *e)
{
    enum { CYCLES = 50, STOPPERS = 3 };
    const char *scale = getenv("THRD_SCALE");
    int cycles = scale ? CYCLES * atoi(scale) / 100 + 1 : CYCLES;
    for (int cycle = 0; cycle < cycles; cycle++) {
        pthread_t stoppers[STOPPERS];
        int winners = 0;
        embedded_start(e);
        int fd = client_connect(e->address);
        for (int i = 0; i < STOPPERS; i++)
            assert_int_equal(pthread_create(&stoppers[i], NULL, stop_and_wait, e->server), 0);
        for (int i = 0; i < STOPPERS; i++) {
            void *result;
            pthread_join(stoppers[i], &result);
            winners += (intptr_t)result == 0;
        }
        assert_int_equal(winners, 1);
        client_close(fd);
        thrdsrv_server_destroy(e->server);
        e->server = NULL;
        e->started = false;
    }
}

/* "STACK GUARD\n" of the thread that serves: a worker's, in mode inline start()'s. */
static int tell_stack(struct thrdsrv_conn *conn, void *user)
{
    pthread_attr_t attributes;
    size_t stack = 0, guard = 0;
    (void)user;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return THRDSRV_E_SYSTEM;
    pthread_attr_getstacksize(&attributes, &stack);
    pthread_attr_getguardsize(&attributes, &guard);
    pthread_attr_destroy(&attributes);
    return thrdsrv_conn_printf(conn, "%zu %zu\n", stack, guard);
}

static void threads_have_the_stack_of_the_configuration(struct embedded *e)
{
    enum { STACK = 1 << 20 };
    char line[64];
    size_t stack = 0, guard = 0;
    embedded_serve(e, tell_stack);
    e->config.stack_size = STACK;
    embedded_start(e);
    int fd = client_connect(e->address);
    assert_int_equal(sscanf(client_read_line(fd, line, sizeof line), "%zu %zu", &stack, &guard), 2);
    assert_in_range(stack, STACK, STACK + STACK / 4);
    assert_int_equal(guard, sysconf(_SC_PAGESIZE));
    client_expect_eof(fd);
    embedded_finish(e);
}

static void an_address_fits_or_is_refused(struct embedded *e)
{
    char text[EMBEDDED_TEXT_SIZE];
    embedded_create(e);
    size_t length = strlen(e->address);
    for (size_t size = 0; size <= length; size++)
        assert_int_equal(thrdsrv_server_address(e->server, 0, text, size), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_address(e->server, 0, text, length + 1), length);
    assert_string_equal(text, e->address);
    assert_int_equal(thrdsrv_server_address(e->server, 1, text, sizeof text), THRDSRV_E_INVALID);
}

static void only_modes_are_supported(struct embedded *e)
{
    (void)e;
    assert_true(thrdsrv_mode_supported(THRDSRV_MODE_THREAD));
    assert_true(thrdsrv_mode_supported(THRDSRV_MODE_INLINE));
    assert_false(thrdsrv_mode_supported((enum thrdsrv_mode)3));
    assert_false(thrdsrv_mode_supported((enum thrdsrv_mode) - 1));
}

/* ---- several servers --------------------------------------------------------------------- */

static void servers_of_all_modes_live_side_by_side(struct embedded *e)
{
    enum { MODES = 3 };
    struct thrdsrv_server *servers[MODES] = {NULL};
    char addresses[MODES][EMBEDDED_TEXT_SIZE];
    int fds[MODES];
    for (int i = 0; i < MODES; i++) {
        e->config.mode = (enum thrdsrv_mode)i;
        if (!thrdsrv_mode_supported(e->config.mode))
            e->config.mode = THRDSRV_MODE_THREAD;
        assert_int_equal(thrdsrv_server_create(&e->config, &servers[i]), 0);
        assert_true(thrdsrv_server_address(servers[i], 0, addresses[i], EMBEDDED_TEXT_SIZE) > 0);
        assert_int_equal(thrdsrv_server_start(servers[i]), 0);
    }
    for (int i = 0; i < MODES; i++) {
        fds[i] = client_connect(addresses[i]);
        client_echo(fds[i], "hello");
    }
    for (int i = 0; i < MODES; i++) { /* the end of one disturbs no other */
        thrdsrv_server_destroy(servers[i]);
        client_wait_end(fds[i]);
        for (int other = i + 1; other < MODES; other++)
            client_echo(fds[other], "still here");
    }
}

/* ---- Without a server -------------------------------------------------------------------- */

static void version_is_that_of_the_headers(struct embedded *e)
{
    char text[64];
    (void)e;
    assert_string_equal(thrdsrv_version(), THRDSRV_VERSION);
    snprintf(text, sizeof text, "%d.%d.%d", THRDSRV_VERSION_MAJOR, THRDSRV_VERSION_MINOR,
             THRDSRV_VERSION_PATCH);
    assert_string_equal(thrdsrv_version(), text);
}

static void every_error_has_a_text(struct embedded *e)
{
    (void)e;
    for (int error = THRDSRV_E_FULL; error <= THRDSRV_E_INVALID; error++) {
        assert_string_not_equal(thrdsrv_strerror(error), "unknown error");
        for (int other = THRDSRV_E_FULL; other < error; other++)
            assert_string_not_equal(thrdsrv_strerror(error), thrdsrv_strerror(other));
    }
    assert_string_equal(thrdsrv_strerror(THRDSRV_E_FULL - 1), "unknown error");
    assert_string_equal(thrdsrv_strerror(1), "unknown error");
    assert_string_equal(thrdsrv_strerror(0), "success");
}

static void every_reason_and_state_has_a_name(struct embedded *e)
{
    static const char *const reasons[] = {
        "none",   "eof",        "done",        "failed",    "reset",      "error",
        "idle",   "first-byte", "write-stall", "lifetime",  "rate",       "stopped",
        "signal", "signal",     "exit",        "no-worker", "no-program",
    };
    static const char *const states[] = {"FREE", "RESERVED", "ACTIVE", "STOPPING"};
    (void)e;
    assert_int_equal(sizeof reasons / sizeof reasons[0], THRDSRV_END_NO_PROGRAM + 1);
    for (int i = 0; i <= THRDSRV_END_NO_PROGRAM; i++)
        assert_string_equal(thrdsrv_end_reason_name((enum thrdsrv_end_reason)i), reasons[i]);
    for (int i = 0; i <= THRDSRV_SLOT_STOPPING; i++)
        assert_string_equal(thrdsrv_slot_state_name((enum thrdsrv_slot_state)i), states[i]);
    static const int none[] = {-1, 1000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_string_equal(thrdsrv_end_reason_name((enum thrdsrv_end_reason)none[i]), "unknown");
        assert_string_equal(thrdsrv_slot_state_name((enum thrdsrv_slot_state)none[i]), "unknown");
    }
    assert_string_equal(thrdsrv_end_reason_name((enum thrdsrv_end_reason)17), "unknown");
    assert_string_equal(thrdsrv_slot_state_name((enum thrdsrv_slot_state)4), "unknown");
}

/* ---- thrdsrv_log_stderr() ---------------------------------------------------------------- */

/* A pipe in packet mode (pipe(2), O_DIRECT): a read(2) returns what one write(2) wrote. */
static int stderr_as_packets(void)
{
    int ends[2];
    IN_HOST(pipe2(ends, O_CLOEXEC | O_DIRECT) == 0);
    IN_HOST(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

/* "time=2026-11-21T05:06:16.949Z level=LEVEL LINE\n" and nothing else. */
static void expect_packet(int fd, const char *level, const char *line)
{
    char packet[8192];
    char rest[8192];
    ssize_t size = read(fd, packet, sizeof packet - 1);
    IN_HOST(size > 0);
    packet[size] = '\0';
    snprintf(rest, sizeof rest, " level=%s %s\n", level, line);
    static const char stamp[] = "time=dddd-dd-ddTdd:dd:dd.dddZ";
    IN_HOST(strlen(packet) > strlen(stamp));
    for (size_t i = 0; stamp[i] != '\0'; i++)
        IN_HOST(stamp[i] == 'd' && i > 4 ? packet[i] >= '0' && packet[i] <= '9'
                                         : packet[i] == stamp[i]);
    IN_HOST(strcmp(packet + strlen(stamp), rest) == 0);
}

static void log_some_lines(struct embedded *e)
{
    static const char *const levels[] = {"error", "warn", "notice", "info", "debug"};
    char line[8192];
    (void)e;
    int fd = stderr_as_packets();
    for (int i = 0; i < 5; i++) {
        errno = ENOTTY;
        thrdsrv_log_stderr(line, (enum thrdsrv_log_level)i, "msg=hello key=\"a value\"");
        IN_HOST(errno == ENOTTY);
        expect_packet(fd, levels[i], "msg=hello key=\"a value\"");
    }
    thrdsrv_log_stderr(NULL, (enum thrdsrv_log_level)77, "msg=hello");
    expect_packet(fd, "unknown", "msg=hello");
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_NOTICE, "");
    expect_packet(fd, "notice", "");
    memset(line, 'x', sizeof line - 1); /* too long for one write that nobody can break into */
    line[sizeof line - 1] = '\0';
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_NOTICE, line);
    line[4096 - strlen("time=2026-11-21T05:06:16.949Z level=notice \n")] = '\0';
    expect_packet(fd, "notice", line);
    close(STDERR_FILENO); /* a line that cannot be written is lost, and nothing else happens */
    errno = ENOTTY;
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_NOTICE, "msg=hello");
    _exit(errno == ENOTTY ? 0 : 1);
}

static void a_log_line_is_one_write(struct embedded *e)
{
    embedded_in_host(log_some_lines, e);
}

enum { LOG_THREADS = 4, LOG_LINES = 500 };

static void *log_many_lines(void *argument)
{
    const char *line = argument;
    for (int i = 0; i < LOG_LINES; i++)
        thrdsrv_log_stderr(NULL, THRDSRV_LOG_INFO, line);
    return NULL;
}

static void log_from_threads(struct embedded *e)
{
    static char lines[LOG_THREADS][1000];
    pthread_t threads[LOG_THREADS];
    int seen[LOG_THREADS] = {0};
    (void)e;
    int fd = stderr_as_packets();
    for (int i = 0; i < LOG_THREADS; i++) {
        memset(lines[i], 'a' + i, sizeof lines[i] - 1);
        IN_HOST(pthread_create(&threads[i], NULL, log_many_lines, lines[i]) == 0);
    }
    for (int i = 0; i < LOG_THREADS * LOG_LINES; i++) {
        char packet[4096];
        ssize_t size = read(fd, packet, sizeof packet);
        IN_HOST(size > (ssize_t)sizeof lines[0] && packet[size - 1] == '\n');
        int which = packet[size - 2] - 'a';
        IN_HOST(which >= 0 && which < LOG_THREADS);
        IN_HOST(memcmp(packet + size - sizeof lines[0], lines[which], sizeof lines[0] - 1) == 0);
        seen[which]++;
    }
    for (int i = 0; i < LOG_THREADS; i++) {
        pthread_join(threads[i], NULL);
        IN_HOST(seen[i] == LOG_LINES);
    }
}

static void log_lines_of_threads_do_not_mix(struct embedded *e)
{
    embedded_in_host(log_from_threads, e);
}

/* Whoever tells of lost lines is still writing, here to a full pipe: who comes meanwhile does not
 * wait, and writes nothing that could come first. */
static void *log_what_was_lost(void *tid)
{
    atomic_store((_Atomic pid_t *)tid, gettid());
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_INFO, "msg=second");
    return NULL;
}

static void *log_meanwhile(void *is_done)
{
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_INFO, "msg=third");
    atomic_store((atomic_bool *)is_done, true);
    return NULL;
}

/* Fills the pipe behind stderr and loses a line there. Returns its other end. */
static int lose_a_line(void)
{
    static const char page[4096];
    int ends[2];
    IN_HOST(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    IN_HOST(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    while (write(ends[1], page, sizeof page) > 0)
        continue;
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_INFO, "msg=first");
    IN_HOST(fcntl(ends[1], F_SETFL, 0) == 0);
    close(ends[1]);
    return ends[0];
}

static void wait_until_it_writes(const _Atomic pid_t *tid)
{
    int64_t deadline = patience();
    char path[64], call[256];
    do {
        IN_HOST(look_again(deadline));
        snprintf(path, sizeof path, "task/%d/syscall", (int)*tid);
        proc_line(getpid(), path, call, sizeof call);
    } while (strtol(call, NULL, 10) != SYS_write);
}

/* What the full pipe is followed by; all writers have come to their end. */
static void expect_lines(int fd, const char *const *lines, size_t count)
{
    char byte;
    FILE *log = fdopen(fd, "r");
    IN_HOST(log != NULL);
    do
        IN_HOST(fread(&byte, 1, 1, log) == 1);
    while (byte == '\0');
    ungetc(byte, log);
    for (size_t i = 0; i < count; i++) {
        char line[256];
        IN_HOST(fgets(line, sizeof line, log) != NULL);
        IN_HOST(strncmp(line, "time=", 5) == 0 && strstr(line, lines[i]) != NULL);
    }
    IN_HOST(fread(&byte, 1, 1, log) == 0);
}

static void log_beside_a_teller(struct embedded *e)
{
    static const char *const lines[] = {
        "level=warn msg=\"log lines lost\" lines=1\n", "level=info msg=second\n",
        "level=warn msg=\"log lines lost\" lines=1\n", "level=info msg=fourth\n"};
    char page[4096];
    _Atomic pid_t tid = 0;
    atomic_bool is_done = false;
    pthread_t teller, other;
    (void)e;
    int fd = lose_a_line();
    IN_HOST(pthread_create(&teller, NULL, log_what_was_lost, &tid) == 0);
    wait_until_it_writes(&tid);
    IN_HOST(pthread_create(&other, NULL, log_meanwhile, &is_done) == 0);
    int64_t deadline = patience();
    while (!is_done && look_again(deadline))
        continue;
    bool waited = !is_done; /* IN_HOST() has something to say to the pipe, which is to have room */
    IN_HOST(read(fd, page, sizeof page) == sizeof page);
    IN_HOST(!waited && pthread_join(other, NULL) == 0);
    IN_HOST(pthread_join(teller, NULL) == 0);
    thrdsrv_log_stderr(NULL, THRDSRV_LOG_INFO, "msg=fourth");
    close(STDERR_FILENO);
    expect_lines(fd, lines, sizeof lines / sizeof *lines);
}

static void nobody_waits_for_who_tells_of_lost_lines(struct embedded *e)
{
    embedded_in_host(log_beside_a_teller, e);
}

/* A host that gives up at the first error line, which destroy() itself makes when it is refused. */
static void destroy_at_errors(void *user, enum thrdsrv_log_level level, const char *line)
{
    struct embedded *e = user;
    embedded_keep_line(user, level, line);
    if (level == THRDSRV_LOG_ERROR)
        thrdsrv_server_destroy(e->server);
}

static void a_log_hook_may_give_up(struct embedded *e)
{
    e->config.log = destroy_at_errors;
    embedded_serve(e, destroy_in_handler);
    e->config.on_end = destroy_in_end;
    embedded_start(e);
    client_expect_answer(e->address, "still here\n");
    embedded_wait_end(e, 1);
    embedded_wait_log(e, REFUSAL);
    assert_int_equal(embedded_count_log(e, REFUSAL), 1);
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_ALL_MODES(a_started_server_serves_until_it_is_stopped),
        EMBEDDED_IN_ALL_MODES(a_server_lives_once),
        EMBEDDED_IN_ALL_MODES(requests_before_the_start_are_kept),
        EMBEDDED_IN_ALL_MODES(only_a_started_server_is_waited_for),
        EMBEDDED_IN_ALL_MODES(one_thread_waits),
        EMBEDDED_IN_ALL_MODES(a_handler_does_not_wait_for_itself),
        EMBEDDED_IN_ALL_MODES(a_hook_does_not_wait_for_itself),
        EMBEDDED_IN_ALL_MODES(destroy_takes_what_there_is),
        EMBEDDED_IN_ALL_MODES(destroy_stops_a_started_server),
        EMBEDDED_IN_ALL_MODES(destroy_after_the_end_needs_no_wait),
        EMBEDDED_IN_ALL_MODES(destroy_gives_nothing_back_while_it_runs),
        EMBEDDED_IN_ALL_MODES(handlers_and_hooks_destroy_nothing),
        EMBEDDED_IN_ALL_MODES(starts_and_stops_in_many_threads),
        EMBEDDED_ONCE(servers_of_all_modes_live_side_by_side),
        EMBEDDED_IN_MODE(threads_have_the_stack_of_the_configuration, "thread",
                         THRDSRV_MODE_THREAD),
        EMBEDDED_IN_MODE(threads_have_the_stack_of_the_configuration, "inline",
                         THRDSRV_MODE_INLINE),
        EMBEDDED_ONCE(an_address_fits_or_is_refused),
        EMBEDDED_ONCE(only_modes_are_supported),
        EMBEDDED_ONCE(version_is_that_of_the_headers),
        EMBEDDED_ONCE(every_error_has_a_text),
        EMBEDDED_ONCE(every_reason_and_state_has_a_name),
        EMBEDDED_ONCE(a_log_line_is_one_write),
        EMBEDDED_ONCE(log_lines_of_threads_do_not_mix),
        EMBEDDED_ONCE(nobody_waits_for_who_tells_of_lost_lines),
        EMBEDDED_IN_ALL_MODES(a_log_hook_may_give_up),
    };
    return embedded_run(argc, argv, "embed", cases, sizeof cases / sizeof cases[0]);
}
