/* page.h - the files of bench/page, as they are in the source, inside the program.
 *
 * The definition is made when the project is built (cmake/embed.cmake). Constant data; any thread.
 */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stddef.h>

struct page_file {
    const char *name;           /* "page.css"; NULL behind the last file */
    const unsigned char *bytes; /* UTF-8, a NUL behind the last one */
    size_t size;                /* without that NUL */
};

extern const struct page_file page_files[];

#endif
