/* canvas.c: dots in cells. */
#include "plot/canvas.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

canvas *canvas_new(int rows, int cols) {
    canvas *c = mem_new(1, sizeof *c);
    c->rows = rows > 0 ? rows : 1;
    c->cols = cols > 0 ? cols : 1;
    c->cell = mem_new((size_t)c->rows * (size_t)c->cols, sizeof *c->cell);
    return c;
}

void canvas_free(canvas *c) {
    if (!c) return;
    free(c->cell);
    free(c);
}

canvas_cell *canvas_at(const canvas *c, int y, int x) {
    if (y < 0 || y >= c->rows || x < 0 || x >= c->cols) return NULL;
    return &c->cell[(size_t)y * (size_t)c->cols + (size_t)x];
}

void canvas_dot(canvas *c, int y, int x, layer l, role r) {
    if (y < 0 || x < 0) return;
    canvas_cell *k = canvas_at(c, y / 4, x / 2);
    if (!k) return;
    k->dots[l] |= (uint8_t)(1u << (2 * (y % 4) + x % 2));
    k->look[l] = (uint8_t)r;
}

void canvas_mark(canvas *c, int y, int x, uint32_t mark, role r) {
    canvas_cell *k = canvas_at(c, y, x);
    if (!k || (k->mark_role == ROLE_MARK && r != ROLE_MARK)) return;
    k->mark = mark;
    k->mark_role = (uint8_t)r;
}

double canvas_x(const canvas *c, scale s, double value) {
    return scale_share(s, value) * (2 * c->cols - 1);
}

double canvas_y(const canvas *c, scale s, double value) {
    return (1 - scale_share(s, value)) * (4 * c->rows - 1);
}

/* Clips a line at an edge: of t in [*from, *to] keeps the part where at + t * by >= 0. */
static bool cut(double at, double by, double *from, double *to) {
    if (by == 0) return at >= 0;
    double t = -at / by;
    if (by > 0 && t > *from) *from = t;
    if (by < 0 && t < *to) *to = t;
    return *from <= *to;
}

static bool dash_on(const dash *d, long at) {
    int period = d->on[0] + d->off[0] + d->on[1] + d->off[1];
    if (period == 0) return true;
    at %= period;
    return at < d->on[0] || (at >= d->on[0] + d->off[0] && at < d->on[0] + d->off[0] + d->on[1]);
}

bool segment_clip(double *x0, double *y0, double *x1, double *y1, double w, double h) {
    double from = 0, to = 1, x = *x0, y = *y0, dx = *x1 - x, dy = *y1 - y, edge = 0.49;
    if (!cut(x + edge, dx, &from, &to) || !cut(w + edge - x, -dx, &from, &to) || !cut(y + edge, dy, &from, &to) ||
        !cut(h + edge - y, -dy, &from, &to))
        return false;
    if (from > 0) *x0 = x + from * dx, *y0 = y + from * dy;
    if (to < 1) *x1 = x + to * dx, *y1 = y + to * dy;
    return true;
}

void canvas_line(canvas *c, double x0, double y0, double x1, double y1, role r, const dash *d, double *phase) {
    if (!segment_clip(&x0, &y0, &x1, &y1, 2 * c->cols - 1, 4 * c->rows - 1)) return;
    double length = fmax(fabs(x1 - x0), fabs(y1 - y0));
    long steps = (long)ceil(length);
    for (long i = 0; i <= steps; i++) {
        double t = steps ? (double)i / (double)steps : 0;
        if (dash_on(d, lround(*phase + t * length)))
            canvas_dot(c, (int)lround(y0 + t * (y1 - y0)), (int)lround(x0 + t * (x1 - x0)), LAYER_LINE, r);
    }
    *phase += length;
}

/* True for the dots of the texture: a quarter of all, staggered; more where the area is thinner than the texture. */
static bool textured(int y, int x, bool thin) {
    if (thin) return x % 2 == 0;
    return x % 2 == 0 ? y % 4 == 0 : y % 4 == 2;
}

void canvas_band(canvas *c, double x0, double low0, double high0, double x1, double low1, double high1, role r) {
    double left = fmax(fmin(x0, x1), 0), right = fmin(fmax(x0, x1), 2 * c->cols - 1);
    for (int x = (int)lround(left); x <= (int)lround(right); x++) {
        double t = x1 == x0 ? 0 : ((double)x - x0) / (x1 - x0);
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        double a = low0 + t * (low1 - low0), b = high0 + t * (high1 - high0);
        double top = fmin(a, b), bottom = fmax(a, b);
        bool thin = bottom - top < 3;
        if (top > 4 * c->rows - 1 || bottom < 0) continue;
        int last = (int)lround(fmin(bottom, 4 * c->rows - 1));
        for (int y = (int)lround(fmax(top, 0)); y <= last; y++)
            if (textured(y, x, thin)) canvas_dot(c, y, x, LAYER_BAND, r);
    }
}

uint32_t canvas_braille(uint8_t dots) {
    static const uint8_t bit[8] = {0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80};
    uint32_t code = 0x2800;
    for (int i = 0; i < 8; i++)
        if (dots & 1u << i) code |= bit[i];
    return code;
}

/* Mean row of the dots in one of a cell's two columns, times 12; -1: none. */
static int mean_row(uint8_t dots, int column) {
    int sum = 0, n = 0;
    for (int row = 0; row < 4; row++)
        if (dots & 1u << (2 * row + column)) sum += row, n++;
    return n ? sum * 12 / n : -1;
}

char canvas_ascii(uint8_t dots) {
    int top = 4, bottom = -1;
    for (int row = 0; row < 4; row++)
        if (dots & 3u << 2 * row) {
            bottom = row;
            if (top == 4) top = row;
        }
    if (bottom < 0) return ' ';
    if (bottom - top >= 2) {
        int left = mean_row(dots, 0), right = mean_row(dots, 1);
        if (left < 0 || right < 0 || left == right) return '|';
        return left > right ? '/' : '\\';
    }
    return top + bottom <= 1 ? '\'' : top + bottom >= 5 ? '_' : '-';
}
