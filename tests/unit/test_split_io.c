/* test_split_io.c - client/split_io.c between a pipe and a server that this program forks:
 * every call that may be interrupted or move less than it was asked to does so, and nothing is lost
 * or doubled; every call that may fail does so, and leaves no descriptor, thread or child. What it
 * is as a command is tests/integration/test_connect.c's. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "client/split_io.h"
#include "patience.h"
#include "proc_fs.h"

/* ---- Calls that fail ----------------------------------------------------------------------- */

enum call { READ, SEND, RECV, POLL, WAITPID, SOCKETPAIR, MMAP, PTHREAD_CREATE, FORK, CALLS };

/* What is done to the calls of split_io.c; in memory that a child of mode fork has too. */
static struct calls {
    bool are_flaky;           /* every other call is interrupted, and all move a few bytes only */
    bool would_block;         /* interrupted means EAGAIN, where a call can say that */
    int error[CALLS];         /* fails with this, behind */
    int after[CALLS];         /* so many calls */
    _Atomic int count[CALLS]; /* made so far */
} * calls;

static int error_of(enum call call)
{
    int number = calls->count[call]++;
    if (calls->error[call] != 0 && number >= calls->after[call])
        return calls->error[call];
    if (!calls->are_flaky || number % 2 != 0 || call >= SOCKETPAIR)
        return 0;
    return calls->would_block && call <= RECV ? EAGAIN : EINTR;
}

/* Without that memory, before main(), nothing does: a race detector makes calls there. */
static bool fails(enum call call)
{
    int error = calls ? error_of(call) : 0;
    if (error != 0)
        errno = error;
    return error != 0;
}

static size_t few(size_t size)
{
    return calls->are_flaky && size > 7 ? 7 : size;
}

ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size)
{
    return fails(READ) ? -1 : __real_read(fd, data, few(size));
}

ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    return fails(SEND) ? -1 : __real_send(fd, data, size > 3 ? few(size) - 2 : size, flags);
}

ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
    return fails(RECV) ? -1 : __real_recv(fd, data, few(size), flags);
}

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    return fails(POLL) ? -1 : __real_poll(fds, count, timeout);
}

pid_t __real_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    return fails(WAITPID) ? -1 : __real_waitpid(pid, status, options);
}

int __real_socketpair(int family, int type, int protocol, int ends[2]);
int __wrap_socketpair(int family, int type, int protocol, int ends[2]);
int __wrap_socketpair(int family, int type, int protocol, int ends[2])
{
    return fails(SOCKETPAIR) ? -1 : __real_socketpair(family, type, protocol, ends);
}

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails(MMAP) ? MAP_FAILED : __real_mmap(at, size, protection, flags, fd, offset);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    int error = error_of(PTHREAD_CREATE);
    return error != 0 ? error : __real_pthread_create(thread, attributes, run, argument);
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
    return fails(FORK) ? -1 : __real_fork();
}

/* ---- Servers ------------------------------------------------------------------------------- */

/* Processes, so that nothing of theirs is in the client: what fails there ends them with status 1.
 * Their calls are not meant to fail: write(2) and recvfrom(2) are not wrapped. */
static ssize_t take(int fd, void *data, size_t size)
{
    return recvfrom(fd, data, size, 0, NULL, NULL);
}

static void give(int fd, const void *data, size_t size)
{
    if (write(fd, data, size) != (ssize_t)size)
        _exit(1);
}

static void echo(int fd)
{
    static char data[4096];
    ssize_t count;
    while ((count = take(fd, data, sizeof data)) > 0)
        give(fd, data, (size_t)count);
}

#define MUCH 1000000

/* Takes a little and then nothing more, but has much to say. */
static void take_no_more(int fd)
{
    static const char answer[MUCH];
    char byte;
    take(fd, &byte, 1);
    shutdown(fd, SHUT_RD);
    while (take(fd, &byte, 1) > 0) /* what is left unread would be a reset */
        ;
    give(fd, answer, sizeof answer);
}

static void answer_only(int fd)
{
    give(fd, "answer", 6);
}

/* Ends its side, takes nothing and stays until the client has gone. */
static void answer_and_take_nothing(int fd)
{
    struct pollfd gone = {.fd = fd};
    answer_only(fd);
    shutdown(fd, SHUT_WR);
    __real_poll(&gone, 1, time_left(patience()));
}

/* Not before something was to be sent. */
static void answer_later(int fd)
{
    int64_t deadline = patience();
    while (calls->count[SEND] == 0)
        if (!look_again(deadline))
            _exit(1);
    answer_only(fd);
}

static void say_nothing(int fd)
{
    char byte;
    while (take(fd, &byte, 1) > 0)
        ;
}

enum { SLOW_MS = 6, SLOW_LIMIT_MS = 300 };

/* A few bytes at a time: many of these are less than what makes room to send on. */
static void take_slowly(int fd)
{
    char bytes[5];
    while (take(fd, bytes, sizeof bytes) > 0)
        let_pass(SLOW_MS);
}

/* ---- A conversation ------------------------------------------------------------------------ */

struct conversation {
    void (*serve)(int fd);
    int server; /* the server's end */
    int writes; /* the end of the pipe that is the input; -1: the input is at its end */
    pid_t process;
    struct split_config config;
    struct split_result result;
};

static unsigned char got[MUCH];
static size_t got_size;
static int deliver_error;

static int deliver(const void *data, size_t size)
{
    if (deliver_error != 0) {
        errno = deliver_error;
        return -1;
    }
    assert_true(size <= sizeof got - got_size);
    memcpy(got + got_size, data, size);
    got_size += size;
    return 0;
}

/* The server has nothing of the client's, whose end it could not see otherwise. */
static void start_server(struct conversation *c)
{
    c->process = __real_fork();
    assert_true(c->process >= 0);
    if (c->process == 0) {
        close(c->config.socket);
        close(c->config.input);
        close(c->writes);
        c->serve(c->server);
        _exit(0);
    }
    close(c->server);
}

static struct conversation prepare(enum split_mode mode, void (*serve_so)(int), const void *input,
                                   size_t size, bool at_end)
{
    struct conversation c = {.serve = serve_so, .writes = -1};
    int ends[2], pipes[2];
    assert_int_equal(__real_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_int_equal(fcntl(pipes[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
    assert_int_equal(write(pipes[1], input, size), size);
    if (at_end)
        close(pipes[1]);
    else
        c.writes = pipes[1];
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    c.server = ends[1];
    c.config = (struct split_config){
        .mode = mode, .socket = ends[0], .input = pipes[0], .escape = -1, .deliver = deliver};
    got_size = 0;
    return c;
}

/* All that it used is given back, and no child is left. */
static void converse(struct conversation *c)
{
    int status;
    start_server(c);
    int fds = proc_count_fds(getpid());
    split_io_run(&c->config, &c->result);
    memset(calls, 0, sizeof *calls);
    deliver_error = 0;
    assert_int_equal(proc_count_fds(getpid()), fds);
    shutdown(c->config.socket, SHUT_RDWR); /* for the server, in case it waits */
    assert_int_equal(__real_waitpid(c->process, &status, 0), c->process);
    assert_int_equal(status, 0);
    assert_int_equal(__real_waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    close(c->config.socket);
    close(c->config.input);
    if (c->writes >= 0)
        close(c->writes);
}

static void expect_end(const struct conversation *c, enum split_end end, int error)
{
    if (c->result.end != end || c->result.error != error)
        fail_msg("ended with %d and error %d (%s), not %d and %d", (int)c->result.end,
                 c->result.error, strerror(c->result.error), (int)end, error);
    assert_int_equal(c->result.received, got_size);
}

/* The modes of this build. */
static enum split_mode next_mode(enum split_mode mode)
{
    do
        mode++;
    while (mode < SPLIT_MODES && !split_is_built(mode));
    return mode;
}

#define EACH_MODE(mode)                                                                            \
    for (enum split_mode mode = SPLIT_THREAD; mode < SPLIT_MODES; mode = next_mode(mode))

/* ---- Interrupted, and a few bytes at a time ------------------------------------------------- */

static void test_nothing_is_lost_when_calls_are_interrupted(void **state)
{
    enum { SIZE = 30011 };
    static unsigned char input[SIZE];
    for (size_t i = 0; i < SIZE; i++)
        input[i] = (unsigned char)(i * i / 7);
    (void)state;
    EACH_MODE(mode)
    for (int would_block = 0; would_block < 2; would_block++) {
        struct conversation c = prepare(mode, echo, input, SIZE, true);
        calls->are_flaky = true;
        calls->would_block = would_block;
        converse(&c);
        expect_end(&c, SPLIT_COMPLETE, 0);
        assert_int_equal(c.result.sent, SIZE);
        assert_int_equal(got_size, SIZE);
        assert_memory_equal(got, input, SIZE);
    }
}

/* ---- The other half ends -------------------------------------------------------------------- */

static void test_a_server_that_takes_no_more_is_heard_out(void **state)
{
    static char input[500000];
    (void)state;
    EACH_MODE(mode)
    {
        struct conversation c = prepare(mode, take_no_more, input, sizeof input, true);
        converse(&c);
        expect_end(&c, SPLIT_LEFT_OVER, 0);
        assert_int_equal(got_size, MUCH);
        assert_true(c.result.sent < sizeof input);
    }
}

/* The sender waits for input that never comes, or for room that never comes. */
static void test_the_end_of_the_server_ends_the_sender(void **state)
{
    static char input[900000];
    (void)state;
    EACH_MODE(mode)
    {
        struct conversation c = prepare(mode, answer_only, "", 0, false);
        converse(&c);
        expect_end(&c, SPLIT_COMPLETE, 0);
        assert_memory_equal(got, "answer", 6);
        c = prepare(mode, answer_and_take_nothing, input, sizeof input, false);
        converse(&c);
        expect_end(&c, SPLIT_LEFT_OVER, 0);
        assert_int_equal(got_size, 6);
    }
}

static void test_the_escape_ends_both(void **state)
{
    (void)state;
    EACH_MODE(mode)
    {
        struct conversation c = prepare(mode, say_nothing, "abc\035def", 7, false);
        c.config.escape = 035;
        converse(&c);
        expect_end(&c, SPLIT_ESCAPED, 0);
        assert_int_equal(c.result.sent, 3);
        c = prepare(mode, echo, "abc\035def", 7, true); /* without one it is a byte like others */
        converse(&c);
        expect_end(&c, SPLIT_COMPLETE, 0);
        assert_memory_equal(got, "abc\035def", 7);
    }
}

static void test_silence(void **state)
{
    (void)state;
    EACH_MODE(mode)
    {
        struct conversation c = prepare(mode, say_nothing, "abc", 3, false);
        c.config.idle_ms = 30;
        converse(&c);
        expect_end(&c, SPLIT_IDLE, 0);
    }
}

/* send(2) has no room for twice as long as the limit, but the server takes something all the time.
 */
static void test_a_server_that_takes_slowly_is_not_silent(void **state)
{
    enum { QUEUE = 50000 };
    static const char input[1200];
    const int queue = QUEUE;
    (void)state;
    EACH_MODE(mode)
    {
        struct conversation c = prepare(mode, take_slowly, input, sizeof input, true);
        assert_int_equal(setsockopt(c.config.socket, SOL_SOCKET, SO_SNDBUF, &queue, sizeof queue),
                         0);
        calls->are_flaky = true; /* pieces of five bytes, each of which takes its place in it */
        c.config.idle_ms = allow_ms(SLOW_LIMIT_MS);
        converse(&c);
        expect_end(&c, SPLIT_COMPLETE, 0);
        assert_int_equal(c.result.sent, sizeof input);
    }
}

/* ---- What fails ---------------------------------------------------------------------------- */

static void with_error(struct conversation c, enum call call, int error, enum split_end end)
{
    calls->error[call] = error;
    converse(&c);
    expect_end(&c, end, error);
}

static void test_failures_are_told(void **state)
{
    (void)state;
    EACH_MODE(mode)
    {
        with_error(prepare(mode, say_nothing, "abc", 3, false), READ, EIO, SPLIT_CANNOT_READ);
        with_error(prepare(mode, answer_only, "abc", 3, false), RECV, ETIMEDOUT, SPLIT_BROKEN);
        with_error(prepare(mode, answer_later, "abc", 3, false), SEND, EHOSTUNREACH, SPLIT_BROKEN);
        assert_int_equal(got_size, 6);
        struct conversation c = prepare(mode, echo, "abc", 3, false);
        deliver_error = ENOSPC;
        converse(&c);
        expect_end(&c, SPLIT_CANNOT_DELIVER, ENOSPC);
    }
}

static void test_without_a_sender_there_is_no_conversation(void **state)
{
    (void)state;
    EACH_MODE(mode)
    {
        enum call start = mode == SPLIT_THREAD ? PTHREAD_CREATE : FORK;
        with_error(prepare(mode, say_nothing, "", 0, false), start, EAGAIN, SPLIT_CANNOT_START);
        with_error(prepare(mode, say_nothing, "", 0, false), MMAP, ENOMEM, SPLIT_CANNOT_START);
        with_error(prepare(mode, say_nothing, "", 0, false), SOCKETPAIR, EMFILE,
                   SPLIT_CANNOT_START);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost_when_calls_are_interrupted),
        cmocka_unit_test(test_a_server_that_takes_no_more_is_heard_out),
        cmocka_unit_test(test_the_end_of_the_server_ends_the_sender),
        cmocka_unit_test(test_the_escape_ends_both),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_a_server_that_takes_slowly_is_not_silent),
        cmocka_unit_test(test_failures_are_told),
        cmocka_unit_test(test_without_a_sender_there_is_no_conversation),
    };
    calls =
        __real_mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (calls == MAP_FAILED)
        return 1;
    return cmocka_run_group_tests_name("split_io", tests, NULL, NULL);
}
