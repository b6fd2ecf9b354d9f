/* svg.h: printf for SVG, with escaped text and short numbers. */
#ifndef SCRY_DRAW_SVG_H
#define SCRY_DRAW_SVG_H

#include <stdio.h>

/* Writes a piece of SVG, with its own conversions: %n a double with at most two decimals, %s text as is, %t escaped
 * text, %d an int, %c a colour 0xRRGGBB (uint32_t), %% a percent sign. */
void svg_put(FILE *f, const char *format, ...);
/* Writes text for content or attribute values: markup is escaped; controls, invalid bytes and characters that
 * are invisible or change the direction of writing are spelt out (base/printable.h). */
void svg_text(FILE *f, const char *text);

#endif
