/* test_program - a program of its own for each connection ("thrd -- PROGRAM ARGUMENTS"): what it is
 * given, what it is told, how its end is told, and that timeouts, limits and stop hold for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { LIMIT_MS = 400 };

/* "--idle=400ms", longer for slow tools. */
static const char *limit_option(const char *name)
{
    static char text[64];
    int64_t ms = allow_ms(1) > 3 ? 3 * LIMIT_MS : allow_ms(LIMIT_MS);
    snprintf(text, sizeof text, "--%s=%lldms", name, (long long)ms);
    return text;
}

static void start_shell(struct process *server, const char *option, const char *script)
{
    process_start(server, option, "--", "/bin/sh", "-c", script, NULL);
}

/* Everything up to the end, as text. */
static char *read_all(int fd, char *text, size_t size)
{
    text[client_read_all(fd, text, size - 1)] = '\0';
    return text;
}

/* ---- What it is given ------------------------------------------------------------------------ */

static void has_the_connection_for_input_and_output(struct process *server)
{
    process_start(server, "--", "cat", NULL);
    int fd = client_connect(process_address(server));
    client_echo(fd, "hello");
    client_echo(fd, "and again");
    client_leave(fd);
    process_log_wait(server, "msg=end conn=1 end=exit:0 in=14 out=14");
}

/* Its file's name stands for it, however odd that is. */
static void is_named_in_the_ready_line(struct process *server)
{
    char path[200];
    snprintf(path, sizeof path, "%s/a cat", server->dir);
    assert_int_equal(symlink("/bin/cat", path), 0);
    process_start(server, "--", path, NULL);
    assert_non_null(strstr(server->ready, " handler=\"a cat\" pid="));
    process_log_wait(server, "msg=start handler=\"a cat\"");
}

static void each_connection_has_its_own(struct process *server)
{
    if (suite_mode() == THRDSRV_MODE_INLINE)
        suite_skip("mode inline serves one client at a time");
    int fds[3];
    process_start(server, "--", "cat", NULL);
    for (int i = 0; i < 3; i++)
        fds[i] = client_served(process_address(server));
    for (int i = 0; i < 3; i++)
        client_leave(fds[i]);
    process_log_wait_count(server, "msg=end end=exit:0", 3);
}

/* Descriptors 0, 1, 2 and the one that ls(1) has open; and none that thrd has inherited. */
static void holds_nothing_else(struct process *server)
{
    char text[200];
    int inherited = open("/dev/null", O_RDONLY);
    assert_true(inherited > STDERR_FILENO);
    process_start(server, "--", "ls", "/proc/self/fd", NULL);
    close(inherited);
    int fd = client_connect(process_address(server));
    assert_string_equal(read_all(fd, text, sizeof text), "0\n1\n2\n3\n");
}

static void hears_signals_as_any_program(struct process *server)
{
    const unsigned long long of_libc = 3ull << 31; /* 32 and 33: glibc's posix_spawn(3) */
    char text[2000];
    unsigned long long blocked, ignored;
    process_start(server, "--", "grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status", NULL);
    int fd = client_connect(process_address(server));
    assert_int_equal(
        sscanf(read_all(fd, text, sizeof text), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored),
        2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & ~of_libc, 0);
}

static void is_told_who_is_connected(struct process *server)
{
    char text[4000], name[64], expected[100];
    setenv("TCPREMOTEHOST", "of another server", 1);
    process_start(server, "--", "env", NULL);
    unsetenv("TCPREMOTEHOST");
    int fd = client_connect(process_address(server));
    client_name(fd, name, sizeof name);
    read_all(fd, text, sizeof text);
    assert_non_null(strstr(text, "PROTO=TCP\n"));
    assert_non_null(strstr(text, "TCPREMOTEIP=127.0.0.1\n"));
    assert_non_null(strstr(text, "TCPLOCALIP=127.0.0.1\n"));
    assert_non_null(strstr(text, "TCPCONNNUM=1\n"));
    assert_non_null(strstr(text, "THRD_SLOT=0\n"));
    assert_non_null(strstr(text, "THRD_CONN=1\n"));
    assert_non_null(strstr(text, "PATH="));
    assert_null(strstr(text, "TCPREMOTEHOST"));
    snprintf(expected, sizeof expected, "TCPREMOTEPORT=%s\n", strrchr(name, ':') + 1);
    assert_non_null(strstr(text, expected));
    snprintf(expected, sizeof expected, "TCPLOCALPORT=%s\n",
             strrchr(process_address(server), ':') + 1);
    assert_non_null(strstr(text, expected));
    snprintf(expected, sizeof expected, "THRD_MODE=%s\n", suite_mode_name());
    assert_non_null(strstr(text, expected));
}

/* ---- How it ends ----------------------------------------------------------------------------- */

static void its_status_is_told(struct process *server)
{
    start_shell(server, "--log=info", "read word; exit \"$word\"");
    int fd = client_connect(process_address(server));
    client_send_text(fd, "7\n");
    client_expect_eof(fd);
    process_log_wait(server, "msg=end conn=1 end=exit:7");
}

static void its_signal_is_told(struct process *server)
{
    start_shell(server, "--log=info", "kill -KILL $$");
    client_expect_eof(client_connect(process_address(server)));
    process_log_wait(server, "msg=end conn=1 end=signal:9");
}

/* Closing with unread input sends a reset, which overtakes the output. */
static void what_it_has_said_arrives_whatever_it_has_not_read(struct process *server)
{
    static char unread[5000], text[200000];
    start_shell(server, "--log=info", "read line; head -c 100000 /dev/zero");
    int fd = client_connect(process_address(server));
    memset(unread, '\n', sizeof unread);
    client_send(fd, unread, sizeof unread);
    client_half_close(fd);
    assert_int_equal(client_read_all(fd, text, sizeof text), 100000);
    process_log_wait(server, "msg=end conn=1 end=exit:0 in=5000 out=100000");
}

static void a_client_that_goes_away_ends_it(struct process *server)
{
    start_shell(server, "--log=info", "exec yes 2>/dev/null");
    int fd = client_connect(process_address(server));
    client_expect_text(fd, "y\n");
    client_reset(fd);
    process_log_wait(server, "msg=end conn=1 end=exit:1");
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void idle_cuts_it(struct process *server)
{
    process_start(server, limit_option("idle"), "--", "cat", NULL);
    int fd = client_connect(process_address(server));
    client_echo(fd, "x");
    client_expect_eof(fd);
    process_log_wait(server, "msg=end conn=1 end=idle in=1 out=1");
    process_wait_counter(server, "idle", 1);
}

static void first_byte_cuts_it(struct process *server)
{
    process_start(server, limit_option("first-byte"), "--", "cat", NULL);
    client_expect_eof(client_connect(process_address(server)));
    process_log_wait(server, "msg=end conn=1 end=first-byte");
}

static void write_stall_cuts_it(struct process *server)
{
    process_start(server, limit_option("write-stall"), "--", "yes", NULL);
    int fd = client_connect(process_address(server));
    process_log_wait(server, "msg=end conn=1 end=write-stall");
    client_close(fd);
}

static void minimum_rate_cuts_it(struct process *server)
{
    process_start(server, "--min-rate=1000/500ms", "--", "cat", NULL);
    int fd = client_connect(process_address(server));
    client_echo(fd, "slow");
    client_expect_eof(fd);
    process_log_wait(server, "msg=end conn=1 end=rate in=4 out=4");
}

/* It gets a second, and then SIGKILL. */
static void lifetime_cuts_one_that_does_not_want_to_end(struct process *server)
{
    start_shell(server, limit_option("lifetime"),
                "trap '' TERM; echo ready; while :; do sleep 0.01; done");
    int fd = client_connect(process_address(server));
    client_expect_text(fd, "ready\n");
    client_expect_eof(fd);
    process_log_wait(server, "msg=end conn=1 end=lifetime");
}

/* In the dump, while it serves. */
static void what_it_moves_is_seen(struct process *server)
{
    process_start(server, "--", "cat", NULL);
    int fd = client_connect(process_address(server));
    client_echo(fd, "seven b");
    process_dump_until(server, "msg=slot conn=1 in=7 out=7 waits=read");
    client_leave(fd);
}

/* ---- Stop ------------------------------------------------------------------------------------ */

static void stop_lets_it_finish(struct process *server)
{
    process_start(server, "--drain=60s", "--", "cat", NULL);
    int fd = client_served(process_address(server));
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce");
    client_echo(fd, "in the middle");
    client_leave(fd);
    assert_int_equal(process_wait_exit(server), 0);
    process_log_wait(server, "msg=stop drained=1 cut=0");
}

static void stop_cuts_it_at_the_deadline(struct process *server)
{
    start_shell(server, "--drain=100ms", "trap '' TERM; echo ready; while :; do sleep 0.01; done");
    int fd = client_connect(process_address(server));
    client_expect_text(fd, "ready\n");
    process_signal(server, SIGTERM);
    client_wait_end(fd);
    server->expect_exit = 3;
    assert_int_equal(process_wait_exit(server), 3);
    process_log_wait(server, "msg=end conn=1 end=stopped");
}

/* ---- What cannot be run ---------------------------------------------------------------------- */

static void one_that_is_not_there_is_refused_at_the_start(struct process *server)
{
    server->expect_exit = 1;
    process_start_refused(server, "--", "thrd-has-no-such-program", NULL);
    process_log_wait(server, "msg=\"cannot run program\" program=thrd-has-no-such-program");
}

static void write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

/* That connection, a line, and nothing else. Valgrind makes a fork of a vfork(2), so that a child's
 * word about it does not reach posix_spawn(3). */
static void one_that_has_gone_costs_its_connection(struct process *server)
{
    char path[200];
    if (process_is_wrapped() && suite_mode() != THRDSRV_MODE_FORK)
        suite_skip("the program is never known to be missing under Valgrind");
    snprintf(path, sizeof path, "%s/program", server->dir);
    write_script(path, "#!/bin/sh\nexec cat\n");
    process_start(server, "--log=notice", "--", path, NULL);
    client_leave(client_served(process_address(server)));
    assert_int_equal(unlink(path), 0);
    client_expect_eof(client_connect(process_address(server)));
    process_log_wait(server, "level=warn msg=\"cannot run program\" conn=2 "
                             "error=\"No such file or directory\"");
    write_script(path, "#!/bin/sh\nexec cat\n");
    client_leave(client_served(process_address(server)));
}

int main(int argc, char **argv)
{
    suite_init(argc, argv);
    const struct CMUnitTest cases[] = {
        CASE(has_the_connection_for_input_and_output),
        CASE(is_named_in_the_ready_line),
        CASE(each_connection_has_its_own),
        CASE(holds_nothing_else),
        CASE(hears_signals_as_any_program),
        CASE(is_told_who_is_connected),
        CASE(its_status_is_told),
        CASE(its_signal_is_told),
        CASE(what_it_has_said_arrives_whatever_it_has_not_read),
        CASE(a_client_that_goes_away_ends_it),
        CASE(idle_cuts_it),
        CASE(first_byte_cuts_it),
        CASE(write_stall_cuts_it),
        CASE(minimum_rate_cuts_it),
        CASE(lifetime_cuts_one_that_does_not_want_to_end),
        CASE(what_it_moves_is_seen),
        CASE(stop_lets_it_finish),
        CASE(stop_cuts_it_at_the_deadline),
        CASE(one_that_is_not_there_is_refused_at_the_start),
        CASE(one_that_has_gone_costs_its_connection),
    };
    return cmocka_run_group_tests_name("program", cases, NULL, NULL);
}
