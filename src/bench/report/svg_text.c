/* svg_text.c - see svg_text.h. */
#include "bench/report/svg_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Of the size of the letters, in wide fonts (DejaVu Sans): on an average of a text; of a digit, and
 * of what stands between digits. */
#define LETTER_WIDTH 0.56
#define DIGIT_WIDTH  0.64
#define COMMA_WIDTH  0.32
#define LINE_HEIGHT  1.35

#define REPLACEMENT  "\xef\xbf\xbd" /* U+FFFD */

double svg_text_width(const char *text, double size)
{
    double width = 0;
    for (; *text; text++)
        width += strchr(",. ", *text) ? COMMA_WIDTH : DIGIT_WIDTH;
    return width * size;
}

/* U+FFFE and U+FFFF, the only ones that JSON may have beyond the control characters and XML not. */
static bool is_no_character(const char *text)
{
    return memcmp(text, "\xef\xbf\xbe", 3) == 0 || memcmp(text, "\xef\xbf\xbf", 3) == 0;
}

static void write_piece(FILE *stream, const char *text, size_t length)
{
    for (const char *end = text + length; text < end; text++) {
        if (*text == '&')
            fputs("&amp;", stream);
        else if (*text == '<')
            fputs("&lt;", stream);
        else if (*text == '>')
            fputs("&gt;", stream);
        else if (*text == '"')
            fputs("&quot;", stream);
        else if ((unsigned char)*text < ' ' || *text == 127)
            fputs(REPLACEMENT, stream);
        else if (end - text >= 3 && is_no_character(text)) {
            fputs(REPLACEMENT, stream);
            text += 2;
        } else
            fputc(*text, stream);
    }
}

void svg_text_escape(FILE *stream, const char *text)
{
    write_piece(stream, text, strlen(text));
}

static void begin(FILE *stream, double x, double y, const struct svg_style *style)
{
    fprintf(stream,
            "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%g\" fill=\"%s\" text-anchor=\"%s\" "
            "font-weight=\"%s\">",
            x, y, style->size, style->colour, style->anchor, style->weight);
}

void svg_text_write(FILE *stream, double x, double y, const struct svg_style *style,
                    const char *text)
{
    begin(stream, x, y, style);
    svg_text_escape(stream, text);
    fputs("</text>\n", stream);
}

/* How many bytes of text make a line of so many letters. */
static size_t line_length(const char *text, size_t columns)
{
    size_t length = 0; /* up to the last space that a line could end at */
    size_t seen = 0;
    for (size_t i = 0;; i++) {
        bool goes_on = ((unsigned char)text[i] & 0xc0) == 0x80;
        if (text[i] == ' ' || text[i] == '\0')
            length = i;
        if (text[i] == '\0' || (seen >= columns && length > 0 && !goes_on))
            return length;
        seen += !goes_on;
    }
}

double svg_text_wrap(FILE *stream, double x, double y, double width, const struct svg_style *style,
                     const char *text)
{
    size_t columns = (size_t)(width / (style->size * LETTER_WIDTH));
    while (*text) {
        size_t length = line_length(text, columns);
        begin(stream, x, y, style);
        write_piece(stream, text, length);
        fputs("</text>\n", stream);
        y += style->size * LINE_HEIGHT;
        text += length;
        text += strspn(text, " ");
    }
    return y;
}
