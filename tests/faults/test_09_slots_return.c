/* test_09_slots_return - class 9: a connection that ends in an unusual way takes its slot with it,
 * until the table is full of nobody.
 *
 * Seen in: CVE-2022-41556.
 * Here: clients go away behind each byte of a request, and at every other stage, by FIN, by RST, by
 * half a close; more of them than there are slots. Descriptors and tasks are then what they were,
 * the end line says what happened, and the full table, four clients at once, serves again. */
#include "clients.h"
#include "process_log.h"
#include "suite.h"

enum { SLOTS = 4 };

/* A full table serves again: every slot has come back. */
static void expect_all_slots_back(struct process *server, struct process_baseline before)
{
    int fds[SLOTS];
    size_t count = suite_mode() == THRDSRV_MODE_INLINE ? 1 : SLOTS;
    process_wait_counter(server, "active", 0);
    process_wait_baseline(server, before);
    for (size_t i = 0; i < count; i++) {
        fds[i] = client_connect(process_address(server));
        client_send_text(fds[i], "5\n");
        client_expect_text(fds[i], "abcde");
    }
    for (size_t i = 0; i < count; i++)
        client_leave(fds[i]);
}

static struct process_baseline start(struct process *server)
{
    /* A worker that waits for its next connection is a task, and soon gone. */
    process_start(server, "--slots=4", "--handler=bytes", "--park=20ms", NULL);
    return process_baseline(server);
}

static void reset_before_a_byte(struct process *server)
{
    struct process_baseline before = start(server);
    for (int i = 0; i < 3 * SLOTS; i++)
        client_reset(client_connect(process_address(server)));
    expect_all_slots_back(server, before);
}

static void close_before_a_byte(struct process *server)
{
    struct process_baseline before = start(server);
    for (int i = 0; i < 3 * SLOTS; i++)
        client_close(client_connect(process_address(server)));
    process_wait_counter(server, "served", 3 * SLOTS);
    process_log_wait_count(server, "msg=end end=eof in=0 out=0", 3 * SLOTS);
    expect_all_slots_back(server, before);
}

/* Behind each byte of a request; the answer is still to be written, or is on its way. */
static void abort_at_each_byte(struct process *server, void (*abort_client)(int fd))
{
    static const char request[] = "50\n7\r\nx";
    struct process_baseline before = start(server);
    for (size_t length = 1; length < sizeof request; length++) {
        int fd = client_connect(process_address(server));
        client_send(fd, request, length);
        abort_client(fd);
    }
    process_wait_counter(server, "served", (long long)sizeof request - 1);
    expect_all_slots_back(server, before);
}

static void reset_at_each_byte(struct process *server)
{
    abort_at_each_byte(server, client_reset);
}

static void close_at_each_byte(struct process *server)
{
    abort_at_each_byte(server, client_close);
}

static void half_close_and_end(int fd)
{
    client_half_close(fd);
    client_wait_end(fd);
}

static void half_close_at_each_byte(struct process *server)
{
    abort_at_each_byte(server, half_close_and_end);
}

/* The worker waits in a read; the end line must name the reset, which no answer has shown it. */
static void reset_while_the_server_reads(struct process *server)
{
    struct process_baseline before = start(server);
    int fd = client_connect(process_address(server));
    client_send_text(fd, "3\n");
    client_expect_text(fd, "abc");
    client_reset(fd);
    process_log_wait(server, "msg=end conn=1 in=2 out=3 end=reset");
    expect_all_slots_back(server, before);
}

/* The worker waits in a write: SIGPIPE would end the whole server here. */
static void reset_while_the_server_writes(struct process *server)
{
    char some[100];
    struct process_baseline before = start(server);
    for (int i = 0; i < 2 * SLOTS; i++) {
        int fd = client_connect_with_buffer(process_address(server), 4096);
        client_send_text(fd, "1000000000\n");
        client_read(fd, some, sizeof some);
        client_reset(fd);
    }
    process_log_wait_count(server, "msg=end end=reset", 2 * SLOTS);
    expect_all_slots_back(server, before);
}

/* A client that closes in order with answers unread resets the connection by that. */
static void close_while_the_server_writes(struct process *server)
{
    char some[100];
    struct process_baseline before = start(server);
    int fd = client_connect_with_buffer(process_address(server), 4096);
    client_send_text(fd, "1000000000\n");
    client_read(fd, some, sizeof some);
    client_close(fd);
    process_log_wait(server, "msg=end conn=1 end=reset");
    expect_all_slots_back(server, before);
}

/* Between the client's end of input and the server's. */
static void reset_after_the_half_close(struct process *server)
{
    char some[100];
    struct process_baseline before = start(server);
    for (int i = 0; i < 2 * SLOTS; i++) {
        int fd = client_connect_with_buffer(process_address(server), 4096);
        client_send_text(fd, "100000000\n");
        client_half_close(fd);
        client_read(fd, some, sizeof some);
        client_reset(fd);
    }
    process_log_wait_count(server, "msg=end end=reset", 2 * SLOTS);
    expect_all_slots_back(server, before);
}

/* The server has said its last word and waits for the client's. */
static void reset_after_the_last_word(struct process *server)
{
    struct process_baseline before = start(server);
    for (int i = 0; i < 2 * SLOTS; i++) {
        char line[128];
        int fd = client_connect(process_address(server));
        client_send_text(fd, "no number\n");
        client_read_line(fd, line, sizeof line);
        client_reset(fd);
    }
    process_log_wait_count(server, "msg=end end=failed", 2 * SLOTS);
    expect_all_slots_back(server, before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(reset_before_a_byte),
        CASE(close_before_a_byte),
        CASE(reset_at_each_byte),
        CASE(close_at_each_byte),
        CASE(half_close_at_each_byte),
        CASE(reset_while_the_server_reads),
        CASE(reset_while_the_server_writes),
        CASE(close_while_the_server_writes),
        CASE(reset_after_the_half_close),
        CASE(reset_after_the_last_word),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("09_slots_return", cases, NULL, NULL);
}
