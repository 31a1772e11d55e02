/* service.c - see service.h. */
#include "service.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LONG_LINES 80
#define BYTES      70000

static size_t ask_line(char *text, unsigned tag, unsigned number)
{
    return (size_t)sprintf(text, "client %u says %u, and nobody else does\n", tag, number);
}

static size_t ask_lines(char *text, unsigned tag, unsigned number)
{
    size_t size = 0;
    for (unsigned i = 0; i < LONG_LINES; i++)
        size += ask_line(text + size, tag, number + i);
    return size;
}

/* Each is somebody else, which the balancer says first. */
static size_t ask_proxied(char *text, unsigned tag, unsigned number)
{
    size_t size = 0;
    if (number == 0)
        size = (size_t)sprintf(text, "PROXY TCP4 192.0.2.7 10.0.0.1 %u 80\r\n", tag + 1);
    return size + ask_line(text + size, tag, number);
}

static size_t ask_nothing(char *text, unsigned tag, unsigned number)
{
    (void)text, (void)tag, (void)number;
    return 0;
}

static bool is_beginning(const char *heard, size_t size, const char *whole, size_t length,
                         bool *all)
{
    *all = size == length;
    return size <= length && memcmp(heard, whole, size) == 0;
}

static bool is_echo(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    char text[ASK_MAX];
    return is_beginning(heard, size, text, ask_line(text, tag, number), all);
}

static bool is_long_echo(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    char text[ASK_MAX];
    return is_beginning(heard, size, text, ask_lines(text, tag, number), all);
}

static bool is_rot13(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    char text[ASK_MAX];
    size_t length = ask_line(text, tag, number);
    for (char *c = text; *c; c++)
        if (islower((unsigned char)*c))
            *c = (char)('a' + (*c - 'a' + 13) % 26);
    return is_beginning(heard, size, text, length, all);
}

static size_t ask_bytes(char *text, unsigned tag, unsigned number)
{
    (void)tag, (void)number;
    return (size_t)sprintf(text, "%d\n", BYTES);
}

static bool is_bytes(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    (void)tag, (void)number;
    *all = size == BYTES;
    for (size_t i = 0; i < size; i++)
        if (heard[i] != (char)('a' + i % 26))
            return false;
    return size <= BYTES;
}

/* Lines of 72 characters, each begins with the next one (RFC 864). Two lines are enough. */
static bool is_chargen(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    (void)tag, (void)number;
    *all = size >= 2 * 74;
    for (size_t i = 0; i < size; i++) {
        size_t line = i / 74, column = i % 74;
        char expected = column == 72   ? '\r'
                        : column == 73 ? '\n'
                                       : (char)(' ' + (line + column) % 95);
        if (heard[i] != expected)
            return false;
    }
    return true;
}

/* "Saturday, November 21, 2026 02:46:28-UTC\r\n" */
static bool is_daytime(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    (void)tag, (void)number;
    *all = size > 6 && memcmp(heard + size - 6, "-UTC\r\n", 6) == 0;
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)heard[i]) && !strchr(" ,:-\r\n", heard[i]))
            return false;
    return size < 60;
}

static bool is_silence(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    (void)heard, (void)tag, (void)number;
    *all = true;
    return size == 0;
}

/* whoami says three lines at once, then answers each line behind a number. */
static size_t ask_whoami(char *text, unsigned tag, unsigned number)
{
    size_t length = ask_line(text, tag, number);
    return length + (size_t)sprintf(text + length, "quit\n");
}

static bool is_whoami(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    static const char goodbye[] = ": goodbye\n", greeting[] = "you are ";
    char said[ASK_MAX];
    size_t length = ask_line(said, tag, number);
    size_t known = size < sizeof greeting - 1 ? size : sizeof greeting - 1;
    const char *client = memmem(heard, size, "client", 6);
    size_t left = client ? size - (size_t)(client - heard) : 0;
    size_t behind = sizeof goodbye - 1;
    *all = size > behind && memcmp(heard + size - behind, goodbye, behind) == 0;
    if (memcmp(heard, greeting, known) != 0 || (*all && !client))
        return false;
    return !client || memcmp(client, said, left < length ? left : length) == 0;
}

/* "hello", then each line once more. */
static bool is_lines(const char *heard, size_t size, unsigned tag, unsigned number, bool *all)
{
    char text[ASK_MAX];
    size_t length = number == 0 ? (size_t)sprintf(text, "hello\n") : 0;
    return is_beginning(heard, size, text, length + ask_line(text + length, tag, number), all);
}

const struct service service_echo = {"echo", false, ask_line, is_echo};
const struct service service_echo_long = {"echo", false, ask_lines, is_long_echo};
const struct service service_cat = {NULL, false, ask_line, is_echo};
const struct service service_proxied = {"echo", false, ask_proxied, is_echo};
const struct service service_rot13 = {"rot13", false, ask_line, is_rot13};
const struct service service_bytes = {"bytes", false, ask_bytes, is_bytes};
const struct service service_chargen = {"chargen", false, ask_nothing, is_chargen};
const struct service service_daytime = {"daytime", true, ask_nothing, is_daytime};
const struct service service_discard = {"discard", false, ask_line, is_silence};
const struct service service_whoami = {"whoami", true, ask_whoami, is_whoami};
const struct service service_lines = {NULL, false, ask_line, is_lines};
