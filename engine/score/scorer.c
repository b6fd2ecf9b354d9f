/* score/scorer.c: the STS of a set of latents, updated latent by latent in exact sums. */
#include "score/scorer.h"
#include "base/mem.h"
#include "effects.h"
#include "index/read/effects.h"
#include "index/read/index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void find_present(scry_scorer *s) {
    bool any = s->contribution || s->effects;
    for (size_t d = 0; d < s->domains; d++)
        s->present[d] =
            any && scry_domain_has_score(s->index, s->score, d) && !(s->anchor && isnan(s->anchor->exact[d]));
}

scry_scorer *scry_scorer_new(const scry_index *index, scry_score score) {
    const scry_info *info = scry_index_info(index);
    scry_scorer *s = mem_new(1, sizeof *s);
    *s = (scry_scorer){.index = index, .score = score, .domains = info->domains};
    s->contribution = index->contribution[score];
    s->given = scry_given_scores(index, score);
    s->present = mem_new(s->domains, sizeof *s->present);
    s->sum = mem_new(s->domains, sizeof *s->sum);
    const effect_columns *columns = scry_scores[score].is_effect ? index_effect_columns(index) : NULL;
    if (columns) s->effects = effect_sums_new(columns);
    find_present(s);
    return s;
}

void scry_scorer_free(scry_scorer *s) {
    if (!s) return;
    if (s->contribution)
        container_drop_pages(&s->index->file, s->contribution,
                             (uint64_t)s->index->rows.rows * s->domains * sizeof(float));
    free(s->present);
    free(s->sum);
    free(s->bins);
    effect_sums_free(s->effects);
    scry_anchor_free(s->anchor);
    free(s->anchor_estimate);
    free(s);
}

void scry_scorer_put(scry_scorer *s, uint32_t latent, bool in) {
    if (in) s->count++;
    else s->count--;
    if (s->effects) {
        uint32_t row = row_of(&s->index->rows, latent);
        if (row != NO_ROW) effect_sums_put(s->effects, row, in);
        return;
    }
    if (!s->contribution) return;
    const float *column = index_column(s->index, s->score, latent);
    if (s->bins)
        for (size_t d = 0; d < s->domains; d++) exact_bin(&s->bins[d], column[d], !in);
    else if (in)
        for (size_t d = 0; d < s->domains; d++) exact_add(&s->sum[d], column[d]);
    else
        for (size_t d = 0; d < s->domains; d++) exact_subtract(&s->sum[d], column[d]);
}

void scry_scorer_begin_bulk(scry_scorer *s) {
    if (s->effects) effect_sums_begin_bulk(s->effects);
    else if (!s->bins) s->bins = mem_new(s->domains, sizeof *s->bins);
}

void scry_scorer_end_bulk(scry_scorer *s) {
    if (s->effects) effect_sums_end_bulk(s->effects);
    if (!s->bins) return;
    for (size_t d = 0; d < s->domains; d++) exact_flush(&s->bins[d], &s->sum[d]);
    free(s->bins);
    s->bins = NULL;
}

/* Has the disk read all rows concurrently, instead of one after another as they are added. */
static void prefetch_rows(const scry_scorer *s, const scry_set *set) {
    for (uint32_t word = 0; word < scry_set_words(set->latents); word++)
        for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1) {
            const float *column = index_column(s->index, s->score, word * 64 + (uint32_t)__builtin_ctzll(bits));
            container_prefetch(&s->index->file, column, s->domains * sizeof *column);
        }
}

void scry_scorer_load(scry_scorer *s, const scry_set *set) {
    memset(s->sum, 0, s->domains * sizeof *s->sum);
    if (s->effects) effect_sums_clear(s->effects);
    s->count = 0;
    if (s->contribution && set->count < SCRY_BULK_FROM) prefetch_rows(s, set);
    if (set->count >= SCRY_BULK_FROM) scry_scorer_begin_bulk(s);
    for (uint32_t word = 0; word < scry_set_words(set->latents); word++)
        for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1)
            scry_scorer_put(s, word * 64 + (uint32_t)__builtin_ctzll(bits), true);
    scry_scorer_end_bulk(s);
}

double scorer_sum(const scry_scorer *s, size_t domain) {
    if (!s->effects) return exact_value(&s->sum[domain]);
    double estimate = effect_sums_value(s->effects, domain);
    return s->anchor ? s->anchor->exact[domain] + (estimate - s->anchor_estimate[domain]) : estimate;
}

double scry_scorer_value(const scry_scorer *s, size_t domain) {
    if (s->given) return s->given[domain];
    if (!s->present[domain]) return NAN;
    return scry_score_aggregate(s->score, scorer_sum(s, domain), s->count);
}

const float *scorer_toggle(const scry_scorer *s, const scry_set *set, uint32_t latent, double *scratch, double *sign) {
    bool in = !scry_set_has(set, latent);
    *sign = in ? 1 : -1;
    if (!s->effects) return index_column(s->index, s->score, latent);
    *sign = 1;
    float *column = (float *)(scratch + s->domains);
    uint32_t row = row_of(&s->index->rows, latent);
    memset(scratch, 0, s->domains * sizeof *scratch);
    if (row != NO_ROW) effect_sums_toggle(s->effects, row, in, scratch);
    bool known = scry_is_scored(s->index, latent);
    for (size_t d = 0; d < s->domains; d++) column[d] = known ? (float)scratch[d] : (float)NAN;
    return column;
}

double scry_score_part(scry_score score, double contribution, const scry_set *set, uint32_t latent) {
    return scry_score_aggregate(score, contribution, set->count + !scry_set_has(set, latent));
}

static void drop_anchor(scry_scorer *s) {
    scry_anchor_free(s->anchor);
    free(s->anchor_estimate);
    s->anchor = NULL;
    s->anchor_estimate = NULL;
}

void scry_scorer_set_anchor(scry_scorer *s, const scry_anchor *anchor) {
    if (!s->effects || (anchor && anchor->domains != s->domains)) return;
    scry_anchor *copy = scry_anchor_copy(anchor);
    drop_anchor(s);
    if (copy) {
        scry_scorer *at = scry_scorer_new(s->index, s->score);
        scry_scorer_load(at, copy->set);
        s->anchor_estimate = mem_new(s->domains, sizeof *s->anchor_estimate);
        for (size_t d = 0; d < s->domains; d++) s->anchor_estimate[d] = effect_sums_value(at->effects, d);
        scry_scorer_free(at);
    }
    s->anchor = copy;
    find_present(s);
}

const scry_anchor *scry_scorer_anchor(const scry_scorer *s) {
    return s->anchor;
}
