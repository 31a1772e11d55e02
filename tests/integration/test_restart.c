/* test_restart - SIGUSR2: the program file is started anew on the same sockets. No client notices,
 * also where the new process does not start; then the old one goes on, and the log says why.
 *
 * The program under test is a copy in the scratch directory, which a case replaces as an upgrade
 * does. The test program is a subreaper: new processes are its children once the old one is gone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "regulars.h"
#include "suite.h"

static char original[512]; /* the program under test */

/* ---- The program file -------------------------------------------------------------------- */

static const char *path_of(const struct process *server, const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", server->dir, name);
    return path;
}

/* Another file takes the place of the program, in one step. */
static void replace_by_file(const struct process *server)
{
    char from[128];
    snprintf(from, sizeof from, "%s/new", server->dir);
    assert_int_equal(rename(from, path_of(server, "thrd")), 0);
}

static void replace_by_script(const struct process *server, const char *script, mode_t mode)
{
    FILE *file = fopen(path_of(server, "new"), "we");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", script);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path_of(server, "new"), mode), 0);
    replace_by_file(server);
}

static void replace_by_program(const struct process *server)
{
    char command[1024];
    snprintf(command, sizeof command, "cp '%s' '%s' && chmod 755 '%s' '%s'", original,
             path_of(server, "new"), path_of(server, "new"), server->dir);
    assert_int_equal(system(command), 0);
    replace_by_file(server);
}

/* To be called before a server is started. */
static void use_copy(const struct process *server)
{
    replace_by_program(server);
    setenv("THRD", path_of(server, "thrd"), 1);
}

/* ---- One process after the other --------------------------------------------------------- */

/* Reads the next ready line. Returns the number of the process that wrote it. */
static pid_t next_ready(struct process *server)
{
    int64_t deadline = patience();
    size_t n = 0;
    for (;;) {
        struct pollfd readable = {.fd = server->out, .events = POLLIN};
        if (poll(&readable, 1, time_left(deadline)) <= 0 ||
            read(server->out, &server->ready[n], 1) != 1 || n == sizeof server->ready - 1)
            suite_fail("no other ready line: %s", process_log_text(server));
        if (server->ready[n] == '\n')
            break;
        n++;
    }
    server->ready[n] = '\0';
    return (pid_t)log_line_number(server->ready, "pid");
}

/* The old process has ended as it should; from here on the new one is the server. */
static void succeed(struct process *server, pid_t successor)
{
    assert_int_equal(process_wait_exit(server), 0);
    server->pid = successor;
    server->exited = false;
}

static pid_t restart(struct process *server)
{
    process_signal(server, SIGUSR2);
    pid_t successor = next_ready(server);
    assert_int_not_equal(successor, server->pid);
    return successor;
}

static void expect_service_at(const char *address)
{
    int fd = client_connect(address);
    client_echo(fd, "hello");
    client_leave(fd);
}

static void expect_service(struct process *server)
{
    expect_service_at(process_address(server));
}

/* ---- Clients all the time ---------------------------------------------------------------- */

static void restart_below_clients(struct process *server, const char *listen_option)
{
    use_copy(server);
    process_start(server, listen_option, "--log=notice", NULL);
    struct regulars regulars = regulars_start(process_address(server), false);
    for (int i = 0; i < 5; i++) {
        regulars_wait_made(&regulars, scaled(200));
        replace_by_program(server);
        succeed(server, restart(server));
    }
    regulars_wait_made(&regulars, scaled(200));
    struct regulars_result result = regulars_stop(&regulars);
    assert_int_equal(result.refused, 0);
    assert_int_equal(result.reset, 0);
    assert_int_equal(result.wrong, 0);
    process_log_wait_count(server, "msg=\"handed over\"", 5);
}

static void nobody_is_refused_or_reset(struct process *server)
{
    restart_below_clients(server, "--listen=127.0.0.1:0");
}

static void nor_at_a_unix_socket(struct process *server)
{
    char option[160];
    snprintf(option, sizeof option, "--listen=unix:%s", path_of(server, "socket"));
    restart_below_clients(server, option);
    assert_int_equal(access(path_of(server, "socket"), F_OK), 0);
    process_stop(server);
    assert_int_equal(access(path_of(server, "socket"), F_OK), -1);
}

/* ---- The old process --------------------------------------------------------------------- */

static void long_connection_stays_with_the_old_one(struct process *server)
{
    use_copy(server);
    process_start(server, "--drain=1h", NULL);
    int fd = client_served(process_address(server));
    pid_t successor = restart(server);
    process_log_wait(server, "msg=quiesce active=1");
    expect_service(server);
    client_echo(fd, "still here");
    process_signal(server, SIGUSR2);
    process_log_wait(server, "level=warn msg=\"restart refused\" "
                             "reason=\"this process is about to stop\"");
    client_echo(fd, "and still");
    client_leave(fd);
    succeed(server, successor);
    expect_service(server);
}

static void expect_failure(struct process *server, const char *error)
{
    char pattern[256];
    size_t before = process_log_count(server, "msg=\"restart failed\"");
    process_signal(server, SIGUSR2);
    process_log_wait_count(server, "level=warn msg=\"restart failed\"", before + 1);
    snprintf(pattern, sizeof pattern,
             "msg=\"restart failed\" program=%s error=\"%s\" action=\"this process serves on\"",
             path_of(server, "thrd"), error);
    process_log_wait(server, pattern);
}

/* Whatever takes the place of the program: the old one serves on as it was, with nothing left over.
 * The pipe for the ready line is behind the one listener: descriptor 4. */
static void broken_programs_change_nothing(struct process *server)
{
    static const struct {
        const char *script;
        mode_t mode;
        const char *error;
    } broken[] = {
        {"exit 1", 0755, "it ended with exit status 1"},
        {"true", 0644, "Permission denied"},
        {"sleep 0.1; kill -SEGV $$", 0755, "it ended by signal 11"},
        {"echo nonsense >&4; exec sleep 1000", 0755,
         "it does not say that it is ready, but something else, and was killed"},
    };
    char option[160];
    use_copy(server);
    snprintf(option, sizeof option, "--listen=unix:%s", path_of(server, "socket"));
    process_start(server, option, "--restart=1h", NULL);
    struct process_baseline baseline = process_baseline(server);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        if (process_is_wrapped() && broken[i].mode == 0644)
            continue; /* valgrind's vfork(2) shares no memory, so that nobody hears of the reason */
        replace_by_script(server, broken[i].script, broken[i].mode);
        expect_failure(server, broken[i].error);
        expect_service(server);
    }
    assert_int_equal(unlink(path_of(server, "thrd")), 0);
    if (!process_is_wrapped())
        expect_failure(server, "No such file or directory");
    int64_t deadline = patience(); /* the child of a connection may be about to be reaped */
    while (proc_children(server->pid, 'Z', NULL, 0) > 0 && look_again(deadline))
        continue;
    assert_int_equal(proc_children(server->pid, 'Z', NULL, 0), 0);
    if (suite_mode() != THRDSRV_MODE_THREAD) /* a parked worker has a task */
        process_wait_baseline(server, baseline);
}

static void good_one_behind_a_broken_one(struct process *server)
{
    use_copy(server);
    process_start(server, "--restart=1h", NULL);
    succeed(server, restart(server)); /* has no more descriptors that the test inherited */
    process_log_wait_count(server, "msg=start", 2);
    struct process_baseline baseline = process_baseline(server);
    replace_by_script(server, "exit 1", 0755);
    for (int i = 0; i < 3; i++)
        expect_failure(server, "it ended with exit status 1");
    process_wait_baseline(server, baseline);
    replace_by_program(server);
    succeed(server, restart(server));
    process_wait_baseline(server, baseline);
    expect_service(server);
}

static void slow_one_is_given_up(struct process *server)
{
    use_copy(server);
    process_start(server, "--restart=50ms", NULL);
    replace_by_script(server, "exec sleep 1000", 0755);
    for (int i = 0; i < 3; i++) {
        expect_failure(server, "it was not ready in time (--restart), and was killed");
        expect_service(server);
    }
    pid_t pid = (pid_t)log_line_number(process_log_find(server, "msg=restart"), "pid");
    assert_int_equal(proc_state(pid), 0);
}

static void one_at_a_time_and_none_behind_a_stop(struct process *server)
{
    use_copy(server);
    process_start(server, "--restart=1h", NULL);
    replace_by_script(server, "exec sleep 1000", 0755);
    process_signal(server, SIGUSR2);
    pid_t starting = (pid_t)log_line_number(process_log_wait(server, "msg=restart"), "pid");
    process_signal(server, SIGUSR2);
    process_log_wait(server, "level=warn msg=\"restart refused\" reason=\"one is under way\"");
    expect_service(server);
    process_stop(server);
    process_log_wait(server, "msg=\"restart cancelled\" reason=\"this process is to stop\"");
    process_wait_gone(starting);
    assert_int_equal(proc_state(starting), 0);
}

/* ---- What goes over ---------------------------------------------------------------------- */

static void all_listeners_and_the_control_socket(struct process *server)
{
    char file[160], control[160], answer[8192], pid[32], option[32];
    char before[PROCESS_ADDRESSES][PROCESS_ADDRESS_SIZE];
    int ends[2];
    use_copy(server);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    server->inherited_fd = ends[1];
    snprintf(option, sizeof option, "--ready-fd=%d", ends[1]);
    snprintf(file, sizeof file, "--listen=unix:%s,mode=0600", path_of(server, "socket"));
    snprintf(control, sizeof control, "--control=%s", path_of(server, "control"));
    process_start(server, "--listen=127.0.0.1:0", file, "--listen=localhost:0", control, option,
                  NULL);
    close(ends[0]);
    close(ends[1]);
    size_t count = server->addresses;
    assert_true(count >= 3);
    memcpy(before, server->address, sizeof before);
    succeed(server, restart(server));
    for (size_t i = 0; i < count; i++) {
        assert_non_null(strstr(server->ready, before[i])); /* the same ports */
        expect_service_at(before[i]);
    }
    int fd = client_connect(strcat(strcpy(file, "unix:"), path_of(server, "control")));
    answer[client_read_all(fd, answer, sizeof answer - 1)] = '\0';
    snprintf(pid, sizeof pid, " pid=%d ", (int)server->pid);
    assert_non_null(strstr(answer, pid));
    process_stop(server);
    assert_int_equal(access(path_of(server, "control"), F_OK), -1);
    assert_int_equal(access(path_of(server, "socket"), F_OK), -1);
}

/* The sockets of a supervisor go on to the next process, with nothing in its environment that says
 * so to others; a file that somebody else made stays. */
static void sockets_of_a_supervisor(struct process *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[160], mode[32];
    use_copy(server);
    server->handed[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", server->dir);
    assert_int_equal(bind(server->handed[0], (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->handed[0], 16), 0);
    server->handed_count = 1;
    server->environment[0] = "LISTEN_FDS=1";
    snprintf(mode, sizeof mode, "--mode=%s", suite_mode_name());
    process_command(server, mode, "--log=info", NULL);
    assert_int_equal(next_ready(server), server->pid);
    close(server->handed[0]);
    succeed(server, restart(server));
    succeed(server, restart(server));
    snprintf(name, sizeof name, "unix:%s", address.sun_path);
    expect_service_at(name);
    process_stop(server);
    assert_int_equal(access(address.sun_path, F_OK), 0);
}

/* A supervisor takes what is told as the word of the process that it knows. */
static void supervisor_is_told_who_serves(struct process *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[300], expected[64];
    use_copy(server);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", server->dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    server->notify_socket = address.sun_path;
    process_start(server, NULL);
    assert_true(recv(fd, text, sizeof text, 0) > 7);
    assert_memory_equal(text, "READY=1\n", 8);
    succeed(server, restart(server));
    snprintf(expected, sizeof expected, "MAINPID=%d\n", (int)server->pid);
    assert_int_equal(recv(fd, text, sizeof text, 0), strlen(expected));
    assert_memory_equal(text, expected, strlen(expected));
    process_stop(server);
    assert_true(recv(fd, text, sizeof text, 0) > 10);
    assert_memory_equal(text, "STOPPING=1\n", 11); /* the new one's, and nothing in between */
    close(fd);
}

static void write_rules(const struct process *server, const char *rules)
{
    FILE *file = fopen(path_of(server, "rules"), "we");
    assert_non_null(file);
    fputs(rules, file);
    assert_int_equal(fclose(file), 0);
}

static void rules_are_read_anew(struct process *server)
{
    char option[160];
    use_copy(server);
    write_rules(server, "deny 127.0.0.2\n");
    snprintf(option, sizeof option, "--rules=%s", path_of(server, "rules"));
    process_start(server, option, NULL);
    client_expect_eof(client_connect_from("127.0.0.2", process_address(server)));
    write_rules(server, "deny 127.0.0.3\n");
    succeed(server, restart(server));
    client_leave(client_served_from("127.0.0.2", process_address(server)));
    client_expect_eof(client_connect_from("127.0.0.3", process_address(server)));
}

/* Who is that user already has nothing to give up. */
static void user_stays(struct process *server)
{
    char user[32], group[32], line[256], expected[64];
    if (geteuid() != 0)
        suite_skip("only root can become another user");
    use_copy(server);
    snprintf(user, sizeof user, "--user=%d", (int)process_lonely_user());
    snprintf(group, sizeof group, "--group=%d", (int)process_lonely_user());
    process_start(server, user, group, NULL);
    succeed(server, restart(server));
    expect_service(server);
    snprintf(line, sizeof line, "/proc/%d/status", (int)server->pid);
    snprintf(expected, sizeof expected, "Uid:\t%d\t%d\t%d\t%d\n", (int)process_lonely_user(),
             (int)process_lonely_user(), (int)process_lonely_user(), (int)process_lonely_user());
    FILE *file = fopen(line, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) && strncmp(line, "Uid:", 4) != 0)
        continue;
    fclose(file);
    assert_string_equal(line, expected);
}

static void no_way_out_of_a_chroot(struct process *server)
{
    char user[32], group[32], root[96];
    setenv("THRD", original, 1);
    if (geteuid() != 0)
        suite_skip("only root can change the root directory");
    if (process_is_wrapped() || (suite_has_sanitizer() && !suite_has_thread_sanitizer()))
        suite_skip("the tool needs files that are not there");
    snprintf(user, sizeof user, "--user=%d", (int)process_lonely_user());
    snprintf(group, sizeof group, "--group=%d", (int)process_lonely_user());
    snprintf(root, sizeof root, "--chroot=%s", server->dir);
    process_start(server, user, group, root, NULL);
    process_signal(server, SIGUSR2);
    process_log_wait(server, "level=warn msg=\"restart refused\" "
                             "reason=\"--chroot: the program cannot be reached any more\"");
    expect_service(server);
}

/* A variable of nobody's, and one that came by inheritance. */
static void variable_of_others(struct process *server)
{
    setenv("THRD", original, 1);
    server->environment[0] = "THRD_RESTART=1:2:0:1";
    process_start(server, NULL);
    expect_service(server);
    process_renew(server);
    server->environment[0] = "THRD_RESTART=1:200:0:1";
    assert_int_equal(process_start_refused(server, NULL), 2);
    assert_string_equal(process_log_text(server),
                        "thrd: THRD_RESTART=1:200:0:1: not what a server sets for the one that it "
                        "starts at SIGUSR2; allowed: not to be set\n");
}

/* What a case that failed has left. */
static void kill_the_rest(void)
{
    pid_t pids[64];
    size_t count = proc_children(getpid(), 0, pids, 64);
    for (size_t i = 0; i < count && i < 64; i++)
        kill(pids[i], SIGKILL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(nobody_is_refused_or_reset),
        CASE(nor_at_a_unix_socket),
        CASE(long_connection_stays_with_the_old_one),
        CASE(broken_programs_change_nothing),
        CASE(good_one_behind_a_broken_one),
        CASE(slow_one_is_given_up),
        CASE(one_at_a_time_and_none_behind_a_stop),
        CASE(all_listeners_and_the_control_socket),
        CASE(sockets_of_a_supervisor),
        CASE(supervisor_is_told_who_serves),
        CASE(rules_are_read_anew),
        CASE(user_stays),
        CASE(no_way_out_of_a_chroot),
        CASE(variable_of_others),
    };
    suite_init(argc, argv);
    snprintf(original, sizeof original, "%s", getenv("THRD"));
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    atexit(kill_the_rest);
    return cmocka_run_group_tests_name("restart", cases, NULL, NULL);
}
