/* ticks.c: the ticks of an axis and their labels. */
#include "plot/ticks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* mantissa * 10^exponent, as near as a double can be. */
static double decimal(double mantissa, int exponent) {
    return exponent < 0 ? mantissa / pow(10, -exponent) : mantissa * pow(10, exponent);
}

typedef struct wording {
    double unit; /* values are shown in this */
    const char *suffix;
    int step_exponent; /* of the step: the last decimal that is needed */
    bool scientific;
} wording;

static void say(char *text, size_t size, const wording *w, double value) {
    if (value == 0 && (w->scientific || (*w->suffix && *w->suffix != '%'))) {
        snprintf(text, size, "0");
        return;
    }
    if (w->scientific) {
        int exponent = (int)floor(log10(fabs(value)) + 1e-12);
        int decimals = exponent - w->step_exponent;
        char number[TICK_TEXT];
        snprintf(number, sizeof number, "%.*e", decimals < 0 ? 0 : decimals > 12 ? 12 : decimals, value);
        char *e = strchr(number, 'e');
        snprintf(text, size, "%.*se%d", (int)(e - number), number, (int)strtol(e + 1, NULL, 10));
        return;
    }
    double shown = value / w->unit;
    int decimals = (int)lround(log10(w->unit)) - w->step_exponent;
    snprintf(text, size, "%.*f%s", decimals < 0 ? 0 : decimals > 20 ? 20 : decimals, shown, w->suffix);
}

/* The shortest format for values up to `most` with the precision of 10^step_exponent. */
static wording choose_wording(tick_rule rule, double most, int step_exponent) {
    if (rule == TICKS_PERCENT && most < 1e9) return (wording){0.01, "%", step_exponent, false};
    if (most < 1e-3 || most >= 1e15) return (wording){1, "", step_exponent, true};
    static const struct {
        double unit;
        const char *suffix;
    } units[] = {{1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}};
    wording best = {1, "", step_exponent, false};
    size_t shortest = TICK_TEXT;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (i && (most < 1e4 || units[i].unit > most)) break;
        wording w = {units[i].unit, units[i].suffix, step_exponent, false};
        char text[64];
        say(text, sizeof text, &w, most);
        if (strlen(text) > shortest) continue;
        shortest = strlen(text);
        best = w;
    }
    return best;
}

double tick_place(const tick_room *room, double share) {
    if (!room->dots) return share * room->length;
    return (double)(lround(share * (room->dots * room->length - 1)) / room->dots);
}

static void add(ticks *t, scale s, const tick_room *room, const wording *w, double value) {
    tick *k = &t->tick[t->n++];
    k->value = value == 0 ? 0 : value; /* never -0 */
    say(k->text, sizeof k->text, w, k->value);
    k->columns = (int)strlen(k->text);
    if (k->columns > t->columns) t->columns = k->columns;
    k->at = k->start = tick_place(room, scale_share(s, value));
    if (room->upright) return;
    double width = k->columns * room->size;
    k->start = room->dots ? k->at - (k->columns - 1) / 2 : k->at - width / 2;
    if (k->start + width > room->length + room->after) k->start = room->length + room->after - width;
    if (k->start < -room->before) k->start = -room->before;
}

/* True when labels do not touch, fit at the ends of the axis, and ticks are at least `near` apart. */
static bool stands(const ticks *t, const tick_room *room, double near) {
    double gap = room->upright ? 0 : room->size;
    for (size_t i = 0; i < t->n; i++) {
        const tick *k = &t->tick[i];
        double width = room->upright ? room->size : k->columns * room->size;
        if (!room->upright && k->start + width > room->length + room->after + 1e-9) return false;
        if (!i) continue;
        const tick *before = &t->tick[i - 1];
        double end = before->start + (room->upright ? room->size : before->columns * room->size);
        if (k->start < end + gap - 1e-9 || k->at - before->at < near) return false;
    }
    return true;
}

static const double mantissas[] = {1, 2, 5};

typedef struct ladder {
    int first; /* exponent of ten of the densest step */
    int steps;
} ladder;

/* Makes ticks at the multiples of the nth step of 1, 2, 5, 10, ... False when there are too many. */
static bool climb(ticks *t, scale s, tick_rule rule, const tick_room *room, ladder l, int nth) {
    t->n = 0;
    t->columns = 0;
    double mantissa = mantissas[nth % 3];
    int exponent = l.first + nth / 3;
    double step = decimal(mantissa, exponent);
    double slack = 1e-9 * fmin(1, (s.high - s.low) / step); /* so that a tick at an end is in the range */
    double from = ceil(s.low / step - slack), to = floor(s.high / step + slack);
    if (s.log && from < 1) from = 1;
    if (!(to - from < TICKS_MOST)) return false;
    wording w = choose_wording(rule, fmax(fabs(from), fabs(to)) * step, exponent);
    for (double k = from; k <= to; k++) add(t, s, room, &w, decimal(k * mantissa, exponent));
    return true;
}

/* near: the smallest distance; least: the smallest number of ticks. */
static bool linear(scale s, tick_rule rule, const tick_room *room, double near, size_t least, ticks *t) {
    ladder l = {(int)floor(log10((s.high - s.low) / TICKS_MOST)), 9};
    if (rule == TICKS_WHOLE && l.first < 0) {
        l.steps += 3 * -l.first;
        l.first = 0;
    }
    for (int i = 0; i < l.steps; i++) {
        if (!climb(t, s, rule, room, l, i)) continue;
        if (t->n >= least && stands(t, room, near)) return true;
    }
    t->n = 0;
    return false;
}

/* Makes ticks at every `every`th decade, and within it at 1, or at 1, 2 and 5. False when there are too many. */
static bool decades(ticks *t, scale s, tick_rule rule, const tick_room *room, int every, int within) {
    t->n = 0;
    t->columns = 0;
    int from = (int)floor(log10(s.low) - 1e-9), to = (int)ceil(log10(s.high) + 1e-9);
    for (int e = from; e <= to; e++) {
        if (e % every) continue;
        for (int m = 0; m < within; m++) {
            double value = decimal(mantissas[m], e);
            if (value < s.low * (1 - 1e-9) || value > s.high * (1 + 1e-9)) continue;
            if (rule == TICKS_WHOLE && e < 0) continue;
            if (t->n == TICKS_MOST) return false;
            wording w = choose_wording(rule, value, e);
            add(t, s, room, &w, value);
        }
    }
    return true;
}

static bool logarithmic(scale s, tick_rule rule, const tick_room *room, double near, size_t least, ticks *t) {
    static const int every[] = {1, 1, 2, 3, 5, 10, 20, 50, 100, 200};
    for (size_t i = 0; i < sizeof every / sizeof *every; i++)
        if (decades(t, s, rule, room, every[i], i ? 1 : 3) && t->n >= least && stands(t, room, near)) return true;
    t->n = 0;
    return false;
}

void ticks_make(scale s, tick_rule rule, const tick_room *room, ticks *t) {
    t->n = 0;
    t->columns = 0;
    if (rule == TICKS_NONE || room->length < 1) return;
    bool wide = s.log && s.high / s.low >= 10;
    if (s.log && logarithmic(s, rule, room, room->near, wide ? 2 : 3, t)) return;
    /* two ticks are needed to read an axis, even if they look crowded */
    for (size_t least = 2; least >= 1; least--) {
        if (wide && logarithmic(s, rule, room, 0, least, t)) return;
        if (least == 2 && linear(s, rule, room, room->near, 2, t)) return;
        if (linear(s, rule, room, 0, least, t)) return;
    }
}
