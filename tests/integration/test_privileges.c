/* test_privileges - what is given up after the start: --user, --group, --chroot, and what setuid
 * programs could bring back; and that all goes on without. Only root can give up anything. */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#include "suite.h"

static void need_root(void)
{
    if (geteuid() != 0)
        suite_skip("only root can become another user");
}

/* Tools that run in the program need files too: valgrind its own, LeakSanitizer /proc. */
static void need_chroot(void)
{
    need_root();
    if (process_is_wrapped() || (suite_has_sanitizer() && !suite_has_thread_sanitizer()))
        suite_skip("the tool needs files that are not there");
}

/* "--NAME=DIR/FILE" in the scratch directory, which others may then enter. */
static const char *path_option(const struct process *server, const char *name, const char *file)
{
    static char options[4][160];
    static unsigned next;
    char *option = options[next++ % 4];
    assert_int_equal(chmod(server->dir, 0755), 0);
    snprintf(option, sizeof options[0], "--%s%s%s", name, server->dir, file);
    return option;
}

/* A directory with nothing in it, below which there is nothing that a server could need. */
static const char *empty_root(const struct process *server)
{
    char path[96];
    snprintf(path, sizeof path, "%s/root", server->dir);
    assert_int_equal(mkdir(path, 0755), 0);
    return path_option(server, "chroot=", "/root");
}

/* A user and a group that have no name. */
static const char *lonely(const char *option)
{
    static char options[2][32];
    char *text = options[*option == 'g'];
    snprintf(text, sizeof options[0], "--%s=%d", option, (int)process_lonely_user());
    return text;
}

/* What stands behind NAME: in /proc/PID/status. */
static const char *status_of(pid_t pid, const char *name)
{
    static char value[256];
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    value[0] = '\0';
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + strlen(name) + 2, " \n"),
                     line + strlen(name) + 2);
    fclose(file);
    return value;
}

/* Real, effective, saved and that of files; no capability that is left or could be had. */
static void expect_is(pid_t pid, uid_t uid, gid_t gid)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%u\t%u\t%u\t%u", uid, uid, uid, uid);
    assert_string_equal(status_of(pid, "Uid"), expected);
    snprintf(expected, sizeof expected, "%u\t%u\t%u\t%u", gid, gid, gid, gid);
    assert_string_equal(status_of(pid, "Gid"), expected);
    snprintf(expected, sizeof expected, "%u", gid);
    assert_string_equal(status_of(pid, "Groups"), expected);
    assert_string_equal(status_of(pid, "CapPrm"), "0000000000000000");
    assert_string_equal(status_of(pid, "CapEff"), "0000000000000000");
    assert_string_equal(status_of(pid, "CapAmb"), "0000000000000000");
    assert_string_equal(status_of(pid, "NoNewPrivs"), "1");
}

/* The server, and who serves a client of it. */
static void expect_all_are(struct process *server, uid_t uid, gid_t gid)
{
    int fd = client_served(process_address(server));
    if (!process_is_wrapped())
        expect_is(server->pid, uid, gid);
    if (suite_mode() == THRDSRV_MODE_FORK)
        expect_is(process_wait_child(server, 0), uid, gid);
    client_leave(fd);
}

/* ---- --user, --group --------------------------------------------------------------------- */

static void user_by_its_name(struct process *server)
{
    need_root();
    const struct passwd *nobody = getpwnam("nobody");
    if (!nobody)
        suite_skip("there is no user nobody here");
    process_start(server, "--user=nobody", NULL);
    expect_all_are(server, nobody->pw_uid, nobody->pw_gid);
}

static void user_and_group_by_number(struct process *server)
{
    need_root();
    process_start(server, lonely("user"), lonely("group"), NULL);
    expect_all_are(server, process_lonely_user(), process_lonely_user());
}

static void group_of_another(struct process *server)
{
    need_root();
    const struct passwd *nobody = getpwnam("nobody");
    if (!nobody)
        suite_skip("there is no user nobody here");
    process_start(server, "--user=nobody", lonely("group"), NULL);
    expect_all_are(server, nobody->pw_uid, process_lonely_user());
}

/* The kernel forgets a child's wish to end with its parent when that changes its user. */
static void children_end_with_their_parent(struct process *server)
{
    need_root();
    if (suite_mode() != THRDSRV_MODE_FORK || process_is_wrapped())
        suite_skip("mode fork alone has children");
    process_start(server, lonely("user"), lonely("group"), NULL);
    int fd = client_served(process_address(server));
    server->expect_exit = 128 + SIGKILL;
    process_signal(server, SIGKILL);
    client_wait_end(fd);
}

/* Starts the program of that path, which is to end with its parent; then ends itself. */
static _Noreturn void start_and_leave(const char *path, int ready[2])
{
    char option[32], byte;
    snprintf(option, sizeof option, "--ready-fd=%d", ready[1]);
    pid_t pid = fork();
    if (pid == 0) {
        const char *user = lonely("user"), *group = lonely("group");
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execl(path, path, "--listen=127.0.0.1:0", "--log=error", user, group, option, NULL);
        _exit(126);
    }
    close(ready[1]);
    _exit(pid > 0 && read(ready[0], &byte, 1) == 1 ? 0 : 1);
}

/* And the server with its own, where that asked for it (prctl(2), setpriv(1)). */
static void server_ends_with_its_parent(struct process *server)
{
    char path[256], link[32], line[PROCESS_LINE_SIZE];
    int ready[2], status;
    need_root();
    if (process_is_wrapped())
        suite_skip("the process is the wrapper's");
    process_start(server, NULL);
    snprintf(link, sizeof link, "/proc/%d/exe", (int)server->pid);
    ssize_t length = readlink(link, path, sizeof path - 1);
    assert_true(length > 0);
    path[length] = '\0';
    assert_int_equal(pipe(ready), 0);
    pid_t parent = fork();
    if (parent == 0)
        start_and_leave(path, ready);
    close(ready[1]);
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(status, 0);
    length = read(ready[0], line, sizeof line - 1);
    assert_true(length > 0);
    line[length] = '\0';
    close(ready[0]);
    pid_t pid = (pid_t)atoi(strstr(line, "pid=") + strlen("pid="));
    int64_t deadline = patience();
    while (proc_state(pid) != 0 && proc_state(pid) != 'Z') {
        if (look_again(deadline))
            continue;
        kill(pid, SIGKILL);
        suite_fail("it outlives its parent");
    }
}

/* Without any of the options too; but a program may need it. */
static void nothing_new_can_be_had(struct process *server)
{
    static const char script[] = "grep NoNewPrivs /proc/self/status";
    if (process_is_wrapped())
        suite_skip("the process is the wrapper's");
    process_start(server, NULL);
    assert_string_equal(status_of(server->pid, "NoNewPrivs"), "1");
    process_renew(server);
    process_start(server, "--", "/bin/sh", "-c", script, NULL);
    client_expect_answer(process_address(server), "NoNewPrivs:\t0\n");
    process_renew(server);
    need_root();
    process_start(server, lonely("user"), lonely("group"), "--", "/bin/sh", "-c", script, NULL);
    client_expect_answer(process_address(server), "NoNewPrivs:\t1\n");
}

static void program_is_run_by_the_user(struct process *server)
{
    char expected[64];
    need_root();
    process_start(server, lonely("user"), lonely("group"), "--", "/bin/sh", "-c",
                  "id -u; id -G; pwd >/dev/null", NULL);
    snprintf(expected, sizeof expected, "%d\n%d\n", (int)process_lonely_user(),
             (int)process_lonely_user());
    client_expect_answer(process_address(server), expected);
}

/* ---- --chroot ---------------------------------------------------------------------------- */

static void start_in_empty_root(struct process *server, const char *option)
{
    need_chroot();
    process_start(server, lonely("user"), lonely("group"), empty_root(server), option, NULL);
}

static void sees_nothing_else(struct process *server)
{
    char path[96], link[32], target[256];
    start_in_empty_root(server, "--log=debug");
    static const char *const what[] = {"root", "cwd"};
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        snprintf(link, sizeof link, "/proc/%d/%s", (int)server->pid, what[i]);
        ssize_t length = readlink(link, target, sizeof target - 1);
        assert_true(length > 0);
        target[length] = '\0';
        snprintf(path, sizeof path, "%s/root", server->dir);
        assert_string_equal(target, path);
    }
    expect_all_are(server, process_lonely_user(), process_lonely_user());
}

/* Whatever needs a file later than the start would fail here. */
static void every_service_is_served_there(struct process *server)
{
    static const char *const services[] = {"--handler=daytime", "--handler=whoami",
                                           "--handler=bytes",   "--handler=chargen",
                                           "--handler=rot13",   "--handler=age"};
    need_root();
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        char text[8];
        start_in_empty_root(server, services[i]);
        int fd = client_connect(process_address(server));
        client_send_text(fd, "3\r\n");
        assert_int_equal(client_read(fd, text, 3), 3);
        client_reset(fd);
        process_wait_counter(server, "active", 0);
        process_renew(server);
    }
}

/* Threads that were parked, that ended, and slots that had another thread before: of each is
 * waited for until it is gone, for which /proc is asked elsewhere. */
static void workers_come_and_go_there(struct process *server)
{
    start_in_empty_root(server, "--park=1ms");
    for (size_t i = 0; i < scaled(100); i++)
        client_leave(client_served(process_address(server)));
    process_wait_counter(server, "served", (long long)scaled(100));
    process_stop(server);
}

static void rules_are_read_again_there(struct process *server)
{
    char path[96];
    need_chroot();
    const char *root = empty_root(server);
    snprintf(path, sizeof path, "%s/root/rules", server->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("deny 127.0.0.2\n", file);
    fflush(file);
    process_start(server, lonely("user"), lonely("group"), root,
                  path_option(server, "rules=", "/root/rules"), NULL);
    client_expect_eof(client_connect_from("127.0.0.2", process_address(server)));
    rewind(file);
    fputs("deny 127.0.0.3\n", file);
    fclose(file);
    process_signal(server, SIGHUP);
    process_log_wait(server, "msg=reload rules=1");
    client_leave(client_served_from("127.0.0.2", process_address(server)));
    assert_int_equal(process_log_count(server, "msg=\"rules cannot be read again\""), 0);
}

/* Rules in the scratch directory that only root can read. Returns their option. */
static const char *rules_of_root(const struct process *server)
{
    char path[96];
    snprintf(path, sizeof path, "%s/rules", server->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("deny 127.0.0.2\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    return path_option(server, "rules=", "/rules");
}

/* The first reading is root's, and the operator is told at once that there is no second. */
static void expect_read_once(struct process *server, const char *error)
{
    char pattern[160];
    snprintf(pattern, sizeof pattern, "level=warn msg=\"rules cannot be read again\" error=\"%s\"",
             error);
    process_log_wait(server, pattern);
    process_signal(server, SIGHUP);
    snprintf(pattern, sizeof pattern, "level=warn msg=\"reload failed\" error=\"%s\"", error);
    process_log_wait(server, pattern);
    client_expect_eof(client_connect_from("127.0.0.2", process_address(server)));
}

static void rules_that_the_user_cannot_read(struct process *server)
{
    need_root();
    const char *rules = rules_of_root(server);
    process_start(server, lonely("user"), lonely("group"), rules, NULL);
    expect_read_once(server, "Permission denied");
}

static void rules_that_lie_elsewhere(struct process *server)
{
    need_root();
    const char *rules = rules_of_root(server);
    start_in_empty_root(server, rules);
    expect_read_once(server, "it is not below --chroot");
}

/* It cannot be removed at the end, and is replaced at the next start. */
static void socket_file_is_replaced(struct process *server)
{
    struct stat status;
    char path[96];
    char listen_option[128];
    snprintf(path, sizeof path, "%s/socket", server->dir);
    snprintf(listen_option, sizeof listen_option, "--listen=unix:%s,mode=0666", path);
    start_in_empty_root(server, listen_option);
    client_leave(client_served(process_address(server)));
    process_stop(server);
    assert_int_equal(stat(path, &status), 0);
    struct process *other = suite_another_process();
    process_start(other, listen_option, NULL);
    client_leave(client_served(process_address(other)));
    process_stop(other);
    assert_int_equal(stat(path, &status), -1);
}

/* Its socket lies outside. */
static void supervisor_is_told_from_there(struct process *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[200];
    need_root();
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", server->dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    server->notify_socket = address.sun_path;
    start_in_empty_root(server, "--log=notice");
    assert_true(recv(fd, text, sizeof text, 0) > 7);
    assert_memory_equal(text, "READY=1\n", 8);
    process_stop(server);
    assert_true(recv(fd, text, sizeof text, 0) > 10);
    assert_memory_equal(text, "STOPPING=1\n", 11);
    close(fd);
    assert_int_equal(process_log_count(server, "msg=\"cannot notify the supervisor\""), 0);
}

/* ---- What is refused --------------------------------------------------------------------- */

static void expect_refused(struct process *server, int status, const char *says)
{
    assert_int_equal(process_wait_exit(server), status);
    if (!strstr(process_log_text(server), says))
        suite_fail("'%s' does not say '%s'", process_log_text(server), says);
    process_renew(server);
}

static void refused(struct process *server, int status, const char *says, const char *option,
                    const char *more)
{
    assert_int_equal(process_start_refused(server, option, more, NULL), status);
    expect_refused(server, status, says);
}

static void mistakes_are_named(struct process *server)
{
    refused(server, 2, "thrd: --user=no-such-user: no such user; allowed: the name or number",
            "--user=no-such-user", NULL);
    refused(server, 2, "thrd: --user=0: this is root, who has nothing to give up", "--user=0",
            NULL);
    refused(server, 2, "thrd: --user=4294967295: no such user", "--user=4294967295", NULL);
    refused(server, 2, "a user whose group is not known; give --group too", lonely("user"), NULL);
    refused(server, 2, "thrd: --group=no-such-group: no such group; allowed: the name or number",
            "--user=65534", "--group=no-such-group");
    refused(server, 2, "thrd: --group: is for --user, which is missing", "--group=0", NULL);
    refused(server, 2, "thrd: --chroot: is for --user, which is missing", "--chroot=/", NULL);
}

static void directory_that_is_none(struct process *server)
{
    need_root();
    refused(server, 1, "thrd: --chroot=/nonexistent: No such file or directory\n", "--user=nobody",
            "--chroot=/nonexistent");
}

static void program_has_to_be_there_too(struct process *server)
{
    need_chroot();
    const char *root = empty_root(server);
    assert_int_equal(
        process_start_refused(server, lonely("user"), lonely("group"), root, "--", "cat", NULL), 2);
    expect_refused(server, 2, "thrd: --chroot: the program behind -- needs its whole path");
    root = empty_root(server);
    assert_int_equal(process_start_refused(server, lonely("user"), lonely("group"), root, "--",
                                           "/bin/cat", NULL),
                     1);
    expect_refused(server, 1, "the program behind -- is not there; it has to be below");
}

static void only_root_can(struct process *server)
{
    if (geteuid() == 0)
        server->uid = process_lonely_user();
    assert_int_equal(process_start_refused(server, "--user=12345", "--group=12345", NULL), 1);
    expect_refused(server, 1,
                   "thrd: --user=12345: Operation not permitted; start as root, or leave --user "
                   "out\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(user_by_its_name),
        CASE(user_and_group_by_number),
        CASE(group_of_another),
        CASE(children_end_with_their_parent),
        CASE(server_ends_with_its_parent),
        CASE(nothing_new_can_be_had),
        CASE(program_is_run_by_the_user),
        CASE(sees_nothing_else),
        CASE(every_service_is_served_there),
        CASE(workers_come_and_go_there),
        CASE(rules_are_read_again_there),
        CASE(rules_that_the_user_cannot_read),
        CASE(rules_that_lie_elsewhere),
        CASE(socket_file_is_replaced),
        CASE(supervisor_is_told_from_there),
        CASE(mistakes_are_named),
        CASE(directory_that_is_none),
        CASE(program_has_to_be_there_too),
        CASE(only_root_can),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("privileges", cases, NULL, NULL);
}
