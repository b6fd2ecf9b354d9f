/* label_placement.c: places labels next to points, greedily: each takes the free place that covers the least of lines.
 * The result depends on the order, so a few orders are tried and the best is kept; then a label without a place gets
 * one if another can move. */
#include "plot/label_placement.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

placement_map *placement_map_new(int rows, int cols) {
    placement_map *f = mem_new(1, sizeof *f);
    f->rows = rows > 0 ? rows : 1;
    f->cols = cols > 0 ? cols : 1;
    f->what = mem_new((size_t)f->rows * (size_t)f->cols, 1);
    return f;
}

void placement_map_free(placement_map *f) {
    if (!f) return;
    free(f->what);
    free(f);
}

void placement_map_mark(placement_map *f, int y, int x, int rows, int cols, uint8_t what) {
    int bottom = y + rows < f->rows ? y + rows : f->rows, right = x + cols < f->cols ? x + cols : f->cols;
    for (int i = y < 0 ? 0 : y; i < bottom; i++)
        for (int k = x < 0 ? 0 : x; k < right; k++) f->what[(size_t)i * (size_t)f->cols + (size_t)k] |= what;
}

void label_places_around(placed_label *l, int y, int x, int ry, int rx, int gap) {
    int middle = y - l->rows / 2, above = y - ry - l->rows, below = y + ry + 1;
    int right = x + rx + 1, left = x - rx - l->cols, centre = x - (l->cols - 1) / 2;
    int higher = above - l->rows / 2, lower = below + l->rows / 2;
    const label_place place[] = {
        {middle, right + gap},    {middle, left - gap},     {above, centre},  {below, centre},
        {above, right},           {below, right},           {above, left},    {below, left},
        {above, x - l->cols / 4}, {below, x - l->cols / 4}, {higher, centre}, {lower, centre},
        {higher, right},          {lower, right},
    };
    l->places = l->rows > 1 ? 14 : 10; /* half a line further away, where there are half lines */
    memcpy(l->place, place, sizeof place);
}

/* The number of line cells that a label would cover; -1: the place is not free. */
static int cost(const placement_map *f, const placed_label *l, label_place at, int margin) {
    if (at.y < 0 || at.x < 0 || at.y + l->rows > f->rows || at.x + l->cols > f->cols) return -1;
    int lines = 0, from = at.x - margin < 0 ? 0 : at.x - margin;
    int to = at.x + l->cols + margin > f->cols ? f->cols : at.x + l->cols + margin;
    for (int y = at.y; y < at.y + l->rows; y++)
        for (int x = from; x < to; x++) {
            uint8_t what = f->what[(size_t)y * (size_t)f->cols + (size_t)x];
            if (what & (PLACED_POINT | PLACED_LABEL)) return -1;
            lines += what & PLACED_LINE && x >= at.x && x < at.x + l->cols;
        }
    return lines;
}

static bool place_one(placement_map *f, placed_label *l, int margin, long *total) {
    int best = -1;
    l->chosen = -1;
    for (int i = 0; i < l->places; i++) {
        int c = cost(f, l, l->place[i], margin);
        if (c < 0 || (best >= 0 && c >= best)) continue;
        best = c;
        l->chosen = i;
        if (c == 0) break;
    }
    if (l->chosen < 0) return false;
    *total += best;
    placement_map_mark(f, l->place[l->chosen].y, l->place[l->chosen].x, l->rows, l->cols, PLACED_LABEL);
    return true;
}

static void lift(placement_map *f, const placed_label *l) {
    label_place at = l->place[l->chosen];
    for (int y = at.y; y < at.y + l->rows; y++)
        for (int x = at.x; x < at.x + l->cols; x++)
            f->what[(size_t)y * (size_t)f->cols + (size_t)x] &= (uint8_t)~PLACED_LABEL;
}

/* A label without a place gets one if another can move out of its way. */
static bool make_room(placement_map *f, placed_label *labels, size_t n, size_t lacking, int margin) {
    long ignored = 0;
    for (size_t i = 0; i < n; i++) {
        placed_label *other = &labels[i], *l = &labels[lacking];
        if (other->chosen < 0) continue;
        int before = other->chosen;
        lift(f, other);
        if (place_one(f, l, margin, &ignored)) {
            if (place_one(f, other, margin, &ignored)) return true;
            lift(f, l);
            l->chosen = -1;
        }
        other->chosen = before;
        placement_map_mark(f, other->place[before].y, other->place[before].x, other->rows, other->cols, PLACED_LABEL);
    }
    return false;
}

enum { ORDERS = 5, LABELS_SORTED = 400, LABELS_MOVED = 100 };

typedef struct entry {
    const placed_label *label;
    size_t index;
    int order;
} entry;

static int compare(const void *x, const void *y) {
    const entry *a = x, *b = y;
    if (a->label->first != b->label->first) return a->label->first ? -1 : 1;
    int by = 0;
    switch (a->order) {
    case 1:
        by = a->label->place[0].x - b->label->place[0].x;
        break;
    case 2:
        by = b->label->place[0].x - a->label->place[0].x;
        break;
    case 3:
        by = a->label->place[0].y - b->label->place[0].y;
        break;
    case 4:
        by = b->label->place[0].y - a->label->place[0].y;
        break;
    default:
        break;
    }
    return by ? by : (a->index > b->index) - (a->index < b->index);
}

static size_t place_in_order(placement_map *f, placed_label *labels, size_t n, int margin, int order, entry *entries,
                             long *covered) {
    size_t placed = 0;
    *covered = 0;
    for (size_t i = 0; i < n; i++) entries[i] = (entry){&labels[i], i, order};
    qsort(entries, n, sizeof *entries, compare);
    for (size_t i = 0; i < n; i++) placed += place_one(f, &labels[entries[i].index], margin, covered);
    return placed;
}

void labels_place(placement_map *f, placed_label *labels, size_t n, int margin) {
    if (n == 0) return;
    size_t cells = (size_t)f->rows * (size_t)f->cols, most = 0;
    uint8_t *empty = mem_new(cells, 1);
    entry *entries = mem_new(n, sizeof *entries);
    memcpy(empty, f->what, cells);
    int best = 0, orders = n > LABELS_SORTED ? 1 : ORDERS;
    long least = 0;
    for (int order = 0; order < orders; order++) {
        long covered;
        size_t placed = place_in_order(f, labels, n, margin, order, entries, &covered);
        memcpy(f->what, empty, cells);
        if (order && (placed < most || (placed == most && covered >= least))) continue;
        best = order;
        most = placed;
        least = covered;
    }
    place_in_order(f, labels, n, margin, best, entries, &least);
    for (size_t i = 0; i < n && n <= LABELS_MOVED; i++)
        if (labels[i].chosen < 0) make_room(f, labels, n, i, margin);
    free(entries);
    free(empty);
}
