/* logfmt.c - see logfmt.h. */
#include "cli/logfmt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Takes what stands for one byte, and returns what is behind it. */
static const char *take_byte(const char *from, char *byte)
{
    bool is_escaped = *from == '\\' && from[1] != '\0';
    from += is_escaped;
    if (is_escaped && *from == 'x' && isxdigit((unsigned char)from[1]) &&
        isxdigit((unsigned char)from[2])) {
        const char digits[] = {from[1], from[2], '\0'};
        *byte = (char)strtoul(digits, NULL, 16);
        return from + 3;
    }
    *byte = *from;
    return from + 1;
}

/* text is behind the opening quote. What the value stands for is never longer than what is written,
 * so it takes its place. Returns what is behind the closing quote, if there is one. */
static char *take_quoted(char *text)
{
    const char *from = text;
    char *to = text;
    while (*from != '\0' && *from != '"')
        from = take_byte(from, to++);
    char *rest = text + (from - text) + (*from == '"');
    *to = '\0';
    return rest;
}

static char *take_bare(char *text)
{
    char *end = text + strcspn(text, " ");
    char *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return rest;
}

bool logfmt_next(char **text, struct logfmt_pair *pair)
{
    char *key = *text;
    size_t length;
    for (;; key += length) {
        key += strspn(key, " ");
        length = strcspn(key, " =");
        if (key[length] == '=')
            break;
        if (key[length] == '\0') {
            *text = key + length;
            return false;
        }
    }
    char *value = key + length + 1;
    key[length] = '\0';
    pair->key = key;
    pair->value = *value == '"' ? value + 1 : value;
    *text = *value == '"' ? take_quoted(value + 1) : take_bare(value);
    return true;
}
