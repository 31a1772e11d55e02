/* test_observe.c - what a host sees and decides through its hooks: admission, start and end of each
 * connection with reason, bytes, time and usage, on the right thread; the counters and the slots,
 * for hosts that are older and newer than the library. */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "server/clock.h"
#include "suite.h"
#include "thrd_process.h"

/* ---- Admission --------------------------------------------------------------------------- */

/* What the hook was told last. */
struct visit {
    unsigned number; /* counts those since open_door() */
    pid_t thread;    /* that the hook was called on */
    char peer[EMBEDDED_TEXT_SIZE];
    char listener[EMBEDDED_TEXT_SIZE];
    bool has_address;
    struct sockaddr_storage address;
    struct sockaddr_storage real; /* what the descriptor's own peer is */
};

static struct {
    pthread_mutex_t lock; /* of what follows: the hook is called on the run() thread */
    bool answer;
    const char *text; /* said to the client; NULL: nothing */
    struct visit last;
} door = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void keep_visit(const struct thrdsrv_arrival *arrival)
{
    struct visit visit = {.number = door.last.number + 1, .thread = gettid()};
    socklen_t length = sizeof visit.real;
    snprintf(visit.peer, sizeof visit.peer, "%s", arrival->peer);
    snprintf(visit.listener, sizeof visit.listener, "%s", arrival->listener);
    getpeername(arrival->fd, (struct sockaddr *)&visit.real, &length);
    visit.has_address = arrival->address;
    if (arrival->address)
        memcpy(&visit.address, arrival->address,
               arrival->address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                      : sizeof(struct sockaddr_in6));
    door.last = visit;
}

static bool at_the_door(const struct thrdsrv_arrival *arrival, void *user)
{
    (void)user;
    pthread_mutex_lock(&door.lock);
    keep_visit(arrival);
    if (door.text)
        send(arrival->fd, door.text, strlen(door.text), MSG_DONTWAIT | MSG_NOSIGNAL);
    bool answer = door.answer;
    pthread_mutex_unlock(&door.lock);
    return answer;
}

static void open_door(struct embedded *e, bool answer, const char *text)
{
    pthread_mutex_lock(&door.lock);
    door.answer = answer;
    door.text = text;
    door.last.number = 0;
    pthread_mutex_unlock(&door.lock);
    if (!e->server)
        e->config.admit = at_the_door;
}

static struct visit last_visit(void)
{
    pthread_mutex_lock(&door.lock);
    struct visit visit = door.last;
    pthread_mutex_unlock(&door.lock);
    return visit;
}

static void admission_lets_in_and_turns_away(struct embedded *e)
{
    open_door(e, true, NULL);
    embedded_start(e);
    int guest = client_connect(e->address);
    client_echo(guest, "hello");
    client_leave(guest);
    embedded_wait_idle(e);
    open_door(e, false, NULL);
    for (int i = 0; i < 3; i++) {
        int stranger = client_connect(e->address);
        client_send_text(stranger, "hello");
        assert_in_range(client_wait_end(stranger), 0, ECONNRESET);
        client_close(stranger);
    }
    open_door(e, true, NULL);
    guest = client_connect(e->address);
    client_echo(guest, "hello again");
    client_leave(guest);
    assert_int_equal(last_visit().number, 1);
    struct embedded_end end =
        embedded_wait_end(e, 5); /* those that were refused have numbers too */
    assert_int_equal(end.end.reason, THRDSRV_END_EOF);
    embedded_wait_idle(e);
    struct thrdsrv_stats stats = embedded_stats(e);
    assert_int_equal(stats.accepted, 5);
    assert_int_equal(stats.served, 2);
    assert_int_equal(stats.refused_admission, 3);
    assert_int_equal(stats.refused_full, 0);
    assert_int_equal(embedded_count_ends(e), 2); /* none for those that got no slot */
    embedded_wait_log(e, "level=warn msg=\"connection refused\" reason=admission");
    embedded_finish(e);
}

static void who_is_turned_away_is_told_why(struct embedded *e)
{
    open_door(e, false, "your address is not on the list\r\n");
    embedded_start(e);
    client_expect_answer(e->address, "your address is not on the list\r\n");
    embedded_finish(e);
    assert_int_equal(last_visit().number, 1);
}

/* The refused ones took no slot, also where there is only one. */
static void refusals_use_up_no_slot(struct embedded *e)
{
    enum { STRANGERS = 50 };
    int64_t begin = now_ms();
    open_door(e, false, "no\n");
    e->config.slots = 1;
    embedded_start(e);
    for (int i = 0; i < STRANGERS; i++)
        client_expect_answer(e->address, "no\n");
    open_door(e, true, NULL);
    int guest = client_connect(e->address);
    client_echo(guest, "hello");
    client_close(guest);
    embedded_finish(e);
    size_t lines = embedded_count_log(e, "level=warn reason=admission");
    assert_in_range(lines, 1, 2 + (now_ms() - begin) / 1000); /* one a second at most */
}

static void check_arrival(struct embedded *e, int fd)
{
    char name[EMBEDDED_TEXT_SIZE];
    client_echo(fd, "hello");
    client_name(fd, name, sizeof name);
    struct visit visit = last_visit();
    assert_string_equal(visit.peer, name);
    assert_string_equal(visit.listener, e->address);
    if (visit.real.ss_family == AF_UNIX) {
        assert_false(visit.has_address);
    } else {
        assert_true(visit.has_address);
        assert_memory_equal(&visit.address, &visit.real, sizeof visit.real);
    }
    client_leave(fd);
}

static void admission_knows_the_peer(struct embedded *e)
{
    static const char *const addresses[] = {"127.0.0.1:0", "[::1]:0", NULL};
    char path[64];
    snprintf(path, sizeof path, "unix:/tmp/thrd-unit-%ld", (long)getpid());
    for (int i = 0; i < 3; i++) {
        open_door(e, true, NULL);
        e->listen[0] = addresses[i] ? addresses[i] : path;
        if (thrdsrv_server_create(&e->config, &e->server) < 0) {
            assert_int_equal(i, 1); /* a machine without IPv6 */
            continue;
        }
        thrdsrv_server_address(e->server, 0, e->address, sizeof e->address);
        embedded_start(e);
        check_arrival(e, client_connect(e->address));
        embedded_finish(e);
        e->end_count = 0;
    }
}

static void admission_is_asked_about_adopted_connections(struct embedded *e)
{
    int fds[2];
    open_door(e, false, "no\n");
    e->config.adopt = true;
    embedded_start(e);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(thrdsrv_server_adopt(e->server, fds[1]), 0);
    client_expect_text(fds[0], "no\n");
    assert_int_equal(client_wait_end(fds[0]), 0);
    assert_string_equal(last_visit().listener, "adopted");
    assert_false(last_visit().has_address);
    close(fds[0]);
    embedded_finish(e);
}

/* It runs where the server does: in the thread that called run(), here this one. */
static void *stop_after_one(void *argument)
{
    struct embedded *e = argument;
    client_close(client_connect(e->address));
    int64_t deadline = patience();
    while (embedded_stats(e).served == 0)
        if (!look_again(deadline))
            break;
    thrdsrv_server_stop(e->server);
    return NULL;
}

static void admission_is_asked_on_the_run_thread(struct embedded *e)
{
    pthread_t client;
    open_door(e, true, NULL);
    embedded_create(e);
    assert_int_equal(pthread_create(&client, NULL, stop_after_one, e), 0);
    assert_int_equal(thrdsrv_server_run(e->server), 0);
    pthread_join(client, NULL);
    assert_int_equal(last_visit().thread, gettid());
    struct embedded_end end = embedded_wait_end(e, 1);
    if (e->config.mode == THRDSRV_MODE_THREAD) {
        assert_int_not_equal(end.thread, gettid());
        assert_int_equal(end.end.worker, end.thread);
    } else {
        assert_int_equal(end.thread, gettid()); /* inline; and mode fork, in the parent */
    }
    if (e->config.mode == THRDSRV_MODE_INLINE)
        assert_int_equal(end.end.worker, gettid());
    if (e->config.mode == THRDSRV_MODE_FORK)
        assert_int_not_equal(end.end.worker, getpid());
}

/* ---- Start and end ----------------------------------------------------------------------- */

/* Counted across processes. */
static struct {
    _Atomic unsigned starts;
    _Atomic unsigned serves;
} * counted;

static void count_start(struct thrdsrv_conn *conn, void *user)
{
    (void)user;
    counted->starts++;
    thrdsrv_conn_printf(conn, "%s\n", counted->serves < counted->starts ? "first" : "late");
}

static int count_serve(struct thrdsrv_conn *conn, void *user)
{
    char text[16];
    (void)user;
    counted->serves++;
    ssize_t length = thrdsrv_conn_read_line(conn, text, sizeof text);
    return length < 0 ? (int)length : 0;
}

/* Each connection has one start, before its handler, and one end (embedded_finish() checks that);
 * what on_start writes reaches the client. */
static void start_and_end_come_in_pairs(struct embedded *e)
{
    size_t clients = scaled(200);
    counted = shared_memory(sizeof *counted);
    embedded_serve(e, count_serve);
    e->config.on_start = count_start;
    e->config.slots = 3;
    embedded_start(e);
    for (size_t i = 0; i < clients; i++) {
        int fd = client_connect(e->address);
        client_expect_text(fd, "first\n");
        client_send_text(fd, "hello\n");
        if (i % 3 == 0)
            client_reset(fd);
        else if (i % 3 == 1)
            client_expect_eof(fd);
        else
            client_close(fd);
    }
    int64_t deadline = patience();
    while (embedded_count_ends(e) < clients)
        assert_true(look_again(deadline));
    embedded_finish(e);
    assert_int_equal(counted->starts, clients);
    assert_int_equal(counted->serves, clients);
}

/* The only connection's end: this reason and code, and what is so whatever they are. */
static struct embedded_end end_with_code(struct embedded *e, enum thrdsrv_end_reason reason,
                                         int code)
{
    struct embedded_end end = embedded_wait_end(e, 1);
    if (end.end.reason != reason)
        suite_fail("the end is %s, not %s", thrdsrv_end_reason_name(end.end.reason),
                   thrdsrv_end_reason_name(reason));
    assert_int_equal(end.end.conn, 1);
    assert_int_equal(end.end.slot, 0);
    assert_true(end.end.worker > 0);
    assert_int_equal(end.state, THRDSRV_SLOT_STOPPING); /* it is closed, and not yet free */
    assert_int_equal(end.end.code, code);
    embedded_finish(e);
    return end;
}

static struct embedded_end end_of_one(struct embedded *e, enum thrdsrv_end_reason reason)
{
    return end_with_code(e, reason, 0);
}

/* The server says nothing before it closes, so that what the client hears is the close. */
static _Atomic bool was_closed;

static void look_whether_closed(const struct thrdsrv_end *end, void *user)
{
    struct embedded *e = user;
    const int *client = e->context;
    was_closed = client_has_news(*client);
    embedded_keep_end(end, user);
}

static void the_end_comes_when_it_is_closed(struct embedded *e)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    e->context = &fds[0];
    e->config.adopt = true;
    e->config.on_end = look_whether_closed;
    was_closed = false;
    embedded_start(e);
    assert_int_equal(thrdsrv_server_adopt(e->server, fds[1]), 0);
    client_echo(fds[0], "hello");
    client_half_close(fds[0]);
    embedded_wait_end(e, 1);
    assert_true(was_closed);
    close(fds[0]);
    embedded_finish(e);
}

static void the_end_of_input_is_eof(struct embedded *e)
{
    char name[EMBEDDED_TEXT_SIZE];
    embedded_start(e);
    int fd = client_connect(e->address);
    client_name(fd, name, sizeof name);
    client_echo(fd, "hello");
    client_leave(fd);
    struct embedded_end end = end_of_one(e, THRDSRV_END_EOF);
    assert_string_equal(end.peer, name);
    assert_string_equal(end.local, e->address);
}

static void a_handler_that_is_complete_is_done(struct embedded *e)
{
    e->config.handler = &thrdsrv_time;
    embedded_start(e);
    int fd = client_connect(e->address);
    char answer[8];
    assert_int_equal(client_read_all(fd, answer, sizeof answer), 4);
    client_close(fd);
    struct embedded_end end = end_of_one(e, THRDSRV_END_DONE);
    assert_int_equal(end.end.bytes_in, 0);
    assert_int_equal(end.end.bytes_out, 4);
}

static void a_breach_of_protocol_is_failed(struct embedded *e)
{
    e->config.handler = &thrdsrv_bytes;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_send_text(fd, "x\n");
    assert_int_equal(client_wait_end(fd), 0);
    client_close(fd);
    end_of_one(e, THRDSRV_END_FAILED);
}

static void a_reset_is_reset(struct embedded *e)
{
    embedded_start(e);
    int fd = client_connect(e->address);
    client_echo(fd, "hello");
    client_reset(fd);
    end_of_one(e, THRDSRV_END_RESET);
}

static void a_silent_client_is_idle(struct embedded *e)
{
    e->config.idle_ms = 30;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_echo(fd, "hello");
    client_wait_end(fd);
    struct embedded_end end = end_of_one(e, THRDSRV_END_IDLE);
    assert_true(end.end.duration_us >= 30000 - 8000); /* a tick or two, see README */
    assert_int_equal(embedded_count_log(e, "msg=counters idle=1"), 1);
}

static void a_client_that_never_spoke_is_first_byte(struct embedded *e)
{
    e->config.first_byte_ms = 30;
    embedded_start(e);
    client_wait_end(client_connect(e->address));
    end_of_one(e, THRDSRV_END_FIRST_BYTE);
}

static void a_client_that_reads_nothing_is_write_stall(struct embedded *e)
{
    e->config.handler = &thrdsrv_chargen;
    e->config.write_stall_ms = 30;
    embedded_start(e);
    client_connect_with_buffer(e->address, 4096);
    end_of_one(e, THRDSRV_END_WRITE_STALL);
}

static void a_long_life_ends_by_lifetime(struct embedded *e)
{
    e->config.lifetime_ms = 50;
    embedded_start(e);
    int fd = client_connect(e->address);
    while (client_try_echo(fd, "hello"))
        continue;
    end_of_one(e, THRDSRV_END_LIFETIME);
}

static void a_slow_client_ends_by_rate(struct embedded *e)
{
    e->config.min_rate_bytes = 1000;
    e->config.min_rate_ms = 30;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_try_echo(fd, "hello"); /* which may come too late already */
    client_wait_end(fd);
    end_of_one(e, THRDSRV_END_RATE);
}

static void the_stop_is_stopped(struct embedded *e)
{
    embedded_start(e);
    int fd = client_connect(e->address);
    client_echo(fd, "hello");
    thrdsrv_server_stop(e->server);
    client_wait_end(fd);
    end_of_one(e, THRDSRV_END_STOPPED);
}

static int return_a_system_error(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    return THRDSRV_E_SYSTEM;
}

static void a_handlers_system_error_is_error(struct embedded *e)
{
    embedded_serve(e, return_a_system_error);
    embedded_start(e);
    int fd = client_connect(e->address);
    client_wait_end(fd);
    client_close(fd);
    end_of_one(e, THRDSRV_END_ERROR);
}

/* What read_line() told it, passed on. */
static int return_the_end_of_input(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    return THRDSRV_E_EOF;
}

static void a_handler_that_passes_on_the_end_of_input_is_eof(struct embedded *e)
{
    embedded_serve(e, return_the_end_of_input);
    embedded_start(e);
    int fd = client_connect(e->address);
    client_wait_end(fd);
    client_close(fd);
    end_of_one(e, THRDSRV_END_EOF);
}

/* Mode fork: "exit" ends the process by itself, "crash" by a signal, and anything else tells its
 * number, to be signalled from outside. */
static int end_as_told(struct thrdsrv_conn *conn, void *user)
{
    char line[16];
    (void)user;
    ssize_t length;
    while ((length = thrdsrv_conn_read_line(conn, line, sizeof line)) >= 0) {
        if (strcmp(line, "exit") == 0)
            _exit(7);
        if (strcmp(line, "crash") == 0)
            raise(SIGKILL);
        thrdsrv_conn_printf(conn, "%ld\n", (long)getpid());
    }
    return (int)length;
}

static int connect_to_a_child(struct embedded *e, pid_t *child)
{
    char line[32];
    embedded_serve(e, end_as_told);
    embedded_start(e);
    int fd = client_connect(e->address);
    client_send_text(fd, "who?\n");
    *child = (pid_t)atol(client_read_line(fd, line, sizeof line));
    assert_true(*child > 1 && *child != getpid());
    return fd;
}

static void a_child_that_exits_is_exit(struct embedded *e)
{
    pid_t child;
    if (process_is_wrapped())
        suite_skip("the exit status is Valgrind's where a child has leaks, such as other threads");
    int fd = connect_to_a_child(e, &child);
    client_send_text(fd, "exit\n");
    client_wait_end(fd);
    struct embedded_end end = end_with_code(e, THRDSRV_END_EXIT, 7);
    assert_int_equal(end.end.worker, child);
    assert_true(end.end.usage.ru_maxrss > 0);
}

static void a_child_that_crashes_is_signal(struct embedded *e)
{
    pid_t child;
    int fd = connect_to_a_child(e, &child);
    client_send_text(fd, "crash\n");
    client_wait_end(fd);
    struct embedded_end end = end_with_code(e, THRDSRV_END_SIGNAL, SIGKILL);
    assert_int_equal(end.end.worker, child);
}

static void a_child_that_is_sent_sigterm_is_terminated(struct embedded *e)
{
    if (suite_has_thread_sanitizer())
        suite_skip("TSan keeps signals from a child of a program that has threads");
    pid_t child;
    int fd = connect_to_a_child(e, &child);
    assert_int_equal(kill(child, SIGTERM), 0);
    client_wait_end(fd);
    struct embedded_end end = end_with_code(e, THRDSRV_END_TERMINATED, SIGTERM);
    assert_int_equal(end.end.worker, child);
}

/* A child that is ended by a signal while the server drains has not been let end. */
static void a_signal_while_the_server_drains(struct embedded *e, int number)
{
    pid_t child;
    int fd = connect_to_a_child(e, &child);
    thrdsrv_server_quiesce(e->server);
    embedded_wait_log(e, "msg=quiesce active=1");
    assert_int_equal(kill(child, number), 0);
    client_wait_end(fd);
    embedded_wait(e);
    assert_int_equal(embedded_stats(e).cut, 1);
    assert_int_equal(embedded_stats(e).drained, 0);
}

static void a_child_killed_in_the_drain_is_cut(struct embedded *e)
{
    a_signal_while_the_server_drains(e, SIGKILL);
}

static void a_child_terminated_in_the_drain_is_cut(struct embedded *e)
{
    if (suite_has_thread_sanitizer())
        suite_skip("TSan keeps signals from a child of a program that has threads");
    a_signal_while_the_server_drains(e, SIGTERM);
}

/* ---- Bytes, time, usage ------------------------------------------------------------------ */

static int64_t thread_cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

enum { WORK_MS = 60 };

static int work_for_a_line(struct thrdsrv_conn *conn, void *user)
{
    char line[16];
    (void)user;
    ssize_t length = thrdsrv_conn_read_line(conn, line, sizeof line);
    if (length < 0)
        return (int)length;
    for (int64_t end = thread_cpu_us() + WORK_MS * 1000; thread_cpu_us() < end;)
        continue;
    return thrdsrv_conn_printf(conn, "done\n");
}

static int64_t cpu_us(const struct thrdsrv_end *end)
{
    return (int64_t)(end->usage.ru_utime.tv_sec + end->usage.ru_stime.tv_sec) * 1000000 +
           end->usage.ru_utime.tv_usec + end->usage.ru_stime.tv_usec;
}

/* Of the second connection: in mode inline and thread its thread has worked before, or will. */
static void the_end_tells_duration_and_usage(struct embedded *e)
{
    enum { PAUSE_MS = 40 };
    embedded_serve(e, work_for_a_line);
    e->config.slots = 1;
    embedded_start(e);
    for (int i = 0; i < 2; i++) {
        int64_t before = now_ms();
        int fd = client_connect(e->address);
        embedded_wait_slot(e, 0, THRDSRV_WAIT_READ); /* accepted: from there on it is measured */
        let_pass(PAUSE_MS);
        client_send_text(fd, "work\n");
        client_expect_text(fd, "done\n");
        client_expect_eof(fd);
        struct embedded_end end = embedded_wait_end(e, (uint64_t)i + 1);
        int64_t passed_us = (now_ms() - before + 1) * 1000;
        assert_in_range(end.end.duration_us, (PAUSE_MS + WORK_MS) * 1000 - 10000, passed_us);
        /* Of this connection alone, not of both. */
        assert_in_range(cpu_us(&end.end), WORK_MS * 1000 - 10000, 2 * WORK_MS * 1000 - 10000);
        assert_int_equal(end.end.bytes_in, 5);
        assert_int_equal(end.end.bytes_out, 5);
    }
    embedded_finish(e);
}

static void bytes_are_counted(struct embedded *e)
{
    enum { SIZE = 100000 };
    static char text[SIZE];
    embedded_start(e);
    for (int i = 0; i < 3; i++) {
        int fd = client_connect(e->address);
        client_send(fd, text, SIZE);
        client_half_close(fd);
        client_expect(fd, text, SIZE);
        client_expect_eof(fd);
        struct embedded_end end = embedded_wait_end(e, (uint64_t)i + 1);
        assert_int_equal(end.end.bytes_in, SIZE);
        assert_int_equal(end.end.bytes_out, SIZE);
    }
    embedded_wait_idle(e);
    assert_int_equal(embedded_stats(e).bytes_in, 3 * SIZE);
    assert_int_equal(embedded_stats(e).bytes_out, 3 * SIZE);
    embedded_finish(e);
}

/* ---- Counters and slots ------------------------------------------------------------------ */

static void stats_of_every_size(struct embedded *e)
{
    struct {
        struct thrdsrv_stats stats;
        unsigned char more[64];
    } newer;
    struct thrdsrv_stats whole;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_echo(fd, "hello");
    client_leave(fd);
    embedded_wait_idle(e);
    whole = embedded_stats(e);
    assert_int_equal(whole.accepted, 1);
    memset(&newer, 0xee, sizeof newer);
    thrdsrv_server_stats(e->server, &newer.stats, sizeof newer);
    assert_memory_equal(&newer.stats, &whole, sizeof whole);
    for (size_t i = 0; i < sizeof newer.more; i++)
        assert_int_equal(newer.more[i], 0); /* counters that this library does not know */
    for (size_t size = 0; size <= sizeof whole; size++) {
        memset(&newer, 0xee, sizeof newer);
        thrdsrv_server_stats(e->server, &newer.stats, size);
        assert_memory_equal(&newer, &whole, size);
        for (size_t i = size; i < sizeof newer; i++)
            assert_int_equal(((unsigned char *)&newer)[i], 0xee);
    }
    embedded_wait_end(e, 1);
    thrdsrv_server_stop(e->server);
    embedded_wait(e);
    assert_int_equal(embedded_stats(e).served, 1); /* behind the end too */
}

static void expect_free(struct embedded *e, unsigned index)
{
    struct thrdsrv_slot slot;
    struct thrdsrv_slot expected;
    memset(&expected, 0, sizeof expected);
    expected.index = index;
    memset(&slot, 0xee, sizeof slot);
    assert_int_equal(thrdsrv_server_slot(e->server, index, &slot, sizeof slot), 0);
    assert_memory_equal(&slot, &expected, sizeof slot);
}

static void slots_are_shown(struct embedded *e)
{
    char name[EMBEDDED_TEXT_SIZE];
    struct thrdsrv_slot slot;
    char local[EMBEDDED_TEXT_SIZE];
    unsigned slots = e->config.mode == THRDSRV_MODE_INLINE ? 1 : 3;
    e->config.slots = 3;
    e->listen[0] = "0.0.0.0:0";
    embedded_create(e);
    snprintf(local, sizeof local, "127.0.0.1%s", strchr(e->address, ':'));
    for (unsigned i = 0; i < slots; i++)
        expect_free(e, i);
    embedded_start(e);
    int fd = client_connect(local);
    client_name(fd, name, sizeof name);
    client_echo(fd, "hello");
    slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_int_equal(slot.index, 0);
    assert_int_equal(slot.generation, 1);
    assert_int_equal(slot.conn, 1);
    assert_true(slot.worker > 0);
    assert_int_equal(slot.worker == getpid(), 0);
    assert_int_equal(slot.bytes_in, 5);
    assert_int_equal(slot.bytes_out, 5);
    assert_string_equal(slot.peer, name);
    assert_string_equal(slot.local, local);
    assert_in_range(slot.age_ms, 0, 1000 * 1000);
    assert_in_range(slot.waits_ms, 0, slot.age_ms + 10);
    for (unsigned i = 1; i < slots; i++)
        expect_free(e, i);
    assert_int_equal(thrdsrv_server_slot(e->server, slots, &slot, sizeof slot), THRDSRV_E_INVALID);
    assert_int_equal(thrdsrv_server_slot(e->server, UINT32_MAX, &slot, sizeof slot),
                     THRDSRV_E_INVALID);
    client_leave(fd);
    embedded_wait_idle(e);
    expect_free(e, 0);
    embedded_finish(e);
}

/* A wait lasts: its time and the age go on. */
static void time_passes_in_slots(struct embedded *e)
{
    embedded_start(e);
    int fd = client_connect(e->address);
    client_echo(fd, "hello");
    struct thrdsrv_slot before = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    let_pass(50);
    struct thrdsrv_slot after = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_true(after.age_ms >= before.age_ms + 50);
    assert_true(after.waits_ms >= before.waits_ms + 40); /* its clock has a tick of 4 ms */
    client_close(fd);
    embedded_finish(e);
}

static void slots_of_every_size(struct embedded *e)
{
    struct {
        struct thrdsrv_slot slot;
        unsigned char more[64];
    } newer;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_echo(fd, "hello");
    struct thrdsrv_slot whole = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    memset(&newer, 0xee, sizeof newer);
    assert_int_equal(thrdsrv_server_slot(e->server, 0, &newer.slot, sizeof newer), 1);
    assert_int_equal(newer.slot.conn, whole.conn);
    assert_string_equal(newer.slot.local, whole.local);
    for (size_t i = 0; i < sizeof newer.more; i++)
        assert_int_equal(newer.more[i], 0);
    size_t size = offsetof(struct thrdsrv_slot, bytes_in); /* a host that knows no more */
    memset(&newer, 0xee, sizeof newer);
    assert_int_equal(thrdsrv_server_slot(e->server, 0, &newer.slot, size), 1);
    assert_int_equal(newer.slot.conn, whole.conn);
    assert_int_equal(newer.slot.worker, whole.worker);
    for (size_t i = size; i < sizeof newer; i++)
        assert_int_equal(((unsigned char *)&newer)[i], 0xee);
    assert_int_equal(thrdsrv_server_slot(e->server, 0, &newer.slot, 0), 1); /* in use, no more */
    client_close(fd);
    embedded_finish(e);
}

static void a_slot_that_waits_to_write(struct embedded *e)
{
    e->config.handler = &thrdsrv_chargen;
    embedded_start(e);
    int fd = client_connect_with_buffer(e->address, 4096);
    struct thrdsrv_slot slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_WRITE);
    assert_true(slot.bytes_out > 0);
    assert_int_equal(slot.bytes_in, 0);
    client_reset(fd);
    embedded_finish(e);
}

/* All is said; the client has not closed yet. */
static void a_slot_that_waits_for_the_end(struct embedded *e)
{
    char answer[4];
    e->config.handler = &thrdsrv_time;
    embedded_start(e);
    int fd = client_connect(e->address);
    assert_int_equal(client_read(fd, answer, sizeof answer), 4);
    embedded_wait_slot(e, 0, THRDSRV_WAIT_END);
    client_close(fd);
    embedded_finish(e);
}

/* A handler that computes, until the test lets it go on; or has failed. */
static int wait_for_the_test(struct thrdsrv_conn *conn, void *user)
{
    struct embedded *e = user;
    sem_t *semaphore = e->context;
    int error = thrdsrv_conn_printf(conn, "busy\n");
    int64_t deadline = patience();
    while (sem_trywait(semaphore) < 0 && look_again(deadline))
        continue;
    return error;
}

static void a_slot_that_waits_for_nothing(struct embedded *e)
{
    sem_t *semaphore = shared_memory(sizeof *semaphore);
    assert_int_equal(sem_init(semaphore, 1, 0), 0);
    embedded_serve(e, wait_for_the_test);
    e->context = semaphore;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_expect_text(fd, "busy\n");
    struct thrdsrv_slot slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_NONE);
    assert_int_equal(slot.waits_ms, 0);
    assert_int_equal(slot.conn, 1);
    assert_int_equal(sem_post(semaphore), 0);
    client_expect_eof(fd);
    embedded_finish(e);
}

/* Idle is without a byte in or out, whatever the worker does meanwhile. */
static void idle_begins_with_each_byte(struct embedded *e)
{
    embedded_start(e);
    int fd = client_connect(e->address);
    embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    let_pass(60);
    struct thrdsrv_slot slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_int_equal(slot.idle_ms, slot.age_ms); /* none has moved */
    client_echo(fd, "hello");
    int64_t echoed_ms = now_ms();
    slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_in_range(slot.idle_ms, 0, now_ms() - echoed_ms + 10); /* its clock has a tick of 4 ms */
    let_pass(50);
    slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_in_range(slot.idle_ms, 40, now_ms() - echoed_ms + 10);
    client_close(fd);
    embedded_finish(e);
}

static void idle_is_told_of_a_handler_that_computes(struct embedded *e)
{
    sem_t *semaphore = shared_memory(sizeof *semaphore);
    assert_int_equal(sem_init(semaphore, 1, 0), 0);
    embedded_serve(e, wait_for_the_test);
    e->context = semaphore;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_expect_text(fd, "busy\n");
    let_pass(50);
    struct thrdsrv_slot slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_NONE);
    assert_in_range(slot.idle_ms, 40, slot.age_ms);
    assert_int_equal(sem_post(semaphore), 0);
    client_expect_eof(fd);
    embedded_finish(e);
}

enum { BURNT_MS = 40 };

/* Computes for so long at the first line, and answers each. */
static int burn_first(struct thrdsrv_conn *conn, void *user)
{
    char line[16];
    struct timespec used = {0};
    (void)user;
    while (thrdsrv_conn_read_line(conn, line, sizeof line) >= 0) {
        struct timespec begin;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
        do
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
        while (line[0] == 'b' &&
               (used.tv_sec - begin.tv_sec) * 1000 + (used.tv_nsec - begin.tv_nsec) / 1000000 <
                   BURNT_MS);
        int error = thrdsrv_conn_printf(conn, "%s\n", line);
        if (error < 0)
            return error;
    }
    return 0;
}

/* Of a worker that has served before, what it has used for this one. */
static void cpu_time_is_the_connections_own(struct embedded *e)
{
    embedded_serve(e, burn_first);
    e->config.slots = 1;
    embedded_start(e);
    int fd = client_connect(e->address);
    client_echo(fd, "burn\n");
    struct thrdsrv_slot slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_in_range(slot.cpu_us, BURNT_MS * 1000 - 1000, slot.age_ms * 1000 + 1000);
    client_leave(fd);
    embedded_wait_idle(e);
    fd = client_connect(e->address);
    client_echo(fd, "no more\n");
    slot = embedded_wait_slot(e, 0, THRDSRV_WAIT_READ);
    assert_int_equal(slot.conn, 2);
    assert_in_range(slot.cpu_us, 0, BURNT_MS * 1000 - 1000);
    client_close(fd);
    embedded_finish(e);
}

static void cpu_time_of_nobody_is_not_known(struct embedded *e)
{
    const pid_t nobody = 1 << 23; /* above the highest of Linux, 2^22 */
    (void)e;
    assert_int_equal(clock_cpu_ns(nobody, true), -1);
    assert_int_equal(clock_cpu_ns(nobody, false), -1);
    assert_int_equal(clock_cpu_ns(getppid(), false), -1); /* no thread of ours */
    assert_true(clock_cpu_ns(getppid(), true) >= 0);
    assert_true(clock_cpu_ns(gettid(), false) > 0);
}

/* Lines that thrdsrv_server_report() has written, and when it is to stop. */
struct told {
    char text[4096];
    unsigned lines;
    unsigned most;
};

static int keep_told(void *user, const char *line)
{
    struct told *told = user;
    size_t length = strlen(told->text);
    snprintf(told->text + length, sizeof told->text - length, "%s\n", line);
    return ++told->lines == told->most ? -4711 : 0;
}

static void a_report_is_the_dump(struct embedded *e)
{
    static const char *const begins[] = {"msg=server pid=", "msg=slot conn=1 slot=0 ",
                                         "msg=slot conn=2 slot=1 ", "msg=counters accepted=2 "};
    struct told told = {.most = 100};
    e->config.slots = 2;
    e->config.log_level = THRDSRV_LOG_ERROR; /* which has no part in it */
    embedded_start(e);
    int one = client_served(e->address), other = client_served(e->address);
    assert_int_equal(thrdsrv_server_report(e->server, keep_told, &told), 0);
    assert_int_equal(told.lines, 4);
    const char *line = told.text;
    for (size_t i = 0; i < 4; i++) {
        assert_memory_equal(line, begins[i], strlen(begins[i]));
        line = strchr(line, '\n') + 1;
    }
    assert_non_null(strstr(told.text, " slots=2 state=serving up="));
    assert_non_null(strstr(told.text, e->address));
    client_close(one);
    client_close(other);
    embedded_finish(e);
}

static void a_report_ends_when_nobody_wants_more(struct embedded *e)
{
    embedded_start(e);
    int fd = client_served(e->address);
    for (unsigned most = 1; most <= 3; most++) {
        struct told told = {.most = most};
        assert_int_equal(thrdsrv_server_report(e->server, keep_told, &told), -4711);
        assert_int_equal(told.lines, most);
    }
    client_close(fd);
    embedded_finish(e);
}

static void a_report_tells_of_the_drain(struct embedded *e)
{
    struct told told = {.most = 100};
    embedded_start(e);
    int fd = client_served(e->address);
    thrdsrv_server_quiesce(e->server);
    embedded_wait_log(e, "msg=quiesce");
    assert_int_equal(thrdsrv_server_report(e->server, keep_told, &told), 0);
    assert_non_null(strstr(told.text, " state=draining "));
    client_leave(fd);
    embedded_wait(e);
    told.text[0] = '\0';
    assert_int_equal(thrdsrv_server_report(e->server, keep_told, &told), 0); /* after run(), too */
    assert_non_null(strstr(told.text, "msg=counters accepted=1 active=0 "));
}

/* Looks at its own server, which a child of mode fork has not. */
static int look_from_inside(struct thrdsrv_conn *conn, void *user)
{
    struct thrdsrv_server *server = thrdsrv_conn_server(conn);
    struct thrdsrv_stats stats;
    struct thrdsrv_slot slot;
    (void)user;
    thrdsrv_server_stats(server, &stats, sizeof stats);
    int found = thrdsrv_server_slot(server, thrdsrv_conn_slot(conn), &slot, sizeof slot);
    struct told told = {.most = 100};
    int reported = thrdsrv_server_report(server, keep_told, &told);
    return thrdsrv_conn_printf(
        conn, "accepted %ju slot %d %s report %d, %u lines\n", (uintmax_t)stats.accepted, found,
        found == 1 && slot.conn == thrdsrv_conn_id(conn) ? "mine" : "-", reported, told.lines);
}

static void a_handler_sees_the_server(struct embedded *e)
{
    embedded_serve(e, look_from_inside);
    embedded_start(e);
    client_expect_answer(e->address, e->config.mode == THRDSRV_MODE_FORK
                                         ? "accepted 0 slot -1 - report -1, 0 lines\n"
                                         : "accepted 1 slot 1 mine report 0, 3 lines\n");
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_IN_ALL_MODES(admission_lets_in_and_turns_away),
        EMBEDDED_IN_ALL_MODES(who_is_turned_away_is_told_why),
        EMBEDDED_IN_ALL_MODES(refusals_use_up_no_slot),
        EMBEDDED_IN_ALL_MODES(admission_knows_the_peer),
        EMBEDDED_IN_ALL_MODES(admission_is_asked_about_adopted_connections),
        EMBEDDED_IN_ALL_MODES(admission_is_asked_on_the_run_thread),
        EMBEDDED_IN_ALL_MODES(start_and_end_come_in_pairs),
        EMBEDDED_IN_ALL_MODES(the_end_comes_when_it_is_closed),
        EMBEDDED_IN_ALL_MODES(the_end_of_input_is_eof),
        EMBEDDED_IN_ALL_MODES(a_handler_that_is_complete_is_done),
        EMBEDDED_IN_ALL_MODES(a_breach_of_protocol_is_failed),
        EMBEDDED_IN_ALL_MODES(a_reset_is_reset),
        EMBEDDED_IN_ALL_MODES(a_silent_client_is_idle),
        EMBEDDED_IN_ALL_MODES(a_client_that_never_spoke_is_first_byte),
        EMBEDDED_IN_ALL_MODES(a_client_that_reads_nothing_is_write_stall),
        EMBEDDED_IN_ALL_MODES(a_long_life_ends_by_lifetime),
        EMBEDDED_IN_ALL_MODES(a_slow_client_ends_by_rate),
        EMBEDDED_IN_ALL_MODES(the_stop_is_stopped),
        EMBEDDED_IN_ALL_MODES(a_handlers_system_error_is_error),
        EMBEDDED_IN_ALL_MODES(a_handler_that_passes_on_the_end_of_input_is_eof),
        EMBEDDED_IN_MODE(a_child_that_exits_is_exit, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(a_child_that_crashes_is_signal, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(a_child_that_is_sent_sigterm_is_terminated, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(a_child_killed_in_the_drain_is_cut, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_MODE(a_child_terminated_in_the_drain_is_cut, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_ALL_MODES(the_end_tells_duration_and_usage),
        EMBEDDED_IN_ALL_MODES(bytes_are_counted),
        EMBEDDED_IN_ALL_MODES(stats_of_every_size),
        EMBEDDED_IN_ALL_MODES(slots_are_shown),
        EMBEDDED_IN_ALL_MODES(time_passes_in_slots),
        EMBEDDED_IN_ALL_MODES(idle_begins_with_each_byte),
        EMBEDDED_IN_ALL_MODES(idle_is_told_of_a_handler_that_computes),
        EMBEDDED_IN_ALL_MODES(cpu_time_is_the_connections_own),
        EMBEDDED_ONCE(cpu_time_of_nobody_is_not_known),
        EMBEDDED_IN_MODE(a_report_is_the_dump, "thread", THRDSRV_MODE_THREAD),
        EMBEDDED_IN_MODE(a_report_is_the_dump, "fork", THRDSRV_MODE_FORK),
        EMBEDDED_IN_ALL_MODES(a_report_ends_when_nobody_wants_more),
        EMBEDDED_IN_ALL_MODES(a_report_tells_of_the_drain),
        EMBEDDED_ONCE(slots_of_every_size),
        EMBEDDED_IN_ALL_MODES(a_slot_that_waits_to_write),
        EMBEDDED_IN_ALL_MODES(a_slot_that_waits_for_the_end),
        EMBEDDED_IN_ALL_MODES(a_slot_that_waits_for_nothing),
        EMBEDDED_IN_ALL_MODES(a_handler_sees_the_server),
    };
    return embedded_run(argc, argv, "observe", cases, sizeof cases / sizeof cases[0]);
}
