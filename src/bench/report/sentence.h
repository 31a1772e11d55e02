/* sentence.h - text that is put together piece by piece. What does not fit is cut, at a whole
 * character, and says so with "...". Any thread. */
#ifndef BENCH_SENTENCE_H
#define BENCH_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>

struct sentence {
    char text[1200];
    size_t length;
    bool is_cut;
};

void sentence_begin(struct sentence *sentence);
void sentence_add(struct sentence *sentence, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Its first letter becomes a capital, where it is one of a to z. */
void sentence_capitalize(struct sentence *sentence);

#endif
