/* document_text.c - text from outside as JSON can hold it; see document_parts.h. */
#include <string.h>

#include "bench/report/document_parts.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* How many of the bytes at text are one character of UTF-8 (RFC 3629), 0: none is. jansson decides;
 * a string is over at its NUL, which no character has inside. */
static size_t character_length(const char *text)
{
    for (size_t length = 1; length <= 4 && text[length - 1]; length++) {
        json_t *character = json_stringn(text, length);
        json_decref(character);
        if (character)
            return length;
    }
    return 0;
}

static json_t *repaired(const char *text)
{
    json_t *result = json_string("");
    while (result && *text) {
        size_t length = character_length(text);
        json_t *longer = length > 0
                             ? json_sprintf("%s%.*s", json_string_value(result), (int)length, text)
                             : json_sprintf("%s%s", json_string_value(result), REPLACEMENT);
        json_decref(result);
        result = longer;
        text += length > 0 ? length : 1;
    }
    return result;
}

json_t *document_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *string = json_string(text);
    return string ? string : repaired(text);
}
