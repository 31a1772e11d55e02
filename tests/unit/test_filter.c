/* test_filter.c - cli/filter.c with handlers that keep the contract in unusual ways, and with
 * some that break it: whoever waits for a byte that cannot come must not wait, or spin, for ever.
 * The built-in handlers as filters are tests/integration/test_run.c's. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <thrdsrv/server.h>

#include "cli/filter.h"

/* Two files that are gone when they are closed, one with the input in it. */
struct fixture {
    int in;
    int out;
    uintmax_t consumed;
};

static int temporary_file(void)
{
    char path[] = "/tmp/thrd-unit-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static void set_up(struct fixture *f, const void *input, size_t size)
{
    f->in = temporary_file();
    f->out = temporary_file();
    f->consumed = UINTMAX_MAX;
    assert_int_equal(write(f->in, input, size), size);
    assert_int_equal(lseek(f->in, 0, SEEK_SET), 0);
}

static enum filter_end run(struct fixture *f, const struct thrdsrv_handler *handler)
{
    return filter_run(handler, f->in, f->out, &f->consumed);
}

/* What has been written must be this. */
static void tear_down(struct fixture *f, const char *expected)
{
    char got[256];
    ssize_t size = pread(f->out, got, sizeof got, 0);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(got, expected, (size_t)size);
    close(f->in);
    close(f->out);
}

static void start_nothing(void *session, const struct thrdsrv_start *start)
{
    (void)session;
    (void)start;
}

static struct thrdsrv_handler handler_of(enum thrdsrv_step (*step)(void *, struct thrdsrv_stream *))
{
    return (struct thrdsrv_handler){
        .name = "test", .summary = "for a test", .start = start_nothing, .step = step};
}

static enum thrdsrv_step want_output_in_vain(void *session, struct thrdsrv_stream *stream)
{
    (void)session;
    (void)stream;
    return THRDSRV_STEP_WANT_OUTPUT;
}

/* Takes nothing until the input ends, also when it is told that no more will fit. */
static enum thrdsrv_step never_full(void *session, struct thrdsrv_stream *stream)
{
    (void)session;
    return stream->input == THRDSRV_INPUT_END ? THRDSRV_STEP_DONE : THRDSRV_STEP_WANT_INPUT;
}

static enum thrdsrv_step nonsense(void *session, struct thrdsrv_stream *stream)
{
    (void)session;
    stream->next_in += stream->avail_in;
    stream->avail_in = 0;
    return (enum thrdsrv_step)99;
}

static void test_handlers_at_fault_end(void **state)
{
    static const char much[1 << 20];
    struct thrdsrv_handler handler;
    struct fixture f;
    (void)state;
    set_up(&f, "abc", 3);
    handler = handler_of(want_output_in_vain);
    assert_int_equal(run(&f, &handler), FILTER_BROKEN);
    tear_down(&f, "");
    set_up(&f, "abc", 3);
    handler = handler_of(nonsense);
    assert_int_equal(run(&f, &handler), FILTER_BROKEN);
    tear_down(&f, "");
    set_up(&f, much, sizeof much);
    handler = handler_of(never_full);
    assert_int_equal(run(&f, &handler), FILTER_BROKEN);
    assert_int_equal(f.consumed, 0);
    tear_down(&f, "");
    set_up(&f, "abc", 3); /* as long as it fits, to wait is its right */
    assert_int_equal(run(&f, &handler), FILTER_COMPLETE);
    tear_down(&f, "");
}

/* Hands over one byte a step, and asks for more input behind the end of it: as the server does, the
 * filter offers that end again while bytes move, and then calls it complete. */
static enum thrdsrv_step byte_by_byte(void *session, struct thrdsrv_stream *stream)
{
    (void)session;
    if (stream->avail_in > 0) {
        assert_true(stream->avail_out > 0);
        *stream->next_out++ = *stream->next_in++;
        stream->avail_in--;
        stream->avail_out--;
    }
    return THRDSRV_STEP_WANT_INPUT;
}

static void test_a_handler_that_asks_behind_the_end(void **state)
{
    struct thrdsrv_handler handler = handler_of(byte_by_byte);
    struct fixture f;
    (void)state;
    set_up(&f, "abcdef", 6);
    assert_int_equal(run(&f, &handler), FILTER_COMPLETE);
    assert_int_equal(f.consumed, 6);
    tear_down(&f, "abcdef");
    handler.in_place = true;
    set_up(&f, "abcdef", 6);
    assert_int_equal(run(&f, &handler), FILTER_COMPLETE);
    tear_down(&f, "abcdef");
}

/* Uses every byte of the largest session, and tells what it was started with. */
struct large_session {
    max_align_t aligned;
    char text[THRDSRV_SESSION_MAX - sizeof(max_align_t)];
};

static void start_large(void *session, const struct thrdsrv_start *start)
{
    struct large_session *s = session;
    assert_int_equal((uintptr_t)session % _Alignof(max_align_t), 0);
    assert_string_equal(start->peer, "");
    assert_in_range(start->unix_time, time(NULL) - 1, time(NULL));
    memset(s->text, 'z', sizeof s->text);
}

static enum thrdsrv_step step_large(void *session, struct thrdsrv_stream *stream)
{
    struct large_session *s = session;
    for (size_t i = 0; i < sizeof s->text; i++)
        assert_int_equal(s->text[i], 'z');
    *stream->next_out++ = 'k';
    stream->avail_out--;
    return THRDSRV_STEP_FAILED;
}

static void test_session_and_start(void **state)
{
    const struct thrdsrv_handler handler = {.name = "large",
                                            .summary = "for a test",
                                            .session_size = sizeof(struct large_session),
                                            .start = start_large,
                                            .step = step_large};
    struct fixture f;
    (void)state;
    set_up(&f, "abc", 3);
    assert_int_equal(run(&f, &handler), FILTER_REFUSED);
    assert_int_equal(f.consumed, 0);
    tear_down(&f, "k"); /* what it said before it gave up counts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handlers_at_fault_end),
        cmocka_unit_test(test_a_handler_that_asks_behind_the_end),
        cmocka_unit_test(test_session_and_start),
    };
    return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
