/* fuzz_status.c - what thrd status makes of an answer that may be anything: the table has no byte
 * that acts on a terminal, and the JSON document is one; and what the server has written into a
 * line is read as it was.
 *
 * The input: width, height and order of the table, a byte each; a value; the answer behind a NUL.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/logfmt.h"
#include "cli/status_json.h"
#include "cli/status_lines.h"
#include "cli/status_table.h"
#include "fuzz.h"
#include "server/log.h"

/* ---- JSON (RFC 8259): each takes what it is for, and returns what is behind it ------------- */

static const char *take_string(const char *text)
{
    FUZZ_CHECK(*text == '"');
    for (text++; *text != '"'; text++) {
        FUZZ_CHECK((unsigned char)*text >= ' ');
        if (*text != '\\')
            continue;
        text++;
        FUZZ_CHECK(*text != '\0' && strchr("\"\\u", *text));
        for (int i = 0; *text == 'u' && i < 4; i++)
            FUZZ_CHECK(isxdigit((unsigned char)text[1 + i]));
    }
    return text + 1;
}

static const char *take_number(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    FUZZ_CHECK(whole > 0 && (whole == 1 || *text != '0'));
    text += whole;
    if (*text != '.')
        return text;
    size_t fraction = strspn(text + 1, "0123456789");
    FUZZ_CHECK(fraction > 0);
    return text + 1 + fraction;
}

static const char *take_value(const char *text);

static const char *take_members(const char *text, char end, bool named)
{
    if (*text == end)
        return text + 1;
    for (;; text++) {
        if (named) {
            text = take_string(text);
            FUZZ_CHECK(*text++ == ':');
        }
        text = take_value(text);
        if (*text == end)
            return text + 1;
        FUZZ_CHECK(*text == ',');
    }
}

/* Ours are five deep at most. */
static const char *take_value(const char *text)
{
    if (*text == '{')
        return take_members(text + 1, '}', true);
    if (*text == '[')
        return take_members(text + 1, ']', false);
    return *text == '"' ? take_string(text) : take_number(text);
}

/* ---- An answer --------------------------------------------------------------------------- */

static char *write_answer(const char *answer, const struct status_layout *layout)
{
    char *result = NULL;
    size_t size;
    struct status_lines lines;
    char *text = strdup(answer);
    FILE *stream = open_memstream(&result, &size);
    FUZZ_CHECK(text && stream && status_lines_init(&lines, text) == 0);
    if (layout)
        FUZZ_CHECK(status_table_write(stream, &lines, layout) == 0);
    else
        status_json_write(stream, &lines);
    FUZZ_CHECK(fclose(stream) == 0);
    status_lines_fini(&lines);
    free(text);
    return result;
}

static void check_answer(const char *answer, const struct status_layout *layout)
{
    char *table = write_answer(answer, layout);
    char *json = write_answer(answer, NULL);
    for (const char *c = table; *c != '\0'; c++)
        FUZZ_CHECK(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
    FUZZ_CHECK(strcmp(take_value(json), "\n") == 0);
    free(json);
    free(table);
}

static void check_value(const char *value)
{
    struct log_line line;
    struct logfmt_pair pair;
    char *text = line.text;
    log_begin(&line, value);
    log_number(&line, "number", 7);
    if (line.length == sizeof line.text - 1)
        return; /* it was cut */
    FUZZ_CHECK(logfmt_next(&text, &pair) && strcmp(pair.key, "msg") == 0);
    FUZZ_CHECK(strcmp(pair.value, value) == 0);
    FUZZ_CHECK(logfmt_next(&text, &pair) && strcmp(pair.key, "number") == 0);
    FUZZ_CHECK(strcmp(pair.value, "7") == 0 && !logfmt_next(&text, &pair));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct status_layout layout = {.width = fuzz_byte(&input), .height = fuzz_byte(&input)};
    layout.order = (enum status_order)(fuzz_byte(&input) % (STATUS_BY_CPU + 1));
    check_value(fuzz_text(&input, 0));
    check_answer(fuzz_text(&input, 1), &layout);
    return 0;
}
