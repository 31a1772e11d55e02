/* test_supervisor - what cannot be seen of the running program from outside: that nothing of a
 * supervisor's is left for those whom we start, what a reload says, and that --inetd ends with a
 * refusal too. Cases that need descriptors 0 and 3 for themselves are done by a child. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/inetd.h"
#include "cli/listen_fds.h"
#include "cli/notify.h"

/* What a child found: each is an exit status of its own. */
enum { CHILD_FINE = 0, CHILD_REFUSED, CHILD_VARIABLE_LEFT, CHILD_NOT_CLOEXEC, CHILD_OTHER };

static int in_child(int (*run)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run());
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- LISTEN_FDS -------------------------------------------------------------------------- */

static void set_variables(pid_t pid)
{
    char text[32];
    snprintf(text, sizeof text, "%d", (int)pid);
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_FDNAMES", "echo", 1);
    setenv("UNRELATED", "stays", 1);
}

static bool variables_are_gone(void)
{
    return !getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES") &&
           getenv("UNRELATED");
}

static int take_what_is_handed_over(void)
{
    struct options options = {.config = THRDSRV_CONFIG_INIT, .ready_fd = -1};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr any = {.sa_family = AF_UNIX}; /* the kernel chooses an abstract name */
    if (bind(fd, &any, sizeof any.sa_family) < 0 || listen(fd, 1) < 0 ||
        (fd != 3 && dup2(fd, 3) < 0))
        return CHILD_OTHER;
    set_variables(getpid());
    if (!listen_fds_take(&options))
        return CHILD_REFUSED;
    if (!variables_are_gone())
        return CHILD_VARIABLE_LEFT;
    if (!(fcntl(3, F_GETFD) & FD_CLOEXEC))
        return CHILD_NOT_CLOEXEC;
    return options.config.listen_count == 1 && strcmp(options.config.listen[0], "fd:3") == 0
               ? CHILD_FINE
               : CHILD_OTHER;
}

static void test_what_is_handed_over_is_ours_alone(void **state)
{
    (void)state;
    assert_int_equal(in_child(take_what_is_handed_over), CHILD_FINE);
}

static void test_variables_of_another_process_go_too(void **state)
{
    struct options options = {.config = THRDSRV_CONFIG_INIT, .ready_fd = -1};
    (void)state;
    set_variables(1);
    assert_true(listen_fds_take(&options));
    assert_true(variables_are_gone());
    assert_int_equal(options.config.listen_count, 0);
}

/* ---- NOTIFY_SOCKET ----------------------------------------------------------------------- */

static int supervisor(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof address;
    char name[sizeof address.sun_path];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0); /* abstract */
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    memcpy(name, address.sun_path, sizeof name);
    name[0] = '@';
    name[length - offsetof(struct sockaddr_un, sun_path)] = '\0';
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static const char *heard(int fd)
{
    static char text[512];
    ssize_t size = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void test_a_supervisor_is_told_all(void **state)
{
    static const char reloading[] = "RELOADING=1\nMONOTONIC_USEC=";
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    char address[] = "127.0.0.1:0";
    const char *listen[] = {address};
    struct thrdsrv_server *server;
    int fd = supervisor();
    (void)state;
    config.handler = &thrdsrv_echo;
    config.name = "echo";
    config.listen = listen;
    config.listen_count = 1;
    assert_int_equal(thrdsrv_server_create(&config, &server), 0);
    notify_begin(&config);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_string_equal(heard(fd), "");
    notify_ready(server);
    assert_memory_equal(heard(fd), "READY=1\nSTATUS=Serving echo, mode thread, at 127.0.0.1:", 54);
    int64_t before = now_us();
    notify_reloading();
    const char *text = heard(fd);
    assert_memory_equal(text, reloading, strlen(reloading));
    int64_t told = strtoll(text + strlen(reloading), NULL, 10);
    assert_true(before <= told && told <= now_us());
    notify_stopping();
    notify_stopping();
    assert_memory_equal(heard(fd), "STOPPING=1\n", 11);
    assert_string_equal(heard(fd), "");
    notify_end();
    notify_ready(server); /* nobody any more: nothing happens */
    thrdsrv_server_destroy(server);
    close(fd);
}

/* ---- --inetd ----------------------------------------------------------------------------- */

static bool refuse(const struct thrdsrv_arrival *arrival, void *user)
{
    (void)arrival;
    (void)user;
    return false;
}

/* Who is refused has no end line: the server must not wait for one. */
static int refuse_the_one(void)
{
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *server;
    struct thrdsrv_stats stats;
    int ends[2];
    config.handler = &thrdsrv_echo;
    config.admit = refuse;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || dup2(ends[1], 0) < 0 || close(ends[1]) < 0)
        return CHILD_OTHER;
    if (!inetd_take_client() || !inetd_prepare(&config))
        return CHILD_REFUSED;
    if (thrdsrv_server_create(&config, &server) < 0 || inetd_begin(server) < 0 ||
        thrdsrv_server_run(server) < 0)
        return CHILD_OTHER;
    thrdsrv_server_stats(server, &stats, sizeof stats);
    thrdsrv_server_destroy(server);
    char byte;
    return stats.refused_admission == 1 && read(ends[0], &byte, 1) == 0 ? CHILD_FINE : CHILD_OTHER;
}

static void test_a_refusal_is_the_end_of_inetd_too(void **state)
{
    (void)state;
    assert_int_equal(in_child(refuse_the_one), CHILD_FINE);
}

static void test_inetd_is_asked_for_before_all_is_read(void **state)
{
    char program[] = "thrd", wrong[] = "--slotz", inetd[] = "--inetd", near[] = "--inetd=1";
    char *asked[] = {program, wrong, inetd};
    char *not_asked[] = {program, wrong, near};
    (void)state;
    assert_true(inetd_is_asked_for(3, asked));
    assert_false(inetd_is_asked_for(3, not_asked));
    assert_false(inetd_is_asked_for(0, asked));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_handed_over_is_ours_alone),
        cmocka_unit_test(test_variables_of_another_process_go_too),
        cmocka_unit_test(test_a_supervisor_is_told_all),
        cmocka_unit_test(test_a_refusal_is_the_end_of_inetd_too),
        cmocka_unit_test(test_inetd_is_asked_for_before_all_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
