/* test_connect - "thrd connect": everything that standard input and output can be, every way in
 * which a server can end, each with its status and its message, in both modes of the client,
 * against the server in the mode of the suite. What the system refuses it is
 * tests/unit/test_split_io.c's. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "clients.h"
#include "patience.h"
#include "pipes.h"
#include "planted_server.h"
#include "proc_fs.h"
#include "process_log.h"
#include "pseudo_terminal.h"
#include "suite.h"

enum {
    STATUS_SYSTEM = 1,
    STATUS_USAGE,
    STATUS_LEFT_OVER,
    STATUS_BROKEN,
    STATUS_IDLE,
    BUFFER = 131072, /* that of each half */
};

static const char *const modes[] = {
    "--mode=thread",
#if WITH_FORK
    "--mode=fork",
#endif
};

enum { MODES = sizeof modes / sizeof modes[0] };

static const char option_timeout[] =
    "--timeout=20s"; /* where an option is wanted that does nothing */

/* ---- Starting it ------------------------------------------------------------------------- */

static void start(struct process *client, const char *mode, const char *option, const char *address)
{
    process_command(client, "connect", mode, option, address, NULL);
}

static struct pipes start_between_pipes(struct process *client, const char *mode,
                                        const char *option, const char *address)
{
    struct pipes pipes = pipes_make(client, 0);
    start(client, mode, option, address);
    pipes_hand_over(client);
    return pipes;
}

static int open_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    return fd;
}

static int open_scratch(struct process *p, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", p->dir, name);
    return open_path(path, O_RDWR | O_CREAT | O_TRUNC);
}

/* Runs it with its standard input open at fd, which is closed, to its end. */
static void run_from(struct process *client, int fd, const char *mode, const char *address,
                     int status, const char *message)
{
    client->stdin_fd = fd;
    start(client, mode, option_timeout, address);
    pipes_expect_end(client, status, message);
    close(fd);
}

static struct pattern text_pattern(const char *text)
{
    size_t size = strlen(text);
    return (struct pattern){(const unsigned char *)text, size, size};
}

/* ---- All of it, in both directions ------------------------------------------------------- */

static uint64_t large(void)
{
    return scaled((size_t)64 << 20);
}

/* More than all buffers on the way hold. */
static void large_streams_come_back_whole(struct process *server)
{
    struct process *client = suite_another_process();
    struct pattern request = stream_random(large());
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES; i++) {
        pipes_converse(
            start_between_pipes(client, modes[i], option_timeout, process_address(server)),
            &request, &request);
        pipes_expect_end(client, 0, "");
        process_renew(client);
    }
}

/* What this is for: a client that writes all and then reads never comes to the reading. */
static void a_client_that_writes_and_then_reads_stands_still(struct process *server)
{
    static const char block[BUFFER];
    uint64_t sent = 0;
    process_start(server, "--handler=echo", NULL);
    int fd = client_connect(process_address(server));
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    while (sent < (uint64_t)1 << 30 && poll(&room, 1, (int)allow_ms(500)) > 0) {
        ssize_t count = send(fd, block, sizeof block, MSG_NOSIGNAL);
        assert_true(count > 0 || errno == EAGAIN);
        sent += count > 0 ? (uint64_t)count : 0;
    }
    assert_true(sent > 0);
    assert_true(sent < (uint64_t)1 << 30);
}

static void every_kind_of_address_is_taken(struct process *server)
{
    struct process *client = suite_another_process();
    struct pattern text = text_pattern("hello\n");
    char path[128];
    char by_name[128];
    snprintf(path, sizeof path, "--listen=unix:%s/socket", server->dir);
    process_start(server, "--handler=echo", "--listen=localhost:0", path, NULL);
    const char *port = strrchr(server->address[0], ':');
    snprintf(by_name, sizeof by_name, "localhost%s", port);
    for (size_t i = 0; i < MODES; i++)
        for (size_t n = 0; n <= server->addresses; n++) {
            const char *address = n < server->addresses ? server->address[n] : by_name;
            pipes_converse(start_between_pipes(client, modes[i], option_timeout, address), &text,
                           &text);
            pipes_expect_end(client, 0, "");
            process_renew(client);
        }
}

/* Sizes around the buffers, from a file to a file. */
static void files_of_every_size_come_back(struct process *server)
{
    static const size_t sizes[] = {0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 1000003};
    static unsigned char got[1000004];
    struct pattern bytes = stream_random(sizeof got);
    struct process *client = suite_another_process();
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES * sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i / MODES];
        int in = open_scratch(client, "in");
        client->stdout_fd = open_scratch(client, "out");
        assert_int_equal(write(in, bytes.data, size), size);
        lseek(in, 0, SEEK_SET);
        run_from(client, in, modes[i % MODES], process_address(server), 0, "");
        assert_int_equal(pread(client->stdout_fd, got, sizeof got, 0), size);
        assert_memory_equal(got, bytes.data, size);
        close(client->stdout_fd);
        process_renew(client);
    }
}

static void small_pieces_are_sent_and_shown_at_once(struct process *server)
{
    struct process *client = suite_another_process();
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES; i++) {
        struct pipes pipes = pipes_make(client, O_NONBLOCK);
        start(client, modes[i], option_timeout, process_address(server));
        pipes_hand_over(client);
        for (const char *piece = "hello"; *piece != '\0'; piece++) {
            char text[2] = {*piece, '\0'};
            pipes_send_text(pipes.request, text);
            pipes_expect_text(pipes.reply, text);
        }
        close(pipes.request);
        pipes_expect_end(client, 0, "");
        close(pipes.reply);
        process_renew(client);
    }
}

/* No input, or none that could be read, is an end of the input at once. */
static void without_input_the_answer_comes_all_the_same(struct process *server)
{
    struct process *client = suite_another_process();
    process_start(server, "--handler=daytime", NULL);
    for (size_t i = 0; i < 2 * MODES; i++) {
        char answer[100];
        client->with_stdin_closed = i >= MODES;
        run_from(client, open_path("/dev/null", O_RDONLY), modes[i % MODES],
                 process_address(server), 0, "");
        ssize_t count = read(client->out, answer, sizeof answer);
        assert_true(count > 20 && answer[count - 1] == '\n');
        process_renew(client);
    }
}

/* ---- The server ends --------------------------------------------------------------------- */

/* Input that is not there yet is not waited for, in a pipe or at a terminal: the server's last word
 * is shown, and that is the end. */
static void an_idle_input_does_not_delay_the_end(struct process *server)
{
    static const char last[] =
        "abcdeerror: expected a number from 0 to 2147483647 and a newline\r\n";
    struct process *client = suite_another_process();
    process_start(server, "--handler=bytes", NULL);
    for (size_t i = 0; i < MODES; i++) {
        struct pipes pipes =
            start_between_pipes(client, modes[i], option_timeout, process_address(server));
        pipes_send_text(pipes.request, "5\nx\n");
        pipes_expect_end(client, 0, "");
        pipes_expect_text(pipes.reply, last);
        close(pipes.request);
        close(pipes.reply);
        process_renew(client);
        int terminal;
        int keyboard = pseudo_terminal_open(&terminal);
        client->stdin_fd = terminal;
        client->stdout_fd = terminal;
        start(client, modes[i], option_timeout, process_address(server));
        pipes_send_text(keyboard, "5\n");
        pipes_expect_text(keyboard, "abcde");
        pipes_send_text(keyboard, "x\n");
        pipes_expect_end(client, 0, "");
        pipes_expect_text(keyboard, "error: expected a number");
        close(terminal);
        close(keyboard);
        process_renew(client);
    }
}

static void a_server_that_ends_before_it_had_all_is_told(struct process *server)
{
    struct process *client = suite_another_process();
    process_start(server, "--handler=daytime", NULL);
    client->stdout_fd = open_path("/dev/null", O_WRONLY);
    for (size_t i = 0; i < MODES; i++) {
        int out = client->stdout_fd;
        run_from(client, open_path("/dev/zero", O_RDONLY), modes[i], process_address(server),
                 STATUS_LEFT_OVER, ": the server ended before it had all of the input\n");
        process_renew(client);
        client->stdout_fd = out;
    }
    close(client->stdout_fd);
}

/* Says something and resets the connection; what was said is not lost. */
static void say_and_reset(struct planted_client *client, const unsigned char *data, size_t size)
{
    (void)data;
    if (size == 0)
        planted_send(client, "partial answer", 14);
    else
        planted_reset(client);
}

static const char *planted_address(const struct planted_server *planted, char *buf, size_t size)
{
    struct sockaddr_in address;
    memcpy(&address, &planted->address, sizeof address);
    snprintf(buf, size, "127.0.0.1:%u", ntohs(address.sin_port));
    return buf;
}

static void a_reset_is_told_behind_what_had_come(struct process *unused)
{
    static struct planted_server planted;
    struct process *client = suite_another_process();
    char address[64];
    (void)unused;
    planted_server_start(&planted, AF_INET, say_and_reset, NULL);
    for (size_t i = 0; i < MODES; i++) {
        struct pipes pipes = start_between_pipes(
            client, modes[i], option_timeout, planted_address(&planted, address, sizeof address));
        pipes_expect_text(pipes.reply, "partial");
        pipes_send_text(pipes.request, "go");
        pipes_expect_end(client, STATUS_BROKEN,
                         ": the connection broke: Connection reset by peer\n");
        pipes_expect_text(pipes.reply, " answer");
        close(pipes.request);
        close(pipes.reply);
        process_renew(client);
    }
    planted_server_stop(&planted);
}

/* ---- No connection ----------------------------------------------------------------------- */

static void expect_unconnected(struct process *client, const char *option, const char *address,
                               const char *message)
{
    client->stdin_fd = open_path("/dev/null", O_RDONLY);
    start(client, modes[0], option, address);
    pipes_expect_end(client, STATUS_SYSTEM, message);
    close(client->stdin_fd);
    process_renew(client);
}

static int listening_socket(const struct sockaddr *address, socklen_t size)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, address, size), 0);
    assert_int_equal(listen(fd, 0), 0);
    return fd;
}

/* Connects until nobody more can: the queue of a listener of which nobody accepts. */
static size_t fill_queue(const struct sockaddr *address, socklen_t size, int *fds, size_t max)
{
    for (size_t n = 0; n < max; n++) {
        fds[n] = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(fds[n] >= 0);
        struct pollfd done = {.fd = fds[n], .events = POLLOUT};
        if (connect(fds[n], address, size) < 0 &&
            (errno != EINPROGRESS || poll(&done, 1, (int)allow_ms(200)) == 0))
            return n + 1;
    }
    suite_fail("the queue takes more than %zu", max);
}

static void expect_timeout(struct process *client, const struct sockaddr *address, socklen_t size,
                           const char *text)
{
    int fds[16];
    size_t count = fill_queue(address, size, fds, 16);
    int64_t begun_ms = now_ms();
    expect_unconnected(client, "--timeout=100ms", text,
                       " timed out; nothing answers"); /* each libc has words of its own for it */
    assert_in_range(now_ms() - begun_ms, 100, allow_ms(10000));
    while (count > 0)
        close(fds[--count]);
}

static void who_cannot_connect_says_why(struct process *unused)
{
    struct process *client = suite_another_process();
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof v4;
    char text[160];
    (void)unused;
    int listener = listening_socket((struct sockaddr *)&v4, sizeof v4);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&v4, &size), 0);
    snprintf(text, sizeof text, "127.0.0.1:%u", ntohs(v4.sin_port));
    expect_timeout(client, (struct sockaddr *)&v4, sizeof v4, text);
    close(listener);
    expect_unconnected(client, option_timeout, text,
                       ": cannot connect: Connection refused; nobody listens there");
    snprintf(un.sun_path, sizeof un.sun_path, "%s/full", client->dir);
    snprintf(text, sizeof text, "unix:%s", un.sun_path);
    listener = listening_socket((struct sockaddr *)&un, sizeof un);
    expect_timeout(client, (struct sockaddr *)&un, sizeof un, text);
    close(listener);
    expect_unconnected(client, option_timeout, "unix:/nowhere/socket",
                       "thrd: connect unix:/nowhere/socket: cannot connect: No such file or "
                       "directory; there is no such socket");
    expect_unconnected(client, option_timeout, "127.0.0.1:no-such-service",
                       "thrd: connect: cannot look up '127.0.0.1:no-such-service': ");
}

/* ---- Nothing moves ----------------------------------------------------------------------- */

static void silence_ends_it_with_idle(struct process *server)
{
    struct process *client = suite_another_process();
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES; i++) {
        int64_t begun_ms = now_ms();
        struct pipes pipes =
            start_between_pipes(client, modes[i], "--idle=200ms", process_address(server));
        pipes_send_text(pipes.request, "hello");
        pipes_expect_text(pipes.reply, "hello");
        pipes_expect_end(client, STATUS_IDLE, ": nothing has moved for 200ms (--idle)\n");
        assert_true(now_ms() - begun_ms >= 200);
        close(pipes.request);
        close(pipes.reply);
        process_renew(client);
    }
}

/* Input that is taken without an answer is a movement. */
static void a_server_that_only_listens_is_not_idle(struct process *server)
{
    struct process *client = suite_another_process();
    char option[32];
    int64_t idle_ms = allow_ms(400);
    snprintf(option, sizeof option, "--idle=%lldms", (long long)idle_ms);
    process_start(server, "--handler=discard", NULL);
    for (size_t i = 0; i < MODES; i++) {
        struct pipes pipes = start_between_pipes(client, modes[i], option, process_address(server));
        for (int64_t begun_ms = now_ms(); now_ms() - begun_ms < 2 * idle_ms; let_pass(20))
            pipes_send_text(pipes.request, "and");
        close(pipes.request);
        pipes_expect_end(client, 0, "");
        close(pipes.reply);
        process_renew(client);
    }
}

/* While the reader of its output takes its time, nobody is idle but that reader. */
static void a_slow_reader_is_waited_for(struct process *server)
{
    struct process *client = suite_another_process();
    char option[32];
    int64_t idle_ms = allow_ms(200);
    snprintf(option, sizeof option, "--idle=%lldms", (long long)idle_ms);
    process_start(server, "--handler=bytes", NULL);
    for (size_t i = 0; i < MODES; i++) {
        static char got[1000000];
        size_t size = 0;
        struct pipes pipes = start_between_pipes(client, modes[i], option, process_address(server));
        pipes_send_text(pipes.request, "1000000\n");
        close(pipes.request);
        let_pass(3 * idle_ms);
        struct pollfd ready = {.fd = pipes.reply, .events = POLLIN};
        for (ssize_t count = 1; count > 0; size += (size_t)count) {
            assert_int_equal(poll(&ready, 1, time_left(patience())), 1);
            count = read(pipes.reply, got + size, sizeof got - size);
            assert_true(count >= 0);
        }
        assert_int_equal(size, sizeof got);
        pipes_expect_end(client, 0, "");
        close(pipes.reply);
        process_renew(client);
    }
}

/* ---- Standard streams that fail ---------------------------------------------------------- */

/* What ends of a signal has joined no thread, which for memcheck is a leak. */
static void skip_signals_under_valgrind(void)
{
    if (process_is_wrapped())
        suite_skip("the program is to die of a signal");
}

static void read_some_and_close(int fd)
{
    pipes_expect_text(fd, " !\"#$%&");
    close(fd);
}

static void it_ends_quietly_with_its_reader(struct process *server)
{
    struct process *client = suite_another_process();
    skip_signals_under_valgrind();
    process_start(server, "--handler=chargen", NULL);
    for (size_t i = 0; i < 2 * MODES; i++) {
        bool told = i >= MODES; /* whoever has SIGPIPE ignored wants to hear of it */
        client->with_sigpipe_ignored = told;
        struct pipes pipes =
            start_between_pipes(client, modes[i % MODES], option_timeout, process_address(server));
        read_some_and_close(pipes.reply);
        pipes_expect_end(client, told ? STATUS_SYSTEM : 128 + SIGPIPE,
                         told ? "thrd: cannot write to standard output: Broken pipe\n" : "");
        close(pipes.request);
        process_renew(client);
    }
}

static void output_that_is_lost_is_an_error(struct process *server)
{
    struct process *client = suite_another_process();
    process_start(server, "--handler=daytime", NULL);
    for (size_t i = 0; i < MODES; i++) {
        client->stdout_fd = open_path("/dev/full", O_WRONLY);
        run_from(client, open_path("/dev/null", O_RDONLY), modes[i], process_address(server),
                 STATUS_SYSTEM, "thrd: cannot write to standard output: No space left on device\n");
        close(client->stdout_fd);
        process_renew(client);
        if (process_is_wrapped())
            continue; /* the wrapper opens streams that are closed */
        client->with_stdout_closed = true;
        run_from(client, open_path("/dev/null", O_RDONLY), modes[i], process_address(server),
                 STATUS_SYSTEM, "thrd: cannot write to standard output: Bad file descriptor\n");
        process_renew(client);
    }
}

/* The server is not told that this was all. */
static void input_that_cannot_be_read_resets_the_connection(struct process *server)
{
    struct process *client = suite_another_process();
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES; i++) {
        run_from(client, open_path("/tmp", O_RDONLY), modes[i], process_address(server),
                 STATUS_SYSTEM, "thrd: cannot read standard input: Is a directory\n");
        process_renew(client);
    }
    process_log_wait_count(server, "msg=end end=reset", MODES);
}

/* ---- Signals and processes --------------------------------------------------------------- */

static void wait_served(const struct pipes *pipes)
{
    pipes_send_text(pipes->request, "up?");
    pipes_expect_text(pipes->reply, "up?");
}

/* The child, where there is one, goes along, also when its parent can do nothing for it. */
static void signals_end_all_of_it(struct process *server)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGKILL};
    struct process *client = suite_another_process();
    skip_signals_under_valgrind();
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES * sizeof signals / sizeof signals[0]; i++) {
        int number = signals[i / MODES];
        bool forks = i % MODES == 1;
        struct pipes pipes =
            start_between_pipes(client, modes[i % MODES], option_timeout, process_address(server));
        wait_served(&pipes);
        pid_t child = forks ? process_wait_child(client, 0) : 0;
        process_signal(client, number);
        pipes_expect_end(client, 128 + number, "");
        if (forks)
            process_wait_gone(child);
        close(pipes.request);
        close(pipes.reply);
        process_renew(client);
    }
}

static void a_killed_sender_is_told(struct process *server)
{
    struct process *client = suite_another_process();
    if (MODES == 1)
        suite_skip("this build has no mode fork");
    process_start(server, "--handler=echo", NULL);
    struct pipes pipes =
        start_between_pipes(client, modes[MODES - 1], option_timeout, process_address(server));
    wait_served(&pipes);
    assert_int_equal(kill(process_wait_child(client, 0), SIGKILL), 0);
    pipes_expect_end(client, STATUS_SYSTEM, ": the sending process was ended by signal 9\n");
    close(pipes.request);
    close(pipes.reply);
}

/* In the modes it is what it says: two threads in one process, or two processes of one thread. */
static void threads_are_threads_and_processes_are_processes(struct process *server)
{
    struct process *client = suite_another_process();
    if (process_is_wrapped() || suite_has_thread_sanitizer())
        suite_skip("the tool has threads of its own");
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES; i++) {
        pid_t children[2];
        struct pipes pipes =
            start_between_pipes(client, modes[i], option_timeout, process_address(server));
        wait_served(&pipes);
        assert_int_equal(proc_count_tasks(client->pid), i == 0 ? 2 : 1);
        assert_int_equal(proc_children(client->pid, 0, children, 2), i);
        close(pipes.request);
        pipes_expect_end(client, 0, "");
        close(pipes.reply);
        process_renew(client);
    }
}

/* ---- A terminal in raw mode -------------------------------------------------------------- */

struct raw_session {
    struct termios before;
    int keyboard;
    int terminal;
};

static struct raw_session start_raw(struct process *client, const char *mode, const char *address)
{
    struct raw_session raw;
    raw.keyboard = pseudo_terminal_open(&raw.terminal);
    assert_int_equal(tcgetattr(raw.terminal, &raw.before), 0);
    client->stdin_fd = raw.terminal;
    client->stdout_fd = raw.terminal;
    process_command(client, "connect", mode, "--raw", address, NULL);
    int64_t deadline = patience();
    struct termios now = raw.before;
    while ((now.c_lflag & ICANON) && look_again(deadline))
        assert_int_equal(tcgetattr(raw.terminal, &now), 0);
    assert_int_equal(now.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG), 0);
    assert_int_equal(now.c_oflag & (tcflag_t)OPOST, 0);
    return raw;
}

static void expect_restored(const struct raw_session *raw)
{
    struct termios now;
    assert_int_equal(tcgetattr(raw->terminal, &now), 0);
    assert_int_equal(now.c_lflag, raw->before.c_lflag);
    assert_int_equal(now.c_iflag, raw->before.c_iflag);
    assert_int_equal(now.c_oflag, raw->before.c_oflag);
    assert_int_equal(now.c_cflag, raw->before.c_cflag);
    assert_memory_equal(now.c_cc, raw->before.c_cc, sizeof now.c_cc);
    close(raw->keyboard);
    close(raw->terminal);
}

/* Ctrl-C and Ctrl-D are bytes like others, and no line has to be completed. */
static void raw_sends_each_key_until_the_escape(struct process *server)
{
    struct process *client = suite_another_process();
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES; i++) {
        struct raw_session raw = start_raw(client, modes[i], process_address(server));
        for (const char *key = "a\003\004\r\n\177"; *key != '\0'; key++) {
            char text[2] = {*key, '\0'};
            pipes_send_text(raw.keyboard, text);
            pipes_expect_text(raw.keyboard, text);
        }
        pipes_send_text(raw.keyboard, "last\035not this");
        pipes_expect_end(client, 0, "; Ctrl-] ends\n");
        expect_restored(&raw);
        process_renew(client);
    }
    process_log_wait_count(server, "msg=end in=10", MODES);
}

static void raw_is_undone_when_the_server_ends(struct process *server)
{
    struct process *client = suite_another_process();
    process_start(server, "--handler=bytes", NULL);
    for (size_t i = 0; i < MODES; i++) {
        struct raw_session raw = start_raw(client, modes[i], process_address(server));
        pipes_send_text(raw.keyboard, "x\n");
        pipes_expect_text(raw.keyboard, "error: ");
        pipes_expect_end(client, 0, "; Ctrl-] ends\n");
        expect_restored(&raw);
        process_renew(client);
    }
}

static void raw_is_undone_by_signals(struct process *server)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
    struct process *client = suite_another_process();
    skip_signals_under_valgrind();
    process_start(server, "--handler=echo", NULL);
    for (size_t i = 0; i < MODES * sizeof signals / sizeof signals[0]; i++) {
        int number = signals[i / MODES];
        struct raw_session raw = start_raw(client, modes[i % MODES], process_address(server));
        pipes_send_text(raw.keyboard, "up?");
        pipes_expect_text(raw.keyboard, "up?");
        process_signal(client, number);
        pipes_expect_end(client, 128 + number, "; Ctrl-] ends\n");
        expect_restored(&raw);
        process_renew(client);
    }
}

static void raw_is_undone_when_the_reader_goes(struct process *server)
{
    struct process *client = suite_another_process();
    skip_signals_under_valgrind();
    process_start(server, "--handler=chargen", NULL);
    for (size_t i = 0; i < MODES; i++) {
        struct raw_session raw;
        int out[2];
        raw.keyboard = pseudo_terminal_open(&raw.terminal);
        assert_int_equal(tcgetattr(raw.terminal, &raw.before), 0);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        client->stdin_fd = raw.terminal;
        client->stdout_fd = out[1];
        process_command(client, "connect", modes[i], "--raw", process_address(server), NULL);
        close(out[1]);
        read_some_and_close(out[0]);
        pipes_expect_end(client, 128 + SIGPIPE, "; Ctrl-] ends\n");
        expect_restored(&raw);
        process_renew(client);
    }
}

/* ---- Usage ------------------------------------------------------------------------------- */

/* "thrd connect ARGUMENTS": status 2, nothing on stdout, and this on stderr. */
static void refuses(struct process *client, const char *first, const char *second,
                    const char *message)
{
    char output[64];
    client->stdin_fd = open_path("/dev/null", O_RDONLY);
    assert_int_equal(process_run(client, output, sizeof output, "connect", first, second, NULL),
                     STATUS_USAGE);
    assert_string_equal(output, "");
    const char *text = strstr(process_log_text(client), "thrd: ");
    assert_non_null(text);
    assert_memory_equal(text, message, strlen(message));
    close(client->stdin_fd);
    process_renew(client);
}

#define KINDS        "HOST:PORT, [V6]:PORT or unix:PATH"
#define NO_ADDRESS   ": not an address; allowed: " KINDS
#define TIMES        "; allowed: 1ms to 10000d, or off, default off\n"
#define TOO_LONG_END "0123456789012345678901234567890123456789012345678901234567890123456789"

static void usage_errors_say_what_is_allowed(struct process *client)
{
    static const char *const addresses[] = {
        "localhost", ":80",    "h:",    "h:0",     "h:65536", "::1:80",
        "[::1]",     "[::1]:", "[]:80", "h:00000", "h:1:2",   ""};
    refuses(client, NULL, NULL, "thrd: connect: needs the address of a server: " KINDS "\n");
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        char message[160];
        snprintf(message, sizeof message, "thrd: connect %s%s", addresses[i], NO_ADDRESS);
        refuses(client, addresses[i], NULL, message);
    }
    refuses(client, "unix:", NULL,
            "thrd: connect unix:: the path of a Unix socket must have 1 to 107 bytes\n");
    refuses(client, "unix:/" TOO_LONG_END TOO_LONG_END, NULL, "thrd: connect unix:/0123456");
    refuses(client, "h:1", "h:2",
            "thrd: connect takes the address of one server, and no more; unexpected argument h:2");
    refuses(
        client, "h:1", "--mode=inline",
        "thrd: connect: --mode=inline: no such mode; allowed: thread or fork, default thread\n");
    refuses(client, "h:1", "--timeout=5", "thrd: connect: --timeout=5: ");
    refuses(client, "h:1", "--idle=-1s", "thrd: connect: --idle=-1s: not a number" TIMES);
    refuses(
        client, "h:1", "--rwa",
        "thrd: connect: unknown option --rwa; did you mean --raw?\nTry 'thrd connect --help'.\n");
    refuses(client, "h:1", "--raw", "thrd: connect: --raw: standard input is no terminal\n");
#if !WITH_FORK
    refuses(client, "h:1", "--mode=fork",
            "thrd: connect: --mode=fork: this build has no fork mode; build with cmake "
            "-DTHRDSRV_FORK=ON\n");
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(large_streams_come_back_whole),
        CASE(a_client_that_writes_and_then_reads_stands_still),
        CASE(every_kind_of_address_is_taken),
        CASE(files_of_every_size_come_back),
        CASE(small_pieces_are_sent_and_shown_at_once),
        CASE(without_input_the_answer_comes_all_the_same),
        CASE(an_idle_input_does_not_delay_the_end),
        CASE(a_server_that_ends_before_it_had_all_is_told),
        CASE(a_reset_is_told_behind_what_had_come),
        CASE(who_cannot_connect_says_why),
        CASE(silence_ends_it_with_idle),
        CASE(a_server_that_only_listens_is_not_idle),
        CASE(a_slow_reader_is_waited_for),
        CASE(it_ends_quietly_with_its_reader),
        CASE(output_that_is_lost_is_an_error),
        CASE(input_that_cannot_be_read_resets_the_connection),
        CASE(signals_end_all_of_it),
        CASE(a_killed_sender_is_told),
        CASE(threads_are_threads_and_processes_are_processes),
        CASE(raw_sends_each_key_until_the_escape),
        CASE(raw_is_undone_when_the_server_ends),
        CASE(raw_is_undone_by_signals),
        CASE(raw_is_undone_when_the_reader_goes),
        CASE(usage_errors_say_what_is_allowed),
    };
    suite_init(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* a client that ends too early is to be reported */
    return cmocka_run_group_tests_name("connect", cases, NULL, NULL);
}
