/* fuzz.h - what the harnesses have in common.
 *
 * A harness is one file, fuzz_NAME.c, with the one function that libFuzzer calls for each input.
 * Built with clang and -DTHRDSRV_FUZZ=ON it looks for inputs by itself (ci/fuzz); otherwise
 * replay.c calls it with each file of its corpus, in every build that runs the tests. A check that
 * fails aborts, so that the input is kept. One thread. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The harness. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_failed(#condition, __FILE__, __LINE__))

_Noreturn void fuzz_failed(const char *condition, const char *file, int line);

/* An input that is taken apart from its beginning. Where nothing is left everything is 0. */
struct fuzz_input {
    const uint8_t *next;
    size_t left;
};

uint8_t fuzz_byte(struct fuzz_input *input);

/* Of that many bytes, at most 8, the first being the lowest. */
uint64_t fuzz_number(struct fuzz_input *input, unsigned bytes);

/* All that is left up to a NUL, which is eaten, or to the end, as a string whose NUL is the last
 * byte before a forbidden page. Lives until number index (0 … FUZZ_TEXTS - 1) is made again; cut to
 * FUZZ_TEXT_MAX bytes. */
enum { FUZZ_TEXTS = 4, FUZZ_TEXT_MAX = 16383 };
char *fuzz_text(struct fuzz_input *input, unsigned index);

#endif
