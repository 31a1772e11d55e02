/* test_12_slowloris - fault class 12: one source takes all that it can get, drips bytes, ends its
 * side and stays, resets, and connects and resets as fast as it can; with --per-source a client
 * from elsewhere notices nothing: it is served within a second.
 *
 * The attack makes 2,500 connections that it resets at once, in each case; THRD_SCALE=4000 makes it
 * the 100,000 of the whole run. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "netns.h"
#include "patience.h"
#include "process_log.h"
#include "suite.h"

/* BATCH: what the attacker lets wait in the backlog at once, less than any system's holds: when
 * that is full the kernel answers nobody, whatever the server does. */
enum {
    RESETS = 2500,
    BATCH = 256,
    HELD = 12,
    CLIENTS = 8,
    EXCHANGES_MAX = 500000,
    SERVED_WITHIN_MS = 1000
};

/* ---- The attacker, a process of its own --------------------------------------------------- */

/* Addresses as connect(2) and bind(2) want them: in a child no check may fail, for that would go on
 * with the test there. */
struct attack {
    struct sockaddr_storage server;
    struct sockaddr_storage sources[2]; /* two addresses of one source, any port */
    socklen_t size;
    size_t resets;
};

/* What a connection is held for. */
enum manner { SILENT, DRIPPING, HALF_CLOSED, RESETTING, MANNERS };

/* The server has gone, or this machine will not: the test sees that there is no attack. */
static _Noreturn void give_up(const char *call)
{
    perror(call);
    _exit(1);
}

static int attack_connect(const struct attack *attack, size_t i)
{
    const struct sockaddr *source = (const struct sockaddr *)&attack->sources[i % 2];
    const struct sockaddr *server = (const struct sockaddr *)&attack->server;
    int fd = socket(source->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        give_up("attacker: socket");
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
    if (bind(fd, source, attack->size) < 0)
        give_up("attacker: bind");
    if (connect(fd, server, attack->size) < 0)
        give_up("attacker: connect");
    return fd;
}

static void attack_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* Whether the server has closed it. */
static bool is_over(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

/* One move with a held connection; one that is over is replaced. */
static int keep_up(const struct attack *attack, int fd, size_t i)
{
    if (is_over(fd)) {
        close(fd);
        return attack_connect(attack, i);
    }
    switch ((enum manner)(i % MANNERS)) {
    case DRIPPING:
        send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        return fd;
    case HALF_CLOSED:
        shutdown(fd, SHUT_WR);
        return fd;
    case RESETTING:
        attack_reset(fd);
        return attack_connect(attack, i);
    default:
        return fd;
    }
}

/* Behind all others in the backlog: when it has been answered, or closed, that is empty. */
static void attack_wait(const struct attack *attack)
{
    char byte = 'x';
    int fd = attack_connect(attack, 0);
    send(fd, &byte, 1, MSG_NOSIGNAL);
    ssize_t n = recv(fd, &byte, 1, 0); /* whatever it is */
    (void)n;
    attack_reset(fd);
}

static void attack_run(const struct attack *attack)
{
    int held[HELD];
    for (size_t i = 0; i < HELD; i++)
        held[i] = attack_connect(attack, i);
    for (size_t done = 0; done < attack->resets;) {
        for (size_t i = 0; i < BATCH && done < attack->resets; i++, done++)
            attack_reset(attack_connect(attack, i));
        for (size_t i = 0; i < HELD; i++)
            held[i] = keep_up(attack, held[i], i);
        attack_wait(attack);
    }
}

/* It dies with the test program. */
static pid_t attack_start(const struct attack *attack)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        attack_run(attack);
        _exit(0);
    }
    return pid;
}

static void without_port(struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = 0;
    else
        ((struct sockaddr_in6 *)address)->sin6_port = 0;
}

/* From these two addresses of this machine. */
static void attack_prepare(struct attack *attack, const char *address, const char *const sources[2])
{
    attack->resets = scaled(RESETS);
    for (int i = 0; i < 2; i++) {
        int fd = client_served_from(sources[i], address);
        attack->size = sizeof attack->server;
        getpeername(fd, (struct sockaddr *)&attack->server, &attack->size);
        attack->size = sizeof attack->sources[i];
        getsockname(fd, (struct sockaddr *)&attack->sources[i], &attack->size);
        without_port(&attack->sources[i]);
        client_leave(fd);
    }
}

/* ---- The clients from elsewhere ---------------------------------------------------------- */

static bool still_runs(pid_t pid)
{
    int status;
    pid_t waited = waitpid(pid, &status, WNOHANG);
    if (waited == pid && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        suite_fail("the attacker has failed: status 0x%x", (unsigned)status);
    return waited == 0;
}

static int by_value(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one;
    int64_t b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* All but one in a thousand, and so all of fewer than a thousand. */
static void expect_served_in_time(int64_t *took, size_t count)
{
    qsort(took, count, sizeof *took, by_value);
    int64_t late = took[count - 1 - count / 1000];
    print_message("%zu exchanges during the attack, 99.9 %% within %lld ms, all within %lld\n",
                  count, (long long)late, (long long)took[count - 1]);
    if (late > allow_ms(SERVED_WITHIN_MS))
        suite_fail("a client from elsewhere waited %lld ms", (long long)late);
}

/* Clients come one after the other, each from another of the addresses that the format makes of a
 * number: a slot is free a moment after its client has seen the end, so one that came again at once
 * and often would have several. */
static void withstand(struct process *server, const struct attack *attack, const char *format)
{
    static int64_t took[EXCHANGES_MAX];
    size_t count = 0;
    pid_t attacker = attack_start(attack);
    process_log_wait(server, "reason=source"); /* it has taken all it can */
    while (still_runs(attacker)) {
        char elsewhere[64];
        int64_t begin = now_ms();
        snprintf(elsewhere, sizeof elsewhere, format, (int)(count % CLIENTS) + 10);
        client_leave(client_served_from(elsewhere, process_address(server)));
        if (count < EXCHANGES_MAX)
            took[count++] = now_ms() - begin;
    }
    assert_true(count > 0);
    expect_served_in_time(took, count);
    process_wait_counter(server, "active", 0);
    assert_true(process_counter(server, "refused_source") > 0);
    assert_int_equal(process_counter(server, "refused_full"), 0);
}

static void ipv4_source_takes_all_it_can(struct process *server)
{
    static const char *const sources[2] = {"127.0.0.2", "127.0.0.3"};
    struct attack attack;
    process_start(server, "--slots=8", "--per-source=4", "--source-prefix=24:64", "--log=notice",
                  "--park=100ms", NULL);
    struct process_baseline before = process_baseline(server);
    attack_prepare(&attack, process_address(server), sources);
    withstand(server, &attack, "127.0.%d.1");
    process_wait_baseline(server, before);
}

static void ipv6_source_takes_all_it_can(struct process *server)
{
    static const char *const sources[2] = {"fd00:0:0:1::1", "fd00:0:0:1:ffff::2"};
    struct attack attack;
    netns_need();
    netns_add_ipv6(sources[0]);
    netns_add_ipv6(sources[1]);
    for (int i = 0; i < CLIENTS; i++) {
        char text[64];
        snprintf(text, sizeof text, "fd00:0:0:%d::1", i + 10);
        netns_add_ipv6(text);
    }
    process_start(server, "--slots=8", "--per-source=4", "--listen=[::1]:0", "--log=notice",
                  "--park=100ms", NULL);
    struct process_baseline before = process_baseline(server);
    attack_prepare(&attack, process_address(server), sources);
    withstand(server, &attack, "fd00:0:0:%d::1");
    process_wait_baseline(server, before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(ipv4_source_takes_all_it_can),
        CASE(ipv6_source_takes_all_it_can),
    };
    suite_init(argc, argv);
    netns_enter();
    return cmocka_run_group_tests_name("slowloris", cases, NULL, NULL);
}
