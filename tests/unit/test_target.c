/* test_target.c - bench/target.c and bench/child.c: servers of each kind are started, found and
 * stopped; starts that fail say why; and nothing is left of a server, whatever it has started and
 * however we end.
 *
 * Started as "thrd" this program is a server itself: one that says that it is ready and nothing
 * more. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/accounting.h"
#include "bench/child.h"
#include "bench/free_port.h"
#include "bench/target.h"
#include "client/endpoint.h"
#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "suite.h"

/* A server of the usual program, for a shell. */
#define SERVER THRD_PROGRAM " --log=error --handler=echo --listen=127.0.0.1:{port}"

static const struct target_options options = {
    .handler = "echo", .slots = 8, .program = THRD_PROGRAM};

static struct target_process process;
static char error[500];

/* ---- Helpers ----------------------------------------------------------------------------- */

static struct target ours(const char *mode)
{
    return (struct target){.kind = TARGET_OURS, .name = mode, .mode = mode};
}

static struct target shell(const char *command)
{
    return (struct target){.kind = TARGET_COMMAND, .name = "other", .command = command};
}

static struct target running(const char *address)
{
    return (struct target){.kind = TARGET_RUNNING, .name = "running", .address = address};
}

static void start(struct target target)
{
    if (target_start(&target, &options, &process, error, sizeof error) != 0)
        fail_msg("not started: %s", error);
}

static void start_refused(struct target target, const struct target_options *how,
                          const char *reason)
{
    assert_int_equal(target_start(&target, how, &process, error, sizeof error), -1);
    if (!strstr(error, reason))
        fail_msg("the reason is \"%s\" and not \"%s\"", error, reason);
    assert_null(strchr(error, '\n'));
    assert_int_equal(process.pid, 0);
}

/* Nothing of a server is left when we have no child. */
static void check_no_children(void)
{
    siginfo_t info;
    int result = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
    assert_true(result < 0 && errno == ECHILD);
}

static void stop(void)
{
    if (target_stop(&process, NULL, error, sizeof error) != 0)
        fail_msg("not stopped in good order: %s", error);
    check_no_children();
}

static void stop_complains(const char *complaint)
{
    assert_int_equal(target_stop(&process, NULL, error, sizeof error), -1);
    if (!strstr(error, complaint))
        fail_msg("the complaint is \"%s\" and not \"%s\"", error, complaint);
    check_no_children();
}

static const char *address(void)
{
    static char text[64];
    struct sockaddr_in v4;
    assert_int_equal(process.address_length, sizeof v4);
    memcpy(&v4, &process.address, sizeof v4);
    assert_int_equal(v4.sin_family, AF_INET);
    assert_int_equal(ntohl(v4.sin_addr.s_addr), INADDR_LOOPBACK);
    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)ntohs(v4.sin_port));
    return text;
}

/* The child of ours, adopted ones included, whose arguments are these; waits for it. */
static pid_t wait_for_child(const char *arguments)
{
    enum { MOST = 16 };
    int64_t deadline = patience();
    do {
        pid_t pids[MOST];
        char line[256];
        size_t count = proc_children(getpid(), 0, pids, MOST);
        for (size_t i = 0; i < count && i < MOST; i++)
            if (strcmp(proc_line(pids[i], "cmdline", line, sizeof line), arguments) == 0)
                return pids[i];
    } while (look_again(deadline));
    fail_msg("there is no child '%s'", arguments);
    return 0;
}

static void wait_gone(pid_t pid)
{
    int64_t deadline = patience();
    while (proc_state(pid) != 0 && proc_state(pid) != 'Z')
        assert_true(look_again(deadline));
}

/* A name for sleep(1) that no other process has at this moment. */
static const char *own_sleep(void)
{
    static char text[32];
    snprintf(text, sizeof text, "sleep 7%d", (int)getpid());
    return text;
}

/* ---- Servers that run ---------------------------------------------------------------------- */

static void test_ours_in_each_mode(void **state)
{
    static const char *const modes[] = {"thread", "inline", "fork"};
    (void)state;
    for (size_t i = 0; i < (WITH_FORK ? 3 : 2); i++) {
        start(ours(modes[i]));
        assert_true(process.pid > 0);
        assert_true(target_is_alive(&process));
        int fd = client_connect(address());
        client_echo(fd, "hello");
        client_leave(fd);
        stop();
    }
}

static void test_ours_are_stopped_with_clients(void **state)
{
    (void)state;
    for (int i = 0; i < 1 + WITH_FORK; i++) {
        start(ours(i == 0 ? "thread" : "fork"));
        client_served(address());
        client_served(address());
        stop();
        clients_close_all();
    }
}

static void test_a_command(void **state)
{
    (void)state;
    start(shell("test {port} -gt 0 && exec " SERVER));
    int fd = client_connect(address());
    client_echo(fd, "hello");
    client_leave(fd);
    assert_true(target_is_alive(&process));
    stop();
    start(shell(SERVER " & wait"));
    client_served(address());
    stop();
    clients_close_all();
}

static void test_a_running_server(void **state)
{
    char text[80];
    const struct target_options none = {.start_limit_ms = 0};
    struct target_process other;
    struct rusage usage;
    (void)state;
    start(ours("thread"));
    snprintf(text, sizeof text, "localhost%s", strchr(address(), ':'));
    const char *const names[] = {address(), text};
    for (int i = 0; i < 2; i++) {
        struct target target = running(names[i]);
        memset(&usage, 'x', sizeof usage);
        assert_int_equal(target_start(&target, &none, &other, error, sizeof error), 0);
        assert_int_equal(other.pid, 0);
        assert_int_equal(other.address_length, process.address_length);
        assert_memory_equal(&other.address, &process.address, other.address_length);
        assert_true(target_is_alive(&other));
        assert_int_equal(target_stop(&other, &usage, error, sizeof error), 0);
        assert_int_equal(usage.ru_utime.tv_sec + usage.ru_nvcsw + usage.ru_maxrss, 0);
    }
    client_served(address());
    clients_close_all();
    stop();
}

/* What wait4(2) says is what /proc said before, and the end. */
static void test_usage(void **state)
{
    struct accounting_cpu cpu;
    struct rusage usage;
    (void)state;
    start(shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; " SERVER " & wait"));
    accounting_read_cpu(process.pid, &cpu);
    assert_int_equal(cpu.processes, 2);
    assert_int_equal(target_stop(&process, &usage, error, sizeof error), 0);
    int64_t used = ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
                   ((int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
    assert_true(cpu.total_ns > 10000000);
    assert_true(used >= cpu.total_ns - 1000000);
    assert_true(used < cpu.total_ns + 500000000);
    assert_true(usage.ru_utime.tv_usec >= 0 && usage.ru_utime.tv_usec < 1000000);
    assert_true(usage.ru_maxrss > 0 && usage.ru_minflt > 0 && usage.ru_nvcsw > 0);
    check_no_children();
}

static void test_several_at_once(void **state)
{
    struct target_process first;
    (void)state;
    start(shell("(setsid " SERVER " &) ; exec sleep 1000"));
    first = process;
    start(ours("thread"));
    int fd = client_connect(address());
    assert_int_equal(target_stop(&first, NULL, error, sizeof error), 0);
    assert_true(target_is_alive(&process));
    client_echo(fd, "hello");
    client_leave(fd);
    stop();
}

static void test_no_descriptor_is_lost(void **state)
{
    (void)state;
    int before = proc_count_fds(getpid());
    for (int i = 0; i < 3; i++) {
        start(ours("thread"));
        stop();
        start_refused(shell("exit 1 # {port}"), &options, "exit status 1");
    }
    assert_int_equal(proc_count_fds(getpid()), before);
}

/* ---- Starts that fail -------------------------------------------------------------------- */

static void test_ours_refused(void **state)
{
    struct target_options wrong = options;
    (void)state;
    wrong.handler = "nonsense";
    start_refused(ours("thread"), &wrong, "exit status 2: ");
    start_refused(ours("nonsense"), &options, "nonsense");
    wrong = options;
    wrong.program = "/nowhere/thrd";
    start_refused(ours("thread"), &wrong, "cannot run /nowhere/thrd: No such file or directory");
    check_no_children();
}

static void test_a_command_that_ends_at_once(void **state)
{
    (void)state;
    start_refused(shell("echo first >&2; printf 'port\\t{port} is\\033 odd\\n\\n' >&2; exit 7"),
                  &options, " is  odd");
    assert_non_null(strstr(error, "with exit status 7: port "));
    assert_null(strstr(error, "{port}"));
    start_refused(shell("kill -KILL $$ # {port}"), &options, "by signal 9 (Killed)");
    start_refused(shell("no-such-program {port}"), &options, "no-such-program: not found");
    check_no_children();
}

static void test_a_command_that_never_listens(void **state)
{
    struct target_options hasty = {.start_limit_ms = 1000};
    char command[120];
    (void)state;
    int64_t before = now_ms();
    snprintf(command, sizeof command, "echo why >&2; (%s & %s) # {port}", own_sleep(), own_sleep());
    start_refused(shell(command), &hasty, "no connection at 127.0.0.1:");
    start_refused(shell(command), &hasty, " within 1 s; it said: why");
    assert_true(now_ms() - before >= 1000);
    assert_true(now_ms() - before < 1000 + allow_ms(3000));
    check_no_children();
    start_refused(shell("no port"), &hasty, "has no {port}");
}

static void test_running_refused(void **state)
{
    static const char *const wrong[] = {
        "nonsense", "",      ":",     "localhost:",    ":80",
        "::1:80",   "[::1]", "[]:80", "127.0.0.1:1:2", "localhost:no-such"};
    char text[40];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        start_refused(running(wrong[i]), &options, wrong[i]);
    start_refused(running("no-such-host.invalid:80"), &options, "cannot look up");
    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)free_port());
    start_refused(running(text), &options, "Connection refused");
}

static volatile sig_atomic_t stop_requested;

static void on_alarm(int number)
{
    stop_requested = number;
}

static void test_interrupted(void **state)
{
    const struct target_options patient = {.stop_requested = &stop_requested};
    const struct itimerval soon = {.it_value.tv_usec = 100000};
    (void)state;
    int64_t before = now_ms();
    stop_requested = 0;
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &soon, NULL);
    start_refused(shell("exec sleep 1000 # {port}"), &patient, "interrupted");
    signal(SIGALRM, SIG_DFL);
    assert_true(now_ms() - before < allow_ms(2000));
    check_no_children();
}

/* ---- Ends that are none ------------------------------------------------------------------ */

static void test_a_server_that_dies(void **state)
{
    int64_t deadline = patience();
    (void)state;
    start(shell("echo farewell >&2; exec " SERVER));
    kill(process.pid, SIGKILL);
    while (target_is_alive(&process))
        assert_true(look_again(deadline));
    stop_complains("ended while it was measured, by signal 9 (Killed): farewell");
}

static void test_a_server_that_crashes_at_its_end(void **state)
{
    (void)state;
    start(shell("trap 'kill -SEGV $$' TERM; " SERVER " & wait"));
    stop_complains("but by signal 11");
    start(shell("trap 'exit 134' TERM; " SERVER " & wait"));
    stop_complains("but with exit status 134");
    start(shell("trap 'exit 1' TERM; " SERVER " & wait"));
    stop();
}

static void test_a_server_that_does_not_want_to_end(void **state)
{
    (void)state;
    start(shell("trap '' TERM; " SERVER " & while :; do sleep 1; done"));
    int64_t before = now_ms();
    stop();
    assert_true(now_ms() - before >= 2000);
    assert_true(now_ms() - before < allow_ms(4000));
}

/* In its own session, and without a parent that could be asked for it. */
static void test_a_daemon_of_the_server(void **state)
{
    char command[400];
    (void)state;
    snprintf(command, sizeof command, "(setsid %s &); exec " SERVER, own_sleep());
    start(shell(command));
    pid_t pid = wait_for_child(own_sleep());
    assert_int_not_equal(getpgid(pid), process.pid);
    stop();
    assert_int_equal(proc_state(pid), 0);
}

/* ---- What a child has ---------------------------------------------------------------------- */

static struct child start_sleep(void)
{
    char name[] = "sleep", seconds[] = "1000", line[80];
    char *const argv[] = {name, seconds, NULL};
    struct child child;
    int64_t deadline = patience();
    assert_int_equal(child_start("/bin/sleep", argv, -1, &child), 0);
    while (strcmp(proc_line(child.pid, "comm", line, sizeof line), "sleep") != 0)
        assert_true(look_again(deadline));
    return child;
}

static void end_child(struct child *child)
{
    struct child_end end;
    struct rusage usage;
    child_stop(child, 1000, &end, &usage);
    assert_true(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGTERM);
    assert_int_equal(end.left_over, 0);
    child_forget(child);
    check_no_children();
}

static void check_descriptor(pid_t pid, int fd, const char *target)
{
    char text[256];
    assert_true(proc_fd_target(pid, fd, text, sizeof text));
    assert_string_equal(text, target);
}

static void wait_closed(pid_t pid, int fd)
{
    char text[256];
    int64_t deadline = patience();
    while (proc_fd_target(pid, fd, text, sizeof text))
        assert_true(look_again(deadline));
}

static void test_a_child_has_no_descriptor_of_ours(void **state)
{
    (void)state;
    int64_t deadline = patience();
    int ours_only = dup(0); /* not close-on-exec */
    struct child child = start_sleep();
    while (proc_count_fds(child.pid) != 3) /* it reads a file or two at first */
        assert_true(look_again(deadline));
    wait_closed(child.guardian, ours_only);
    check_descriptor(child.pid, 0, "/dev/null");
    check_descriptor(child.pid, 1, "/dev/null");
    check_descriptor(child.pid, 2, "/memfd:stderr (deleted)");
    close(ours_only);
    end_child(&child);
}

/* A line of /proc/PID/status such as "SigBlk:	0000000000000000". */
static bool has_signals(pid_t pid, const char *field)
{
    char path[64], line[128];
    unsigned long long signals = 1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            signals = strtoull(line + strlen(field) + 1, NULL, 16);
    fclose(file);
    return signals != 0;
}

static void test_a_child_hears_all_signals(void **state)
{
    sigset_t set, before;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    struct child child = start_sleep();
    assert_false(has_signals(child.pid, "SigBlk"));
    assert_false(has_signals(child.pid, "SigIgn"));
    assert_int_equal(getpgid(child.pid), child.pid);
    end_child(&child);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, NULL, &set);
    assert_true(sigismember(&set, SIGUSR1));
    assert_false(sigismember(&set, SIGTERM));
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void test_a_child_is_not_told_of_our_supervisor(void **state)
{
    (void)state;
    setenv("NOTIFY_SOCKET", "@nobody", 1);
    setenv("TEST_TARGET", "is passed on", 1);
    start_refused(shell("echo \"$NOTIFY_SOCKET: $TEST_TARGET\" >&2; exit 3 # {port}"), &options,
                  "exit status 3: : is passed on");
    unsetenv("NOTIFY_SOCKET");
}

/* ---- What ours are told -------------------------------------------------------------------- */

/* A script that stands for the program. */
struct script {
    char dir[32];
    char path[48];
};

static struct script write_script(const char *text)
{
    struct script script = {.dir = "/tmp/thrd-target-XXXXXX"};
    assert_non_null(mkdtemp(script.dir));
    snprintf(script.path, sizeof script.path, "%s/program", script.dir);
    FILE *file = fopen(script.path, "we");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(script.path, 0755), 0);
    return script;
}

static void remove_script(const struct script *script)
{
    unlink(script->path);
    assert_int_equal(rmdir(script->dir), 0);
}

static void test_arguments(void **state)
{
    struct script script = write_script("echo \"$@\" >&2; exit 9");
    const struct target_options plain = {.handler = "age", .slots = 70, .program = script.path};
    struct target_options heavy = plain;
    (void)state;
    start_refused(ours("fork"), &plain,
                  "--mode=fork --handler=age --slots=70 --listen=127.0.0.1:0 --ready-fd=3 "
                  "--when-full=wait --idle=off --first-byte=off --write-stall=off --drain=1s "
                  "--log=error");
    assert_null(strstr(error, "ballast"));
    heavy.ballast_bytes = INT64_C(64) << 20;
    start_refused(ours("fork"), &heavy, " --ballast=67108864");
    assert_null(strstr(error, "park"));
    heavy.starts_workers = true;
    start_refused(ours("thread"), &heavy, " --park=off ");
    remove_script(&script);
}

static void refuse_script(const char *text, int limit_ms, const char *reason)
{
    struct script script = write_script(text);
    const struct target_options of_script = {
        .handler = "echo", .slots = 1, .program = script.path, .start_limit_ms = limit_ms};
    start_refused(ours("thread"), &of_script, reason);
    check_no_children();
    remove_script(&script);
}

static void test_ready_lines_that_are_none(void **state)
{
    (void)state;
    refuse_script("echo ready >&3; exec sleep 1000", 0, "did not say where it listens");
    refuse_script("echo ready listen=unix:/x mode=thread >&3; exec sleep 1000", 0, "did not say");
    refuse_script("printf '%2000s' x >&3; exec sleep 1000", 0, "did not say");
    refuse_script("printf 'ready listen=127.0.0.1:1' >&3; exec sleep 1000", 300, "within 0.3 s");
    refuse_script("exec 3>&-; exec sleep 1000", 300, "within 0.3 s");
    refuse_script("exec 3>&-; sleep 0.1; exit 4", 0, "exit status 4");
}

/* ---- Our own program ----------------------------------------------------------------------- */

/* What this program is when it is started as "thrd". */
static int be_a_server(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in bound;
    socklen_t size = sizeof bound;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (const struct sockaddr *)&any, sizeof any) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&bound, &size) < 0)
        return 1;
    dprintf(3, "ready listen=127.0.0.1:%u mode=thread\n", (unsigned)ntohs(bound.sin_port));
    close(3);
    if (accept(fd, NULL, NULL) < 0)
        return 2;
    return 0;
}

/* What it is when it is started from a file that will be another's soon. */
static int be_replaced(const char *path)
{
    const struct target_options self = {.handler = "echo", .slots = 1};
    struct target target = ours("thread");
    FILE *other = unlink(path) == 0 ? fopen(path, "w") : NULL;
    if (!other || fputs("not a program", other) < 0 || fclose(other) != 0)
        return 10;
    if (target_start(&target, &self, &process, error, sizeof error) < 0) {
        fprintf(stderr, "%s\n", error);
        return 11;
    }
    struct endpoint endpoint = {process.address, process.address_length};
    if (endpoint_try(&endpoint, 1000) != 0)
        return 12;
    while (target_is_alive(&process)) /* until it has had its one client */
        usleep(1000);
    return target_stop(&process, NULL, error, sizeof error) == -1 &&
                   strstr(error, "with exit status 0")
               ? 0
               : 13;
}

static void test_our_program_may_be_replaced(void **state)
{
    struct script copy = write_script("");
    char command[1200], self[1024] = "";
    (void)state;
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(command, sizeof command, "cp '%s' %s", self, copy.path);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "exec %s --replaced", copy.path);
    assert_int_equal(system(command), 0);
    remove_script(&copy);
}

/* ---- Our own end --------------------------------------------------------------------------- */

enum { SERVERS = 2, PIDS = 3 * SERVERS };

/* A bench that starts two servers, tells the pids of all that there is then, and is not heard of
 * again. */
static _Noreturn void be_a_bench(int tell)
{
    static struct target_process second;
    pid_t pids[PIDS] = {0};
    struct target targets[] = {ours(WITH_FORK ? "fork" : "thread"), shell(SERVER " & wait")};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGSEGV, SIG_DFL); /* cmocka's handler is for a test */
    signal(SIGINT, SIG_DFL);  /* ignored in what a shell has started with "&" */
    if (target_start(&targets[0], &options, &process, error, sizeof error) < 0 ||
        target_start(&targets[1], &options, &second, error, sizeof error) < 0)
        _exit(1);
    client_served(address());
    pids[0] = process.pid;
    pids[1] = process.child.guardian;
    pids[2] = second.pid;
    pids[3] = second.child.guardian;
    if (proc_children(second.pid, 0, &pids[4], 1) != 1 ||
        (WITH_FORK && proc_children(process.pid, 0, &pids[5], 1) != 1))
        _exit(2);
    if (write(tell, pids, sizeof pids) != sizeof pids)
        _exit(3);
    for (;;)
        pause();
}

/* Starts a bench and learns what it has started. */
static pid_t start_bench(pid_t pids[PIDS])
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t bench = fork();
    assert_true(bench >= 0);
    if (bench == 0) {
        close(told[0]);
        be_a_bench(told[1]);
    }
    close(told[1]);
    assert_int_equal(read(told[0], pids, PIDS * sizeof *pids), PIDS * sizeof *pids);
    close(told[0]);
    return bench;
}

static void test_nothing_outlives_us(void **state)
{
    static const int deaths[] = {SIGKILL, SIGINT, SIGSEGV};
    (void)state;
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        pid_t pids[PIDS];
        pid_t bench = start_bench(pids);
        for (size_t k = 0; k < PIDS; k++)
            assert_true(pids[k] == 0 || proc_state(pids[k]) != 0);
        kill(bench, deaths[i]);
        waitpid(bench, NULL, 0);
        for (size_t k = 0; k < PIDS; k++)
            if (pids[k] != 0)
                wait_gone(pids[k]);
        while (waitpid(-1, NULL, 0) > 0)
            continue;
        check_no_children();
    }
}

/* ---------------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours_in_each_mode),
        cmocka_unit_test(test_ours_are_stopped_with_clients),
        cmocka_unit_test(test_a_command),
        cmocka_unit_test(test_a_running_server),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_no_descriptor_is_lost),
        cmocka_unit_test(test_ours_refused),
        cmocka_unit_test(test_a_command_that_ends_at_once),
        cmocka_unit_test(test_a_command_that_never_listens),
        cmocka_unit_test(test_running_refused),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_a_server_that_dies),
        cmocka_unit_test(test_a_server_that_crashes_at_its_end),
        cmocka_unit_test(test_a_server_that_does_not_want_to_end),
        cmocka_unit_test(test_a_daemon_of_the_server),
        cmocka_unit_test(test_a_child_has_no_descriptor_of_ours),
        cmocka_unit_test(test_a_child_hears_all_signals),
        cmocka_unit_test(test_a_child_is_not_told_of_our_supervisor),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_ready_lines_that_are_none),
        cmocka_unit_test(test_our_program_may_be_replaced),
        cmocka_unit_test(test_nothing_outlives_us),
    };
    const struct rlimit no_core = {0, 0};
    if (strcmp(argv[0], "thrd") == 0)
        return be_a_server();
    if (argc == 2 && strcmp(argv[1], "--replaced") == 0)
        return be_replaced(argv[0]);
    setrlimit(RLIMIT_CORE, &no_core); /* some servers here crash */
    if (argc == 2)                    /* one test, or those that match */
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
