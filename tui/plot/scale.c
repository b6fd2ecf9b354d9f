/* scale.c: the range of an axis, and the position of a value on it. */
#include "plot/scale.h"

#include <math.h>

static const double largest = 1e300, nearest = 1e-300; /* room for differences and ratios in a double */

bool scale_takes(scale s, double value) {
    return isfinite(value) && fabs(value) <= largest && (!s.log || value >= nearest);
}

double scale_share(scale s, double value) {
    double share;
    if (s.log && s.log_span > 0) share = (log10(value) - s.log_low) / s.log_span;
    else if (s.log) share = (log10(value) - log10(s.low)) / (log10(s.high) - log10(s.low));
    else share = (value - s.low) / (s.high - s.low);
    return share < -1e9 ? -1e9 : share > 1e9 ? 1e9 : share;
}

double series_x(const plot_series *s, size_t i) {
    return s->x ? s->x[i] : (double)i;
}

bool series_takes(const plot_series *s, size_t i, scale x, scale y) {
    if (s->kind == PLOT_BARS) return s->x && scale_takes(x, s->x[i]);
    if (!s->y || !scale_takes(x, series_x(s, i)) || !scale_takes(y, s->y[i])) return false;
    return s->kind != PLOT_BAND || (s->low && scale_takes(y, s->low[i]));
}

bool plot_has_bars(const plot *p) {
    for (size_t i = 0; i < p->series_count; i++)
        if (p->series[i].kind == PLOT_BARS) return true;
    return false;
}

typedef struct span {
    double low, high;
} span;

static void take(span *s, double value) {
    if (value < s->low) s->low = value;
    if (value > s->high) s->high = value;
}

/* Widens the range of equal values on both sides, so that they are in the middle; a fixed end stays unless that leaves
 * no range. */
static void widen(span *s, const plot_axis *axis) {
    double size = fmax(fabs(s->low), fabs(s->high));
    if (s->high - s->low > size * 1e-9 && s->high - s->low > nearest) return;
    bool both = axis->fix_low == axis->fix_high;
    if (axis->log) {
        if (both || axis->fix_high) s->low /= 2;
        if (both || axis->fix_low) s->high *= 2;
        return;
    }
    double room = size < nearest * 1e10 ? 1 : size * 0.1;
    if (axis->ticks == TICKS_WHOLE && room < 1) room = 1;
    if (both || axis->fix_high) s->low -= room;
    if (both || axis->fix_low) s->high += room;
}

static void pad(span *s, const plot_axis *axis, double share) {
    bool low = !axis->fix_low, high = !axis->fix_high;
    if (axis->log) {
        double factor = pow(s->high / s->low, share);
        if (!(factor < 1e30)) factor = 1e30;
        if (low) s->low = fmax(s->low / factor, 1e-305);
        if (high) s->high = fmin(s->high * factor, 1e305);
        return;
    }
    double room = (s->high - s->low) * share;
    /* data without negative values gets no margin below 0 */
    if (low) s->low = s->low >= 0 && s->low < room ? 0 : s->low - room;
    if (high) s->high = s->high <= 0 && -s->high < room ? 0 : s->high + room;
}

static scale scale_of(span s, const plot_axis *axis, double share) {
    bool from_data = s.low <= s.high;
    if (!from_data) s = axis->log ? (span){1, 10} : (span){0, 1};
    if (axis->fix_low && scale_takes((scale){.log = axis->log}, axis->low)) {
        s.low = axis->low;
        if (s.high < s.low) s.high = s.low;
    }
    if (axis->fix_high && scale_takes((scale){.log = axis->log}, axis->high)) {
        s.high = axis->high;
        if (s.low > s.high) s.low = s.high;
    }
    if (axis->zero && !axis->log) take(&s, 0);
    widen(&s, axis);
    if (from_data) pad(&s, axis, share);
    scale made = {axis->log, s.low, s.high, 0, 0};
    if (made.log) made.log_low = log10(s.low), made.log_span = log10(s.high) - made.log_low;
    return made;
}

extent plot_extent(const plot *p) {
    extent e = {.x = {.log = p->x.log}, .y = {.log = p->y.log}};
    span x = {INFINITY, -INFINITY}, y = x;
    bool points = false, bars = false;
    for (size_t k = 0; k < p->series_count; k++) {
        const plot_series *s = &p->series[k];
        points |= s->kind == PLOT_POINTS;
        bars |= s->kind == PLOT_BARS;
        for (size_t i = 0; i < s->n; i++) {
            if (!series_takes(s, i, e.x, e.y)) continue;
            e.points++;
            take(&x, series_x(s, i));
            if (s->kind == PLOT_BARS) continue;
            take(&y, s->y[i]);
            if (s->kind == PLOT_BAND) take(&y, s->low[i]);
        }
    }
    for (size_t i = 0; e.points && i < p->rule_count; i++) {
        scale s = p->rules[i].upright ? e.x : e.y;
        if (scale_takes(s, p->rules[i].at)) take(p->rules[i].upright ? &x : &y, p->rules[i].at);
    }
    if (bars && e.points && !p->x.log) take(&x, 0);
    e.x = scale_of(x, &p->x, points || bars ? 0.05 : 0);
    e.y = scale_of(y, &p->y, 0.05);
    return e;
}
