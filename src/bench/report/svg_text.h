/* svg_text.h - texts in a picture: names come from outside, and nobody knows which font there is.
 * Any thread. */
#ifndef BENCH_SVG_TEXT_H
#define BENCH_SVG_TEXT_H

#include <stdio.h>

struct svg_style {
    double size; /* of the letters, in pixels */
    const char *colour;
    const char *anchor; /* start, middle, end */
    const char *weight; /* normal, bold */
};

/* How wide a number with its unit (ASCII) may be: the fonts that people have differ. */
double svg_text_width(const char *text, double size);

/* text as XML, inside of an element or of quotes; what XML cannot hold becomes U+FFFD. */
void svg_text_escape(FILE *stream, const char *text);

/* One line at x, y (the foot of the letters). */
void svg_text_write(FILE *stream, double x, double y, const struct svg_style *style,
                    const char *text);

/* As many lines as text needs at this width, broken at spaces, each 1.35 times its size below the
 * one before; a word that is wider has a line of its own. Returns where the next line would stand.
 */
double svg_text_wrap(FILE *stream, double x, double y, double width, const struct svg_style *style,
                     const char *text);

#endif
