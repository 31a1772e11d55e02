/* test_services - every built-in service, compared byte for byte with its handler run alone, and
 * what its protocol promises beyond that: when an answer comes, and who ends the connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "oracle.h"
#include "patience.h"
#include "proc_fs.h"
#include "process_log.h"
#include "random.h"
#include "suite.h"

enum { LONG_LINE = 100000, REPLY_MAX = 1 << 20 };

static void start(struct process *server, const char *handler)
{
    char option[64];
    snprintf(option, sizeof option, "--handler=%s", handler);
    process_start(server, option, NULL);
}

/* One conversation: all of the input, the end of it, and the answer up to its end. */
static void converse(struct process *server, const char *handler, const void *input, size_t size,
                     bool byte_by_byte)
{
    static unsigned char got[REPLY_MAX];
    const unsigned char *bytes = input;
    struct reply expected = oracle_reply(handler, input, size, 0, 0);
    int fd = client_connect(process_address(server));
    for (size_t i = 0; byte_by_byte && i < size; i++)
        client_send(fd, bytes + i, 1);
    if (!byte_by_byte)
        client_send(fd, input, size);
    client_half_close(fd);
    size_t count = client_read_all(fd, got, sizeof got);
    if (count != expected.size || memcmp(got, expected.data, count) != 0)
        suite_fail("%s answers %zu bytes: %.*s... with %zu other ones: %.*s...", handler, size,
                   size < 40 ? (int)size : 40, (const char *)input, count,
                   count < 40 ? (int)count : 40, (const char *)got);
    client_close(fd);
    free(expected.data);
}

static void converse_text(struct process *server, const char *handler, const char *text)
{
    converse(server, handler, text, strlen(text), false);
    converse(server, handler, text, strlen(text), true);
}

static void converse_random(struct process *server, const char *handler, size_t size)
{
    struct random_source source = random_source_init(handler);
    unsigned char *input = malloc(size);
    assert_non_null(input);
    random_fill(&source, input, size);
    converse(server, handler, input, size, false);
    free(input);
}

static void line_services_answer_as_their_handlers(struct process *server, const char *handler)
{
    static const char *const texts[] = {
        "",
        "a",
        "\n",
        "\r\n",
        "Hello, World!\n",
        "Hello\r\nWorld\r\n",
        "a last line without end",
        "one\ntwo\nthree",
        "\n\n\n",
        "AMZ[`amz{@09\r\n",
        "\r\r\n\r",
    };
    start(server, handler);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        converse_text(server, handler, texts[i]);
    converse_random(server, handler, 10000);
    char *line = malloc(LONG_LINE);
    assert_non_null(line);
    memset(line, 'n', LONG_LINE);
    converse(server, handler, line, LONG_LINE, false);
    free(line);
}

static void echo_answers_as_its_handler(struct process *server)
{
    line_services_answer_as_their_handlers(server, "echo");
}

static void rot13_answers_as_its_handler(struct process *server)
{
    line_services_answer_as_their_handlers(server, "rot13");
}

static void discard_answers_as_its_handler(struct process *server)
{
    line_services_answer_as_their_handlers(server, "discard");
}

static void bytes_answers_as_its_handler(struct process *server)
{
    static const char *const texts[] = {
        "",
        "0\n",
        "1\n",
        "10\r\n5\n",
        "0007\n",
        "3\n0\n4\n",
        "300000\n",
        "1\n2\n3\n4\n5\n6\n",
        /* What is no request. */
        "x\n",
        "-1\n",
        "+1\n",
        " 1\n",
        "1 \n",
        "\n",
        "\r\n",
        "2147483648\n",
        "99999999999999\n",
        "00000000000000000000000000000001\n",
        "12",
        "5\n12",
        "5\nx\n5\n",
        "1\r2\n",
    };
    start(server, "bytes");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        converse_text(server, "bytes", texts[i]);
}

/* The clock may go on while the answer is under way: any second of that time is right. */
static void clock_service(struct process *server, const char *handler)
{
    unsigned char got[128];
    start(server, handler);
    time_t before = time(NULL);
    int fd = client_connect(process_address(server));
    size_t count = client_read_all(fd, got, sizeof got);
    time_t after = time(NULL);
    bool found = false;
    for (time_t t = before; t <= after && !found; t++) {
        struct reply expected = oracle_reply(handler, "", 0, 0, t);
        found = count == expected.size && memcmp(got, expected.data, count) == 0;
        free(expected.data);
    }
    if (!found)
        suite_fail("%zu bytes: %.*s", count, (int)count, (const char *)got);
    client_close(fd);
    process_log_wait(server, "msg=end conn=1 end=done in=0");
}

static void daytime_tells_the_time(struct process *server)
{
    clock_service(server, "daytime");
}

static void time_tells_the_time(struct process *server)
{
    clock_service(server, "time");
}

/* For ever means: whatever the client sends, until it goes. */
static void chargen_goes_on_until_the_peer_goes(struct process *server)
{
    enum { SIZE = 200000 };
    struct reply expected = oracle_reply("chargen", "", 0, SIZE, 0);
    start(server, "chargen");
    int fd = client_connect(process_address(server));
    client_send_text(fd, "ignored\r\n");
    client_half_close(fd);
    assert_int_equal(expected.size, SIZE);
    client_expect(fd, expected.data, SIZE);
    free(expected.data);
    client_reset(fd);
    process_log_wait(server, "msg=end conn=1 end=reset");
}

static void echo_answers_before_the_end_of_input(struct process *server)
{
    start(server, "echo");
    int fd = client_connect(process_address(server));
    client_echo(fd, "a");
    client_echo(fd, "bc");
    client_leave(fd);
    process_log_wait(server, "msg=end conn=1 end=eof in=3 out=3");
}

static void rot13_answers_a_line_at_its_newline(struct process *server)
{
    start(server, "rot13");
    int fd = client_connect(process_address(server));
    client_send_text(fd, "Hello\r\nWor");
    client_expect_text(fd, "Uryyb\r\n");
    client_send_text(fd, "ld\nlast");
    client_expect_text(fd, "Jbeyq\n");
    assert_false(client_has_news(fd));
    client_half_close(fd);
    client_expect_text(fd, "ynfg");
    client_expect_eof(fd);
}

static void bytes_serves_request_after_request(struct process *server)
{
    start(server, "bytes");
    int fd = client_connect(process_address(server));
    client_send_text(fd, "3\n");
    client_expect_text(fd, "abc");
    client_send_text(fd, "28\r\n0\n1\n");
    client_expect_text(fd, "abcdefghijklmnopqrstuvwxyzaba");
    client_leave(fd);
}

static void bytes_refuses_what_is_no_number(struct process *server)
{
    start(server, "bytes");
    int fd = client_connect(process_address(server));
    client_send_text(fd, "2\nmany\n");
    client_expect_text(fd, "aberror: expected a number from 0 to 2147483647 and a newline\r\n");
    client_expect_eof(fd);
    process_log_wait(server, "msg=end conn=1 end=failed");
}

/* All answers come before the end, though the client ended its side before it read any. */
static void half_closed_client_gets_all_its_answers(struct process *server)
{
    enum { SIZE = 200000 };
    static char text[SIZE];
    memset(text, 'x', SIZE);
    start(server, "echo");
    int fd = client_connect(process_address(server));
    client_send(fd, text, SIZE);
    client_half_close(fd);
    client_expect(fd, text, SIZE);
    client_expect_eof(fd);
    process_log_wait(server, "msg=end conn=1 end=eof in=200000 out=200000");
}

/* Unread input would turn the server's close into a reset, which could overtake the answer. */
static void answer_survives_input_that_nobody_reads(struct process *server)
{
    static char text[65536];
    memset(text, 'x', sizeof text);
    start(server, "time");
    for (int i = 0; i < 20; i++) {
        char got[8];
        int fd = client_connect(process_address(server));
        client_send(fd, text, sizeof text);
        client_half_close(fd);
        assert_int_equal(client_read_all(fd, got, sizeof got), 4);
        client_close(fd);
    }
}

/* It ends its side, and closes for good after two seconds. */
static void server_does_not_wait_for_ever_for_the_peers_end(struct process *server)
{
    char got[8];
    start(server, "time");
    int fd = client_connect(process_address(server));
    assert_int_equal(client_read_all(fd, got, sizeof got), 4);
    const char *line = process_log_wait(server, "msg=end conn=1 end=done");
    double seconds = log_line_seconds(line, "seconds");
    assert_true(seconds >= 1.9 && seconds <= 2.5 * (double)allow_ms(1));
}

/* The three lines of the greeting; the second tells the mode. */
static void expect_greeting(int fd)
{
    char line[512];
    char name[64];
    char mode[32];
    client_name(fd, name, sizeof name);
    snprintf(mode, sizeof mode, "mode %s", suite_mode_name());
    if (strstr(client_read_line(fd, line, sizeof line), name) == NULL)
        suite_fail("the greeting does not name the peer %s: %s", name, line);
    if (strstr(client_read_line(fd, line, sizeof line), mode) == NULL)
        suite_fail("the greeting does not tell the %s: %s", mode, line);
    client_read_line(fd, line, sizeof line);
}

static void whoami_is_a_conversation(struct process *server)
{
    start(server, "whoami");
    int fd = client_connect(process_address(server));
    expect_greeting(fd);
    client_send_text(fd, "hello\r\n\nyou");
    client_expect_text(fd, "1.1: hello\n1.2: \n");
    client_send_text(fd, "\nquit\n");
    client_expect_text(fd, "1.3: you\n1: goodbye\n");
    client_expect_eof(fd);
    process_log_wait(server, "msg=end conn=1 end=done in=17");
    int next = client_connect(process_address(server));
    expect_greeting(next);
    client_send_text(next, "a last line without end");
    client_half_close(next);
    client_expect_text(next, "2.1: a last line without end\n");
    client_expect_eof(next);
    process_log_wait(server, "msg=end conn=2 end=eof in=23");
}

/* A handler that reads lines gets a long one in pieces, and no byte is lost between them. */
static void whoami_answers_a_long_line_in_pieces(struct process *server)
{
    enum { LENGTH = 20000 };
    static char text[LENGTH + 1];
    size_t answered = 0;
    memset(text, 'y', LENGTH);
    text[LENGTH] = '\n';
    start(server, "whoami");
    int fd = client_connect(process_address(server));
    expect_greeting(fd);
    client_send(fd, text, sizeof text);
    while (answered < LENGTH) {
        char line[1024];
        const char *piece = strstr(client_read_line(fd, line, sizeof line), ": ");
        assert_non_null(piece);
        assert_int_equal(strspn(piece + 2, "y"), strlen(piece + 2));
        answered += strlen(piece + 2);
    }
    assert_int_equal(answered, LENGTH);
    client_send_text(fd, "quit\n");
    client_wait_end(fd);
}

/* A number of nanoseconds that this machine could have needed, and the end. */
static void age_tells_what_the_start_of_a_worker_took(struct process *server)
{
    start(server, "age");
    int64_t before_ms = now_ms();
    int fd = client_connect(process_address(server));
    char line[64];
    client_read_line(fd, line, sizeof line);
    client_expect_eof(fd);
    int64_t most_ns = (now_ms() - before_ms + 1) * 1000000;
    char *end;
    long long age_ns = strtoll(line, &end, 10);
    assert_ptr_not_equal(end, line);
    assert_int_equal(strspn(end, "\n"), strlen(end));
    assert_in_range(age_ns, 1, most_ns);
    process_log_wait(server, "msg=end conn=1 end=done in=0");
}

static void ballast_is_resident_memory(struct process *server)
{
    process_start(server, "--ballast=64m", NULL);
    assert_in_range(proc_rss_kib(server->pid), 64 << 10, INT64_C(1) << 40);
    int fd = client_connect(process_address(server));
    client_echo(fd, "as ever");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(echo_answers_as_its_handler),
        CASE(rot13_answers_as_its_handler),
        CASE(discard_answers_as_its_handler),
        CASE(bytes_answers_as_its_handler),
        CASE(daytime_tells_the_time),
        CASE(time_tells_the_time),
        CASE(chargen_goes_on_until_the_peer_goes),
        CASE(echo_answers_before_the_end_of_input),
        CASE(rot13_answers_a_line_at_its_newline),
        CASE(bytes_serves_request_after_request),
        CASE(bytes_refuses_what_is_no_number),
        CASE(half_closed_client_gets_all_its_answers),
        CASE(answer_survives_input_that_nobody_reads),
        CASE(server_does_not_wait_for_ever_for_the_peers_end),
        CASE(whoami_is_a_conversation),
        CASE(whoami_answers_a_long_line_in_pieces),
        CASE(age_tells_what_the_start_of_a_worker_took),
        CASE(ballast_is_resident_memory),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("services", cases, NULL, NULL);
}
