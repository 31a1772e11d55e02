/* test_status - the control socket and thrd status: who is shown what, where a server is found, who
 * may ask, and that whoever asks disturbs neither the service nor the stop.
 *
 * What is made of an answer is in tests/unit/test_status.c. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "suite.h"

enum { OUTPUT_SIZE = 65536, PATH_SIZE = 100 };

static char output[OUTPUT_SIZE]; /* of the last question */

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        suite_fail("no \"%s\" in:\n%s", part, text);
}

/* ---- Servers and questions --------------------------------------------------------------- */

/* "--control=DIR/control", and the path in it. */
static const char *control_option(struct process *server)
{
    static char text[PATH_SIZE + 16];
    snprintf(text, sizeof text, "--control=%s/control", server->dir);
    return text;
}

static const char *control_path(struct process *server)
{
    return control_option(server) + strlen("--control=");
}

/* Its address for clients of our own. */
static const char *control_address(struct process *server)
{
    static char text[PATH_SIZE + 16];
    snprintf(text, sizeof text, "unix:%s", control_path(server));
    return text;
}

/* "thrd status" with these options, of which the last may be NULL. Returns its exit status; output
 * is what it has shown, and the process has what it complained of. */
static int ask(struct process *asker, const char *one, const char *other)
{
    process_renew(asker);
    if (one)
        return process_run(asker, output, sizeof output, "status", one, other, NULL);
    return process_run(asker, output, sizeof output, "status", NULL);
}

static void expect_complaint(struct process *asker, const char *part)
{
    expect(process_log_text(asker), part);
}

/* An answer, as any client gets it. */
static void expect_answer(const char *address)
{
    static char text[OUTPUT_SIZE];
    int fd = client_connect(address);
    size_t length = client_read_all(fd, text, sizeof text - 1);
    text[length] = '\0';
    client_close(fd);
    assert_memory_equal(text, "msg=server pid=", strlen("msg=server pid="));
    expect(text, "\nmsg=counters accepted=");
    assert_int_equal(text[length - 1], '\n');
}

/* ---- What is shown ----------------------------------------------------------------------- */

static void shows_who_is_connected(struct process *server)
{
    struct process *asker = suite_another_process();
    char name[128], text[256];
    process_start(server, control_option(server), NULL);
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
    snprintf(text, sizeof text, "thrd 0.1.0, process %d: mode %s, echo, serving, up ",
             (int)server->pid, suite_mode_name());
    expect(output, text);
    expect(output, "\nslots    0 of ");
    assert_null(strstr(output, "PEER"));
    int fd = client_served(process_address(server));
    client_name(fd, name, sizeof name);
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
    expect(output, "\nSLOT CONN STATE  WAITS MODE");
    snprintf(text, sizeof text, " %s\n", name);
    expect(output, text);
    expect(output, "\n   0    1 ACTIVE read  ");
    expect(output, "in use, most at once 1\n");
    client_leave(fd);
}

/* The same figures, and a document that others can read. */
static void json_is_json(struct process *server)
{
    struct process *asker = suite_another_process();
    process_start(server, control_option(server), NULL);
    int fd = client_served(process_address(server));
    assert_int_equal(ask(asker, control_option(server), "--json"), 0);
    expect(output, ",\"slots\":[{\"conn\":1,\"slot\":0,");
    expect(output, ",\"counters\":{\"accepted\":1,\"active\":1,");
    assert_string_equal(strchr(output, '\n'), "\n"); /* one line */
    client_leave(fd);
    if (system("python3 -c '' 2>/dev/null") != 0)
        suite_skip("no python3 to read it");
    FILE *reader = popen("python3 -c 'import json, sys\n"
                         "d = json.load(sys.stdin)\n"
                         "assert d[\"server\"][\"pid\"] > 0 and d[\"slots\"][0][\"cpu\"] >= 0\n"
                         "assert d[\"server\"][\"listen\"] and d[\"slots\"][0][\"in\"] > 0\n"
                         "assert len(d[\"counters\"]) >= 18'",
                         "w");
    assert_non_null(reader);
    fputs(output, reader);
    assert_int_equal(pclose(reader), 0);
}

/* A program is the worker: its process, its CPU time, and what the kernel has counted for it. */
static void programs_are_shown(struct process *server)
{
    struct process *asker = suite_another_process();
    char pid[32], expected[64];
    process_start(server, control_option(server), "--", "sh", "-c",
                  "i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done; echo $$; read end", NULL);
    int fd = client_connect(process_address(server));
    client_read_line(fd, pid, sizeof pid);
    assert_int_equal(ask(asker, control_option(server), "--json"), 0);
    snprintf(expected, sizeof expected, "\"worker\":%s,", pid);
    expect(output, expected);
    snprintf(expected, sizeof expected, "\"in\":0,\"out\":%zu,", strlen(pid) + 1);
    expect(output, expected);
    expect(output, "\"cpu\":");
    assert_true(strtod(strstr(output, "\"cpu\":") + strlen("\"cpu\":"), NULL) > 0.005);
    client_leave(fd);
}

/* Also for clients that have no slot, in mode inline too, whose loop serves meanwhile. */
static void answers_when_all_slots_are_taken(struct process *server)
{
    struct process *asker = suite_another_process();
    process_start(server, control_option(server), "--slots=1", NULL);
    int fd = client_served(process_address(server));
    int waiting = client_connect(process_address(server));
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
    expect(output, "\nslots    1 of 1 in use, most at once 1\n");
    client_leave(fd);
    client_echo(waiting, "hello");
    client_leave(waiting);
}

static void tells_of_the_drain(struct process *server)
{
    struct process *asker = suite_another_process();
    process_start(server, control_option(server), NULL);
    int fd = client_served(process_address(server));
    process_signal(server, SIGTERM);
    process_log_wait(server, "msg=quiesce");
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
    expect(output, ", echo, draining, up ");
    client_leave(fd);
    assert_int_equal(process_wait_exit(server), 0);
}

/* ---- Where a server is found ------------------------------------------------------------- */

/* A directory of its own, in which no other test has servers. */
static void use_runtime_directory(struct process *server)
{
    assert_int_equal(setenv("XDG_RUNTIME_DIR", server->dir, 1), 0);
}

/* As a server that was killed leaves it. */
static void leave_socket(const char *directory, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", directory, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void finds_the_only_server(struct process *server)
{
    struct process *asker = suite_another_process();
    char expected[PATH_SIZE + 64];
    use_runtime_directory(server);
    leave_socket(server->dir, "thrd-1.sock");
    leave_socket(server->dir, "thrd-.sock");
    assert_int_equal(ask(asker, NULL, NULL), 1);
    snprintf(expected, sizeof expected, "no server with a control socket in %s; start one with ",
             server->dir);
    expect_complaint(asker, expected);
    process_start(server, "--control", NULL);
    snprintf(expected, sizeof expected, " control=%s/thrd-%d.sock", server->dir, (int)server->pid);
    expect(server->ready, expected);
    assert_int_equal(ask(asker, NULL, NULL), 0);
    snprintf(expected, sizeof expected, "process %d: ", (int)server->pid);
    expect(output, expected);
    process_stop(server);
    assert_int_equal(ask(asker, NULL, NULL), 1); /* it has taken its socket with it */
}

static void lists_several_servers(struct process *server)
{
    struct process *asker = suite_another_process();
    struct process *second = suite_another_process();
    char expected[PATH_SIZE + 64];
    use_runtime_directory(server);
    process_start(server, "--control", NULL);
    process_start(second, "--control", NULL);
    assert_int_equal(ask(asker, NULL, NULL), 2);
    expect_complaint(asker, "thrd: status: several servers have a control socket; choose one:\n");
    snprintf(expected, sizeof expected, "    thrd status --control=%s/thrd-%d.sock\n", server->dir,
             (int)second->pid);
    expect_complaint(asker, expected);
    snprintf(expected, sizeof expected, "--control=%s/thrd-%d.sock", server->dir, (int)second->pid);
    assert_int_equal(ask(asker, expected, NULL), 0);
}

/* Neither the directory of another user, nor one that is none, nor a relative one. */
static void without_a_usual_place_a_path_is_needed(struct process *server)
{
    struct process *asker = suite_another_process();
    if (getuid() != 0)
        suite_skip("only root can be another user");
    const char *const places[] = {"", "relative", "/nonexistent", "/root"};
    server->uid = process_lonely_user();
    asker->uid = server->uid;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        assert_int_equal(setenv("XDG_RUNTIME_DIR", places[i], 1), 0);
        process_renew(server);
        server->uid = process_lonely_user();
        assert_int_equal(process_start_refused(server, "--control", NULL), 2);
        process_log_wait(server, "level=error msg=\"no place for the control socket\"");
        server->expect_exit = 2;
        server->expect_quiet = true;
    }
    process_renew(asker);
    asker->uid = process_lonely_user();
    assert_int_equal(process_run(asker, output, sizeof output, "status", NULL), 1);
    expect_complaint(asker, "XDG_RUNTIME_DIR names no directory of yours; name the socket");
}

static void what_does_not_answer_is_named(struct process *server)
{
    struct process *asker = suite_another_process();
    char listen[PATH_SIZE + 64];
    assert_int_equal(ask(asker, "--control=/nonexistent/control", NULL), 1);
    expect_complaint(asker, "thrd: status: /nonexistent/control: No such file or directory; ");
    leave_socket(server->dir, "control");
    assert_int_equal(ask(asker, control_option(server), NULL), 1);
    expect_complaint(asker,
                     "/control: Connection refused; the server that made this socket has gone");
    assert_int_equal(unlink(control_path(server)), 0);
    snprintf(listen, sizeof listen, "--listen=unix:%s", control_path(server));
    process_start(server, listen, "--handler=daytime", NULL);
    assert_int_equal(ask(asker, control_option(server), NULL), 1);
    expect_complaint(asker, ": the answer ends in its middle; ");
    assert_int_equal(ask(asker, "--watch=99ms", NULL), 2);
    assert_int_equal(ask(asker, "--sort=size", NULL), 2);
    assert_int_equal(ask(asker, "--control=", NULL), 2);
    assert_int_equal(ask(asker, "more", NULL), 2);
    assert_int_equal(ask(asker, "--json", "--sort=cpu"), 2);
    expect_complaint(asker, "thrd: status: --sort orders the table, and --json has none");
}

/* A process that is stopped accepts nobody; its backlog does. */
static void a_server_that_is_stopped_is_not_waited_for(struct process *server)
{
    struct process *asker = suite_another_process();
    if (suite_mode() != THRDSRV_MODE_THREAD)
        suite_skip("the same in all modes, and takes five seconds");
    process_start(server, control_option(server), NULL);
    process_signal(server, SIGSTOP);
    assert_int_equal(ask(asker, control_option(server), NULL), 1);
    expect_complaint(asker, "/control: no answer within 5 seconds; the process is stopped, or ");
    process_signal(server, SIGCONT);
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
}

/* ---- Who may ask ------------------------------------------------------------------------- */

static void only_the_owner_may_ask(struct process *server)
{
    struct process *asker = suite_another_process();
    struct stat file;
    char refusal[PATH_SIZE + 96];
    process_start(server, control_option(server), NULL);
    assert_int_equal(lstat(control_path(server), &file), 0);
    assert_true(S_ISSOCK(file.st_mode));
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_int_equal(file.st_uid, getuid());
    if (getuid() != 0)
        suite_skip("only root can be another user");
    assert_int_equal(chmod(server->dir, 0755), 0);
    asker->uid = process_lonely_user();
    assert_int_equal(
        process_run(asker, output, sizeof output, "status", control_option(server), NULL), 1);
    expect_complaint(asker, ": Permission denied; the server's user and root may ask");
    /* Somebody has changed the mode. */
    assert_int_equal(chmod(control_path(server), 0666), 0);
    process_renew(asker);
    asker->uid = process_lonely_user();
    assert_int_equal(
        process_run(asker, output, sizeof output, "status", control_option(server), NULL), 1);
    assert_string_equal(output, "");
    expect_complaint(asker, ": the server says nothing; it stops, or it is another user's");
    snprintf(refusal, sizeof refusal,
             "level=warn msg=\"connection refused\" reason=admission control=%s",
             control_path(server));
    process_log_wait(server, refusal);
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
}

static void root_may_ask(struct process *server)
{
    struct process *asker = suite_another_process();
    if (getuid() != 0)
        suite_skip("only root can be another user");
    server->uid = process_lonely_user();
    assert_int_equal(chown(server->dir, server->uid, server->uid), 0);
    process_start(server, control_option(server), NULL);
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
}

/* ---- The socket file --------------------------------------------------------------------- */

static void a_stale_socket_is_replaced(struct process *server)
{
    struct process *asker = suite_another_process();
    leave_socket(server->dir, "control");
    process_start(server, control_option(server), NULL);
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
    process_stop(server);
    assert_int_equal(access(control_path(server), F_OK), -1);
    assert_int_equal(errno, ENOENT);
}

static void a_socket_in_use_is_left_alone(struct process *server)
{
    struct process *second = suite_another_process();
    struct process *asker = suite_another_process();
    process_start(server, control_option(server), NULL);
    assert_int_equal(process_start_refused(second, control_option(server), NULL), 1);
    process_log_wait(second, "level=error msg=\"cannot listen\"");
    second->expect_exit = 1;
    second->expect_quiet = true;
    assert_int_equal(ask(asker, control_option(server), NULL), 0);
}

static void without_a_directory_it_does_not_start(struct process *server)
{
    assert_int_equal(process_start_refused(server, "--control=/nonexistent/control", NULL), 1);
    process_log_wait(server,
                     "level=error msg=\"cannot listen\" error=\"No such file or directory\"");
    server->expect_exit = 1;
    server->expect_quiet = true;
}

/* Standard streams and the connection. */
static void children_do_not_hold_it(struct process *server)
{
    if (suite_mode() != THRDSRV_MODE_FORK)
        suite_skip("there are no children");
    if (process_is_wrapped())
        suite_skip("the wrapper has descriptors of its own");
    process_start(server, control_option(server), NULL);
    int fd = client_served(process_address(server));
    assert_int_equal(proc_count_fds(process_wait_child(server, 0)), 4);
    client_leave(fd);
}

/* ---- Who disturbs whom ------------------------------------------------------------------- */

static void many_ask_at_once(struct process *server)
{
    enum { ASKERS = 30 };
    int fds[ASKERS];
    static char text[OUTPUT_SIZE];
    process_start(server, control_option(server), NULL);
    int fd = client_served(process_address(server));
    for (int i = 0; i < ASKERS; i++)
        fds[i] = client_connect(control_address(server));
    for (int i = 0; i < ASKERS; i++) {
        text[client_read_all(fds[i], text, sizeof text - 1)] = '\0';
        expect(text, "msg=slot conn=1 slot=0 ");
        expect(text, "\nmsg=counters accepted=1 active=1 ");
        client_close(fds[i]);
    }
    client_echo(fd, "hello");
    client_leave(fd);
}

/* Children are forked while the other thread of the server answers: none of them may hang. */
static void answers_while_children_are_made(struct process *server)
{
    process_start(server, control_option(server), NULL);
    for (size_t i = 0; i < scaled(200); i++) {
        int asker = client_connect(control_address(server));
        int fd = client_connect(process_address(server));
        client_echo(fd, "hello");
        client_leave(fd);
        client_wait_end(asker);
        client_close(asker);
    }
    expect_answer(control_address(server));
}

/* Who is there and does not go: others have their answer, a moment later. */
static void who_stays_is_not_waited_for(struct process *server)
{
    process_start(server, control_option(server), NULL);
    int stays = client_connect(control_address(server));
    client_send_text(stays, "shutdown now\n"); /* there are no orders */
    int fd = client_served(process_address(server));
    expect_answer(control_address(server));
    client_echo(fd, "hello");
    client_leave(fd);
    client_close(stays);
}

/* More than the socket holds: the answer cannot be sent, and the service goes on meanwhile. */
static void who_does_not_read_is_cut(struct process *server)
{
    struct process *asker = suite_another_process();
    size_t crowd = 1500;
    char slots[32];
    if (suite_mode() != THRDSRV_MODE_THREAD || process_is_wrapped() || suite_has_sanitizer())
        suite_skip("needs very many connections, of which threads are the cheapest");
    snprintf(slots, sizeof slots, "--slots=%zu", crowd);
    process_start(server, control_option(server), slots, NULL);
    for (size_t i = 0; i < crowd; i++)
        client_connect(process_address(server));
    int fd = client_connect(process_address(server)); /* waits for a slot */
    int deaf = client_connect(control_address(server));
    int64_t begun_ms = now_ms();
    asker->stdout_fd = open("/dev/null", O_WRONLY | O_CLOEXEC); /* a pipe would not hold it */
    process_command(asker, "status", control_option(server), NULL);
    assert_int_equal(process_wait_exit(asker), 0);
    close(asker->stdout_fd);
    assert_in_range(now_ms() - begun_ms, 500, 4500); /* it had to wait for the other one's end */
    client_wait_end(deaf);
    clients_close_all();
    fd = client_served(process_address(server));
    client_leave(fd);
}

static void a_stop_does_not_wait_for_who_asks(struct process *server)
{
    process_start(server, control_option(server), NULL);
    int stays = client_connect(control_address(server));
    int behind = client_connect(control_address(server));
    int64_t begun_ms = now_ms();
    process_stop(server);
    assert_in_range(now_ms() - begun_ms, 0, allow_ms(1000));
    assert_int_equal(access(control_path(server), F_OK), -1);
    client_wait_end(stays);
    client_wait_end(behind);
}

/* Whoever asks while the server starts and stops gets an answer, or the end. */
static void stops_while_it_is_asked(struct process *server)
{
    for (size_t i = 0; i < scaled(10); i++) {
        int fds[4];
        process_start(server, control_option(server), NULL);
        for (size_t j = 0; j < 4; j++)
            fds[j] = client_connect(control_address(server));
        process_stop(server);
        for (size_t j = 0; j < 4; j++)
            client_wait_end(fds[j]);
        process_renew(server);
    }
}

/* ---- Again and again --------------------------------------------------------------------- */

/* Reads from the program's output until it has had count times the text. */
static void read_until(int fd, const char *text, size_t count)
{
    size_t length = 0;
    int64_t deadline = patience();
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        size_t found = 0;
        output[length] = '\0';
        for (const char *at = output; (at = strstr(at, text)); at++)
            found++;
        if (found >= count)
            return;
        assert_true(length < sizeof output - 1);
        assert_int_equal(poll(&ready, 1, time_left(deadline)), 1);
        ssize_t got = read(fd, output + length, sizeof output - 1 - length);
        assert_true(got > 0);
        length += (size_t)got;
    }
}

static void watches_until_the_server_has_gone(struct process *server)
{
    struct process *asker = suite_another_process();
    process_start(server, control_option(server), NULL);
    process_command(asker, "status", control_option(server), "--watch=100ms", "--json", NULL);
    read_until(asker->out, "{\"server\":", 3);
    process_stop(server);
    asker->expect_exit = 1;
    assert_int_equal(process_wait_exit(asker), 1);
    expect_complaint(asker, "/control: ");
}

static void answers_follow_each_other(struct process *server)
{
    struct process *asker = suite_another_process();
    process_start(server, control_option(server), NULL);
    process_command(asker, "status", control_option(server), "--watch=100ms", NULL);
    read_until(asker->out, "\n\nthrd ", 2);
    assert_null(strchr(output, '\033'));
    process_signal(asker, SIGINT);
    asker->expect_exit = 128 + SIGINT;
    assert_int_equal(process_wait_exit(asker), 128 + SIGINT);
}

/* A terminal; *inside becomes the end that a program has. */
static int open_terminal(unsigned short columns, unsigned short lines, int *inside)
{
    const struct winsize window = {.ws_row = lines, .ws_col = columns};
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    *inside = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*inside >= 0);
    assert_int_equal(ioctl(*inside, TIOCSWINSZ, &window), 0);
    return terminal;
}

/* Takes the first screen in output apart. Returns how many lines it has, each of which must fit. */
static size_t count_screen_lines(ssize_t columns)
{
    size_t lines = 0;
    char *end = strstr(output, "\033[J\033[H");
    assert_memory_equal(output, "\033[Hthrd ", strlen("\033[Hthrd "));
    assert_non_null(end);
    *end = '\0';
    for (char *line = output + strlen("\033[H"); *line != '\0'; lines++) {
        char *rest = strstr(line, "\033[K\r\n");
        assert_non_null(rest);
        assert_true(rest - line <= columns);
        line = rest + strlen("\033[K\r\n");
    }
    return lines;
}

/* Drawn over what is there, and nothing outside: the cursor has the last line. */
static void a_terminal_is_redrawn(struct process *server)
{
    static const unsigned short heights[] = {12, 6};
    struct process *asker = suite_another_process();
    process_start(server, control_option(server), NULL);
    int fd = client_served(process_address(server));
    for (size_t i = 0; i < sizeof heights / sizeof heights[0]; i++) {
        int inside;
        int terminal = open_terminal(60, heights[i], &inside);
        asker->stdout_fd = inside;
        process_command(asker, "status", control_option(server), "--watch=100ms", NULL);
        read_until(terminal, "\033[H", 3);
        assert_null(strstr(output, "MODE"));
        assert_true((strstr(output, "\033[K\r\nSLOT ") != NULL) == (heights[i] > 9));
        assert_int_equal(count_screen_lines(60), heights[i] > 10 ? 10 : heights[i] - 1);
        process_signal(asker, SIGINT);
        asker->expect_exit = 128 + SIGINT;
        assert_int_equal(process_wait_exit(asker), 128 + SIGINT);
        process_renew(asker);
        close(inside);
        close(terminal);
    }
    client_leave(fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(shows_who_is_connected),
        CASE(json_is_json),
        CASE(programs_are_shown),
        CASE(answers_when_all_slots_are_taken),
        CASE(tells_of_the_drain),
        CASE(finds_the_only_server),
        CASE(lists_several_servers),
        CASE(without_a_usual_place_a_path_is_needed),
        CASE(what_does_not_answer_is_named),
        CASE(a_server_that_is_stopped_is_not_waited_for),
        CASE(only_the_owner_may_ask),
        CASE(root_may_ask),
        CASE(a_stale_socket_is_replaced),
        CASE(a_socket_in_use_is_left_alone),
        CASE(without_a_directory_it_does_not_start),
        CASE(children_do_not_hold_it),
        CASE(many_ask_at_once),
        CASE(answers_while_children_are_made),
        CASE(who_stays_is_not_waited_for),
        CASE(who_does_not_read_is_cut),
        CASE(a_stop_does_not_wait_for_who_asks),
        CASE(stops_while_it_is_asked),
        CASE(watches_until_the_server_has_gone),
        CASE(answers_follow_each_other),
        CASE(a_terminal_is_redrawn),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("status", cases, NULL, NULL);
}
