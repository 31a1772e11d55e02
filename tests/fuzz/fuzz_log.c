/* fuzz_log.c - log lines with texts from outside: a value comes back as it was when its quotes are
 * taken off, a line is one line without control characters whatever is in it, and the program
 * quotes as the library does.
 *
 * The input: a message, a value and another, NUL between them; room for the program's quoting in a
 * byte. */
#include <stdlib.h>
#include <string.h>

#include "cli/log_line.h"
#include "fuzz.h"
#include "server/log.h"

static bool is_one_clean_line(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* Reads a value as logfmt has it and returns what is behind it: bare up to a space, or in quotes
 * with
 * \" \\ and \xNN. NULL: it is none. back gets what it stands for. */
static const char *unquote(const char *text, char *back)
{
    if (*text != '"') {
        size_t length = strcspn(text, " ");
        memcpy(back, text, length);
        back[length] = '\0';
        return length > 0 && !memchr(text, '"', length) ? text + length : NULL;
    }
    for (text++; *text != '"'; text++) {
        if (*text == '\0')
            return NULL;
        if (*text != '\\') {
            *back++ = *text;
        } else if (*++text == 'x') {
            const char digits[] = {text[1], text[1] ? text[2] : '\0', '\0'};
            *back++ = (char)strtoul(digits, NULL, 16);
            text += 2;
        } else {
            *back++ = *text;
        }
    }
    *back = '\0';
    return text + 1;
}

/* Returns what is behind " KEY=VALUE", the value being the one that was logged. */
static const char *check_pair(const char *text, const char *key, const char *value)
{
    char *back = malloc(strlen(text) + 1);
    FUZZ_CHECK(back != NULL);
    FUZZ_CHECK(strncmp(text, key, strlen(key)) == 0);
    const char *rest = unquote(text + strlen(key), back);
    FUZZ_CHECK(rest != NULL && strcmp(back, value) == 0);
    free(back);
    return rest;
}

static void check_line(const char *message, const char *value, const char *other)
{
    struct log_line line;
    log_begin(&line, message);
    log_text(&line, "value", value);
    log_number(&line, "number", 7);
    log_text(&line, "other", other);
    FUZZ_CHECK(line.length < sizeof line.text && line.text[line.length] == '\0');
    FUZZ_CHECK(strlen(line.text) == line.length && is_one_clean_line(line.text));
    if (line.length == sizeof line.text - 1)
        return; /* it was cut */
    const char *rest = check_pair(line.text, "msg=", message);
    rest = check_pair(rest, " value=", value);
    rest = check_pair(rest, " number=", "7");
    FUZZ_CHECK(*check_pair(rest, " other=", other) == '\0');
}

/* The same as the library's where there is room; else a beginning of it, with its quotes closed. */
static void check_program(const char *value, size_t room)
{
    struct log_line line;
    char *back = malloc(strlen(value) + 1);
    char *buf = malloc(room);
    FUZZ_CHECK(back && buf);
    const char *quoted = log_line_quote(buf, room, value);
    FUZZ_CHECK(is_one_clean_line(quoted));
    const char *end = unquote(quoted, back);
    FUZZ_CHECK(end && *end == '\0' && strncmp(back, value, strlen(back)) == 0);
    FUZZ_CHECK(quoted != buf || strlen(quoted) < room);
    FUZZ_CHECK(strlen(back) == strlen(value) || strlen(quoted) + sizeof "\\x00" > room);
    log_begin(&line, value);
    if (strlen(back) == strlen(value) && line.length < sizeof line.text - 1)
        FUZZ_CHECK(strcmp(line.text + strlen("msg="), quoted) == 0);
    free(back);
    free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    const char *message = fuzz_text(&input, 0);
    const char *value = fuzz_text(&input, 1);
    const char *other = fuzz_text(&input, 2);
    check_line(message, value, other);
    check_program(value, 8u + fuzz_byte(&input));
    check_program(other, 5000);
    return 0;
}
