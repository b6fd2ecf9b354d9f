/* series_style.h: the styles of series, which differ in mark and line as well as in colour. */
#ifndef SCRY_PLOT_SERIES_STYLE_H
#define SCRY_PLOT_SERIES_STYLE_H

#include "plot/plot.h"

enum { SERIES_STYLES = 6 };

/* A line's pattern: dots on, off, on, off. on[0] == 0: solid. */
typedef struct dash {
    int on[2], off[2];
} dash;

typedef struct series_style {
    role role;
    uint32_t mark; /* of a point */
    char ascii;
    uint32_t bar; /* a full cell of a bar */
    char ascii_bar;
    dash dash;         /* of its line, in dots of a cell's 2 x 4 */
    const char *color; /* in SVG: of Okabe and Ito's palette for colour-blind readers */
    const char *svg_dash;
} series_style;

/* The mark of the highlighted point. */
enum { SERIES_STAR = 0x2605, SERIES_STAR_ASCII = '@' };

/* The number of series i's style: its own, or the one that its `look` names. */
int series_style_number(const plot *p, size_t i);
const series_style *series_style_of(const plot *p, size_t i);

/* Writes a safe copy of a text (text_clean); ascii: 7-bit characters only. Returns its width in columns. */
enum { LABEL_MOST = 256 };
int label_clean(const char *from, char out[LABEL_MOST], bool ascii);

#endif
