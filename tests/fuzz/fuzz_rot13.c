/* fuzz_rot13.c - the service rot13 against the table of `tr A-Za-z N-ZA-Mn-za-m`: at any length and
 * any alignment, in place and beside; twice is the identity; and cut in two anywhere it is the
 * same.
 *
 * The input: alignment, where to cut in 2 bytes; then the text. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "handler_models.h"

#define ALIGNMENT 64u

/* All of the input in two steps, the first of which has its first bytes; out may be in. */
static void run(const unsigned char *in, unsigned char *out, size_t size, size_t cut)
{
    const struct thrdsrv_start info = {.peer = ""};
    struct thrdsrv_stream stream = {.next_in = in,
                                    .avail_in = cut,
                                    .next_out = out,
                                    .avail_out = cut,
                                    .input = THRDSRV_INPUT_MORE};
    thrdsrv_rot13.start(NULL, &info);
    FUZZ_CHECK(thrdsrv_rot13.step(NULL, &stream) == THRDSRV_STEP_WANT_INPUT);
    stream.avail_in += size - cut;
    stream.avail_out += size - cut;
    stream.input = THRDSRV_INPUT_END;
    FUZZ_CHECK(thrdsrv_rot13.step(NULL, &stream) == THRDSRV_STEP_DONE);
    FUZZ_CHECK(stream.avail_in == 0 && stream.avail_out == 0);
    FUZZ_CHECK(stream.next_in == in + size && stream.next_out == out + size);
}

static void check_rotated(const unsigned char *out, const unsigned char *in, size_t size)
{
    for (size_t i = 0; i < size; i++)
        FUZZ_CHECK(out[i] == handler_model_rotated(in[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    size_t offset = fuzz_byte(&input) % ALIGNMENT;
    size_t cut = fuzz_number(&input, 2) % (input.left + 1);
    unsigned char *beside = malloc(input.left + 1);
    unsigned char *memory = malloc(offset + input.left + 1);
    FUZZ_CHECK(beside && memory);
    unsigned char *in_place = memory + offset;
    if (input.left > 0)
        memcpy(in_place, input.next, input.left);

    run(input.next, beside, input.left, cut);
    check_rotated(beside, input.next, input.left);
    run(in_place, in_place, input.left, cut);
    check_rotated(in_place, input.next, input.left);
    run(in_place, in_place, input.left, 0);
    FUZZ_CHECK(input.left == 0 || memcmp(in_place, input.next, input.left) == 0);
    free(beside);
    free(memory);
    return 0;
}
