/* fuzz.c - see fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_buffer.h"

/* What tests/support checks it checks with cmocka, which is to abort too. */
__attribute__((constructor)) static void have_cmocka_abort(void)
{
    setenv("CMOCKA_TEST_ABORT", "1", 1);
}

void fuzz_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

uint8_t fuzz_byte(struct fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->next++;
}

uint64_t fuzz_number(struct fuzz_input *input, unsigned bytes)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes; i++)
        number |= (uint64_t)fuzz_byte(input) << 8 * i;
    return number;
}

char *fuzz_text(struct fuzz_input *input, unsigned index)
{
    static struct guard_buffer buffers[FUZZ_TEXTS];
    const uint8_t *nul = input->left > 0 ? memchr(input->next, '\0', input->left) : NULL;
    size_t length = nul ? (size_t)(nul - input->next) : input->left;
    size_t used = length < FUZZ_TEXT_MAX ? length : FUZZ_TEXT_MAX;
    if (!buffers[index].start)
        guard_buffer_init(&buffers[index], FUZZ_TEXT_MAX + 1);
    char *text = (char *)guard_buffer_tail(&buffers[index], used + 1);
    if (used > 0)
        memcpy(text, input->next, used);
    text[used] = '\0';
    input->next += length + (nul != NULL);
    input->left -= length + (nul != NULL);
    return text;
}
