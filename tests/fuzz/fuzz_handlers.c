/* fuzz_handlers.c - every built-in handler: any split of its input and any room for its output give
 * the bytes that its description promises. What a step may touch is checked by
 * tests/support/handler_driver, the session's size by ASan.
 *
 * The input: number of the handler, what the driver does besides, how much input it can hold (0:
 * all), how many pieces of input and of output, their sizes, the time in 8 bytes; then what a
 * client says. */
#include <string.h>

#include "fuzz.h"
#include "handler_driver.h"
#include "handler_models.h"

#define PIECES 15u
#define LIMIT  8000u /* of the output: more than chargen repeats after; bytes is asked for 2 GiB */

static struct driver_pieces take_pieces(struct fuzz_input *input, size_t sizes[PIECES])
{
    struct driver_pieces pieces = {sizes, fuzz_byte(input) % (PIECES + 1)};
    for (size_t i = 0; i < pieces.count; i++)
        sizes[i] = 1u + fuzz_byte(input);
    return pieces;
}

static void check_run(struct handler_driver *driver, const struct driver_plan *plan,
                      const struct model_answer *model)
{
    struct driver_result result = handler_driver_run(driver, plan);
    size_t known = result.output_size < model->size ? result.output_size : model->size;
    FUZZ_CHECK(known == 0 || memcmp(result.output, model->bytes, known) == 0);
    FUZZ_CHECK(model->is_cut || result.output_size == model->size);
    FUZZ_CHECK(!model->is_cut || result.output_size >= model->size);
    FUZZ_CHECK(model->is_cut || result.answer == model->last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct handler_driver driver;
    static unsigned char expected[LIMIT];
    struct model_answer model = {.bytes = expected, .limit = sizeof expected};
    struct fuzz_input input = {data, size};
    size_t in[PIECES], out[PIECES];
    struct driver_plan plan = {.handler = thrdsrv_handler_at(fuzz_byte(&input) % 7)};
    uint8_t style = fuzz_byte(&input);
    FUZZ_CHECK(plan.handler != NULL && thrdsrv_handler_at(7) == NULL);
    if (!driver.held)
        handler_driver_init(&driver);

    size_t capacity = fuzz_byte(&input);
    struct driver_pieces in_pieces = take_pieces(&input, in);
    struct driver_pieces out_pieces = take_pieces(&input, out);
    plan.unix_time = (int64_t)fuzz_number(&input, 8);
    plan.input = input.next;
    plan.input_size = input.left;
    handler_model(plan.handler, input.next, input.left, plan.unix_time, &model);
    plan.stop_after = model.is_cut ? LIMIT : 0;
    check_run(&driver, &plan, &model);

    plan.capacity = capacity;
    plan.in = in_pieces;
    plan.out = out_pieces;
    plan.in_place = plan.handler->in_place && (style & 1);
    plan.late_end = style & 2;
    plan.eager = style & 4;
    plan.starved = style & 8;
    check_run(&driver, &plan, &model);
    return 0;
}
