/* test_run - "thrd run NAME": every handler as a filter between all that standard input and output
 * can be, compared byte for byte with the handler run alone; and each way in which it can fail,
 * with its status and its message. The filter's loop by itself is tests/unit/test_filter.c's. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "oracle.h"
#include "patience.h"
#include "pipes.h"
#include "proc_fs.h"
#include "process_log.h"
#include "pseudo_terminal.h"
#include "random.h"
#include "stream.h"
#include "suite.h"

enum { STATUS_SYSTEM = 1, STATUS_USAGE = 2, STATUS_REFUSED = 3 };

/* ---- Talking to it ----------------------------------------------------------------------- */

static struct pipes start_between_pipes(struct process *p, const char *handler, int flags)
{
    struct pipes pipes = pipes_make(p, flags);
    process_command(p, "run", handler, NULL);
    pipes_hand_over(p);
    return pipes;
}

/* One conversation through pipes, as the handler alone would have it. */
static void answers_as_alone(struct process *p, const char *handler, const void *input, size_t size)
{
    static const char error[] = "error: ";
    struct reply expected = oracle_reply(handler, input, size, 0, 0);
    struct pattern request = {.data = input, .size = size, .total = size};
    struct pattern reply = {.data = expected.data, .size = expected.size, .total = expected.size};
    bool refused = strcmp(handler, "bytes") == 0 &&
                   memmem(expected.data, expected.size, error, strlen(error)) != NULL;
    pipes_converse(start_between_pipes(p, handler, 0), &request, &reply);
    pipes_expect_end(p, refused ? STATUS_REFUSED : 0,
                     refused ? "thrd: run bytes: input refused after " : "");
    free(expected.data);
    process_renew(p);
}

/* The request ends, and so does the filter, without complaint; it has this yet to say. */
static void end_request(struct process *p, struct pipes pipes, const char *last)
{
    close(pipes.request);
    pipes_expect_text(pipes.reply, last);
    pipes_expect_end(p, 0, "");
    close(pipes.reply);
    process_renew(p);
}

static int open_scratch(struct process *p, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", p->dir, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    return fd;
}

/* ---- Every handler ----------------------------------------------------------------------- */

static void streams_are_answered_as_by_the_handler_alone(struct process *thrd)
{
    static const char *const handlers[] = {"echo", "rot13", "discard"};
    static const char *const texts[] = {
        "", "a", "\n", "Hello, World!\n", "one\ntwo\r\nthree without end", "AMZ[`amz{@09\r\n",
    };
    for (size_t h = 0; h < sizeof handlers / sizeof handlers[0]; h++)
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            answers_as_alone(thrd, handlers[h], texts[i], strlen(texts[i]));
}

static void bytes_gives_what_is_asked_for(struct process *thrd)
{
    static const char *const texts[] = {"",         "0\n",  "1\n2\n3\n", "10\r\n5\n",
                                        "300000\n", "x\n",  "5\nx\n5\n", "12",
                                        "5\n12",    "\r\n", "-1\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        answers_as_alone(thrd, "bytes", texts[i], strlen(texts[i]));
}

/* Of the line that is refused, not everything is taken, and the message says how much was. */
static void bytes_tells_where_it_refused(struct process *thrd)
{
    struct pattern request = {.data = (const unsigned char *)"5\nx", .size = 3, .total = 3};
    static const char answer[] =
        "abcdeerror: expected a number from 0 to 2147483647 and a newline\r\n";
    struct pattern reply = {
        .data = (const unsigned char *)answer, .size = strlen(answer), .total = strlen(answer)};
    pipes_converse(start_between_pipes(thrd, "bytes", 0), &request, &reply);
    pipes_expect_end(thrd, STATUS_REFUSED,
                     "thrd: run bytes: input refused after 3 bytes; the output says why\n");
}

/* Any second between start and end is right. The input is somebody else's: it stays in the pipe. */
static void tells_the_time(struct process *thrd, const char *handler)
{
    unsigned char got[128];
    char input[16];
    int in[2];
    bool found = false;
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    pipes_send_text(in[1], "not read");
    thrd->stdin_fd = in[0];
    time_t before = time(NULL);
    process_command(thrd, "run", handler, NULL);
    pipes_expect_end(thrd, 0, "");
    time_t after = time(NULL);
    ssize_t count = read(thrd->out, got, sizeof got);
    for (time_t t = before; t <= after && !found; t++) {
        struct reply expected = oracle_reply(handler, "", 0, 0, t);
        found = count == (ssize_t)expected.size && memcmp(got, expected.data, expected.size) == 0;
        free(expected.data);
    }
    assert_true(found);
    assert_int_equal(read(in[0], input, sizeof input), strlen("not read"));
    close(in[0]);
    close(in[1]);
}

static void daytime_tells_the_time_and_reads_nothing(struct process *thrd)
{
    tells_the_time(thrd, "daytime");
}

static void time_tells_the_time_and_reads_nothing(struct process *thrd)
{
    tells_the_time(thrd, "time");
}

/* The reader goes after 200,000 bytes; the end of the input went unnoticed long before. */
static void run_chargen(struct process *thrd)
{
    enum { SIZE = 200000 };
    static unsigned char got[SIZE];
    struct reply expected = oracle_reply("chargen", "", 0, SIZE, 0);
    struct pipes pipes = start_between_pipes(thrd, "chargen", 0);
    close(pipes.request);
    assert_int_equal(fcntl(pipes.reply, F_SETFL, 0), 0);
    for (size_t size = 0; size < SIZE;) {
        ssize_t count = read(pipes.reply, got + size, SIZE - size);
        assert_true(count > 0);
        size += (size_t)count;
    }
    assert_memory_equal(got, expected.data, SIZE);
    free(expected.data);
    close(pipes.reply);
}

static void chargen_ends_quietly_with_its_reader(struct process *thrd)
{
    run_chargen(thrd);
    pipes_expect_end(thrd, 128 + SIGPIPE, "");
}

/* Whoever started us with SIGPIPE ignored wants to hear of it. */
static void a_reader_that_goes_is_an_error_where_sigpipe_is_ignored(struct process *thrd)
{
    thrd->with_sigpipe_ignored = true;
    run_chargen(thrd);
    pipes_expect_end(thrd, STATUS_SYSTEM, "thrd: cannot write to standard output: Broken pipe\n");
}

/* ---- Large and small, fast and slow ------------------------------------------------------ */

static uint64_t large(void)
{
    return scaled((size_t)64 << 20);
}

static void large_streams_pass_through_pipes(struct process *thrd)
{
    struct pattern request = stream_random(large());
    struct pattern rotated = stream_random_rot13(large());
    struct pattern nothing = {.data = (const unsigned char *)"", .size = 1, .total = 0};
    pipes_converse(start_between_pipes(thrd, "rot13", 0), &request, &rotated);
    pipes_expect_end(thrd, 0, "");
    process_renew(thrd);
    pipes_converse(start_between_pipes(thrd, "echo", 0), &request, &request);
    pipes_expect_end(thrd, 0, "");
    process_renew(thrd);
    pipes_converse(start_between_pipes(thrd, "discard", 0), &request, &nothing);
    pipes_expect_end(thrd, 0, "");
}

static void a_large_answer_passes_through_pipes(struct process *thrd)
{
    char text[32];
    struct pattern request = {.data = (const unsigned char *)text};
    struct pattern reply = {
        .data = (const unsigned char *)"abcdefghijklmnopqrstuvwxyz", .size = 26, .total = large()};
    snprintf(text, sizeof text, "%ju\n", (uintmax_t)large());
    request.size = strlen(text);
    request.total = request.size;
    pipes_converse(start_between_pipes(thrd, "bytes", 0), &request, &reply);
    pipes_expect_end(thrd, 0, "");
}

/* Both ends may be made non-blocking by others who share them: the filter waits all the same, and
 * does not touch their mode. */
static void large_streams_pass_through_nonblocking_pipes(struct process *thrd)
{
    struct pattern request = stream_random(large());
    struct pattern rotated = stream_random_rot13(large());
    pipes_converse(start_between_pipes(thrd, "rot13", O_NONBLOCK), &request, &rotated);
    pipes_expect_end(thrd, 0, "");
}

static void a_large_stream_passes_through_one_socket(struct process *thrd)
{
    struct stream stream = {.request = stream_random(large()),
                            .reply = stream_random_rot13(large())};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    thrd->stdin_fd = ends[1];
    thrd->stdout_fd = ends[1];
    process_command(thrd, "run", "rot13", NULL);
    close(ends[1]);
    stream_run(ends[0], &stream);
    close(ends[0]);
    pipes_expect_end(thrd, 0, "");
}

/* Sizes around the filter's buffer (128 KiB), in one line, from a file to a file. */
static void files_of_every_size_are_filtered_into_files(struct process *thrd)
{
    enum { BUFFER = 131072 };
    static const size_t sizes[] = {0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 2 * BUFFER, 1000003};
    static unsigned char got[1000004];
    struct random_source source = random_source_init("files");
    unsigned char *input = malloc(sizeof got);
    assert_non_null(input);
    random_fill(&source, input, sizeof got);
    for (size_t i = 0; i < sizeof got; i++)
        if (input[i] == '\n')
            input[i] = 'n';
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct reply expected = oracle_reply("rot13", input, sizes[i], 0, 0);
        thrd->stdin_fd = open_scratch(thrd, "in");
        thrd->stdout_fd = open_scratch(thrd, "out");
        assert_int_equal(write(thrd->stdin_fd, input, sizes[i]), sizes[i]);
        lseek(thrd->stdin_fd, 0, SEEK_SET);
        process_command(thrd, "run", "rot13", NULL);
        pipes_expect_end(thrd, 0, "");
        assert_int_equal(pread(thrd->stdout_fd, got, sizeof got, 0), sizes[i]);
        assert_int_equal(expected.size, sizes[i]);
        assert_memory_equal(got, expected.data, sizes[i]);
        free(expected.data);
        close(thrd->stdin_fd);
        close(thrd->stdout_fd);
        process_renew(thrd);
    }
    free(input);
}

static void small_pieces_are_answered_at_once(struct process *thrd, int flags)
{
    struct pipes pipes = start_between_pipes(thrd, "echo", flags);
    for (const char *piece = "hello"; *piece != '\0'; piece++) {
        char text[2] = {*piece, '\0'};
        pipes_send_text(pipes.request, text);
        pipes_expect_text(pipes.reply, text);
    }
    end_request(thrd, pipes, "");
    pipes = start_between_pipes(thrd, "rot13", flags);
    pipes_send_text(pipes.request, "Hello\r\nWor");
    pipes_expect_text(pipes.reply, "Uryyb\r\n");
    pipes_send_text(pipes.request, "ld\nlast");
    pipes_expect_text(pipes.reply, "Jbeyq\n");
    end_request(thrd, pipes, "ynfg");
    pipes = start_between_pipes(thrd, "bytes", flags);
    pipes_send_text(pipes.request, "3");
    pipes_send_text(pipes.request, "\n");
    pipes_expect_text(pipes.reply, "abc");
    pipes_send_text(pipes.request, "4\n");
    pipes_expect_text(pipes.reply, "abcd");
    end_request(thrd, pipes, "");
}

static void small_pieces_through_blocking_pipes(struct process *thrd)
{
    small_pieces_are_answered_at_once(thrd, 0);
}

static void small_pieces_through_nonblocking_pipes(struct process *thrd)
{
    small_pieces_are_answered_at_once(thrd, O_NONBLOCK);
}

static void wait_for_state(const struct process *p, char state)
{
    int64_t deadline = patience();
    while (proc_state(p->pid) != state)
        if (!look_again(deadline))
            suite_fail("the filter does not come into state %c", state);
}

/* Waits without input, and then without room, and uses no processor meanwhile. */
static void waiting_is_not_spinning(struct process *thrd)
{
    enum { PAUSE_MS = 200 };
    static const char block[65536];
    struct pipes pipes = start_between_pipes(thrd, "echo", O_NONBLOCK);
    pipes_send_text(pipes.request, "up?");
    pipes_expect_text(pipes.reply, "up?");
    wait_for_state(thrd, 'S');
    int64_t before = proc_cpu_ns(thrd->pid);
    let_pass(PAUSE_MS);
    assert_in_range(proc_cpu_ns(thrd->pid) - before, 0, PAUSE_MS * 1000000 / 4);
    /* Full pipes on both sides: it cannot write, and does not read. */
    struct pollfd room = {.fd = pipes.request, .events = POLLOUT};
    while (poll(&room, 1, (int)allow_ms(PAUSE_MS)) > 0)
        if (write(pipes.request, block, sizeof block) < 0)
            assert_int_equal(errno, EAGAIN);
    wait_for_state(thrd, 'S');
    before = proc_cpu_ns(thrd->pid);
    let_pass(PAUSE_MS);
    assert_in_range(proc_cpu_ns(thrd->pid) - before, 0, PAUSE_MS * 1000000 / 4);
    close(pipes.reply);
    pipes_expect_end(thrd, 128 + SIGPIPE, "");
    close(pipes.request);
}

/* Stopped and continued where it waits, it goes on. */
static void job_control_disturbs_nothing(struct process *thrd)
{
    struct pipes pipes = start_between_pipes(thrd, "rot13", O_NONBLOCK);
    for (int i = 0; i < 10; i++) {
        process_signal(thrd, SIGSTOP);
        wait_for_state(thrd, 'T');
        pipes_send_text(pipes.request, "Hello\n");
        process_signal(thrd, SIGCONT);
        pipes_expect_text(pipes.reply, "Uryyb\n");
    }
    end_request(thrd, pipes, "");
}

static void sigterm_ends_it_at_once(struct process *thrd)
{
    struct pipes pipes = start_between_pipes(thrd, "echo", 0);
    pipes_send_text(pipes.request, "up?");
    pipes_expect_text(pipes.reply, "up?");
    process_signal(thrd, SIGTERM);
    pipes_expect_end(thrd, 128 + SIGTERM, "");
    close(pipes.request);
    close(pipes.reply);
}

/* A conversation at a terminal: a line is answered when it has been typed, Ctrl-D ends it. */
static void a_terminal_is_answered_line_by_line(struct process *thrd)
{
    int terminal;
    int keyboard = pseudo_terminal_open(&terminal);
    thrd->stdin_fd = terminal;
    thrd->stdout_fd = terminal;
    process_command(thrd, "run", "rot13", NULL);
    pipes_send_text(keyboard, "Hello\n");
    pipes_expect_text(keyboard, "Uryyb\r\n"); /* the terminal puts CR before LF */
    pipes_send_text(keyboard, "World\n");
    pipes_expect_text(keyboard, "Jbeyq\r\n");
    pipes_send_text(keyboard, "\4");
    pipes_expect_end(thrd, 0, "");
    close(terminal);
    close(keyboard);
}

/* ---- What can fail ----------------------------------------------------------------------- */

static void with_stdin(struct process *thrd, const char *path, int flags, const char *message)
{
    thrd->stdin_fd = open(path, flags | O_CLOEXEC);
    assert_true(thrd->stdin_fd >= 0);
    process_command(thrd, "run", "rot13", NULL);
    pipes_expect_end(thrd, STATUS_SYSTEM, message);
    close(thrd->stdin_fd);
    process_renew(thrd);
}

static void input_that_cannot_be_read_is_an_error(struct process *thrd)
{
    with_stdin(thrd, "/tmp", O_RDONLY, "thrd: cannot read standard input: Is a directory\n");
    with_stdin(thrd, "/dev/null", O_WRONLY,
               "thrd: cannot read standard input: Bad file descriptor\n");
}

/* Runs the handler over "5x\n" with stdout at path. */
static void with_stdout(struct process *thrd, const char *handler, const char *path, int status,
                        const char *message)
{
    thrd->stdin_fd = open_scratch(thrd, "in");
    pipes_send_text(thrd->stdin_fd, "5x\n");
    lseek(thrd->stdin_fd, 0, SEEK_SET);
    thrd->stdout_fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(thrd->stdout_fd >= 0);
    process_command(thrd, "run", handler, NULL);
    pipes_expect_end(thrd, status, message);
    close(thrd->stdin_fd);
    close(thrd->stdout_fd);
    process_renew(thrd);
}

/* Also where what was lost is only the word why the input was refused. */
static void output_that_is_lost_is_an_error(struct process *thrd)
{
    static const char full[] = "thrd: cannot write to standard output: No space left on device\n";
    static const char *const handlers[] = {"echo", "rot13", "bytes", "chargen", "daytime", "time"};
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        with_stdout(thrd, handlers[i], "/dev/full", STATUS_SYSTEM, full);
    with_stdout(thrd, "discard", "/dev/full", 0, ""); /* it has nothing to lose */
}

static void closed_streams(struct process *thrd, const char *handler, bool in, bool out, int status,
                           const char *message)
{
    thrd->stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(thrd->stdin_fd >= 0);
    thrd->with_stdin_closed = in;
    thrd->with_stdout_closed = out;
    process_command(thrd, "run", handler, NULL);
    pipes_expect_end(thrd, status, message);
    close(thrd->stdin_fd);
    process_renew(thrd);
}

/* As with other filters: it is an error to need what is not there. */
static void closed_streams_are_errors_where_they_are_used(struct process *thrd)
{
    static const char in[] = "thrd: cannot read standard input: Bad file descriptor\n";
    static const char out[] = "thrd: cannot write to standard output: Bad file descriptor\n";
    if (process_is_wrapped())
        suite_skip("the wrapper opens streams that are closed");
    closed_streams(thrd, "rot13", true, false, STATUS_SYSTEM, in);
    closed_streams(thrd, "discard", true, false, STATUS_SYSTEM, in);
    closed_streams(thrd, "chargen", false, true, STATUS_SYSTEM, out);
    closed_streams(thrd, "daytime", true, true, STATUS_SYSTEM, out);
    closed_streams(thrd, "discard", false, true, 0, "");
}

/* ---- Usage ------------------------------------------------------------------------------- */

#define ALLOWED "\nAllowed: bytes, chargen, daytime, discard, echo, rot13, time\n"
#define NO_MORE "thrd: run takes the name of a handler, and no more; unexpected argument "

/* "thrd run ARGUMENTS": status 2, nothing on stdout, and exactly this on stderr. */
static void refuses(struct process *thrd, const char *first, const char *second,
                    const char *message)
{
    char output[64];
    assert_int_equal(process_run(thrd, output, sizeof output, "run", first, second, NULL),
                     STATUS_USAGE);
    assert_string_equal(output, "");
    const char *text = strstr(process_log_text(thrd), "thrd: ");
    assert_non_null(text);
    assert_memory_equal(text, message, strlen(message));
    process_renew(thrd);
}

static void usage_errors_say_what_is_allowed(struct process *thrd)
{
    refuses(thrd, NULL, NULL, "thrd: run: needs the name of a handler" ALLOWED);
    refuses(thrd, "rot31", NULL, "thrd: run rot31: no such handler; did you mean rot13?" ALLOWED);
    refuses(thrd, "xyzzy", NULL, "thrd: run xyzzy: no such handler" ALLOWED);
    refuses(thrd, "whoami", NULL,
            "thrd: run whoami: needs a connection to talk to, and is no filter" ALLOWED);
    refuses(thrd, "rot13", "echo", NO_MORE "echo\nTry 'thrd run --help'.\n");
    refuses(thrd, "rot13", "--slots=5",
            "thrd: run: unknown option --slots\nTry 'thrd run --help'.\n");
    refuses(thrd, "--mode=thread", "rot13",
            "thrd: run: unknown option --mode\nTry 'thrd run --help'.\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(streams_are_answered_as_by_the_handler_alone),
        CASE(bytes_gives_what_is_asked_for),
        CASE(bytes_tells_where_it_refused),
        CASE(daytime_tells_the_time_and_reads_nothing),
        CASE(time_tells_the_time_and_reads_nothing),
        CASE(chargen_ends_quietly_with_its_reader),
        CASE(a_reader_that_goes_is_an_error_where_sigpipe_is_ignored),
        CASE(large_streams_pass_through_pipes),
        CASE(a_large_answer_passes_through_pipes),
        CASE(large_streams_pass_through_nonblocking_pipes),
        CASE(a_large_stream_passes_through_one_socket),
        CASE(files_of_every_size_are_filtered_into_files),
        CASE(small_pieces_through_blocking_pipes),
        CASE(small_pieces_through_nonblocking_pipes),
        CASE(waiting_is_not_spinning),
        CASE(job_control_disturbs_nothing),
        CASE(sigterm_ends_it_at_once),
        CASE(a_terminal_is_answered_line_by_line),
        CASE(input_that_cannot_be_read_is_an_error),
        CASE(output_that_is_lost_is_an_error),
        CASE(closed_streams_are_errors_where_they_are_used),
        CASE(usage_errors_say_what_is_allowed),
    };
    suite_init(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* a filter that ends too early is to be reported */
    return cmocka_run_group_tests_name("run", cases, NULL, NULL);
}
