/* test_21_inherited_descriptors - class 21: a child inherits descriptors that are none of its
 * business. The port stays taken when the server has gone, other clients never see the end of their
 * connections, what the server was started with leaks to whoever takes a child over.
 *
 * Seen in: netdata #16881.
 * Here: a child's descriptors are 0, 1, 2 and its connection, four in all, whatever the server
 * holds; the server keeps no copy of the connection; and the port can be listened on again at once
 * while a child of the last server still serves. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

static void expect_fd(pid_t pid, int fd, const char *beginning)
{
    char target[256];
    if (!proc_fd_target(pid, fd, target, sizeof target) ||
        strncmp(target, beginning, strlen(beginning)) != 0)
        suite_fail("descriptor %d leads to %s, not %s", fd, target, beginning);
}

static int count_sockets(pid_t pid)
{
    char target[256];
    int sockets = 0;
    for (int fd = 3; fd < 256; fd++)
        if (proc_fd_target(pid, fd, target, sizeof target))
            sockets += strncmp(target, "socket:", 7) == 0;
    return sockets;
}

/* Standard streams and one socket: not the listeners, not other clients, not what the server
 * itself was started with. */
static void child_holds_its_connection_only(struct process *server)
{
    if (process_is_wrapped())
        suite_skip("the wrapper has descriptors of its own");
    int extra = open("/dev/null", O_RDONLY | O_CLOEXEC);
    server->inherited_fd = fcntl(extra, F_DUPFD_CLOEXEC, 100);
    close(extra);
    process_start(server, "--listen=127.0.0.1:0", "--listen=[::1]:0", NULL);
    close(server->inherited_fd);
    client_served(process_address(server));
    client_served(process_address(server));
    for (size_t n = 0; n < 2; n++) {
        pid_t child = process_wait_child(server, n);
        assert_int_equal(proc_count_fds(child), 4);
        expect_fd(child, 0, "/dev/");
        expect_fd(child, 1, "pipe:");
        expect_fd(child, 2, "/tmp/thrd-test-");
        assert_int_equal(count_sockets(child), 1);
    }
}

/* The parent keeps no copy: otherwise the client would never see the end. */
static void parent_holds_no_connection(struct process *server)
{
    process_start(server, NULL);
    int one = client_served(process_address(server));
    /* Answered when the start of the child is over: it has opened its pidfd. */
    process_dump(server);
    int fds = proc_count_fds(server->pid);
    int two = client_served(process_address(server));
    process_dump(server);
    /* A descriptor that watches the child is all that may be added. */
    assert_in_range(proc_count_fds(server->pid), fds, fds + 1);
    client_leave(one);
    client_leave(two);
}

/* The port is free for the next server though a child of the last one still serves. */
static void child_does_not_keep_the_port(struct process *server)
{
    char listen[160];
    process_start(server, "--drain=60s", NULL);
    int fd = client_served(process_address(server));
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce");
    struct process *next = suite_another_process();
    snprintf(listen, sizeof listen, "--listen=%s", process_address(server));
    process_start(next, listen, NULL);
    client_leave(client_served(process_address(next)));
    client_leave(fd);
    assert_int_equal(process_wait_exit(server), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(child_holds_its_connection_only),
        CASE(parent_holds_no_connection),
        CASE(child_does_not_keep_the_port),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("21_inherited_descriptors", cases, NULL, NULL);
}
