/* layout.h - text on a terminal: at most LAYOUT_WIDTH columns, fewer where it has no more, colours
 * where they are wanted.
 *
 * What it does: wraps, pads, cuts; makes harmless what a terminal would obey (names come from
 * outside). A column is a character of UTF-8.
 * What it does not do: know documents. Any thread. */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { LAYOUT_WIDTH = 100, LAYOUT_WIDTH_MIN = 60 };

enum layout_colour {
    LAYOUT_PLAIN = 0,
    LAYOUT_BOLD,
    LAYOUT_DIM,
    LAYOUT_GOOD,
    LAYOUT_BAD,
};

/* Where to write, and how. */
struct layout {
    FILE *stream;
    bool colour;
    size_t width;
};

/* Whether somebody at a terminal is likely to see colours: NO_COLOR (no-color.org), TERM=dumb. */
bool layout_wants_colour(FILE *stream);

/* How many columns there are for text: those of the terminal, LAYOUT_WIDTH where it is none. */
size_t layout_width(FILE *stream);

/* How many columns text takes. */
size_t layout_columns(const char *text);

/* text in exactly `columns` columns, cut with ".." or filled with spaces, in a colour. */
void layout_left(const struct layout *layout, const char *text, size_t columns,
                 enum layout_colour colour);
/* The same at the right edge; text is never cut. */
void layout_right(const struct layout *layout, const char *text, size_t columns,
                  enum layout_colour colour);

/* text wrapped at spaces; the first line begins with lead, the others with as many spaces. */
void layout_paragraph(const struct layout *layout, const char *lead, const char *text,
                      enum layout_colour colour);

/* A thin rule. */
void layout_rule(const struct layout *layout, size_t columns);

#endif
