/* test_score_part.c: a latent's contribution to a score, for latents in and outside the set; baselines do not apply an
 * unknown score to raw dimensions. */
#include "analysis/baselines.c" /* raw_score is its own */
#include "../twin/twin.h"
#include "sample.h"

#include <string.h>

static void parts(const scry_index *x, scry_score score) {
    enum { N = 40, OUT = 41 };
    scry_error err = {0};
    scry_ranking *ranking = scry_rank(x, 0, SCRY_ICL, SCRY_SQ, &err);
    scry_set *set = scry_set_new(x->F);
    scry_scorer *scorer = scry_scorer_new(x, score);
    worst sum = {.tolerance = 1e-12};
    size_t same = 0;
    double alone = scry_score_part(score, 6, set, 0);
    for (uint32_t r = 0; r < N; r++) scry_set_put(set, ranking->order[r], true);
    scry_scorer_load(scorer, set);
    for (size_t d = 0; d < x->D; d++) {
        double total = 0;
        for (uint32_t r = 0; r < N; r++) {
            uint32_t latent = ranking->order[r];
            total += scry_score_part(score, (double)scry_contribution(x, score, latent)[d], set, latent);
        }
        double sts = scry_scorer_value(scorer, d);
        worst_add(&sum, total, sts, fabs(sts), "domain %zu", d);
    }
    worst_line(&sum, "%s: the parts of the set's latents add up to the STS", scry_score_name(score));
    uint32_t out = ranking->order[OUT];
    double before[64];
    for (size_t d = 0; d < x->D && d < 64; d++)
        before[d] = scry_score_part(score, (double)scry_contribution(x, score, out)[d], set, out);
    check_near(scry_score_part(score, 82, set, out), twin_is_mean(scry_score_name(score)) ? 2 : 82, 0,
               "%s: of a latent outside of 40", scry_score_name(score));
    scry_set_put(set, out, true);
    for (size_t d = 0; d < x->D && d < 64; d++)
        same += before[d] == scry_score_part(score, (double)scry_contribution(x, score, out)[d], set, out);
    check_is(same, x->D, "%s: domains where it brings, once in, what it was said to", scry_score_name(score));
    check_near(alone, 6, 0, "%s: of a latent to an empty set", scry_score_name(score));
    scry_scorer_free(scorer);
    scry_set_free(set);
    scry_ranking_free(ranking);
}

static void unknown_score(const scry_index *x) {
    scry_error err = {0};
    scry_ranking *raw = scry_rank_residual(x, 0, SCRY_ICL, &err);
    double value[64];
    if (!check(raw && x->D <= 64, "the sample has raw dimensions %s", err.text)) return;
#define SCORE(id, name, aggregate, condition, term, sum, residual, ...) #residual,
    static const char *const residual[] = {SCRY_SCORE_TABLE(SCORE)};
#undef SCORE
    for (int s = 0; s < SCRY_SCORES; s++) {
        bool has = strcmp(residual[s], "NONE") != 0;
        check(raw_score(x, raw, 10, (scry_score)s, value) == has && isnan(value[0]) == !has, "%s of raw dimensions",
              scry_score_name((scry_score)s));
    }
    check(!raw_score(x, raw, 10, SCRY_SCORES, value) && isnan(value[0]), "no other score of raw dimensions");
    scry_ranking_free(raw);
}

static void absent_score(scry_index *x) {
    scry_error err = {0};
    const float *contribution = x->contribution[SCRY_ACT2];
    x->contribution[SCRY_ACT2] = NULL; /* as of an index that was made before there was this score */
    check(!scry_require_score(x, SCRY_ACT2, &err) && !scry_has_score(x, SCRY_ACT2) &&
              !scry_contribution(x, SCRY_ACT2, 0),
          "a score that the index lacks");
    check_says(err.text, SAYS("no score \"act2\"", "make it again"), "it says what to do");
    x->contribution[SCRY_ACT2] = contribution;
    check(scry_require_score(x, SCRY_ACT2, NULL), "and one that it has");
}

int main(void) {
    scry_error err = {0};
    scry_index *x = scry_open(sample_index(), true, &err);
    if (check(x != NULL, "it opens %s", err.text)) {
        for (int s = 0; s < SCRY_SCORES; s++)
            if (!scry_scores[s].is_effect) parts(x, (scry_score)s); /* those of an estimate do not add up */
        unknown_score(x);
        absent_score(x);
        scry_close(x);
    }
    return check_end();
}
