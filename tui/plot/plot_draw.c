/* plot_draw.c: a plot in the grid's cells. */
#include "plot/plot_draw.h"
#include "base/mem.h"
#include "text/text.h"
#include "plot/point_labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const measure terminal = {1, 1, true, false};

/* Writes text from x to the right edge, with an ellipsis where it is cut. */
static void put_text(const pen *k, double y, int x, role r, const char *text) {
    char safe[LABEL_MOST];
    int room = k->r.x + k->r.cols - x;
    label_clean(text, safe, k->ascii);
    text_fit(safe, room, k->ascii);
    grid_put(k->g, (int)y, x, room, r, safe);
}

/* Writes text wrapped and centred in the rectangle. */
static void put_words(const pen *k, rect r, role how, const char *text) {
    char safe[LABEL_MOST], line[16][LABEL_MOST];
    int lines = 0;
    label_clean(text, safe, k->ascii);
    line[0][0] = 0;
    for (char *word = strtok(safe, " "); word; word = strtok(NULL, " ")) {
        bool first = !line[lines][0];
        if (!first && text_columns(line[lines]) + 1 + text_columns(word) > r.cols) {
            if (lines + 1 == r.rows || lines + 1 == 16) break;
            line[++lines][0] = 0;
            first = true;
        }
        if (first) text_fit(word, r.cols, k->ascii);
        snprintf(line[lines] + strlen(line[lines]), LABEL_MOST - strlen(line[lines]), "%s%s", first ? "" : " ", word);
    }
    for (int i = 0; i <= lines && i < r.rows; i++) {
        int width = text_columns(line[i]);
        grid_put(k->g, r.y + (r.rows - lines - 1) / 2 + i, r.x + (r.cols - width) / 2, r.cols, how, line[i]);
    }
}

static void draw_heading(const pen *k) {
    const plot_layout *f = k->f;
    if (f->title >= 0) put_text(k, f->title, k->r.x, ROLE_HEADER, k->p->title);
    for (size_t i = 0; i < f->note_count; i++) put_text(k, f->notes + (double)i, k->r.x, ROLE_TEXT, k->p->notes[i]);
    if (f->y_label) put_text(k, f->head, k->r.x, ROLE_FAINT, k->p->y.label);
}

static void draw_sample(const pen *k, int y, int x, const plot_series *s, const series_style *l) {
    if (s->kind == PLOT_POINTS) {
        grid_fill(k->g, y, x + 1, 1, l->role, k->ascii ? (uint32_t)l->ascii : l->mark);
    } else if (s->kind == PLOT_BARS) {
        /* a full block would run into the first bar below */
        uint32_t block = l->bar == 0x2588 ? 0x2580 : l->bar;
        grid_fill(k->g, y, x, LAYOUT_SAMPLE, l->role, k->ascii ? (uint32_t)l->ascii_bar : block);
    } else if (s->kind == PLOT_BAND) {
        grid_fill(k->g, y, x, LAYOUT_SAMPLE, l->role, k->ascii ? '.' : canvas_braille(0x21));
    } else {
        canvas *c = canvas_new(1, LAYOUT_SAMPLE);
        double phase = 0;
        canvas_line(c, 0, 2, 2 * LAYOUT_SAMPLE - 1, 2, l->role, &l->dash, &phase);
        for (int i = 0; i < LAYOUT_SAMPLE; i++)
            grid_fill(k->g, y, x + i, 1, l->role,
                      k->ascii ? '-' : canvas_braille(canvas_at(c, 0, i)->dots[LAYER_LINE]));
        canvas_free(c);
        if (k->line_marks) grid_fill(k->g, y, x + 1, 1, l->role, k->ascii ? (uint32_t)l->ascii : l->mark);
    }
}

static void draw_legend(const pen *k) {
    for (size_t i = 0; i < k->f->legend_count; i++) {
        const legend_entry *e = &k->f->legend[i];
        if (e->series < k->p->series_count)
            draw_sample(k, (int)e->y, (int)e->x, &k->p->series[e->series], series_style_of(k->p, e->series));
        else grid_fill(k->g, (int)e->y, (int)e->x + 1, 1, ROLE_FAINT, k->ascii ? ':' : 0x250a);
        put_text(k, e->y, (int)e->x + LAYOUT_SAMPLE + 1, ROLE_TEXT, e->name);
    }
}

static void draw_upright_axis(const pen *k, int x) {
    const plot_layout *f = k->f;
    int top = (int)f->area.y, rows = (int)f->area.h;
    if (x < k->r.x) return;
    for (int i = 0; i < rows; i++) grid_fill(k->g, top + i, x, 1, ROLE_FAINT, k->ascii ? '|' : 0x2502);
    int gap = (int)f->area.x - k->r.x - f->y_ticks.columns >= 2 ? 1 : 0;
    for (size_t i = 0; i < f->y_ticks.n; i++) {
        const tick *t = &f->y_ticks.tick[i];
        int y = top + rows - 1 - (int)t->at;
        grid_put_right(k->g, y, k->r.x, x - gap - k->r.x, ROLE_TEXT, t->text);
        grid_fill(k->g, y, x, 1, ROLE_FAINT, k->ascii ? '+' : 0x2524);
    }
}

static void draw_level_axis(const pen *k, int left) {
    const plot_layout *f = k->f;
    int x = (int)f->area.x, cols = (int)f->area.w;
    if (f->axis >= 0) {
        int y = (int)f->axis;
        grid_fill(k->g, y, x, cols, ROLE_FAINT, k->ascii ? '-' : 0x2500);
        if (left >= k->r.x) grid_fill(k->g, y, left, 1, ROLE_FAINT, k->ascii ? '+' : 0x2514);
        for (size_t i = 0; i < f->x_ticks.n; i++)
            grid_fill(k->g, y, x + (int)f->x_ticks.tick[i].at, 1, ROLE_FAINT, k->ascii ? '+' : 0x252c);
    }
    for (size_t i = 0; i < f->x_ticks.n; i++) {
        const tick *t = &f->x_ticks.tick[i];
        grid_put(k->g, (int)f->tick_labels, x + (int)t->start, t->columns, ROLE_TEXT, t->text);
    }
    if (f->foot < 0) return;
    char safe[LABEL_MOST];
    int width = label_clean(k->p->x.label, safe, k->ascii);
    text_fit(safe, k->r.cols, k->ascii);
    int at = x + (cols - width) / 2;
    if (at + width > k->r.x + k->r.cols) at = k->r.x + k->r.cols - width;
    grid_put(k->g, (int)f->foot, at < k->r.x ? k->r.x : at, k->r.cols, ROLE_FAINT, safe);
}

static void draw_layer(const pen *k, const canvas *c, layer l) {
    for (int y = 0; y < c->rows; y++)
        for (int x = 0; x < c->cols; x++) {
            const canvas_cell *here = canvas_at(c, y, x);
            uint8_t dots = here->dots[l];
            if (!dots) continue;
            uint32_t code = !k->ascii ? canvas_braille(dots) : l == LAYER_BAND ? '.' : (uint32_t)canvas_ascii(dots);
            grid_fill(k->g, (int)k->f->area.y + y, (int)k->f->area.x + x, 1, here->look[l], code);
        }
}

static void draw_marks(const pen *k, const canvas *c) {
    for (int y = 0; y < c->rows; y++)
        for (int x = 0; x < c->cols; x++) {
            const canvas_cell *here = canvas_at(c, y, x);
            if (here->mark)
                grid_fill(k->g, (int)k->f->area.y + y, (int)k->f->area.x + x, 1, here->mark_role, here->mark);
        }
}

static bool within(double place, double length) {
    return place > -0.5 && place < length - 0.5;
}

static void draw_upright(const pen *k, double value, role r, uint32_t code) {
    if (!scale_takes(k->f->x, value)) return;
    double x = plot_layout_x(k->f, value), share = scale_share(k->f->x, value);
    if (share < 0 || share > 1 || !within(x, k->f->area.w)) return;
    for (int y = 0; y < (int)k->f->area.h; y++)
        grid_fill(k->g, (int)k->f->area.y + y, (int)(k->f->area.x + x), 1, r, code);
}

static void draw_rules(const pen *k) {
    for (size_t i = 0; i < k->p->rule_count; i++) {
        const plot_rule *rule = &k->p->rules[i];
        if (rule->upright) {
            draw_upright(k, rule->at, ROLE_FAINT, k->ascii ? ':' : 0x250a);
        } else if (!k->f->bars && scale_takes(k->f->y, rule->at)) {
            double share = scale_share(k->f->y, rule->at);
            for (int x = 0; share >= 0 && share <= 1 && x < (int)k->f->area.w; x += k->ascii ? 2 : 1)
                grid_fill(k->g, (int)(k->f->area.y + plot_layout_y(k->f, rule->at)), (int)k->f->area.x + x, 1,
                          ROLE_FAINT, k->ascii ? '-' : 0x2508);
        }
    }
    if (k->p->has_cursor) draw_upright(k, k->p->cursor, ROLE_MARK, k->ascii ? '|' : 0x2502);
}

static void draw_labels(const pen *k, const canvas *c) {
    label_list names = labels_make(k->p, k->f, c, (label_measure){1, 1, 0, 0, 1}, k->ascii);
    for (size_t i = 0; i < names.n; i++) {
        const label *l = &names.label[i];
        if (l->y < 0) continue;
        grid_put(k->g, (int)k->f->area.y + l->y, (int)k->f->area.x + l->x, l->cols, l->role, l->text);
    }
    labels_free(&names);
}

static void draw_area(const pen *k) {
    canvas *c = canvas_new((int)k->f->area.h, (int)k->f->area.w);
    canvas_paint(c, k->p, k->f, k->ascii);
    draw_layer(k, c, LAYER_BAND);
    draw_rules(k);
    draw_layer(k, c, LAYER_LINE);
    draw_marks(k, c);
    draw_labels(k, c);
    canvas_free(c);
}

static void draw_bar_area(const pen *k) {
    const plot_layout *f = k->f;
    draw_bars(k);
    draw_rules(k);
    if (f->hidden_rows)
        grid_print(k->g, (int)(f->area.y + f->pitch * (double)f->rows), (int)f->area.x, (int)f->area.w, ROLE_FAINT,
                   "%zu more", f->hidden_rows);
}

static void draw_empty(const pen *k) {
    char text[LABEL_MOST];
    bool why = k->p->empty && *k->p->empty;
    snprintf(text, sizeof text, "no data%s%s", why ? ": " : "", why ? k->p->empty : "");
    rect r = {(int)k->f->area.y, k->r.x, (int)k->f->area.h, k->r.cols};
    if (r.rows > 0) put_words(k, r, ROLE_MESSAGE, text);
}

static rect clip(const grid *g, rect r) {
    if (r.y < 0) r.rows += r.y, r.y = 0;
    if (r.x < 0) r.cols += r.x, r.x = 0;
    if (r.y + r.rows > g->rows) r.rows = g->rows - r.y;
    if (r.x + r.cols > g->cols) r.cols = g->cols - r.x;
    return r;
}

static int line_count(const plot *p) {
    int lines = 0;
    for (size_t i = 0; i < p->series_count; i++)
        lines += (p->series[i].kind == PLOT_LINE || p->series[i].kind == PLOT_STEPS) && p->series[i].n >= 3;
    return lines;
}

void plot_draw(grid *g, rect r, const plot *p, bool ascii) {
    r = clip(g, r);
    if (r.rows <= 0 || r.cols <= 0) return;
    for (int y = 0; y < r.rows; y++) grid_fill(g, r.y + y, r.x, r.cols, ROLE_TEXT, ' ');
    plot_layout *f = mem_new(1, sizeof *f);
    measure m = terminal;
    m.ascii = ascii;
    plot_layout_make(p, (box){r.y, r.x, r.rows, r.cols}, m, f);
    pen k = {g, r, p, f, ascii, line_count(p) > 1};
    if (f->kind == LAYOUT_SMALL) {
        put_words(&k, r, ROLE_FAINT, r.cols >= 9 ? "too small" : "small");
    } else {
        draw_heading(&k);
        if (f->kind == LAYOUT_EMPTY) {
            draw_empty(&k);
        } else {
            draw_legend(&k);
            draw_level_axis(&k, (int)f->area.x - 1);
            draw_upright_axis(&k, (int)f->area.x - 1);
            if (f->bars) draw_bar_area(&k);
            else draw_area(&k);
        }
    }
    free(f);
}
