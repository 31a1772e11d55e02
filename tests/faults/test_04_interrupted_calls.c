/* test_04_interrupted_calls - class 4: a system call is interrupted by a signal (EINTR), and the
 * server ends, ends the connection, or goes on as if all bytes had been moved.
 *
 * Seen in: LibVNCServer #732.
 * Here: a storm of 1,000 signals a second to every task of the program and to its children, while
 * 64 MiB go through it, and while 1,000 clients come and go: the bytes are exact, everybody is
 * served. The program blocks or restarts what it can; so the same with the library in a host that
 * has a handler without SA_RESTART, in threads and in children, where each blocking call really
 * fails. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clients.h"
#include "crowd.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "storm.h"
#include "stream.h"
#include "suite.h"

/* ---- The program ------------------------------------------------------------------------- */

/* A call that was interrupted is made again with what is left to do, not with all and not with
 * nothing: the bytes are exact. A slow client after a quick one, so that writes block too. */
static void storm_during_a_transfer(struct process *server)
{
    uint64_t size = scaled(64) * (uint64_t)1048576;
    struct stream stream = {.request = stream_random(size), .reply = stream_random(size)};
    struct stream slow = {
        .request = stream_random(scaled(400) * (uint64_t)1000),
        .reply = stream_random(scaled(400) * (uint64_t)1000),
        .bite = 4096,
        .pause_ms = 10,
    };
    process_start(server, "--log=notice", NULL);
    struct storm storm = storm_start(server->pid);
    int fd = client_connect(process_address(server));
    stream_run(fd, &stream);
    client_close(fd);
    fd = client_connect_with_buffer(process_address(server), 4096);
    stream_run(fd, &slow);
    client_close(fd);
    unsigned rounds = storm_stop(storm);
    assert_true(rounds >= scaled(100));
}

/* Accepting, starting workers and reaping go on too. */
static void storm_while_clients_come_and_go(struct process *server)
{
    size_t size = 1000;
    size_t count = scaled(1000);
    process_start(server, "--slots=16", "--log=notice", NULL);
    struct storm storm = storm_start(server->pid);
    crowd_churn(process_address(server), count, 32, crowd_echo_script, &size);
    storm_stop(storm);
    process_wait_counter(server, "served", (long long)count);
    assert_int_equal(process_counter(server, "accept_errors_conn"), 0);
}

/* ---- The library, in a host with a handler of its own ------------------------------------ */

enum { TASKS = 256 };

/* Signals that were handled, in this process and in children. */
static _Atomic unsigned *handled;
static atomic_bool enough;

/* SIGCHLD is what a host has a handler for, and what threads of ours do not block. */
static void on_child_signal(int number)
{
    (void)number;
    ++*handled;
}

static void set_handler(void)
{
    struct sigaction action = {.sa_handler = on_child_signal};
    sigaction(SIGCHLD, &action, NULL);
}

/* In a child, where the host's handlers are gone: one of the service's own. */
static void set_handler_again(struct thrdsrv_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    set_handler();
}

/* All tasks of this process and all children, but the test's thread and this one. */
static void *be_the_storm(void *argument)
{
    pid_t tids[TASKS], pids[TASKS];
    pid_t self = getpid();
    (void)argument;
    while (!enough) {
        size_t count = proc_tasks(self, tids, TASKS);
        for (size_t i = 0; i < count; i++)
            if (tids[i] != self && tids[i] != gettid())
                syscall(SYS_tgkill, self, tids[i], SIGCHLD);
        count = proc_children(self, 0, pids, TASKS);
        for (size_t i = 0; i < count && i < TASKS; i++)
            kill(pids[i], SIGCHLD);
        let_pass(1);
    }
    return NULL;
}

static pthread_t begin_storm(struct embedded *e)
{
    pthread_t thread;
    *handled = 0;
    enough = false;
    set_handler();
    e->config.on_start = set_handler_again;
    embedded_start(e);
    assert_int_equal(pthread_create(&thread, NULL, be_the_storm, NULL), 0);
    return thread;
}

static void end_storm(pthread_t thread)
{
    enough = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    signal(SIGCHLD, SIG_DFL);
}

/* Returns when the storm has gone on for so long. */
static void wait_for_signals(unsigned count)
{
    unsigned begin = *handled;
    int64_t deadline = patience();
    while (*handled - begin < count)
        if (!look_again(deadline))
            suite_fail("%u signals in all this time", *handled - begin);
}

enum { SIGNALS = 30 };

/* The server waits for input, a word at a time. */
static void reads_of_a_host_are_interrupted(struct embedded *e)
{
    pthread_t storm = begin_storm(e);
    int fd = client_connect(e->address);
    for (int i = 0; i < SIGNALS; i++) {
        wait_for_signals(1);
        client_echo(fd, "a word now and then");
    }
    client_leave(fd);
    end_storm(storm);
    assert_int_equal(embedded_wait_end(e, 1).end.reason, THRDSRV_END_EOF);
    embedded_finish(e);
}

/* The server waits for room in its send buffer, which the client leaves full for a while. */
static void writes_of_a_host_are_interrupted(struct embedded *e)
{
    enum { TOTAL = 16000000, LETTERS = 26 };
    static unsigned char letters[LETTERS * 1000];
    for (size_t i = 0; i < sizeof letters; i++)
        letters[i] = (unsigned char)('a' + i % LETTERS);
    struct stream answer = {.reply = {letters, sizeof letters, TOTAL}};
    e->config.handler = &thrdsrv_bytes;
    pthread_t storm = begin_storm(e);
    int fd = client_connect_with_buffer(e->address, 65536);
    client_send_text(fd, "16000000\n");
    embedded_wait_slot(e, 0, THRDSRV_WAIT_WRITE);
    wait_for_signals(SIGNALS);
    stream_run(fd, &answer);
    client_close(fd);
    end_storm(storm);
    assert_int_equal(embedded_wait_end(e, 1).end.reason, THRDSRV_END_EOF);
    embedded_finish(e);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    handled = shared_memory(sizeof *handled);
    const struct CMUnitTest cases[] = {
        CASE(storm_during_a_transfer),
        CASE(storm_while_clients_come_and_go),
        EMBEDDED_CASE(reads_of_a_host_are_interrupted),
        EMBEDDED_CASE(writes_of_a_host_are_interrupted),
    };
    return cmocka_run_group_tests_name("04_interrupted_calls", cases, NULL, NULL);
}
