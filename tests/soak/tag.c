/* tag - see tag.h. Pure functions. */
#include "tag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_hex(unsigned char *at, uint32_t number, unsigned digits)
{
    while (digits-- > 0) {
        at[digits] = (unsigned char)"0123456789abcdef"[number & 15];
        number >>= 4;
    }
}

static void make_line(uint32_t client, uint64_t number, unsigned char line[TAG_LINE])
{
    put_hex(line, client, 7);
    put_hex(line + 7, (uint32_t)number, 8);
    line[TAG_LINE - 1] = '\n';
}

void tag_fill(uint32_t client, uint64_t offset, unsigned char *data, size_t size)
{
    unsigned char line[TAG_LINE];
    while (size > 0) {
        size_t at = offset % TAG_LINE;
        size_t part = size < TAG_LINE - at ? size : TAG_LINE - at;
        make_line(client, offset / TAG_LINE, line);
        memcpy(data, line + at, part);
        data += part;
        size -= part;
        offset += part;
    }
}

/* Of the letters that occur, a to f and n to s. */
static unsigned char rotate(unsigned char c)
{
    if (c >= 'a' && c <= 'f')
        return (unsigned char)(c + 13);
    if (c >= 'n' && c <= 's')
        return (unsigned char)(c - 13);
    return c;
}

/* The line that has come instead, as a text that can be read. */
static void explain(const struct tag_check *check, const unsigned char *seen, size_t size,
                    char *error, size_t error_size)
{
    char client[8] = "";
    char number[9] = "";
    uint32_t from = 0;
    char *end = client;
    if (size == TAG_LINE && seen[TAG_LINE - 1] == '\n') {
        memcpy(client, seen, 7);
        memcpy(number, seen + 7, 8);
        from = (uint32_t)strtoul(client, &end, 16);
    }
    if (end != client + 7)
        snprintf(error, error_size, "a wrong byte of client %u at offset %llu",
                 (unsigned)check->client, (unsigned long long)check->offset);
    else if (from != check->client)
        snprintf(error, error_size,
                 "a foreign byte: client %u hears at offset %llu what client %u has said",
                 (unsigned)check->client, (unsigned long long)check->offset, (unsigned)from);
    else
        snprintf(error, error_size,
                 "bytes lost, doubled or wrong: client %u hears at offset %llu its own line %lu",
                 (unsigned)check->client, (unsigned long long)check->offset,
                 strtoul(number, NULL, 16));
}

/* One line, or a part of it, which begins at check->offset. Returns how much of it is right. */
static size_t check_line(struct tag_check *check, const unsigned char *data, size_t size)
{
    unsigned char wanted[TAG_LINE];
    size_t at = check->offset % TAG_LINE;
    make_line(check->client, check->offset / TAG_LINE, wanted);
    memcpy(check->line + at, data, size);
    for (size_t i = 0; check->rotated && i < size; i++)
        check->line[at + i] = rotate(check->line[at + i]);
    if (memcmp(check->line + at, wanted + at, size) == 0)
        return size;
    size_t right = 0;
    while (check->line[at + right] == wanted[at + right])
        right++;
    return right;
}

bool tag_check(struct tag_check *check, const unsigned char *data, size_t size, char *error,
               size_t error_size)
{
    while (size > 0) {
        size_t at = check->offset % TAG_LINE;
        size_t part = size < TAG_LINE - at ? size : TAG_LINE - at;
        size_t right = check_line(check, data, part);
        check->offset += right;
        if (right < part) {
            explain(check, check->line, at + part, error, error_size);
            return false;
        }
        data += part;
        size -= part;
    }
    return true;
}
