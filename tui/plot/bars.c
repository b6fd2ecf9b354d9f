/* bars.c: rows of names and bars in the grid's cells. Bars of positive values grow right from 0 in eighths of a cell,
 * of negative values left in halves. */
#include "text/text.h"
#include "plot/plot_draw.h"
#include "plot/series_style.h"

#include <math.h>

static void draw_right(const pen *k, int y, double zero, double length, const series_style *l, role r) {
    int x = (int)(k->f->area.x + zero), eighths = (int)lround(length * 8);
    if (eighths == 0) eighths = 1; /* keep small values visible */
    int room = k->r.x + k->r.cols - x;
    if (eighths > room * 8) eighths = room * 8;
    if (k->ascii || l->bar != 0x2588) {
        int cells = eighths < 4 ? 1 : (eighths + 4) / 8;
        grid_fill(k->g, y, x, cells, r, k->ascii ? (uint32_t)l->ascii_bar : l->bar);
        return;
    }
    grid_fill(k->g, y, x, eighths / 8, r, 0x2588);
    if (eighths % 8) grid_fill(k->g, y, x + eighths / 8, 1, r, 0x2590u - (uint32_t)(eighths % 8));
}

static void draw_left(const pen *k, int y, double zero, double length, const series_style *l, role r) {
    int x = (int)(k->f->area.x + zero), halves = (int)lround(length * 2);
    if (halves == 0) halves = 1;
    if (halves > 2 * (x - (int)k->f->area.x)) halves = 2 * (x - (int)k->f->area.x);
    bool plain = k->ascii || l->bar != 0x2588;
    int cells = plain ? (halves + 1) / 2 : halves / 2;
    grid_fill(k->g, y, x - cells, cells, r, k->ascii ? (uint32_t)l->ascii_bar : l->bar);
    if (!plain && halves % 2) grid_fill(k->g, y, x - cells - 1, 1, r, 0x2590);
}

static void draw_bar(const pen *k, int y, const plot_series *s, size_t i, const series_style *l) {
    const plot_layout *f = k->f;
    if (!series_takes(s, i, f->x, f->y)) {
        grid_put(k->g, y, (int)f->area.x, (int)f->area.w, ROLE_FAINT, "-");
        return;
    }
    double from = f->x.log || f->x.low > 0 ? f->x.low : f->x.high < 0 ? f->x.high : 0;
    double zero = tick_place(&f->x_room, scale_share(f->x, from));
    double share = scale_share(f->x, s->x[i]);
    double end = (share < 0 ? 0 : share > 1 ? 1 : share) * f->area.w;
    double start = scale_share(f->x, from) * f->area.w;
    role r = s->highlight == i + 1 ? ROLE_MARK : l->role;
    if (s->x[i] == from) return;
    if (s->x[i] > from) draw_right(k, y, zero, fmin(end - start, f->area.w - zero), l, r);
    else draw_left(k, y, zero, start - end, l, r);
}

static void draw_name(const pen *k, int y, size_t row, bool pointed) {
    const char *name = NULL;
    for (size_t i = 0; i < k->p->series_count && !name; i++) {
        const plot_series *s = &k->p->series[i];
        if (s->kind == PLOT_BARS && s->names && row < s->n) name = s->names[row];
    }
    char safe[LABEL_MOST];
    label_clean(name, safe, k->ascii);
    text_fit(safe, (int)k->f->name_width, k->ascii);
    int right = (int)k->f->area.x - (k->r.cols >= 40 ? 3 : 2), left = right - (int)k->f->name_width + 1;
    if (k->f->name_width <= 0) return;
    grid_put_right(k->g, y, left, (int)k->f->name_width, pointed ? ROLE_MARK : ROLE_TEXT, safe);
    if (pointed && left >= k->r.x + 2) grid_fill(k->g, y, left - 2, 1, ROLE_MARK, '>');
}

void draw_bars(const pen *k) {
    const plot_layout *f = k->f;
    int end = k->r.x + k->r.cols;
    for (size_t row = 0; row < f->rows; row++) {
        int y = (int)(f->area.y + f->pitch * (double)row), bar = 0;
        bool pointed = false;
        for (size_t i = 0; i < k->p->series_count; i++) {
            const plot_series *s = &k->p->series[i];
            size_t at = f->first_row + row;
            if (s->kind != PLOT_BARS) continue;
            int top = y + bar++ * (int)f->thick;
            if (at >= s->n) continue;
            pointed |= s->highlight == at + 1;
            for (int t = 0; t < (int)f->thick; t++) draw_bar(k, top + t, s, at, series_style_of(k->p, i));
            if (f->text_width > 0 && s->texts && s->texts[at]) {
                char safe[LABEL_MOST];
                label_clean(s->texts[at], safe, k->ascii);
                grid_put_right(k->g, top, end - (int)f->text_width, (int)f->text_width, ROLE_TEXT, safe);
            }
        }
        draw_name(k, y, f->first_row + row, pointed);
    }
}
