/* test_program.c - config.program in a host: what is looked for, what a connection gets that is not
 * TCP, and that neither a host's ways with children nor a cut at an odd moment harms anybody. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients.h"
#include "embedded.h"
#include "patience.h"

static void run(struct embedded *e, const char *const *program)
{
    e->config.handler = NULL;
    e->config.program = program;
}

static const char *const cat[] = {"cat", NULL};
static const char *const env[] = {"env", NULL};

/* ---- What is looked for ---------------------------------------------------------------------- */

static void a_program_is_the_only_service(struct embedded *e)
{
    static const char *const none[] = {NULL};
    e->config.program = cat;
    embedded_refused(e, THRDSRV_E_INVALID, "level=error field=handler");
    run(e, none);
    embedded_refused(e, THRDSRV_E_INVALID, "level=error field=program");
}

/* A folder with what is no program, in PATH before one that has it. */
struct folders {
    char first[64], second[64], path[200], name[100];
};

static void write_program(const char *folder, const char *name, mode_t mode)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "#!/bin/sh\necho found\n", 21), 21);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void make_folders(struct folders *folders)
{
    snprintf(folders->first, sizeof folders->first, "/tmp/thrd-test-XXXXXX");
    snprintf(folders->second, sizeof folders->second, "/tmp/thrd-test-XXXXXX");
    assert_non_null(mkdtemp(folders->first));
    assert_non_null(mkdtemp(folders->second));
    snprintf(folders->path, sizeof folders->path, "%s:%s", folders->first, folders->second);
}

static void remove_folders(const struct folders *folders)
{
    char command[300];
    snprintf(command, sizeof command, "rm -r %s %s", folders->first, folders->second);
    assert_int_equal(system(command), 0);
}

static void is_refused(struct embedded *e, const char *name, int error)
{
    const char *const program[] = {name, NULL};
    char pattern[200];
    run(e, program);
    snprintf(pattern, sizeof pattern, "msg=\"cannot run program\" program=%s error=\"%s\"", name,
             strerror(error));
    embedded_refused(e, THRDSRV_E_SYSTEM, pattern);
    assert_int_equal(errno, error);
}

static void is_found(struct embedded *e, const char *name)
{
    const char *const program[] = {name, NULL};
    run(e, program);
    embedded_start(e);
    client_expect_answer(e->address, "found\n");
    embedded_finish(e);
}

static void a_program_is_looked_for_as_shells_do(struct embedded *e)
{
    struct folders folders;
    char *kept = strdup(getenv("PATH"));
    make_folders(&folders);
    write_program(folders.first, "thrd-probe", 0600);
    assert_int_equal(setenv("PATH", folders.path, 1), 0);
    is_refused(e, "thrd-probe", EACCES);
    is_refused(e, "thrd-has-no-such-program", ENOENT);
    is_refused(e, "/tmp", EISDIR);
    is_refused(e, "/dev/null/program", ENOTDIR);
    write_program(folders.second, "thrd-probe", 0700);
    setenv("PATH", folders.path, 1);
    is_found(e, "thrd-probe");
    setenv("PATH", kept, 1);
    free(kept);
    remove_folders(&folders);
}

/* An empty folder in PATH is the present one; and where there is no PATH there is a usual one. */
static void a_path_may_be_empty(struct embedded *e)
{
    char *kept = strdup(getenv("PATH"));
    setenv("PATH", ":", 1);
    is_refused(e, "sh", ENOENT);
    unsetenv("PATH");
    const char *const program[] = {"sh", "-c", "echo found", NULL};
    run(e, program);
    embedded_create(e);
    setenv("PATH", kept, 1);
    free(kept);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static int adopted_connection(struct embedded *e)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(thrdsrv_server_adopt(e->server, fds[1]), 0);
    return fds[0];
}

/* It is told who is there as far as that is known, and nothing of TCP. */
static void a_socket_that_is_not_tcp_will_do(struct embedded *e)
{
    char text[16000], expected[100];
    e->config.adopt = true;
    run(e, env);
    embedded_start(e);
    int fd = adopted_connection(e);
    text[client_read_all(fd, text, sizeof text - 1)] = '\0';
    assert_non_null(strstr(text, "PROTO=UNIX\n"));
    snprintf(expected, sizeof expected, "UNIXREMOTEPID=%d\nUNIXREMOTEUID=%u\n", (int)getpid(),
             (unsigned)getuid());
    assert_non_null(strstr(text, expected));
    assert_null(strstr(text, "TCP"));
    close(fd);
    struct embedded_end end = embedded_wait_end(e, 1);
    assert_int_equal(end.end.reason, THRDSRV_END_EXIT);
    assert_int_equal(end.end.code, 0);
    assert_int_equal(end.end.bytes_out, 0); /* of such sockets the kernel counts nothing */
    embedded_finish(e);
}

/* The CPU time is the program's. */
static void its_use_of_the_machine_is_told(struct embedded *e)
{
    static const char *const busy[] = {"sh", "-c",
                                       "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done", NULL};
    run(e, busy);
    embedded_start(e);
    int fd = client_connect(e->address);
    client_wait_end(fd);
    client_close(fd); /* or its end is waited for */
    struct embedded_end end = embedded_wait_end(e, 1);
    assert_true(end.end.usage.ru_utime.tv_sec > 0 || end.end.usage.ru_utime.tv_usec > 10000);
    embedded_finish(e);
}

#ifdef __GLIBC__
enum { LACKS_CLOSEFROM = !__GLIBC_PREREQ(2, 34) };
#else
enum { LACKS_CLOSEFROM = true };
#endif

/* Descriptors 0, 1, 2 and the one that ls(1) has open; not what the host has open for itself. */
static void it_holds_nothing_of_the_host(struct embedded *e)
{
    static const char *const list[] = {"ls", "/proc/self/fd", NULL};
    if (LACKS_CLOSEFROM && e->config.mode != THRDSRV_MODE_FORK)
        skip();
    int of_the_host = open("/dev/null", O_RDONLY);
    assert_true(of_the_host > STDERR_FILENO);
    run(e, list);
    embedded_start(e);
    client_expect_answer(e->address, "0\n1\n2\n3\n");
    embedded_finish(e);
    close(of_the_host);
}

static void cut_it(struct thrdsrv_conn *conn, void *user)
{
    struct embedded *e = user;
    (void)conn;
    thrdsrv_server_stop(e->server);
    for (int i = 0; i < 100; i++) /* until the loop has seen it, which looks at once */
        usleep(1000);
}

/* The stop comes when a worker is on its way to the program, so that nobody can be signalled yet.
 */
static void a_cut_before_it_runs_is_not_lost(struct embedded *e)
{
    static const char *const deaf[] = {"sh", "-c", "exec sleep 600", NULL};
    e->config.on_start = cut_it;
    run(e, deaf);
    embedded_start(e);
    int fd = client_connect(e->address);
    client_wait_end(fd);
    embedded_wait(e);
    struct embedded_end end = embedded_wait_end(e, 1);
    assert_int_equal(end.end.reason, THRDSRV_END_STOPPED);
    client_close(fd);
}

/* Its status is nobody's, so the connection's end is an error; and everything goes on. */
static void a_host_may_ignore_its_children(struct embedded *e)
{
    void (*kept)(int) = signal(SIGCHLD, SIG_IGN);
    run(e, cat);
    embedded_start(e);
    for (uint64_t i = 1; i <= 3; i++) {
        int fd = client_connect(e->address);
        client_echo(fd, "hello");
        client_leave(fd);
        assert_int_equal(embedded_wait_end(e, i).end.reason, THRDSRV_END_ERROR);
    }
    embedded_finish(e);
    signal(SIGCHLD, kept);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        EMBEDDED_ONCE(a_program_is_the_only_service),
        EMBEDDED_ONCE(a_program_is_looked_for_as_shells_do),
        EMBEDDED_ONCE(a_path_may_be_empty),
        EMBEDDED_IN_ALL_MODES(a_socket_that_is_not_tcp_will_do),
        EMBEDDED_IN_ALL_MODES(its_use_of_the_machine_is_told),
        EMBEDDED_IN_ALL_MODES(it_holds_nothing_of_the_host),
        EMBEDDED_IN_MODE(a_cut_before_it_runs_is_not_lost, "thread", THRDSRV_MODE_THREAD),
        EMBEDDED_IN_ALL_MODES(a_host_may_ignore_its_children),
    };
    return embedded_run(argc, argv, "program", cases, sizeof cases / sizeof cases[0]);
}
