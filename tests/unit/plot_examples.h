/* plot_examples.h: the field's usual plots with realistic figures, as examples of how to fill in plot.h. The changes
 * are the paper's for Qwen2.5-7B after LIMO; all other figures are invented. */
#ifndef SCRY_TESTS_UNIT_PLOT_EXAMPLES_H
#define SCRY_TESTS_UNIT_PLOT_EXAMPLES_H

#include "plot/plot.h"

#include <math.h>
#include <stdio.h>

enum { DOMAINS = 14, CURVE = 2048, STEPS = 400 };

/* Owner of the numbers of one plot; the strings are constants. */
typedef struct example {
    plot p;
    plot_series series[4];
    plot_rule rules[2];
    double x[4][CURVE], y[4][CURVE], low[CURVE];
    char text[80];
    const char *note;
} example;

static const char *const domain_names[DOMAINS] = {
    "engineering", "chemistry", "physics", "computer science", "business", "health", "math", "economics",
    "philosophy",  "biology",   "other",   "psychology",       "history",  "law"};
static const double domain_change[DOMAINS] = {9.8,  6.36, 5.24, 4.88, 4.43, 2.93, 2.89,
                                              2.61, 2.4,  1.53, 1.3,  .37,  .26,  .19};
static const double domain_sts[DOMAINS] = {10.63, 9.45, 9.12, 7.7,  7.31, 5.02, 9.9,
                                           5.6,   4.98, 4.61, 5.22, 3.9,  3.31, 3.02};

static double noise(unsigned long *state) {
    *state = *state * 6364136223846793005ul + 1442695040888963407ul;
    return (double)(*state >> 33) / 2147483648.0 - 0.5;
}

static void copy(double *to, const double *from, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = from[i];
}

/* STS against measured change, the fitted line, names; the domain under the cursor pointed out. */
static void example_scatter(example *e) {
    static const char *const notes[] = {"rho .87  R2 .76  p <.001  n 14",
                                        "one domain out .86 to .96  random .12 (99.4% below)"};
    copy(e->x[0], domain_sts, DOMAINS);
    copy(e->y[0], domain_change, DOMAINS);
    e->x[1][0] = 3.02, e->x[1][1] = 10.63;
    e->y[1][0] = .108, e->y[1][1] = 7.107;
    e->series[0] = (plot_series){.kind = PLOT_POINTS,
                                 .name = "domain",
                                 .n = DOMAINS,
                                 .x = e->x[0],
                                 .y = e->y[0],
                                 .names = domain_names,
                                 .highlight = 7};
    e->series[1] = (plot_series){.kind = PLOT_LINE, .name = "fitted line", .n = 2, .x = e->x[1], .y = e->y[1]};
    e->p = (plot){.title = "score and measured change, STS act, N 100",
                  .notes = notes,
                  .note_count = 2,
                  .x = {.label = "STS act"},
                  .y = {.label = "absolute change, points"},
                  .series = e->series,
                  .series_count = 2};
}

/* Share of the total shift in the top N. */
static void example_concentration(example *e) {
    double sum[2] = {0}, part[2] = {0};
    for (int i = 0; i < CURVE; i++)
        for (int k = 0; k < 2; k++) sum[k] += pow(i + 6, k ? -.61 : -.54);
    for (int i = 0; i < CURVE; i++)
        for (int k = 0; k < 2; k++) {
            part[k] += pow(i + 6, k ? -.61 : -.54);
            e->x[k][i] = i + 1;
            e->y[k][i] = part[k] / sum[k];
        }
    snprintf(e->text, sizeof e->text, "top 100: %.1f%% of the shift by icl, %.1f%% by sft", 100 * e->y[0][99],
             100 * e->y[1][99]);
    e->note = e->text;
    e->series[0] = (plot_series){.kind = PLOT_LINE, .name = "icl", .n = CURVE, .x = e->x[0], .y = e->y[0]};
    e->series[1] = (plot_series){.kind = PLOT_LINE, .name = "sft", .n = CURVE, .x = e->x[1], .y = e->y[1]};
    e->p = (plot){.title = "concentration of the shift",
                  .notes = &e->note,
                  .note_count = 1,
                  .x = {.label = "N, latents of largest shift", .log = true, .ticks = TICKS_WHOLE},
                  .y = {.label = "share of the total shift",
                        .ticks = TICKS_PERCENT,
                        .fix_low = true,
                        .fix_high = true,
                        .high = 1},
                  .series = e->series,
                  .series_count = 2,
                  .has_cursor = true,
                  .cursor = 100,
                  .cursor_text = "N 100"};
}

/* How many of the estimated top N are in the actual one, latents and raw dimensions. */
static void example_overlap(example *e) {
    static const double n[] = {10, 20, 50, 100, 200, 500, 1000}, sae[] = {.3, .45, .52, .57, .61, .7, .81},
                        raw[] = {0, .05, .08, .13, .17, .34, .55};
    static const plot_rule rules[] = {{.upright = true, .at = 100, .name = "N"}};
    copy(e->x[0], n, 7);
    copy(e->y[0], sae, 7);
    copy(e->y[1], raw, 7);
    e->series[0] = (plot_series){.kind = PLOT_LINE, .name = "latents", .n = 7, .x = e->x[0], .y = e->y[0]};
    e->series[1] = (plot_series){.kind = PLOT_LINE, .name = "raw dimensions", .n = 7, .x = e->x[0], .y = e->y[1]};
    e->p = (plot){.title = "overlap of estimated (icl) and actual (sft) tops",
                  .x = {.label = "N", .log = true},
                  .y = {.label = "shared", .ticks = TICKS_PERCENT, .fix_low = true, .fix_high = true, .high = 1},
                  .series = e->series,
                  .series_count = 2,
                  .rules = rules,
                  .rule_count = 1};
}

/* rho against N with the 5 to 95 % band of random sets. */
static void example_rho(example *e) {
    static const plot_rule rules[] = {{.at = 0, .name = NULL}};
    unsigned long state = 7;
    int n = 0;
    for (double at = 5; at < 2048; at *= 1.15, n++) {
        double edge = .9 / sqrt(1 + at / 60);
        e->x[0][n] = floor(at);
        e->y[0][n] = .8 * (1 - exp(-at / 25)) - .12 * log(at / 5) / 6 + .05 * noise(&state);
        e->y[1][n] = .12 + edge * .6;
        e->low[n] = .12 - edge * .75;
        e->y[2][n] = .12 + .03 * noise(&state);
        if (at <= 100)
            snprintf(e->text, sizeof e->text, "N %.0f rho %.2f", e->x[0][n], e->y[0][n]), e->x[1][0] = e->x[0][n];
    }
    e->series[0] = (plot_series){.kind = PLOT_LINE, .name = "by icl", .n = (size_t)n, .x = e->x[0], .y = e->y[0]};
    e->series[1] =
        (plot_series){.kind = PLOT_LINE, .name = "random, mean", .n = (size_t)n, .x = e->x[0], .y = e->y[2], .look = 3};
    e->series[2] = (plot_series){.kind = PLOT_BAND,
                                 .name = "random, 5 to 95%",
                                 .n = (size_t)n,
                                 .x = e->x[0],
                                 .y = e->y[1],
                                 .low = e->low,
                                 .look = 3};
    e->p = (plot){.title = "rho against N, STS act",
                  .x = {.label = "N", .log = true},
                  .y = {.label = "rho", .fix_low = true, .fix_high = true, .low = -1, .high = 1},
                  .series = e->series,
                  .series_count = 3,
                  .rules = rules,
                  .rule_count = 1,
                  .has_cursor = true,
                  .cursor = e->x[1][0],
                  .cursor_text = e->text};
}

/* rho when the score is made of ranks 1-100, 101-200, ... */
static void example_bands(example *e) {
    static const char *const names[] = {"1-100", "101-200", "201-300", "301-400", "401-500", "501-1000", "1001-2048"};
    static const char *const texts[] = {".78", ".62", ".55", ".31", ".34", ".08", "-.12"};
    static const double rho[] = {.78, .62, .55, .31, .34, .08, -.12};
    static const plot_rule rules[] = {{.upright = true, .at = .12, .name = "random"}};
    copy(e->x[0], rho, 7);
    e->series[0] =
        (plot_series){.kind = PLOT_BARS, .n = 7, .x = e->x[0], .names = names, .texts = texts, .highlight = 1};
    e->p = (plot){.title = "rho by rank band, STS act",
                  .x = {.label = "rho", .fix_high = true, .high = 1},
                  .series = e->series,
                  .series_count = 1,
                  .rules = rules,
                  .rule_count = 1};
}

/* 220 examples over the domains; an even split as a rule. */
static void example_mixture(example *e) {
    static const char *const texts[DOMAINS] = {"26", "23", "22", "19", "18", "12", "24",
                                               "14", "12", "11", "13", "10", "8",  "8"};
    static const double examples_of[DOMAINS] = {26, 23, 22, 19, 18, 12, 24, 14, 12, 11, 13, 10, 8, 8};
    for (int i = 0; i < DOMAINS; i++) e->x[0][i] = examples_of[i] / 220;
    e->rules[0] = (plot_rule){.upright = true, .at = 1. / DOMAINS, .name = "even split"};
    e->series[0] = (plot_series){
        .kind = PLOT_BARS, .name = "by STS", .n = DOMAINS, .x = e->x[0], .names = domain_names, .texts = texts};
    e->p = (plot){.title = "mixture of 220 examples",
                  .x = {.label = "share of the budget", .ticks = TICKS_PERCENT},
                  .series = e->series,
                  .series_count = 1,
                  .rules = e->rules,
                  .rule_count = 1};
}

/* Two bars a row: rho of both scores for each width of the SAE. */
static void example_widths(example *e) {
    static const char *const names[] = {"16k, layer 25", "28k, layer 25", "131k, layer 31"};
    static const char *const texts[] = {".71", ".90", ".60"}, *const icl_texts[] = {".81", ".78", ".77"};
    static const double act[] = {.71, .90, .60}, icl[] = {.81, .78, .77};
    copy(e->x[0], act, 3);
    copy(e->x[1], icl, 3);
    e->series[0] =
        (plot_series){.kind = PLOT_BARS, .name = "act", .n = 3, .x = e->x[0], .names = names, .texts = texts};
    e->series[1] =
        (plot_series){.kind = PLOT_BARS, .name = "icl", .n = 3, .x = e->x[1], .names = names, .texts = icl_texts};
    e->p = (plot){.title = "rho of three SAEs",
                  .x = {.label = "rho", .fix_high = true, .high = 1},
                  .series = e->series,
                  .series_count = 2};
}

/* Training: loss with held-out loss, against the step. */
static void example_loss(example *e) {
    unsigned long state = 3;
    for (int i = 0; i < STEPS; i++) {
        double t = (i + 1) * 50;
        e->x[0][i] = t;
        e->y[0][i] = 12.5 / pow(1 + t / 90, .62) + .4 + .25 * noise(&state) * exp(-t / 9000);
        e->y[1][i] = i % 8 == 7 ? 12.5 / pow(1 + t / 90, .61) + .46 : NAN;
    }
    int held = 0;
    for (int i = 0; i < STEPS; i++)
        if (!isnan(e->y[1][i])) e->x[1][held] = e->x[0][i], e->y[1][held++] = e->y[1][i];
    e->series[0] = (plot_series){.kind = PLOT_LINE, .name = "training", .n = STEPS, .x = e->x[0], .y = e->y[0]};
    e->series[1] = (plot_series){.kind = PLOT_LINE, .name = "held out", .n = (size_t)held, .x = e->x[1], .y = e->y[1]};
    e->p = (plot){.title = "loss",
                  .x = {.label = "step", .fix_low = true},
                  .y = {.label = "loss a token", .log = true},
                  .series = e->series,
                  .series_count = 2,
                  .gutter = 6};
}

/* Training: explained variance and L0 have axes of their own, below each other in line. */
static void example_ev(example *e) {
    for (int i = 0; i < STEPS; i++) {
        e->x[0][i] = (i + 1) * 50;
        e->y[0][i] = .93 - .9 * exp(-(i + 1) / 22.);
    }
    e->series[0] = (plot_series){.kind = PLOT_LINE, .n = STEPS, .x = e->x[0], .y = e->y[0]};
    e->p = (plot){.title = "explained variance",
                  .x = {.fix_low = true},
                  .y = {.fix_high = true, .high = 1},
                  .series = e->series,
                  .series_count = 1,
                  .gutter = 6};
}

static void example_l0(example *e) {
    unsigned long state = 11;
    for (int i = 0; i < STEPS; i++) {
        e->x[0][i] = (i + 1) * 50;
        e->y[0][i] = 32 + 480 * exp(-(i + 1) / 30.) + 3 * noise(&state);
    }
    e->series[0] = (plot_series){.kind = PLOT_STEPS, .n = STEPS, .x = e->x[0], .y = e->y[0]};
    e->p = (plot){.title = "L0",
                  .x = {.label = "step", .fix_low = true},
                  .y = {.zero = true},
                  .series = e->series,
                  .series_count = 1,
                  .gutter = 6};
}

/* A histogram of activations over their logarithm, as steps; and one that has nothing to show. */
static void example_histogram(example *e) {
    for (int i = 0; i < 40; i++) {
        e->x[0][i] = pow(10, -2 + i * .1);
        e->y[0][i] = floor(900 * exp(-pow(i - 22, 2) / 60) + 40 * exp(-pow(i - 6, 2) / 8));
    }
    e->series[0] = (plot_series){.kind = PLOT_STEPS, .n = 40, .x = e->x[0], .y = e->y[0]};
    e->p = (plot){.title = "activations of latent 1127",
                  .x = {.label = "activation", .log = true},
                  .y = {.label = "tokens", .ticks = TICKS_WHOLE, .zero = true},
                  .series = e->series,
                  .series_count = 1};
}

static void example_empty(example *e) {
    e->p = (plot){.title = "score and measured change, STS act, N 100",
                  .x = {.label = "STS act"},
                  .y = {.label = "change"},
                  .empty = "no domain of this study has a measured change"};
}

/* Many points, as of latents: rate against shift. */
static void example_cloud(example *e) {
    static const char *names[CURVE];
    unsigned long state = 5;
    for (int i = 0; i < CURVE; i++) {
        double z = noise(&state) + noise(&state) + noise(&state);
        e->x[0][i] = pow(10, -2.5 + 1.6 * z);
        e->y[0][i] = pow(10, -1 + 1.5 * z + noise(&state) + noise(&state));
        names[i] = NULL;
    }
    e->x[0][40] = .31, e->y[0][40] = 4.21;
    names[40] = "1127 before a number";
    e->series[0] =
        (plot_series){.kind = PLOT_POINTS, .n = CURVE, .x = e->x[0], .y = e->y[0], .names = names, .highlight = 41};
    e->p = (plot){.title = "latents: shift and firing rate",
                  .x = {.label = "firing rate in train.base", .log = true},
                  .y = {.label = "shift by icl", .log = true},
                  .series = e->series,
                  .series_count = 1};
}

static const struct {
    const char *name;
    void (*make)(example *e);
} examples[] = {
    {"scatter", example_scatter},
    {"concentration", example_concentration},
    {"overlap", example_overlap},
    {"rho", example_rho},
    {"bands", example_bands},
    {"mixture", example_mixture},
    {"widths", example_widths},
    {"loss", example_loss},
    {"ev", example_ev},
    {"l0", example_l0},
    {"histogram", example_histogram},
    {"empty", example_empty},
    {"cloud", example_cloud},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

#endif
