/* test_11_stack - class 11: a thread with a small stack runs over its end, into memory that is
 * somebody else's.
 *
 * Seen in: collectd #652.
 * Here: with the smallest stack, 128 KiB, each handler and a log of everything: how far down
 * workers have written to their stacks (resident pages, which new stacks do not have) leaves 24 KiB
 * at least, below each stack lies a page that cannot be touched, and a stack is no larger than it
 * was asked for. A service that never stops calling itself dies of that page, not of what it has
 * overwritten. What functions may need at most, stack_budget.py adds up. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { STACK_KIB = 128, LEFT_KIB = 24, PAGE_KIB = 4, SLOTS = 3, MIB = 1048576 };

/* ---- Stacks of a process ----------------------------------------------------------------- */

struct mapping {
    uintptr_t begin;
    uintptr_t end;
    char access[5]; /* "rw-p" */
    size_t resident_kib;
};

/* The next one in /proc/PID/smaps. */
static bool next_mapping(FILE *smaps, struct mapping *mapping)
{
    char line[512];
    bool begun = false;
    while (fgets(line, sizeof line, smaps) != NULL) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &mapping->begin, &mapping->end,
                   mapping->access) == 3)
            begun = true;
        if (begun && sscanf(line, "Rss: %zu kB", &mapping->resident_kib) == 1)
            return true;
    }
    return false;
}

static size_t size_kib(const struct mapping *mapping)
{
    return (mapping->end - mapping->begin) / 1024;
}

static bool is_guard_of(const struct mapping *guard, const struct mapping *stack)
{
    return guard->end == stack->begin && strcmp(guard->access, "---p") == 0 &&
           size_kib(guard) >= PAGE_KIB;
}

/* Counts the stacks of that size with a guard page below. The C library may put a thread's own data
 * above the stack that was asked for, or into it. Sets what the fullest one has resident. */
static size_t count_stacks(pid_t pid, size_t *fullest_kib)
{
    char path[64];
    size_t count = 0;
    struct mapping mapping, below = {0};
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    FILE *smaps = fopen(path, "re");
    assert_non_null(smaps);
    *fullest_kib = 0;
    for (; next_mapping(smaps, &mapping); below = mapping) {
        if (!is_guard_of(&below, &mapping) || strcmp(mapping.access, "rw-p") != 0 ||
            size_kib(&mapping) < STACK_KIB - PAGE_KIB || size_kib(&mapping) > STACK_KIB + PAGE_KIB)
            continue;
        count++;
        if (mapping.resident_kib > *fullest_kib)
            *fullest_kib = mapping.resident_kib;
    }
    fclose(smaps);
    return count;
}

static void skip_where_frames_are_others(void)
{
    if (suite_has_sanitizer() || process_is_wrapped())
        suite_skip("a tool has frames and stacks of its own");
}

/* ---- The high-water mark ----------------------------------------------------------------- */

static const char *const handlers[] = {"echo",    "rot13",   "bytes", "chargen",
                                       "daytime", "discard", "time",  "whoami"};

/* More than any buffer holds, in both directions, so that the deepest way down is gone. */
static void talk_much(const char *address)
{
    static char sent[MIB], some[65536];
    size_t out = 0, in = 0;
    int fd = client_connect(address);
    memset(sent, 'x', sizeof sent);
    memcpy(sent, "3000000\n", 8);
    while (out < sizeof sent && in < 2 * sizeof sent) {
        struct pollfd ready = {.fd = fd, .events = POLLIN | POLLOUT};
        if (poll(&ready, 1, time_left(patience())) <= 0)
            suite_fail("neither side goes on after %zu bytes", out);
        ssize_t count = recv(fd, some, sizeof some, MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN))
            break;
        in += count > 0 ? (size_t)count : 0;
        count = send(fd, sent + out, sizeof sent - out, MSG_DONTWAIT | MSG_NOSIGNAL);
        out += count > 0 ? (size_t)count : 0;
    }
    client_reset(fd);
}

/* One after the other, so that one worker, which stays parked, serves them all; and some at once.
 */
static void look_at_stacks_of(struct process *server, const char *handler)
{
    char option[64];
    size_t fullest_kib;
    snprintf(option, sizeof option, "--handler=%s", handler);
    process_start(server, option, "--slots=3", "--stack=128k", "--log=debug", "--park=1h", NULL);
    for (int i = 0; i < SLOTS; i++)
        talk_much(process_address(server));
    for (int i = 0; i < SLOTS; i++)
        client_connect(process_address(server));
    process_wait_counter(server, "accepted", 2 * SLOTS);
    size_t count = count_stacks(server->pid, &fullest_kib);
    int tasks = proc_count_tasks(server->pid);
    if (count != (size_t)tasks - 1)
        suite_fail("%s: %zu stacks with a guard page for %d workers", handler, count, tasks - 1);
    if (count == 0 || fullest_kib > STACK_KIB - LEFT_KIB)
        suite_fail("%s: %zu KiB of %d are in use", handler, fullest_kib, STACK_KIB);
    print_message("%s: %zu of %d KiB\n", handler, fullest_kib, STACK_KIB);
    clients_close_all();
    process_renew(server);
}

static void workers_keep_off_the_end(struct process *server)
{
    skip_where_frames_are_others();
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        look_at_stacks_of(server, handlers[i]);
}

/* ---- Over the end ------------------------------------------------------------------------ */

enum { CAUGHT_AT_THE_GUARD = 42, CAUGHT_ELSEWHERE = 43 };

static struct mapping guard; /* of the thread that goes over its end */

static struct mapping find_guard_below(uintptr_t address)
{
    struct mapping mapping, below = {0};
    FILE *smaps = fopen("/proc/self/smaps", "re");
    IN_HOST(smaps != NULL);
    while (next_mapping(smaps, &mapping) && mapping.end <= address)
        below = mapping;
    fclose(smaps);
    IN_HOST(is_guard_of(&below, &mapping));
    return below;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr;
    (void)number;
    (void)context;
    _exit(at >= guard.begin && at < guard.end ? CAUGHT_AT_THE_GUARD : CAUGHT_ELSEWHERE);
}

/* Deeper and deeper, and touches every page on the way. */
static __attribute__((noinline)) unsigned sink(unsigned depth)
{
    volatile char page[1024];
    page[0] = (char)depth;
    return depth < UINT32_MAX ? sink(depth + 1) + (unsigned char)page[0] : 0;
}

static int serve_without_end(struct thrdsrv_conn *conn, void *user)
{
    static char elsewhere[65536]; /* a stack for the handler: the other one is at its end */
    stack_t stack = {.ss_sp = elsewhere, .ss_size = sizeof elsewhere};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    (void)conn;
    (void)user;
    guard = find_guard_below((uintptr_t)__builtin_frame_address(0));
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    return (int)sink(0);
}

/* The threads of the host are neighbours: it ends by the signal, nothing of theirs is overwritten.
 */
static void be_the_host(struct embedded *e)
{
    struct thrdsrv_server *server;
    IN_HOST(thrdsrv_server_create(&e->config, &server) == 0);
    IN_HOST(thrdsrv_server_address(server, 0, e->address, sizeof e->address) > 0);
    IN_HOST(thrdsrv_server_start(server) == 0);
    client_wait_end(client_connect(e->address));
    let_pass(allow_ms(10000)); /* not reached in mode thread */
}

static void a_service_without_end_dies_of_the_guard_page(struct embedded *e)
{
    int status;
    skip_where_frames_are_others();
    e->config.stack_size = THRDSRV_STACK_MIN;
    embedded_serve(e, serve_without_end);
    fflush(NULL);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0)
        be_the_host(e);
    assert_int_equal(waitpid(host, &status, 0), host);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CAUGHT_AT_THE_GUARD);
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        CASE(workers_keep_off_the_end),
        EMBEDDED_CASE(a_service_without_end_dies_of_the_guard_page),
    };
    return cmocka_run_group_tests_name("11_stack", cases, NULL, NULL);
}
