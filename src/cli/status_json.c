/* status_json.c - see status_json.h. Written by hand, because the program needs no library for
 * this: jansson is there for thrd bench, or not. */
#include "cli/status_json.h"

#include <stdbool.h>
#include <string.h>

#include "cli/logfmt.h"

/* Are strings even where they look like a number. */
static bool is_text(const char *key)
{
    static const char *const keys[] = {"version", "mode", "handler", "state",
                                       "waits",   "peer", "listen"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* RFC 8259, 6: no leading zeros, and digits on both sides of a point. */
static bool is_number(const char *text)
{
    static const char digits[] = "0123456789";
    size_t whole = strspn(text, digits);
    if (whole == 0 || (whole > 1 && *text == '0'))
        return false;
    text += whole;
    if (*text != '.')
        return *text == '\0';
    size_t fraction = strspn(text + 1, digits);
    return fraction > 0 && text[1 + fraction] == '\0';
}

static bool is_continuation(unsigned char byte, unsigned char first, unsigned char last)
{
    return byte >= first && byte <= last;
}

/* Bytes of the character that begins here, RFC 3629, 4; 0: it is none. */
static size_t utf8_length(const unsigned char *text)
{
    unsigned char c = text[0];
    if (c < 0x80)
        return 1;
    size_t length = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 ? 4 : 0;
    unsigned char first = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char last = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (c > 0xf4 || length == 0 || !is_continuation(text[1], first, last))
        return 0;
    for (size_t i = 2; i < length; i++)
        if (!is_continuation(text[i], 0x80, 0xbf))
            return 0;
    return length;
}

/* Paths are bytes, JSON is UTF-8: what is none becomes U+FFFD. */
static void write_string(FILE *stream, const char *text)
{
    const unsigned char *next = (const unsigned char *)text;
    fputc('"', stream);
    while (*next != '\0') {
        size_t length = utf8_length(next);
        if (length == 0)
            fputs("\\ufffd", stream);
        else if (*next < ' ' || *next == 0x7f)
            fprintf(stream, "\\u%04x", *next);
        else if (*next == '"' || *next == '\\')
            fprintf(stream, "\\%c", *next);
        else
            fwrite(next, 1, length, stream);
        next += length > 0 ? length : 1;
    }
    fputc('"', stream);
}

static void write_value(FILE *stream, const struct logfmt_pair *pair)
{
    if (!is_text(pair->key) && is_number(pair->value))
        fputs(pair->value, stream);
    else
        write_string(stream, pair->value);
}

/* A server has several addresses: those that follow each other are one list. */
static void write_object(FILE *stream, char *line)
{
    struct logfmt_pair pair;
    bool in_list = false;
    const char *comma = "";
    fputc('{', stream);
    while (logfmt_next(&line, &pair)) {
        bool is_listed = strcmp(pair.key, "listen") == 0;
        if (in_list && !is_listed)
            fputc(']', stream);
        fputs(comma, stream);
        if (!in_list || !is_listed) {
            write_string(stream, pair.key);
            fputs(is_listed ? ":[" : ":", stream);
        }
        write_value(stream, &pair);
        in_list = is_listed;
        comma = ",";
    }
    fputs(in_list ? "]}" : "}", stream);
}

void status_json_write(FILE *stream, const struct status_lines *lines)
{
    fputs("{\"server\":", stream);
    write_object(stream, lines->server);
    fputs(",\"slots\":[", stream);
    for (size_t i = 0; i < lines->slot_count; i++) {
        if (i > 0)
            fputc(',', stream);
        write_object(stream, lines->slots[i]);
    }
    fputs("],\"counters\":", stream);
    write_object(stream, lines->counters);
    fputs("}\n", stream);
}
