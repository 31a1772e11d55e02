/* support/handler_driver.c - see the header. For tests of handlers; one driver a thread. */
#include "handler_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Lies before each buffer, where the forbidden page is too far away to notice a write. */
#define CANARY           16u
#define CANARY_BYTE      0xc5

#define LONGEST_TO_SPLIT 13u

/* One run: what is left of the plan. */
struct run {
    struct handler_driver *driver;
    const struct driver_plan *plan;
    void *session;
    struct driver_result result;
    size_t given;    /* bytes of the plan's input offered so far */
    size_t held;     /* of these, not consumed: driver->held */
    size_t capacity; /* of held */
    size_t in_turn;  /* next piece */
    size_t out_turn;
    bool ended;
};

static size_t next_piece(const struct driver_pieces *pieces, size_t *turn, size_t all)
{
    size_t size = pieces->count == 0 ? all : pieces->sizes[(*turn)++ % pieces->count];

    return size < all ? size : all;
}

void handler_driver_init(struct handler_driver *driver)
{
    guard_buffer_init(&driver->in, DRIVER_CAPACITY + CANARY);
    guard_buffer_init(&driver->out, DRIVER_CAPACITY + CANARY);
    driver->held = malloc(DRIVER_CAPACITY);
    assert_non_null(driver->held);
    driver->output = NULL;
    driver->output_capacity = 0;
}

void handler_driver_fini(struct handler_driver *driver)
{
    guard_buffer_fini(&driver->in);
    guard_buffer_fini(&driver->out);
    free(driver->held);
    free(driver->output);
}

static void put_canary(unsigned char *buffer)
{
    memset(buffer - CANARY, CANARY_BYTE, CANARY);
}

static void check_canary(const unsigned char *buffer)
{
    for (size_t i = 1; i <= CANARY; i++)
        assert_int_equal(*(buffer - i), CANARY_BYTE);
}

/* Puts the next piece of input behind what is held; the end, if that was the last. */
static void give_input(struct run *run)
{
    const struct driver_plan *plan = run->plan;
    size_t left = plan->input_size - run->given;
    size_t room = run->capacity - run->held;
    size_t n;

    if (left == 0) {
        run->ended = true;
        return;
    }
    n = next_piece(&plan->in, &run->in_turn, left < room ? left : room);
    if (n > 0)
        memcpy(run->driver->held + run->held, (const unsigned char *)plan->input + run->given, n);
    run->given += n;
    run->held += n;
    if (run->given == plan->input_size && !plan->late_end)
        run->ended = true;
}

static void keep_output(struct run *run, const unsigned char *data, size_t size)
{
    struct handler_driver *driver = run->driver;
    size_t needed = run->result.output_size + size;

    if (size == 0)
        return;
    if (run->plan->sink != NULL) {
        run->plan->sink(run->plan->user, data, size);
    } else {
        if (needed > driver->output_capacity) {
            driver->output_capacity = 2 * needed;
            driver->output = realloc(driver->output, driver->output_capacity);
            assert_non_null(driver->output);
        }
        memcpy(driver->output + run->result.output_size, data, size);
    }
    run->result.output_size = needed;
}

static enum thrdsrv_input input_state(const struct run *run)
{
    if (run->ended)
        return THRDSRV_INPUT_END;
    return run->held == run->capacity ? THRDSRV_INPUT_FULL : THRDSRV_INPUT_MORE;
}

/* What one step must keep to, whatever the handler. */
static void check_step(const struct run *run, const struct thrdsrv_stream *before,
                       const struct thrdsrv_stream *after, enum thrdsrv_step answer)
{
    size_t consumed = before->avail_in - after->avail_in;
    size_t produced = before->avail_out - after->avail_out;

    assert_true(after->avail_in <= before->avail_in);
    assert_true(after->avail_out <= before->avail_out);
    assert_true((uintptr_t)after->next_in == (uintptr_t)before->next_in + consumed);
    assert_true((uintptr_t)after->next_out == (uintptr_t)before->next_out + produced);
    assert_int_equal(after->input, before->input);
    if (run->plan->handler->in_place)
        assert_int_equal(consumed, produced);
    if (answer == THRDSRV_STEP_WANT_OUTPUT && before->avail_out > 0)
        assert_true(consumed + produced > 0);
    if (before->input == THRDSRV_INPUT_FULL && before->avail_out > 0 && answer < THRDSRV_STEP_DONE)
        assert_true(consumed + produced > 0);
    if (before->input == THRDSRV_INPUT_FULL && answer == THRDSRV_STEP_WANT_INPUT)
        assert_true(consumed > 0);
    if (before->input == THRDSRV_INPUT_END)
        assert_int_not_equal(answer, THRDSRV_STEP_WANT_INPUT);
    assert_in_range(answer, THRDSRV_STEP_WANT_INPUT, THRDSRV_STEP_FAILED);
}

/* One step with the held input and room bytes of output, in buffers that end at forbidden pages.
 * A count of 0 goes with a NULL pointer, as the contract allows. */
static enum thrdsrv_step do_step(struct run *run, size_t room)
{
    struct handler_driver *driver = run->driver;
    bool in_place = run->plan->in_place && run->held > 0;
    unsigned char *in = guard_buffer_tail(&driver->in, run->held);
    unsigned char *out = in_place ? in : guard_buffer_tail(&driver->out, room);
    struct thrdsrv_stream before;
    struct thrdsrv_stream stream;
    enum thrdsrv_step answer;
    size_t consumed;

    if (run->held > 0)
        memcpy(in, driver->held, run->held);
    put_canary(in);
    put_canary(out);
    stream.next_in = run->held > 0 ? in : NULL;
    stream.avail_in = run->held;
    stream.avail_out = in_place && room > run->held ? run->held : room;
    stream.next_out = stream.avail_out > 0 ? out : NULL;
    stream.input = input_state(run);
    before = stream;
    answer = run->plan->handler->step(run->session, &stream);

    check_step(run, &before, &stream, answer);
    check_canary(in);
    check_canary(out);
    consumed = before.avail_in - stream.avail_in;
    if (in_place)
        assert_memory_equal(in + consumed, driver->held + consumed, run->held - consumed);
    else
        assert_memory_equal(in, driver->held, run->held);
    keep_output(run, out, before.avail_out - stream.avail_out);
    memmove(driver->held, driver->held + consumed, stream.avail_in);
    run->held = stream.avail_in;
    run->result.consumed += consumed;
    run->result.steps++;
    run->result.answer = answer;
    return answer;
}

static bool is_over(const struct run *run)
{
    return run->result.answer >= THRDSRV_STEP_DONE ||
           (run->plan->stop_after > 0 && run->result.output_size >= run->plan->stop_after);
}

/* A step after the end finds everything as it was. */
static void check_end(struct run *run)
{
    enum thrdsrv_step answer = run->result.answer;
    size_t output_size = run->result.output_size;

    if (answer < THRDSRV_STEP_DONE || !run->ended)
        return;
    assert_int_equal(do_step(run, 100), answer);
    assert_int_equal(run->result.output_size, output_size);
}

struct driver_result handler_driver_run(struct handler_driver *driver,
                                        const struct driver_plan *plan)
{
    struct run run = {.driver = driver, .plan = plan, .capacity = plan->capacity};
    struct thrdsrv_start info = {.unix_time = plan->unix_time, .peer = ""};

    assert_true(!plan->in_place || plan->handler->in_place);
    assert_true(plan->capacity <= DRIVER_CAPACITY);
    if (run.capacity == 0)
        run.capacity = DRIVER_CAPACITY;
    run.session = malloc(plan->handler->session_size);
    assert_non_null(run.session);
    memset(run.session, 0xa5, plan->handler->session_size); /* start() must set all it needs */
    plan->handler->start(run.session, &info);

    if (plan->input_size > 0 || !plan->late_end) /* else the first step has neither */
        give_input(&run);
    do {
        bool no_room = plan->starved && run.result.steps % 2 == 0;
        size_t room = no_room ? 0 : next_piece(&plan->out, &run.out_turn, DRIVER_CAPACITY);
        enum thrdsrv_step answer = do_step(&run, room);
        if (!is_over(&run) && (answer == THRDSRV_STEP_WANT_INPUT || plan->eager))
            give_input(&run);
    } while (!is_over(&run));
    check_end(&run);
    free(run.session);
    run.result.output = driver->output;
    return run.result;
}

void handler_driver_expect(struct handler_driver *driver, const struct driver_plan *plan,
                           const void *output, size_t output_size, enum thrdsrv_step answer)
{
    struct driver_result result = handler_driver_run(driver, plan);

    assert_int_equal(result.answer, answer);
    if (plan->stop_after == 0)
        assert_int_equal(result.output_size, output_size);
    assert_true(result.output_size <= output_size);
    if (result.output_size > 0)
        assert_memory_equal(result.output, output, result.output_size);
}

/* The composition of n number mask, 0 … 2^(n-1) - 1: a cut behind byte i where bit i is set.
 * Returns the number of pieces. */
static size_t compose(unsigned mask, size_t n, size_t sizes[LONGEST_TO_SPLIT])
{
    size_t count = 0;

    sizes[0] = n > 0;
    for (size_t i = 1; i < n; i++) {
        if (mask >> (i - 1) & 1)
            sizes[++count] = 0;
        sizes[count]++;
    }
    return n > 0 ? count + 1 : 0;
}

static unsigned compositions(size_t n)
{
    assert_true(n <= LONGEST_TO_SPLIT);
    return n > 1 ? 1u << (n - 1) : 1;
}

/* The ways that do not depend on the pieces. */
static void expect_each_style(struct handler_driver *driver, struct driver_plan plan,
                              const void *output, size_t output_size, enum thrdsrv_step answer)
{
    for (unsigned style = 0; style < 16; style++) {
        plan.in_place = style & 1;
        plan.late_end = style & 2;
        plan.eager = style & 4;
        plan.starved = style & 8;
        if (!plan.in_place || plan.handler->in_place)
            handler_driver_expect(driver, &plan, output, output_size, answer);
    }
}

void handler_driver_expect_all_ways(struct handler_driver *driver, const struct driver_plan *plan,
                                    const void *output, size_t output_size,
                                    enum thrdsrv_step answer)
{
    static const size_t one[] = {1};
    static const size_t uneven[] = {3, 1, 2};
    const struct driver_pieces rooms[] = {{NULL, 0}, {one, 1}, {uneven, 3}};
    struct driver_plan way = *plan;
    size_t sizes[LONGEST_TO_SPLIT];

    for (unsigned mask = 0; mask < compositions(plan->input_size); mask++) {
        way.in = (struct driver_pieces){sizes, compose(mask, plan->input_size, sizes)};
        way.out = rooms[mask % 3];
        expect_each_style(driver, way, output, output_size, answer);
    }
    for (size_t i = 0; i < 9; i++) {
        way.in = rooms[i / 3];
        way.out = rooms[i % 3];
        expect_each_style(driver, way, output, output_size, answer);
    }
    if (output_size > LONGEST_TO_SPLIT)
        return;
    for (unsigned mask = 0; mask < compositions(output_size); mask++) {
        way.in = rooms[mask % 3];
        way.out = (struct driver_pieces){sizes, compose(mask, output_size, sizes)};
        expect_each_style(driver, way, output, output_size, answer);
    }
}

void handler_driver_expect_random(struct handler_driver *driver, const struct driver_plan *plan,
                                  struct random_source *source, unsigned rounds, size_t longest,
                                  const void *output, size_t output_size, enum thrdsrv_step answer)
{
    size_t in[31];
    size_t out[37];
    struct driver_plan way = *plan;

    way.in = (struct driver_pieces){in, 31};
    way.out = (struct driver_pieces){out, 37};
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < 31; i++)
            in[i] = 1 + random_below(source, longest);
        for (size_t i = 0; i < 37; i++)
            out[i] = 1 + random_below(source, longest);
        way.capacity = round % 2 == 0 ? plan->capacity : longest;
        way.in_place = plan->handler->in_place && round / 2 % 2 == 0;
        way.late_end = random_below(source, 2);
        way.eager = random_below(source, 2);
        way.starved = random_below(source, 2);
        handler_driver_expect(driver, &way, output, output_size, answer);
    }
}
