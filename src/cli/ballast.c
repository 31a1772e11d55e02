/* ballast.c - see ballast.h. */
#include "cli/ballast.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

int ballast_take(int64_t bytes)
{
    long page = sysconf(_SC_PAGESIZE);
    volatile unsigned char *memory =
        mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    /* Small pages, as most of a server's memory is made of: huge ones have a 512th of the page
     * tables, and whether there are any is the machine's setting. Not every kernel knows them: no
     * error. */
    madvise((void *)memory, (size_t)bytes, MADV_NOHUGEPAGE);
    for (int64_t at = 0; at < bytes; at += page)
        memory[at] = 1;
    return 0;
}
