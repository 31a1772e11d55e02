/* text.h - puts short texts together without printf(3).
 *
 * For what is done for every connection: printf takes a page more of a worker's stack, and in a
 * child a dozen page faults for code and tables of libc's. The caller sees to the room, and to the
 * NUL at the end. Any thread, any child. */
#ifndef SERVER_TEXT_H
#define SERVER_TEXT_H

#include <stddef.h>

/* Both return the end of what they wrote. */
static inline char *text_put(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    return to;
}

static inline char *text_put_number(char *to, unsigned long number)
{
    char digits[20]; /* of 2^64 - 1 */
    size_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

#endif
