/* twin_compare.h: every figure of an index compared with the slow twin's. For tests that link twin.o.
 *
 * How deviations are measured. Everything must agree to `tolerance` relative to its own size, plus
 * what an error of `delta` in single activations can do to it. The engine encodes residuals in
 * single precision, so every activation is off by up to some 2^-23 of the terms of its sum, also
 * where these cancel: delta is 5e-7 of the strongest activation of the study (0 for features, which
 * are not encoded). On a share r of the tokens (those on which the latent fires) it does at most
 *   E h      delta r                       act, top tokens with r = 1
 *   E h^2    2 delta E h                   act2
 *   E d      2 delta r                     mean, abs; d is h_x - h_base
 *   E d^2    4 delta sqrt(E d^2 r)         sq, icl
 *   d        (2 delta r + 2 delta sqrt(r) |d|) / pooled deviation
 *   rate     0, but an activation within delta of 0 may fire on one side only: a share of `flips` of
 *            all (token, latent) cells
 * Contributions below 1e-6 of the domain's largest are measured against that 1e-6, which is more
 * than any figure that scry prints. */
#ifndef SCRY_TESTS_UNIT_TWIN_COMPARE_H
#define SCRY_TESTS_UNIT_TWIN_COMPARE_H

#include "../twin/twin.h"
#include "check.h"
#include "scry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct against {
    const char *label;
    double tolerance, delta, flips;
    twin *t;
    scry_index *x;
    int F, D;
    double *expected; /* [F] */
} against;

static inline double above(double x, double least) {
    return x > least ? x : least;
}

/* What the sources of the index are compared with: "base". */
static inline const char *reference_of(const against *a) {
    return scry_reference_name(scry_index_info(a->x)->against);
}

/* The domain's icl capture and what it is compared with. */
static inline bool has_icl(const against *a, int d) {
    const char *name = twin_domain_name(a->t, d);
    return twin_has(a->t, text_of("%s.icl", name)) && twin_has(a->t, text_of("%s.%s", name, reference_of(a)));
}

/* What delta can do to a latent's shift, a->expected holding the metric's values. */
static inline double doubt(const against *a, scry_condition source, scry_metric metric, int j) {
    double r = scry_rate_base(a->x, 0, source, (uint32_t)j) + scry_rate_shifted(a->x, 0, source, (uint32_t)j),
           size = fabs(a->expected[j]);
    double mean = fabs(scry_mean_shifted(a->x, 0, source, (uint32_t)j) - scry_mean_base(a->x, 0, source, (uint32_t)j));
    switch (metric) {
    case SCRY_SQ:
        return 4 * a->delta * sqrt(size * r);
    case SCRY_D:
        return size > 0 && mean > 0 ? (2 * a->delta * r + 2 * a->delta * sqrt(r) * size) * size / mean : 0;
    case SCRY_RATE:
        return 0;
    default:
        return 2 * a->delta * r;
    }
}

static inline void against_shift(against *a, scry_condition source, scry_metric metric) {
    const char *s = scry_condition_name(source), *m = scry_metric_name(metric);
    const double *found = scry_shift(a->x, 0, source, metric);
    twin_shift_against(a->t, reference_of(a), s, m, a->expected);
    if (metric == SCRY_RATE) {
        const scry_info *info = scry_index_info(a->x);
        double tokens = (double)info->capture[scry_find_capture_named(a->x, text_of("train.%s", reference_of(a)))].kept,
               differ = 0, most = 0;
        for (int j = 0; j < a->F; j++) {
            double off = fabs(found[j] - a->expected[j]) * tokens;
            differ += off;
            if (off > most) most = off;
        }
        check(differ <= a->flips * tokens * a->F + 1e-9 * tokens,
              "%s: %s rate: %d latents, %.6g tokens in all differ, %.6g of one latent at most", a->label, s, a->F,
              differ, most);
        return;
    }
    worst w = {.tolerance = a->tolerance};
    for (int j = 0; j < a->F; j++)
        worst_add(&w, found[j], a->expected[j],
                  above(fabs(a->expected[j]) + doubt(a, source, metric, j) / a->tolerance, 1e-30), "latent %d", j);
    worst_line(&w, "%s: %s %s of every latent", a->label, s, m);
}

/* What base alone is ranked by. Sums of float activations in the same order: only the twin's division may differ. */
static inline void against_base(against *a, scry_metric metric) {
    const char *m = scry_metric_name(metric);
    const double *found = scry_shift(a->x, 0, SCRY_BASE, metric);
    if (!check(found != NULL, "%s: base %s is known", a->label, m)) return;
    twin_base(a->t, m, a->expected);
    if (metric == SCRY_RATE) {
        double tokens = (double)scry_index_info(a->x)->capture[scry_find_capture_named(a->x, "train.base")].kept,
               most = 0;
        for (int j = 0; j < a->F; j++) most = fmax(most, fabs(found[j] - a->expected[j]) * tokens);
        check(most <= a->flips * tokens * a->F + 1e-9 * tokens,
              "%s: base rate: %.6g tokens of one latent differ at most", a->label, most);
        return;
    }
    worst w = {.tolerance = a->tolerance};
    for (int j = 0; j < a->F; j++)
        worst_add(&w, found[j], a->expected[j],
                  above(fabs(a->expected[j]) + 4 * a->delta * (1 + sqrt(fabs(a->expected[j]))) / a->tolerance, 1e-30),
                  "latent %d", j);
    worst_line(&w, "%s: base %s of every latent", a->label, m);
    for (int j = 0; j < a->F; j += 7)
        if (found[j] != scry_shift_of(a->x, 0, SCRY_BASE, metric, (uint32_t)j)) {
            check(false, "%s: base %s of latent %d alone: found %g, expected %g", a->label, m, j,
                  scry_shift_of(a->x, 0, SCRY_BASE, metric, (uint32_t)j), found[j]);
            return;
        }
}

/* The first 100 places; latents whose shifts are within 1e-5 of each other in the twin (or within
 * what delta does to them) may change places, for rounding decides. */
static inline void against_order(against *a, scry_condition source, scry_metric metric) {
    const char *s = scry_condition_name(source), *m = scry_metric_name(metric);
    scry_error err = {0};
    scry_ranking *r = scry_rank(a->x, 0, source, metric, &err);
    if (!r) {
        check(false, "%s: %s %s is ranked: %s", a->label, s, m, err.text);
        return;
    }
    int *order = malloc((size_t)a->F * sizeof *order);
    if (!order) abort();
    twin_shift_against(a->t, reference_of(a), s, m, a->expected);
    twin_order(a->expected, a->F, order);
    int top = a->F < 100 ? a->F : 100, wrong = 0, close = 0, first = -1;
    double least = a->delta > 0 ? 1e-5 : 1e-12; /* features: only what the twin rounds away */
    for (int i = 0; i < top; i++) {
        if ((int)r->order[i] == order[i]) continue;
        double here = fabs(a->expected[order[i]]), there = fabs(a->expected[r->order[i]]);
        double slack = least * above(here, there) + doubt(a, source, metric, order[i]) +
                       doubt(a, source, metric, (int)r->order[i]);
        if (fabs(here - there) <= slack) {
            close++;
            continue;
        }
        if (!wrong++) first = i;
    }
    check(wrong == 0, "%s: %s %s: the first %d latents in order (%d near ties apart)%s", a->label, s, m, top, close,
          wrong ? text_of(": at rank %d found latent %u, expected %d; %d places in all", first, r->order[first],
                          order[first], wrong)
                : "");
    /* every pair of neighbours must descend, ties by latent, and ranks must be the order turned around */
    size_t astray = 0;
    double total = 0;
    for (int i = 0; i < a->F; i++) {
        total += fabs(r->shift[r->order[i]]);
        astray += r->rank[r->order[i]] != (uint32_t)i;
        if (i == 0) continue;
        double up = fabs(r->shift[r->order[i - 1]]), down = fabs(r->shift[r->order[i]]);
        astray += up < down || (up == down && r->order[i - 1] > r->order[i]);
    }
    check(astray == 0 && fabs(total - r->total) <= 1e-12 * total &&
              (total == 0 || fabs(scry_cumulative(r, r->latents - 1) - 1) < 1e-12),
          "%s: %s %s: order descends to the end, ties by latent; shares add up to 1%s", a->label, s, m,
          astray ? text_of(": %zu places astray", astray) : "");
    scry_ranking_free(r);
    free(order);
}

/* The same for contributions. */
static inline double contribution_doubt(const against *a, scry_score score, int j, int d) {
    double r = scry_domain_rate(a->x, (uint32_t)j, (size_t)d);
    if (score == SCRY_ACT) return a->delta * r;
    if (score == SCRY_ACT2) return 2 * a->delta * (double)scry_contribution(a->x, SCRY_ACT, (uint32_t)j)[d];
    int icl = scry_find_capture_named(a->x, text_of("%s.icl", twin_domain_name(a->t, d)));
    const scry_capture_info *c = &scry_index_info(a->x)->capture[icl];
    float *h = malloc(c->rows * sizeof *h);
    if (!h) abort();
    scry_activations(a->x, (uint32_t)j, (size_t)icl, 0, c->rows, h);
    for (uint64_t i = 0; i < c->rows; i++) r += (h[i] > 0) / (double)c->kept;
    free(h);
    return 4 * a->delta * sqrt(a->expected[j] * r);
}

static inline void against_contributions(against *a, scry_score score) {
    worst w = {.tolerance = a->tolerance};
    for (int d = 0; d < a->D; d++) {
        if (score == SCRY_SCORE_ICL && !has_icl(a, d)) continue;
        twin_contribution_against(a->t, reference_of(a), scry_score_name(score), d, a->expected);
        double most = 0;
        for (int j = 0; j < a->F; j++) most = above(a->expected[j], most);
        for (int j = 0; j < a->F; j++) {
            double value = (double)scry_contribution(a->x, score, (uint32_t)j)[d],
                   scale = above(a->expected[j], 1e-6 * most);
            if (a->delta > 0 && fabs(value - a->expected[j]) > a->tolerance * scale)
                scale += contribution_doubt(a, score, j, d) / a->tolerance;
            worst_add(&w, value, a->expected[j], scale, "latent %d, domain %s", j, twin_domain_name(a->t, d));
        }
    }
    worst_line(&w, "%s: %s contribution of every latent and domain", a->label, scry_score_name(score));
}

/* STS of the twin's first 100 by icl (or whatever source there is) and its correlation. */
static inline void against_score(against *a, scry_condition source, scry_score score) {
    int *order = malloc((size_t)a->F * sizeof *order), n = a->F < 100 ? a->F : 100, points = 0;
    double *x = malloc(2 * (size_t)a->D * sizeof *x), *y = x + a->D;
    scry_set *set = scry_set_new((uint32_t)a->F);
    if (!order || !x) abort();
    twin_shift_against(a->t, reference_of(a), scry_condition_name(source), "sq", a->expected);
    twin_order(a->expected, a->F, order);
    for (int i = 0; i < n; i++) scry_set_put(set, (uint32_t)order[i], true);
    scry_scorer *scorer = scry_scorer_new(a->x, score);
    scry_scorer_load(scorer, set);
    worst w = {.tolerance = a->tolerance};
    for (int d = 0; d < a->D; d++) {
        double found = scry_scorer_value(scorer, (size_t)d), expected = NAN;
        if (score != SCRY_SCORE_ICL || has_icl(a, d)) {
            twin_contribution_against(a->t, reference_of(a), scry_score_name(score), d, a->expected);
            expected = twin_score(scry_score_name(score), a->expected, order, n);
        }
        worst_add(&w, found, expected, fabs(expected), "%s", twin_domain_name(a->t, d));
        if (isnan(expected) || isnan(twin_change(a->t, d))) continue;
        x[points] = expected;
        y[points++] = fabs(twin_change(a->t, d));
    }
    worst_line(&w, "%s: %s of the first %d by %s sq, every domain", a->label, scry_score_name(score), n,
               scry_condition_name(source));
    if (points >= 3) {
        double pearson, slope, intercept;
        twin_correlate(x, y, points, &pearson, &slope, &intercept);
        scry_scope scope;
        scry_result result;
        scry_error err = {0};
        if (!scry_scope_read(&scope, a->x, 0, "all", false, &err)) abort();
        scry_result_fit(&result, a->x, scorer, &scope);
        worst c = {.tolerance = 10 * a->tolerance};
        worst_add(&c, result.fit.pearson, pearson, 1, "rho");
        worst_add(&c, result.fit.slope, slope, fabs(slope), "slope");
        worst_add(&c, result.fit.intercept, intercept, fabs(intercept) + fabs(slope * x[0]), "intercept");
        worst_add(&c, (double)result.fit.n, points, 1, "points");
        for (int d = 0, k = 0; d < a->D; d++) {
            if (isnan(result.sts[d]) || isnan(result.change[d])) continue;
            worst_add(&c, result.residual[d], y[k] - (intercept + slope * x[k]), 1 + fabs(y[k]), "residual of %s",
                      twin_domain_name(a->t, d));
            k++;
        }
        worst_line(&c, "%s: %s: rho %.6f, line and residuals", a->label, scry_score_name(score), pearson);
        scry_result_free(&result);
        scry_scope_free(&scope);
    }
    scry_scorer_free(scorer);
    scry_set_free(set);
    free(order);
    free(x);
}

/* The ten strongest tokens of the first latents in one capture: place, activation, text. */
static inline void against_tokens(against *a, const char *capture) {
    enum { TOP = 10, LATENTS = 20 };
    int at = scry_find_capture_named(a->x, capture), sample[TOP], position[TOP];
    double activation[TOP];
    if (!check(at >= 0, "%s: capture %s is found", a->label, capture)) return;
    bool tokens = scry_index_info(a->x)->capture[at].has_tokens;
    worst w = {.tolerance = a->tolerance};
    size_t astray = 0, misread = 0;
    for (int j = 0; j < LATENTS && j < a->F; j++) {
        scry_example found[TOP];
        int n = twin_top(a->t, j, capture, TOP, sample, position, activation);
        size_t m = scry_top_tokens(a->x, (uint32_t)j, at, false, TOP, found);
        worst_add(&w, (double)m, n, 1, "latent %d: how many", j);
        for (int k = 0; k < n && k < (int)m; k++) {
            const scry_example *e = &found[k];
            worst_add(&w, (double)e->activation, activation[k], activation[k] + a->delta / a->tolerance,
                      "latent %d, %d", j, k);
            float again;
            scry_activations(a->x, (uint32_t)j, (size_t)at, e->token, 1, &again);
            misread += again != e->activation;
            if ((int)e->sample == sample[k] && (int)e->position == position[k]) {
                misread += strcmp(scry_token(a->x, (size_t)at, e->token),
                                  twin_token(a->t, capture, sample[k], position[k])) != 0;
                scry_sample s = scry_sample_at(a->x, (size_t)at, e->sample);
                misread += tokens && strcmp(s.id, twin_sample_id(a->t, capture, sample[k])) != 0;
                misread += tokens && s.first + e->position != e->token;
                continue;
            }
            /* rounding may exchange neighbours, nothing else; the last one with the first left out */
            bool close = a->delta > 0 && ((k > 0 && activation[k - 1] - activation[k] < 1e-5 * activation[k - 1]) ||
                                          k == TOP - 1 || activation[k] - activation[k + 1] < 1e-5 * activation[k]);
            astray += !close;
        }
    }
    worst_line(&w, "%s: %s: activation of the top 10 tokens of 20 latents", a->label, capture);
    check(astray == 0 && misread == 0, "%s: %s: their places, texts and samples%s", a->label, capture,
          astray || misread ? text_of(": %zu places astray, %zu misread", astray, misread) : "");
}

/* Builds and opens; prints why not. The caller closes. */
static inline scry_index *built(const char *study, const char *out, const char *label) {
    scry_error err = {0};
    bool ok = scry_index_build(study, out, NULL, NULL, NULL, &err);
    scry_index *x = ok ? scry_open(out, true, &err) : NULL;
    if (!x) check(false, "%s is indexed and opened: %s", label, err.text);
    return x;
}

/* Every source and score of the index against its reference. */
static inline void against_reference(against *a) {
    const scry_info *info = scry_index_info(a->x);
    scry_condition source[SCRY_CONDITIONS], reference = scry_reference_condition(info->against);
    int n = scry_train_sources(a->x, 0, source);
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        bool has = c != (int)reference && twin_has(a->t, text_of("train.%s", scry_condition_name((scry_condition)c)));
        if (has != (info->train[0].has[c] || info->train[0].identical[c]))
            check(false, "%s: source %s", a->label, scry_condition_name((scry_condition)c));
    }
    for (int i = 0; i < n; i++)
        for (int m = 0; m < SCRY_METRICS; m++) {
            against_shift(a, source[i], (scry_metric)m);
            against_order(a, source[i], (scry_metric)m);
        }
    for (int m = 0; m < SCRY_METRICS; m++)
        if (scry_metrics[m].base_title) against_base(a, (scry_metric)m);
    for (int s = 0; s < SCRY_SCORES; s++) {
        if (!scry_has_score(a->x, (scry_score)s)) continue;
        against_contributions(a, (scry_score)s);
        if (n) against_score(a, source[0], (scry_score)s);
    }
}

/* encoded: the captures hold residuals. tokens: names of captures whose top tokens are compared, ended by NULL. */
static inline void against_twin(const char *label, const char *study, scry_index *x, double tolerance, bool encoded,
                                const char *const *tokens) {
    against a = {.label = label, .tolerance = tolerance, .flips = encoded ? 1e-6 : 0, .x = x};
    a.t = twin_open(study);
    a.F = twin_latents(a.t);
    a.D = twin_domains(a.t);
    const scry_info *info = scry_index_info(x);
    for (uint32_t j = 0; j < info->d_sae && encoded; j++) {
        scry_example e;
        if (scry_top_tokens(x, j, -1, false, 1, &e)) a.delta = above(a.delta, 5e-7 * (double)e.activation);
    }
    if (check(info->d_sae == (uint32_t)a.F && info->domains == (size_t)a.D, "%s: %d latents, %d domains", label, a.F,
              a.D)) {
        a.expected = malloc((size_t)a.F * sizeof *a.expected);
        if (!a.expected) abort();
        bool control = twin_has(a.t, "train.control");
        check(scry_has_reference(x, SCRY_AGAINST_CONTROL) == control, "%s: %s with control", label,
              control ? "compared" : "not compared");
        against_reference(&a);
        if (control && (a.x = scry_index_against(x, SCRY_AGAINST_CONTROL, NULL))) {
            a.label = text_of("%s, against control", label);
            against_reference(&a);
            a.label = label;
        }
        a.x = x;
        for (; *tokens; tokens++) against_tokens(&a, *tokens);
    }
    free(a.expected);
    twin_free(a.t);
}

#endif
