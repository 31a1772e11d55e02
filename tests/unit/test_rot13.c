/* test_rot13.c - the service rot13: what it does to bytes, checked against a table written by
 * hand and against tr(1), and when it answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thrdsrv/handler.h>

#include "handler_driver.h"

static struct handler_driver driver;

static int set_up(void **state)
{
    (void)state;
    handler_driver_init(&driver);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handler_driver_fini(&driver);
    return 0;
}

/* The oracle: looks each letter up, as one would on paper. */
static unsigned char rotated(unsigned char c)
{
    static const char from[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char to[] = "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm";
    const char *at = memchr(from, c, sizeof from - 1);

    return at != NULL ? (unsigned char)to[at - from] : c;
}

static unsigned char *rotated_copy(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    unsigned char *copy = malloc(size + 1);

    assert_non_null(copy);
    for (size_t i = 0; i < size; i++)
        copy[i] = rotated(bytes[i]);
    return copy;
}

static void short_input_in_every_split(void **state)
{
    static const char *const inputs[] = {
        "",          "a",
        "Z",         "\n",
        "\n\n\n",    "abc\n",
        "Hello\r\n", "no end",
        "a\nb\nc",   "one\ntwo\r\nx",
        "\r\r\n\n",  "[`@{azAZmnMN",
    };

    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        size_t size = strlen(inputs[i]);
        unsigned char *expected = rotated_copy(inputs[i], size);
        struct driver_plan plan = {
            .handler = &thrdsrv_rot13, .input = inputs[i], .input_size = size};

        for (plan.capacity = 0; plan.capacity <= size; plan.capacity++)
            if (plan.capacity <= 3 || plan.capacity == size)
                handler_driver_expect_all_ways(&driver, &plan, expected, size, THRDSRV_STEP_DONE);
        free(expected);
    }
}

/* Every byte value at every position of the vector loop's block. */
static void every_byte_value_at_every_offset(void **state)
{
    unsigned char input[256 + 70];

    (void)state;
    for (size_t offset = 0; offset < 70; offset++) {
        struct driver_plan plan = {
            .handler = &thrdsrv_rot13, .input = input, .input_size = offset + 256};
        unsigned char *expected;

        memset(input, 'q', sizeof input);
        for (size_t i = 0; i < 256; i++)
            input[offset + i] = (unsigned char)i;
        expected = rotated_copy(input, plan.input_size);
        for (unsigned style = 0; style < 2; style++) {
            plan.in_place = style;
            handler_driver_expect(&driver, &plan, expected, plan.input_size, THRDSRV_STEP_DONE);
        }
        free(expected);
    }
}

/* Every length around a few blocks, so that both the blocks and the rest end at the guard page. */
static void every_length(void **state)
{
    struct random_source source = random_source_init("rot13 every length");
    unsigned char input[300];

    (void)state;
    random_fill(&source, input, sizeof input);
    for (size_t size = 0; size <= sizeof input; size++) {
        unsigned char *expected = rotated_copy(input, size);
        struct driver_plan plan = {.handler = &thrdsrv_rot13, .input = input, .input_size = size};

        for (unsigned style = 0; style < 2; style++) {
            plan.in_place = style;
            handler_driver_expect(&driver, &plan, expected, size, THRDSRV_STEP_DONE);
        }
        free(expected);
    }
}

static void random_data_in_random_splits(void **state)
{
    struct random_source source = random_source_init("rot13 random");
    static unsigned char input[60000];
    struct driver_plan plan = {
        .handler = &thrdsrv_rot13, .input = input, .input_size = sizeof input};
    static const size_t longest[] = {3, 64, 700, 5000, 20000};

    (void)state;
    for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
        unsigned char *expected;

        random_fill(&source, input, sizeof input);
        expected = rotated_copy(input, sizeof input);
        plan.capacity = 4096;
        handler_driver_expect_random(&driver, &plan, &source, 12, longest[i], expected,
                                     sizeof input, THRDSRV_STEP_DONE);
        free(expected);
    }
}

static void one_byte_in_and_one_byte_out(void **state)
{
    static const char input[] = "The quick brown fox\r\njumps over\n\nthe lazy dog";
    static const size_t one = 1;
    unsigned char *expected = rotated_copy(input, sizeof input - 1);
    struct driver_plan plan = {.handler = &thrdsrv_rot13,
                               .input = input,
                               .input_size = sizeof input - 1,
                               .in = {&one, 1},
                               .out = {&one, 1}};

    (void)state;
    for (unsigned style = 0; style < 4; style++) {
        plan.in_place = style & 1;
        plan.capacity = style & 2 ? 5 : 0;
        handler_driver_expect(&driver, &plan, expected, sizeof input - 1, THRDSRV_STEP_DONE);
    }
    free(expected);
}

static void twice_is_the_identity(void **state)
{
    struct random_source source = random_source_init("rot13 twice");
    static unsigned char input[50000];
    static unsigned char once[sizeof input];
    struct driver_plan plan = {
        .handler = &thrdsrv_rot13, .input = input, .input_size = sizeof input, .in_place = true};
    struct driver_result result;

    (void)state;
    random_fill(&source, input, sizeof input);
    result = handler_driver_run(&driver, &plan);
    assert_int_equal(result.output_size, sizeof input);
    memcpy(once, result.output, sizeof once);
    plan.input = once;
    handler_driver_expect(&driver, &plan, input, sizeof input, THRDSRV_STEP_DONE);
}

/* 1 MiB without a newline through 16 KiB, then a short line behind it. */
static void very_long_line_through_a_small_buffer(void **state)
{
    static unsigned char input[(1 << 20) + 8];
    static const size_t in[] = {16384, 1000, 5, 4096};
    static const size_t out[] = {16384, 300, 7000};
    unsigned char *expected;
    struct driver_plan plan = {.handler = &thrdsrv_rot13,
                               .input = input,
                               .input_size = sizeof input,
                               .capacity = 16384,
                               .in = {in, 4},
                               .out = {out, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (unsigned char)('a' + i % 26);
    memcpy(input + (1 << 20), "\nend\r\nx\n", 8);
    expected = rotated_copy(input, sizeof input);
    for (unsigned style = 0; style < 4; style++) {
        plan.in_place = style & 1;
        plan.eager = style & 2;
        handler_driver_expect(&driver, &plan, expected, sizeof input, THRDSRV_STEP_DONE);
    }
    free(expected);
}

/* When lines are answered: by hand, step by step. */

static unsigned char held[64];
static size_t held_size;
static char said[64];

/* Appends text to what is held, makes one step, and moves the answer to said. */
static enum thrdsrv_step hear(const char *text, enum thrdsrv_input input, size_t room)
{
    unsigned char out[64];
    struct thrdsrv_stream stream = {.next_in = held, .next_out = out, .avail_out = room};
    enum thrdsrv_step answer;

    memcpy(held + held_size, text, strlen(text));
    held_size += strlen(text);
    stream.avail_in = held_size;
    stream.input = input;
    answer = thrdsrv_rot13.step(NULL, &stream);
    memcpy(said, out, room - stream.avail_out);
    said[room - stream.avail_out] = '\0';
    memmove(held, stream.next_in, stream.avail_in);
    held_size = stream.avail_in;
    return answer;
}

static void line_is_answered_at_its_newline(void **state)
{
    (void)state;
    held_size = 0;
    assert_int_equal(hear("ab", THRDSRV_INPUT_MORE, 60), THRDSRV_STEP_WANT_INPUT);
    assert_string_equal(said, "");
    assert_int_equal(held_size, 2);
    assert_int_equal(hear("c\r", THRDSRV_INPUT_MORE, 60), THRDSRV_STEP_WANT_INPUT);
    assert_string_equal(said, "");
    assert_int_equal(hear("\nde", THRDSRV_INPUT_MORE, 60), THRDSRV_STEP_WANT_INPUT);
    assert_string_equal(said, "nop\r\n");
    assert_int_equal(held_size, 2);
    assert_int_equal(hear("\nf\ng", THRDSRV_INPUT_MORE, 60), THRDSRV_STEP_WANT_INPUT);
    assert_string_equal(said, "qr\ns\n");
    assert_int_equal(hear("", THRDSRV_INPUT_END, 60), THRDSRV_STEP_DONE);
    assert_string_equal(said, "t");
}

static void full_buffer_is_answered_without_newline(void **state)
{
    (void)state;
    held_size = 0;
    assert_int_equal(hear("abcd", THRDSRV_INPUT_FULL, 60), THRDSRV_STEP_WANT_INPUT);
    assert_string_equal(said, "nopq");
    assert_int_equal(hear("ab", THRDSRV_INPUT_MORE, 60), THRDSRV_STEP_WANT_INPUT);
    assert_string_equal(said, "");
    /* Complete lines make room enough: the incomplete one behind them is held back. */
    assert_int_equal(hear("\ncd", THRDSRV_INPUT_FULL, 60), THRDSRV_STEP_WANT_INPUT);
    assert_string_equal(said, "no\n");
    assert_int_equal(held_size, 2);
}

static void line_longer_than_the_room_goes_out_in_pieces(void **state)
{
    (void)state;
    held_size = 0;
    assert_int_equal(hear("abcdefg\nxy", THRDSRV_INPUT_MORE, 3), THRDSRV_STEP_WANT_OUTPUT);
    assert_string_equal(said, "nop");
    assert_int_equal(hear("", THRDSRV_INPUT_MORE, 0), THRDSRV_STEP_WANT_OUTPUT);
    assert_int_equal(hear("z", THRDSRV_INPUT_MORE, 3), THRDSRV_STEP_WANT_OUTPUT);
    assert_string_equal(said, "qrs");
    assert_int_equal(hear("", THRDSRV_INPUT_MORE, 3), THRDSRV_STEP_WANT_INPUT);
    assert_string_equal(said, "t\n");
    assert_int_equal(hear("", THRDSRV_INPUT_MORE, 0), THRDSRV_STEP_WANT_INPUT);
    assert_int_equal(hear("", THRDSRV_INPUT_FULL, 2), THRDSRV_STEP_WANT_OUTPUT);
    assert_string_equal(said, "kl");
    assert_int_equal(hear("", THRDSRV_INPUT_END, 0), THRDSRV_STEP_WANT_OUTPUT);
    assert_int_equal(hear("", THRDSRV_INPUT_END, 1), THRDSRV_STEP_DONE);
    assert_string_equal(said, "m");
}

/* tr(1) as the oracle. */

/* Runs tr over the file fd from its beginning; fills result with size bytes of its output. */
static void run_tr(int fd, unsigned char *result, size_t size)
{
    int pipe_fds[2];
    int status;
    size_t done = 0;
    ssize_t n;
    pid_t child;

    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(fd, 0) == 0 && dup2(pipe_fds[1], 1) == 1 && setenv("LC_ALL", "C", 1) == 0)
            execlp("tr", "tr", "A-Za-z", "N-ZA-Mn-za-m", (char *)NULL);
        _exit(127);
    }
    close(pipe_fds[1]);
    while ((n = read(pipe_fds[0], result + done, size - done)) > 0)
        done += (size_t)n;
    close(pipe_fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(done, size);
}

static void does_what_tr_does(void **state)
{
    struct random_source source = random_source_init("rot13 tr");
    static unsigned char input[200000];
    static unsigned char expected[sizeof input];
    struct driver_plan plan = {
        .handler = &thrdsrv_rot13, .input = input, .input_size = sizeof input};
    int fd = memfd_create("input of tr", MFD_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    random_fill(&source, input, sizeof input);
    for (size_t i = 0; i < 256; i++)
        input[i] = (unsigned char)i;
    assert_int_equal(write(fd, input, sizeof input), sizeof input);
    run_tr(fd, expected, sizeof expected);
    close(fd);
    handler_driver_expect(&driver, &plan, expected, sizeof expected, THRDSRV_STEP_DONE);
    handler_driver_expect_random(&driver, &plan, &source, 8, 30000, expected, sizeof expected,
                                 THRDSRV_STEP_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_input_in_every_split),
        cmocka_unit_test(every_byte_value_at_every_offset),
        cmocka_unit_test(every_length),
        cmocka_unit_test(random_data_in_random_splits),
        cmocka_unit_test(one_byte_in_and_one_byte_out),
        cmocka_unit_test(twice_is_the_identity),
        cmocka_unit_test(very_long_line_through_a_small_buffer),
        cmocka_unit_test(line_is_answered_at_its_newline),
        cmocka_unit_test(full_buffer_is_answered_without_newline),
        cmocka_unit_test(line_longer_than_the_room_goes_out_in_pieces),
        cmocka_unit_test(does_what_tr_does),
    };

    return cmocka_run_group_tests_name("rot13", tests, set_up, tear_down);
}
