/* log_lines - see log_lines.h. Pure functions over text. */
#include "log_lines.h"

#include <stdlib.h>
#include <string.h>

/* The length of the word at text: up to a space outside quotes, or the end. */
static size_t word_length(const char *text)
{
    bool quoted = false;
    size_t n = 0;
    while (text[n] != '\0' && text[n] != '\n' && (quoted || text[n] != ' ')) {
        if (quoted && text[n] == '\\' && text[n + 1] != '\0')
            n++;
        else if (text[n] == '"')
            quoted = !quoted;
        n++;
    }
    return n;
}

/* The next word at or after *text, which is moved behind it; NULL at the end of the line. */
static const char *next_word(const char **text, size_t *length)
{
    while (**text == ' ')
        (*text)++;
    if (**text == '\0' || **text == '\n')
        return NULL;
    const char *word = *text;
    *length = word_length(word);
    *text += *length;
    return word;
}

static bool has_word(const char *line, const char *word, size_t length)
{
    size_t n = 0;
    for (const char *w = next_word(&line, &n); w != NULL; w = next_word(&line, &n))
        if (n == length && memcmp(w, word, n) == 0)
            return true;
    return false;
}

bool log_line_matches(const char *line, const char *pattern)
{
    size_t n = 0;
    for (const char *w = next_word(&pattern, &n); w != NULL; w = next_word(&pattern, &n))
        if (!has_word(line, w, n))
            return false;
    return true;
}

char *log_line_value(const char *line, const char *key, char *buf, size_t size)
{
    size_t n = 0;
    size_t key_length = strlen(key);
    for (const char *w = next_word(&line, &n); w != NULL; w = next_word(&line, &n)) {
        if (n <= key_length || w[key_length] != '=' || memcmp(w, key, key_length) != 0)
            continue;
        const char *value = w + key_length + 1;
        size_t length = n - key_length - 1;
        if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
            value++;
            length -= 2;
        }
        if (length >= size)
            return NULL;
        memcpy(buf, value, length);
        buf[length] = '\0';
        return buf;
    }
    return NULL;
}

long long log_line_number(const char *line, const char *key)
{
    char value[32];
    return log_line_value(line, key, value, sizeof value) != NULL ? atoll(value) : -1;
}

double log_line_seconds(const char *line, const char *key)
{
    char value[32];
    return log_line_value(line, key, value, sizeof value) != NULL ? strtod(value, NULL) : -1;
}
