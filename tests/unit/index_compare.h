/* index_compare.h: compares every figure of two indexes that were made from the same numbers in different ways. */
#ifndef SCRY_TESTS_UNIT_INDEX_COMPARE_H
#define SCRY_TESTS_UNIT_INDEX_COMPARE_H

#include "check.h"
#include "scry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Builds and opens; prints why not. The caller closes. */
static inline scry_index *index_of(const char *study, const scry_build_options *options, const char *label) {
    scry_error err = {0};
    const char *out = text_of("%s.scry", study);
    scry_index *x = scry_index_build(study, out, options, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    if (!x) check(false, "%s: is indexed and opened: %s", label, err.text);
    return x;
}

/* The build must fail, with these words; "" for any. */
static inline void index_refused(const char *study, const scry_build_options *options, const char *const *words,
                                 const char *label) {
    scry_error err = {0};
    const char *out = text_of("%s.refused.scry", study);
    bool built = scry_index_build(study, out, options, NULL, NULL, &err);
    if (built) check(false, "%s: found an index, expected an error", label);
    else check_says(err.text, words, "%s: refused", label);
    if (file_exists(out)) check(false, "%s: found a file after an error, expected none", label);
}

/* Two indexes, and by how much their figures may differ, relative to 1 + what is expected: single
 * activations; figures of the first and of the second power of them. 0: not at all. */
typedef struct same {
    const char *label;
    scry_index *found, *expected;
    double tolerance;
} same;

static inline double figure_scale(double expected) {
    return 1 + fabs(expected);
}

/* The metrics, then means and rates. NaN where the source is missing. */
static inline double same_figure(const scry_index *x, size_t t, scry_condition by, int figure, uint32_t j) {
    if (figure < SCRY_METRICS) {
        const double *shift = scry_shift(x, t, by, (scry_metric)figure);
        return shift ? shift[j] : (double)NAN;
    }
    switch (figure - SCRY_METRICS) {
    case 0:
        return scry_mean_base(x, t, by, j);
    case 1:
        return scry_mean_shifted(x, t, by, j);
    case 2:
        return scry_rate_base(x, t, by, j);
    default:
        return scry_rate_shifted(x, t, by, j);
    }
}

static inline void same_shifts(const same *s) {
    const scry_info *info = scry_index_info(s->expected);
    worst w = {.tolerance = 10 * s->tolerance};
    for (size_t t = 0; t < info->trains; t++)
        for (int c = 1; c < SCRY_CONDITIONS; c++) {
            if (!info->train[t].has[c] && !info->train[t].identical[c]) continue;
            scry_condition by = (scry_condition)c;
            for (int m = 0; m < SCRY_METRICS + 4; m++)
                for (uint32_t j = 0; j < info->d_sae; j++) {
                    double mine = same_figure(s->found, t, by, m, j), e = same_figure(s->expected, t, by, m, j);
                    /* d divides by a deviation that may be as small as the errors */
                    double scale = m == SCRY_D ? 100 * figure_scale(e) * figure_scale(e) : figure_scale(e);
                    worst_add(&w, mine, e, scale, "%s, figure %d of latent %u", scry_condition_name(by), m, j);
                }
        }
    worst_line(&w, "%s: shifts, means and rates", s->label);
}

static inline void same_contributions(const same *s) {
    const scry_info *info = scry_index_info(s->expected);
    worst w = {.tolerance = 10 * s->tolerance}, rates = {.tolerance = s->tolerance};
    for (int score = 0; score < SCRY_SCORES; score++) {
        bool mine = scry_has_score(s->found, (scry_score)score), its = scry_has_score(s->expected, (scry_score)score);
        worst_add(&rates, mine, its, 1, "has score %d", score);
        for (size_t i = 0; mine && its && i < info->d_sae * info->domains; i++) {
            uint32_t latent = (uint32_t)(i / info->domains);
            size_t d = i % info->domains;
            double found = (double)scry_contribution(s->found, (scry_score)score, latent)[d],
                   other = (double)scry_contribution(s->expected, (scry_score)score, latent)[d];
            worst_add(&w, found, other, figure_scale(other), "%s of latent %u", scry_score_name((scry_score)score),
                      latent);
        }
    }
    for (uint32_t j = 0; j < info->d_sae; j++)
        for (size_t d = 0; d < info->domains; d++)
            worst_add(&rates, scry_domain_rate(s->found, j, d), scry_domain_rate(s->expected, j, d), 1,
                      "rate of latent %u", j);
    worst_line(&w, "%s: contributions", s->label);
    worst_line(&rates, "%s: firing rates of the domains", s->label);
}

/* Every activation, by row and by rank. */
static inline void same_postings(const same *s) {
    const scry_info *info = scry_index_info(s->expected), *mine = scry_index_info(s->found);
    worst w = {.tolerance = s->tolerance};
    size_t astray = 0;
    for (size_t c = 0; c < info->captures; c++) {
        uint64_t rows = info->capture[c].rows;
        astray += mine->capture[c].rows != rows || mine->capture[c].kept != info->capture[c].kept ||
                  mine->capture[c].samples != info->capture[c].samples ||
                  mine->capture[c].nonfinite != info->capture[c].nonfinite ||
                  strcmp(mine->capture[c].name, info->capture[c].name) != 0;
        worst_add(&w, mine->capture[c].l0, info->capture[c].l0, 1, "l0 of %s", info->capture[c].name);
        worst_add(&w, (double)mine->capture[c].nnz, (double)info->capture[c].nnz, 1, "nnz of %s",
                  info->capture[c].name);
        float *a = calloc(2 * rows + 1, sizeof *a), *b = a + rows;
        if (!a) abort();
        for (uint32_t j = 0; j < info->d_sae; j++) {
            scry_activations(s->found, j, c, 0, rows, a);
            scry_activations(s->expected, j, c, 0, rows, b);
            for (uint64_t i = 0; i < rows; i++)
                worst_add(&w, (double)a[i], (double)b[i], figure_scale((double)b[i]), "latent %u, %s, row %llu", j,
                          info->capture[c].name, (unsigned long long)i);
        }
        free(a);
    }
    worst_line(&w, "%s: every activation", s->label);
    check(astray == 0, "%s: the same captures, %zu with other sizes", s->label, astray);
}

static inline void same_tops(const same *s) {
    enum { TOP = 12 };
    const scry_info *info = scry_index_info(s->expected);
    worst w = {.tolerance = s->tolerance};
    size_t astray = 0;
    for (uint32_t j = 0; j < info->d_sae; j++)
        for (int c = -1; c < (int)info->captures; c++) {
            scry_example a[TOP], b[TOP];
            size_t n = scry_top_tokens(s->found, j, c, false, TOP, a);
            size_t m = scry_top_tokens(s->expected, j, c, false, TOP, b);
            worst_add(&w, (double)n, (double)m, 1, "latent %u: how many", j);
            for (size_t i = 0; i < n && i < m; i++) {
                worst_add(&w, (double)a[i].activation, (double)b[i].activation, figure_scale((double)b[i].activation),
                          "latent %u, %zu", j, i);
                if (s->tolerance == 0)
                    astray += a[i].capture != b[i].capture || a[i].token != b[i].token || a[i].sample != b[i].sample ||
                              a[i].position != b[i].position ||
                              strcmp(scry_token(s->found, a[i].capture, a[i].token),
                                     scry_token(s->expected, b[i].capture, b[i].token)) != 0;
            }
            if (c < 0)
                worst_add(&w, (double)scry_postings(s->found, j), (double)scry_postings(s->expected, j), 1,
                          "postings of latent %u", j);
        }
    worst_line(&w, "%s: the strongest tokens and the number of postings of every latent", s->label);
    if (s->tolerance == 0) check(astray == 0, "%s: their places and texts, %zu astray", s->label, astray);
}

static inline void same_indexes(const same *s) {
    const scry_info *a = scry_index_info(s->found), *b = scry_index_info(s->expected);
    if (!check(a->d_sae == b->d_sae && a->captures == b->captures && a->domains == b->domains &&
                   a->trains == b->trains && a->pairing == b->pairing,
               "%s: %u latents, %zu captures, expected %u, %zu", s->label, a->d_sae, a->captures, b->d_sae,
               b->captures))
        return;
    same_shifts(s);
    same_contributions(s);
    same_postings(s);
    same_tops(s);
}

#endif
