/* test_tui_plot_ticks.c: the numbers of an axis over random ranges and widths: round, complete within the range, apart
 * from each other, and precise enough to tell their places. */
#include "check.h"
#include "plot/ticks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a label says, read back: 1.5k is 1500, 25% is 0.25. */
static double read_back(const char *text) {
    char *end;
    double value = strtod(text, &end);
    static const char suffixes[] = "kMGT";
    if (*end == '%') return value / 100;
    const char *unit = *end ? strchr(suffixes, *end) : NULL;
    if (unit) value *= pow(1000, (double)(unit - suffixes) + 1);
    return value;
}

/* The nearest of 1, 2, 5 times a power of ten. */
static double nice(double step) {
    double best = 0;
    int e = (int)floor(log10(step));
    for (int k = e - 1; k <= e + 1; k++)
        for (int m = 1; m <= 5; m += m == 1 ? 1 : 3)
            if (fabs(m * pow(10, k) - step) < fabs(best - step)) best = m * pow(10, k);
    return best;
}

static bool is_nice(double step) {
    return fabs(nice(step) - step) < 1e-6 * step;
}

typedef struct trial {
    scale s;
    tick_rule rule;
    tick_room room;
    ticks t;
} trial;

static double random_size(uint64_t *state, double decades) {
    return pow(10, (roll_unit(state) - 0.5) * decades) * (1 + roll_unit(state));
}

static trial random_trial(uint64_t *state) {
    trial r = {0};
    r.s.log = roll_below(state, 3) == 0;
    if (r.s.log) {
        r.s.low = random_size(state, 16);
        r.s.high = r.s.low * pow(10, 0.05 + roll_unit(state) * (roll_below(state, 2) ? 1.5 : 12));
    } else {
        double centre = roll_below(state, 4) ? random_size(state, 12) * (roll_below(state, 2) ? 1 : -1) : 0;
        double width = fabs(centre) * pow(10, -7 * roll_unit(state) * roll_unit(state)) +
                       (centre == 0 ? random_size(state, 30) : 0);
        r.s.low = centre - width * roll_unit(state);
        r.s.high = r.s.low + width;
    }
    r.rule = roll_below(state, 4) == 0 ? TICKS_WHOLE : roll_below(state, 4) == 0 ? TICKS_PERCENT : TICKS_NUMBERS;
    bool cells = roll_below(state, 2), upright = roll_below(state, 2);
    double unit = cells ? 1 : upright ? 18 : 7.4;
    double length = cells ? 2 + roll_below(state, 250) : (2 + 250 * roll_unit(state)) * unit;
    r.room = (tick_room){length,
                         upright ? 0 : roll_below(state, 8) * unit,
                         0,
                         unit,
                         upright,
                         (upright ? 2 : 9) * unit,
                         cells ? (upright ? 4 : 2) : 0};
    return r;
}

static double extent_of(const trial *r, const tick *t) {
    return r->room.upright ? r->room.size : t->columns * r->room.size;
}

/* The first property that does not hold, or NULL. */
static const char *wrong(const trial *r) {
    const ticks *t = &r->t;
    double slack = 1e-9 * (r->s.high - r->s.low) + 1e-15 * (fabs(r->s.low) + fabs(r->s.high));
    double gap = r->room.upright ? 0 : r->room.size;
    double step = t->n > 1 ? t->tick[1].value - t->tick[0].value : 0;
    bool even = true;
    for (size_t i = 0; i < t->n; i++) {
        const tick *k = &t->tick[i];
        double value = read_back(k->text), nearest = step != 0 ? fabs(step) : fabs(k->value);
        if (k->value < r->s.low - slack * 2 || k->value > r->s.high + slack * 2) return "a mark outside the range";
        if (fabs(value - k->value) > 1e-6 * nearest + 1e-14 * fabs(k->value)) return "a label that says another value";
        if (strncmp(k->text, "-0", 2) == 0 && value == 0) return "a negative zero";
        if (k->columns != (int)strlen(k->text)) return "columns that are not the label's";
        if (r->rule == TICKS_WHOLE && fabs(k->value - round(k->value)) > 1e-9 * fabs(k->value))
            return "a mark between whole numbers";
        if (!r->room.upright &&
            (k->start < -r->room.before - 1e-9 || k->start + extent_of(r, k) > r->room.length + r->room.after + 1e-6))
            return "a label outside its room";
        if (k->at < -1e-6 * r->room.length || k->at > r->room.length * (1 + 1e-6)) return "a mark off the axis";
        if (i == 0) continue;
        const tick *before = &t->tick[i - 1];
        if (k->value <= before->value) return "marks that do not rise";
        if (k->start < before->start + extent_of(r, before) + gap - 1e-6) return "labels that overlap";
        if (strcmp(k->text, before->text) == 0) return "two labels alike";
        even = even && fabs((k->value - before->value) - step) < 1e-5 * step;
    }
    if (t->n < 2) return NULL;
    if (r->s.log && !even) {
        for (size_t i = 0; i < t->n; i++)
            if (!is_nice(t->tick[i].value)) return "a mark that is not 1, 2 or 5 of its decade";
        return NULL;
    }
    if (!r->s.log) {
        if (!even) return "uneven steps";
        if (!is_nice(step)) return "a step that is not 1, 2 or 5";
        step = nice(step);
        if (fabs(t->tick[0].value / step - round(t->tick[0].value / step)) > 1e-4)
            return "marks that are not multiples of the step";
        if (t->tick[0].value - step > r->s.low + slack || t->tick[t->n - 1].value + step < r->s.high - slack)
            return "a multiple of the step without its mark";
    }
    return NULL;
}

/* Enough room for two labels of a range that is not a hair's breadth, and still fewer than two. */
static bool too_few(const trial *r) {
    if (r->t.n >= 2 || r->rule != TICKS_NUMBERS) return false;
    double room = r->room.length / r->room.size;
    if (room < (r->room.upright ? 8 : 80)) return false;
    if (r->s.log) return r->s.high / r->s.low > 1.2;
    return true;
}

/* On an upright axis in pixels the labels' text has no part: the next finer step would crowd. */
static bool could_be_denser(const trial *r) {
    if (!r->room.upright || r->room.dots || r->s.log || r->t.n < 2 || r->rule != TICKS_NUMBERS) return false;
    double step = r->t.tick[1].value - r->t.tick[0].value, m = step / pow(10, floor(log10(step) + 1e-6));
    double finer = step / (m > 4.5 && m < 5.5 ? 2.5 : 2);
    double apart = finer / (r->s.high - r->s.low) * r->room.length;
    double count = (r->s.high - r->s.low) / finer;
    return apart > r->room.near * 1.001 && count < TICKS_MOST - 2;
}

static void test_random(void) {
    enum { TRIALS = 60000 };
    uint64_t state = 42;
    size_t bad = 0, few = 0, sparse = 0, made = 0;
    for (int i = 0; i < TRIALS; i++) {
        trial r = random_trial(&state);
        ticks_make(r.s, r.rule, &r.room, &r.t);
        made += r.t.n;
        const char *what = wrong(&r);
        if (what && bad++ < 5) {
            printf("# %s: %.12g to %.12g%s, room %g of %g%s:", what, r.s.low, r.s.high, r.s.log ? " log" : "",
                   r.room.length, r.room.size, r.room.upright ? " upright" : "");
            for (size_t k = 0; k < r.t.n; k++) printf(" [%s] %.12g", r.t.tick[k].text, r.t.tick[k].value);
            printf("\n");
        }
        if (too_few(&r) && few++ < 5)
            printf("# %zu marks: %.12g to %.12g%s, room %g of %g%s\n", r.t.n, r.s.low, r.s.high, r.s.log ? " log" : "",
                   r.room.length, r.room.size, r.room.upright ? " upright" : "");
        if (could_be_denser(&r) && sparse++ < 5)
            printf("# sparse: %.12g to %.12g, room %g near %g, step %g\n", r.s.low, r.s.high, r.room.length,
                   r.room.near, r.t.tick[1].value - r.t.tick[0].value);
    }
    check(bad == 0, "%d random axes: round marks, all in the range, labels apart: %zu wrong", TRIALS, bad);
    check(few == 0, "two marks wherever there is room for them: %zu have fewer", few);
    check(sparse == 0, "no finer step would stand: %zu could have one", sparse);
    check(made > 3 * (size_t)TRIALS, "marks were made: %zu", made);
}

/* All labels of an axis of 80 columns in one text. */
static const char *labels(double low, double high, bool log, tick_rule rule, int columns) {
    static char text[1000];
    ticks t;
    tick_room room = {columns, 4, 0, 1, false, 9, 2};
    ticks_make((scale){.log = log, .low = low, .high = high}, rule, &room, &t);
    text[0] = 0;
    for (size_t i = 0; i < t.n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", t.tick[i].text);
    return text;
}

static void test_words(void) {
    static const struct {
        double low, high;
        bool log;
        tick_rule rule;
        const char *expected;
    } cases[] = {
        {0, 10, false, TICKS_NUMBERS, "0 2 4 6 8 10"},
        {-1, 1, false, TICKS_NUMBERS, "-1.0 -0.5 0.0 0.5 1.0"},
        {0, 1, false, TICKS_PERCENT, "0% 20% 40% 60% 80% 100%"},
        {0, 20000, false, TICKS_NUMBERS, "0 5k 10k 15k 20k"},
        {0, 3.1e6, false, TICKS_WHOLE, "0 0.5M 1.0M 1.5M 2.0M 2.5M 3.0M"},
        {0, 2, false, TICKS_WHOLE, "0 1 2"},
        {1, 2048, true, TICKS_WHOLE, "1 10 100 1000"},
        {1e-5, 1, true, TICKS_NUMBERS, "1e-5 1e-4 0.001 0.01 0.1 1"},
        {20, 150, true, TICKS_NUMBERS, "20 50 100"},
        {2.1e-5, 5.2e-5, false, TICKS_NUMBERS, "2.5e-5 3.0e-5 3.5e-5 4.0e-5 4.5e-5 5.0e-5"},
        {1000000, 1000010, false, TICKS_NUMBERS, "1000000 1000002 1000004 1000006 1000008 1000010"},
        {1e9, 4e9, false, TICKS_NUMBERS, "1.0G 1.5G 2.0G 2.5G 3.0G 3.5G 4.0G"},
        {0.0012, 0.0048, false, TICKS_NUMBERS, "0.002 0.003 0.004"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = labels(cases[i].low, cases[i].high, cases[i].log, cases[i].rule, 60);
        check(strcmp(found, cases[i].expected) == 0, "marks of %g to %g: found \"%s\", expected \"%s\"", cases[i].low,
              cases[i].high, found, cases[i].expected);
    }
}

/* Ranges from the data. */
static extent range_of(plot_kind kind, plot_axis axis, size_t n, const double *values) {
    double zero[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    plot_series s = {.kind = kind, .n = n, .x = zero, .y = values};
    plot p = {.y = axis, .series = &s, .series_count = 1};
    return plot_extent(&p);
}

static void test_ranges(void) {
    static const struct {
        const char *what;
        double value[4];
        size_t n;
        bool log;
    } cases[] = {
        {"one value", {3.5}, 1, false},
        {"values all alike", {2, 2, 2, 2}, 4, false},
        {"zeros", {0, 0, 0}, 3, false},
        {"huge values", {-1e300, 1e300}, 2, false},
        {"tiny values", {1e-300, 2e-300}, 2, false},
        {"a hair's breadth", {1, 1 + 1e-12, 1 + 2e-12}, 3, false},
        {"NaN and infinities among them", {NAN, 3, INFINITY, 4}, 4, false},
        {"one value, logarithmic", {7}, 1, true},
        {"0 and below on a logarithm", {0, -3, 5, 9}, 4, true},
        {"all of a double's range, logarithmic", {1e-300, 1e300}, 2, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        extent e = range_of(PLOT_LINE, (plot_axis){.log = cases[i].log}, cases[i].n, cases[i].value);
        bool sound = isfinite(e.y.low) && isfinite(e.y.high) && e.y.low < e.y.high && e.points > 0, all = true;
        for (size_t k = 0; k < cases[i].n; k++) {
            if (!scale_takes(e.y, cases[i].value[k])) continue;
            double share = scale_share(e.y, cases[i].value[k]);
            all = all && share >= 0 && share <= 1;
        }
        check(sound && all, "%s have a range around them: %g to %g, %zu points", cases[i].what, e.y.low, e.y.high,
              e.points);
        ticks t;
        tick_room room = {40, 0, 0, 1, true, 3, 4};
        ticks_make(e.y, TICKS_NUMBERS, &room, &t);
        check(t.n >= 1, "%s: the axis has marks: %zu", cases[i].what, t.n);
    }
    static const double up[] = {1, 5, 9};
    extent e = range_of(PLOT_LINE, (plot_axis){.fix_low = true, .low = 3, .fix_high = true, .high = 4}, 3, up);
    check(e.y.low == 3 && e.y.high == 4, "fixed ends stay: found %g to %g, expected 3 to 4", e.y.low, e.y.high);
    e = range_of(PLOT_LINE, (plot_axis){.zero = true}, 3, up);
    check(e.y.low == 0 && e.y.high > 9, "0 is in the range on request: %g to %g", e.y.low, e.y.high);
    e = range_of(PLOT_LINE, (plot_axis){0}, 3, up);
    check(e.y.low > 0 && e.y.low < 1, "what is never negative has no room below 0: %g", e.y.low);
    e = range_of(PLOT_LINE, (plot_axis){.fix_low = true, .low = 20}, 3, up);
    check(e.y.low == 20 && e.y.high > 20, "an end beyond all data: %g to %g", e.y.low, e.y.high);
    static const double none[] = {NAN, INFINITY, -INFINITY, 2e300};
    e = range_of(PLOT_LINE, (plot_axis){0}, 4, none);
    check(e.points == 0 && e.y.low < e.y.high, "nothing that can be shown: %zu points", e.points);
}

int main(void) {
    test_words();
    test_ranges();
    test_random();
    return check_end();
}
