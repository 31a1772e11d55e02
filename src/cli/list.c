/* list.c - values that are lists; see list.h. */
#include "cli/list.h"

#include <string.h>

/* Longer than any name or number that a list of ours can hold. */
#define ITEM_SIZE 64

bool list_next(const char **text, char *item, size_t size)
{
    if (!*text)
        return false;
    size_t length = strcspn(*text, ",");
    if (length >= size)
        return false;
    memcpy(item, *text, length);
    item[length] = '\0';
    *text = (*text)[length] == ',' ? *text + length + 1 : NULL;
    return true;
}

const char *list_each(const char *text, const char *(*add)(void *target, const char *item),
                      void *target)
{
    char item[ITEM_SIZE];
    while (text) {
        if (!list_next(&text, item, sizeof item))
            return "an item of the list is too long";
        const char *what = add(target, item);
        if (what)
            return what;
    }
    return NULL;
}
