/* list.h - values that are lists: items with a comma between any two.
 *
 * Called by the option tables; pure, any thread. */
#ifndef THRD_CLI_LIST_H
#define THRD_CLI_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Copies the part of *text up to the next comma or the end into item, and moves *text behind the
 * comma, to NULL behind the last part. False where there is no more part, or it needs more than
 * size bytes. */
bool list_next(const char **text, char *item, size_t size);

/* Hands every item to add, up to the first complaint, which is returned; NULL: all were taken.
 * The item lives during the call only. "" is one empty item. */
const char *list_each(const char *text, const char *(*add)(void *target, const char *item),
                      void *target);

#endif
