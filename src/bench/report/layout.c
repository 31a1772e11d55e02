/* layout.c - see layout.h. */
#include "bench/report/layout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CUT ".."

bool layout_wants_colour(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(fileno(stream)) == 1 && !(refused && *refused) && terminal &&
           strcmp(terminal, "dumb") != 0;
}

size_t layout_width(FILE *stream)
{
    struct winsize size = {0};
    int descriptor = fileno(stream);
    if (descriptor < 0 || ioctl(descriptor, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 ||
        size.ws_col > LAYOUT_WIDTH)
        return LAYOUT_WIDTH;
    return size.ws_col < LAYOUT_WIDTH_MIN ? LAYOUT_WIDTH_MIN : size.ws_col;
}

/* A byte that begins a character: in UTF-8 the others are 10xxxxxx. */
static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

size_t layout_columns(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += begins_character(*text);
    return columns;
}

/* The bytes of the first `columns` characters. */
static size_t bytes_of(const char *text, size_t columns)
{
    size_t bytes = 0;
    while (text[bytes] && (columns > 0 || !begins_character(text[bytes]))) {
        columns -= begins_character(text[bytes]);
        bytes++;
    }
    return bytes;
}

static void begin_colour(const struct layout *layout, enum layout_colour colour)
{
    static const char *const sequences[] = {
        [LAYOUT_PLAIN] = "",        [LAYOUT_BOLD] = "\033[1m",   [LAYOUT_DIM] = "\033[2m",
        [LAYOUT_GOOD] = "\033[32m", [LAYOUT_BAD] = "\033[1;31m",
    };
    if (layout->colour)
        fputs(sequences[colour], layout->stream);
}

static void end_colour(const struct layout *layout, enum layout_colour colour)
{
    if (layout->colour && colour != LAYOUT_PLAIN)
        fputs("\033[0m", layout->stream);
}

/* The second byte of U+0080 to U+009F, control characters too. */
static bool is_late_control(const char *text, size_t i)
{
    return i > 0 && (unsigned char)text[i - 1] == 0xc2 && (unsigned char)text[i] < 0xa0;
}

/* One character for one, so that columns stay what they are. */
static void put_bytes(const struct layout *layout, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool is_control = (unsigned char)text[i] < ' ' || text[i] == '\177';
        bool is_next_late = i + 1 < length && is_late_control(text, i + 1);
        if (is_control || is_next_late)
            fputc('?', layout->stream);
        else if (!is_late_control(text, i))
            fputc(text[i], layout->stream);
    }
}

static void put_spaces(const struct layout *layout, size_t count)
{
    fprintf(layout->stream, "%*s", (int)count, "");
}

void layout_left(const struct layout *layout, const char *text, size_t columns,
                 enum layout_colour colour)
{
    size_t width = layout_columns(text);
    bool is_cut = width > columns && columns > strlen(CUT);
    size_t shown = is_cut ? columns - strlen(CUT) : width < columns ? width : columns;
    begin_colour(layout, colour);
    put_bytes(layout, text, bytes_of(text, shown));
    if (is_cut)
        fputs(CUT, layout->stream);
    end_colour(layout, colour);
    put_spaces(layout, is_cut ? 0 : columns - shown);
}

void layout_right(const struct layout *layout, const char *text, size_t columns,
                  enum layout_colour colour)
{
    size_t width = layout_columns(text);
    put_spaces(layout, width < columns ? columns - width : 0);
    begin_colour(layout, colour);
    put_bytes(layout, text, strlen(text));
    end_colour(layout, colour);
}

/* The bytes of text that go on a line of so many columns: up to a space, or in the middle of a word
 * that is too long for any line. */
static size_t line_length(const char *text, size_t columns)
{
    size_t fits = bytes_of(text, columns);
    if (text[fits] == '\0' || text[fits] == ' ')
        return fits;
    for (size_t end = fits; end > 0; end--)
        if (text[end] == ' ')
            return end;
    return fits;
}

void layout_paragraph(const struct layout *layout, const char *lead, const char *text,
                      enum layout_colour colour)
{
    size_t indent = layout_columns(lead);
    put_bytes(layout, lead, strlen(lead));
    do {
        size_t length = line_length(text, layout->width - indent);
        begin_colour(layout, colour);
        put_bytes(layout, text, length);
        end_colour(layout, colour);
        fputc('\n', layout->stream);
        text += length;
        while (*text == ' ')
            text++;
        if (*text)
            put_spaces(layout, indent);
    } while (*text);
}

void layout_rule(const struct layout *layout, size_t columns)
{
    begin_colour(layout, LAYOUT_DIM);
    for (size_t i = 0; i < columns; i++)
        fputc('-', layout->stream);
    end_colour(layout, LAYOUT_DIM);
    fputc('\n', layout->stream);
}
