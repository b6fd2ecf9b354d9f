/* point_labels.c: the labels inside a plot's area, and their positions. */
#include "plot/point_labels.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_MOST = 1000 };

typedef struct maker {
    const plot *p;
    const plot_layout *f;
    const canvas *c;
    label_measure m;
    bool ascii;
    label_list list;
    placed_label *place; /* one for each label of list */
} maker;

/* Adds a label and returns it; NULL for an empty text, or when the list is full. */
static placed_label *add(maker *k, const char *text, role r, int y, int x) {
    if (!text || !*text || k->list.n == LABELS_MOST) return NULL;
    size_t i = k->list.n++;
    label *l = &k->list.label[i];
    int columns = label_clean(text, l->text, k->ascii);
    *l = (label){.role = r, .y = -1, .rows = k->m.line, .cols = (int)ceil(columns * k->m.column), .at_y = y, .at_x = x};
    label_clean(text, l->text, k->ascii);
    k->place[i] = (placed_label){.rows = l->rows, .cols = l->cols, .first = r == ROLE_MARK, .chosen = -1};
    return &k->place[i];
}

static void add_points(maker *k) {
    for (size_t i = 0; i < k->p->series_count; i++) {
        const plot_series *s = &k->p->series[i];
        if (!s->names || s->kind == PLOT_BARS) continue;
        for (size_t n = 0; n < s->n; n++) {
            if (!s->names[n] || !series_takes(s, n, k->f->x, k->f->y)) continue;
            double x = canvas_x(k->c, k->f->x, series_x(s, n)), y = canvas_y(k->c, k->f->y, s->y[n]);
            if (y <= -0.5 || x <= -0.5 || y >= 4 * k->c->rows - 0.5 || x >= 2 * k->c->cols - 0.5) continue;
            int row = (int)lround(y) / 4, col = (int)lround(x) / 2;
            placed_label *l = add(k, s->names[n], s->highlight == n + 1 ? ROLE_MARK : ROLE_TEXT, row, col);
            if (l) label_places_around(l, row, col, k->m.mark_y, k->m.mark_x, k->m.gap);
        }
    }
}

/* Sets candidates next to an upright line: at the top, right or left of it, then lower. */
static void put_next_to(maker *k, placed_label *l, int x) {
    l->places = 0;
    for (int i = 0; i < LABEL_PLACES; i++) {
        int y = (i / 2) * l->rows;
        l->place[l->places++] = (label_place){y, i % 2 ? x - k->m.gap - l->cols : x + 1 + k->m.gap};
    }
}

/* Sets candidates along a level line: above, then below it, at the right end, the left, the middle. */
static void along(maker *k, placed_label *l, int y) {
    int end = k->c->cols - l->cols, at[3] = {end - 1, 1, end / 2};
    l->places = 0;
    for (int i = 0; i < 6; i++) l->place[l->places++] = (label_place){i % 2 ? y + 1 : y - l->rows, at[i / 2]};
}

static void add_rules(maker *k) {
    for (size_t i = 0; i < k->p->rule_count; i++) {
        const plot_rule *r = &k->p->rules[i];
        scale s = r->upright ? k->f->x : k->f->y;
        if ((!r->upright && k->f->bars) || !scale_takes(s, r->at)) continue;
        double at = r->upright ? canvas_x(k->c, s, r->at) : canvas_y(k->c, s, r->at);
        int place = (int)lround(at) / (r->upright ? 2 : 4);
        placed_label *l = add(k, r->name, ROLE_FAINT, place, place);
        if (l && r->upright) put_next_to(k, l, place);
        else if (l) along(k, l, place);
    }
}

static void add_cursor(maker *k) {
    if (!k->p->has_cursor || !scale_takes(k->f->x, k->p->cursor)) return;
    int x = (int)lround(canvas_x(k->c, k->f->x, k->p->cursor)) / 2;
    placed_label *l = add(k, k->p->cursor_text, ROLE_MARK, 0, x);
    if (l) put_next_to(k, l, x);
}

static void mark_upright(maker *k, placement_map *map, double value) {
    if (scale_takes(k->f->x, value))
        placement_map_mark(map, 0, (int)lround(canvas_x(k->c, k->f->x, value)) / 2, map->rows, 1, PLACED_LINE);
}

/* Marks the drawing in the map, so that labels avoid it. */
static placement_map *make_map(maker *k) {
    placement_map *map = placement_map_new(k->c->rows, k->c->cols);
    for (int y = 0; y < map->rows; y++)
        for (int x = 0; x < map->cols; x++) {
            const canvas_cell *here = canvas_at(k->c, y, x);
            if (here->dots[LAYER_LINE]) placement_map_mark(map, y, x, 1, 1, PLACED_LINE);
            if (here->mark)
                placement_map_mark(map, y - k->m.mark_y, x - k->m.mark_x, 2 * k->m.mark_y + 1, 2 * k->m.mark_x + 1,
                                   PLACED_POINT);
        }
    for (size_t i = 0; i < k->p->rule_count; i++)
        if (k->p->rules[i].upright) mark_upright(k, map, k->p->rules[i].at);
    if (k->p->has_cursor) mark_upright(k, map, k->p->cursor);
    return map;
}

label_list labels_make(const plot *p, const plot_layout *f, const canvas *c, label_measure m, bool ascii) {
    size_t most = p->rule_count + 1;
    for (size_t i = 0; i < p->series_count; i++) most += p->series[i].names ? p->series[i].n : 0;
    if (most > LABELS_MOST) most = LABELS_MOST;
    maker k = {p, f, c, m, ascii, {0}, mem_new(most, sizeof *k.place)};
    k.list.label = mem_new(most, sizeof *k.list.label);
    add_cursor(&k);
    add_points(&k);
    add_rules(&k);
    placement_map *map = make_map(&k);
    labels_place(map, k.place, k.list.n, m.gap);
    for (size_t i = 0; i < k.list.n; i++) {
        if (k.place[i].chosen < 0) continue;
        k.list.label[i].y = k.place[i].place[k.place[i].chosen].y;
        k.list.label[i].x = k.place[i].place[k.place[i].chosen].x;
    }
    placement_map_free(map);
    free(k.place);
    return k.list;
}

void labels_free(label_list *l) {
    free(l->label);
    *l = (label_list){0};
}
