/* wrap.c - see wrap.h. */
#include "cli/wrap.h"

#include <stdio.h>
#include <string.h>

void wrap_print(const char *text)
{
    int column = 0;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + length > WRAP_COLUMNS) {
            putchar('\n');
            column = 0;
        }
        column += printf("%s%.*s", column > 0 ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}
