/* support/guard_buffer.c - see the header. For tests; any thread, one buffer a thread. */
#include "guard_buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void guard_buffer_init(struct guard_buffer *buffer, size_t size)
{
    size_t page = page_size();
    size_t inner = (size + page - 1) / page * page;
    unsigned char *map =
        mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + page, inner, PROT_READ | PROT_WRITE), 0);
    buffer->start = map + page;
    buffer->end = buffer->start + inner;
}

void guard_buffer_fini(struct guard_buffer *buffer)
{
    size_t page = page_size();
    size_t inner = (size_t)(buffer->end - buffer->start);

    assert_int_equal(munmap(buffer->start - page, inner + 2 * page), 0);
    buffer->start = NULL;
    buffer->end = NULL;
}

unsigned char *guard_buffer_tail(const struct guard_buffer *buffer, size_t size)
{
    assert_true(size <= (size_t)(buffer->end - buffer->start));
    return buffer->end - size;
}
