/* series_style.c: the styles of series. */
#include "plot/series_style.h"
#include "text/text.h"

static const series_style looks[SERIES_STYLES] = {
    {ROLE_PLOT1, 0x25cf, '*', 0x2588, '#', {{0, 0}, {0, 0}}, "#0072B2", ""},
    {ROLE_PLOT2, 0x25c6, 'o', 0x2592, '=', {{6, 0}, {3, 0}}, "#D55E00", "7 4"},
    {ROLE_PLOT3, 0x25b2, '+', 0x2591, ':', {{3, 0}, {1, 0}}, "#009E73", "2 3"},
    {ROLE_PLOT4, 0x25cb, 'x', 0x2593, '%', {{6, 2}, {2, 2}}, "#CC79A7", "8 3 2 3"},
    {ROLE_PLOT5, 0x25c7, '%', 0x2592, '-', {{1, 0}, {2, 0}}, "#E69F00", "1 3"},
    {ROLE_PLOT6, 0x25b3, '&', 0x2591, '.', {{10, 0}, {4, 0}}, "#56B4E9", "12 5"},
};

int series_style_number(const plot *p, size_t i) {
    if (p->series[i].look > 0) return (p->series[i].look - 1) % SERIES_STYLES;
    int own = 0;
    for (size_t k = 0; k < i; k++) own += p->series[k].look <= 0;
    return own % SERIES_STYLES;
}

const series_style *series_style_of(const plot *p, size_t i) {
    return &looks[series_style_number(p, i)];
}

int label_clean(const char *from, char out[LABEL_MOST], bool ascii) {
    return text_clean(from ? from : "", out, LABEL_MOST, ascii);
}
