/* statistics.c: a group's sums to statistics, and the latents that domains are encoded on. */
#include "index/build/statistics.h"
#include "base/mem.h"
#include "base/sort.h"
#include "index/format/metric_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool has_contributions(const build_inputs *in, int reference, scry_score score) {
    if (scry_scores[score].is_effect) return false;
    return reference == SCRY_AGAINST_BASE ||
           (scry_scores[score].condition != SCRY_BASE &&
            is_captured(in, (int)scry_reference_condition((scry_reference)reference)));
}

void statistics_new(statistics *s, const build_inputs *in) {
    const size_t sources = source_slots(in);
    s->shift = mem_new(sources, sizeof *s->shift);
    s->shift_fires = mem_new(sources, sizeof *s->shift_fires);
    s->pairs = mem_new(sources, sizeof *s->pairs);
    s->base = mem_new(in->study->train_count, sizeof *s->base);
    s->base_fires = mem_new(in->study->train_count, sizeof *s->base_fires);
    for (int r = 0; r < SCRY_REFERENCES; r++) {
        s->domain_icl[r] = mem_new(in->D, sizeof *s->domain_icl[r]);
        for (int k = 0; k < SCRY_SCORES; k++)
            if (has_contributions(in, r, (scry_score)k))
                s->contribution[r][k] = mem_new((size_t)in->F * in->D, sizeof(float));
    }
}

void statistics_free(statistics *s, const build_inputs *in) {
    for (size_t i = 0; s->shift && i < source_slots(in); i++) {
        free(s->shift[i]);
        free(s->shift_fires[i]);
    }
    for (size_t t = 0; s->base && t < in->study->train_count; t++) {
        free(s->base[t]);
        free(s->base_fires[t]);
    }
    free(s->base);
    free(s->base_fires);
    for (int r = 0; r < SCRY_REFERENCES; r++) {
        for (int k = 0; k < SCRY_SCORES; k++) free(s->contribution[r][k]);
        free(s->domain_icl[r]);
    }
    free(s->shift);
    free(s->shift_fires);
    free(s->pairs);
}

/* The arrays of shift/T/SOURCE and fires/T/SOURCE, from the pair sums of one source. */
static void shift_arrays(const accumulators *a, int reference, int c, double *out, uint32_t *fires) {
    const pair_sums *p = &a->pair[reference][c];
    const size_t F = a->tile->in->F;
    /* A firing rate is a share of tokens even where samples are paired. */
    bool by_sample = a->tile->in->pairing == SCRY_PAIR_SAMPLE;
    memcpy(fires, by_sample ? a->sums[scry_reference_condition((scry_reference)reference)].fires : p->base_fires,
           F * sizeof *fires);
    memcpy(fires + F, by_sample ? a->sums[c].fires : p->other_fires, F * sizeof *fires);
    for (size_t j = 0; j < F; j++) {
        double figure[PAIR_FIGURES];
        for (int f = 0; f < PAIR_FIGURES; f++) figure[f] = p->figure[f][j];
        for (int m = 0; m < SCRY_METRICS; m++) {
            int array = metric_array((scry_metric)m);
            if (array >= 0) out[(size_t)array * F + j] = metric_stored((scry_metric)m, figure, (double)p->pairs);
        }
        out[SHIFT_BASE * F + j] = figure[PAIR_BASE];
        out[SHIFT_OTHER * F + j] = figure[PAIR_OTHER];
    }
}

static bool no_pairs(const accumulators *a, int reference, int c) {
    return scry_fail(a->tile->in->err, "%s: %s: no token of it has a partner in %s; expected the same samples in both",
                     a->tile->in->study->path, a->tile->group[c]->spec->key,
                     a->tile->group[scry_reference_condition((scry_reference)reference)]->spec->key);
}

/* The arrays of base/T and base-fires/T. */
static void base_arrays(statistics *s, const accumulators *a, size_t train) {
    const capture_sums *sums = &a->sums[SCRY_BASE];
    const double tokens = (double)a->tile->group[SCRY_BASE]->kept_count;
    const size_t F = a->tile->in->F;
    double *out = s->base[train] = mem_new(F * BASE_ARRAYS, sizeof *out);
    s->base_fires[train] = mem_new(F, sizeof **s->base_fires);
    memcpy(s->base_fires[train], sums->fires, F * sizeof **s->base_fires);
    for (size_t j = 0; j < F; j++) {
        out[BASE_SQUARE * F + j] = sums->square[j] / tokens;
        out[BASE_SIZE * F + j] = sums->size[j] / tokens;
        out[BASE_SUM * F + j] = sums->sum[j];
    }
}

bool statistics_finish_train(statistics *s, const accumulators *a, size_t train) {
    base_arrays(s, a, train);
    for (int r = 0; r < SCRY_REFERENCES; r++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!is_compared(a->tile->group, r, c)) continue;
            if (!a->pair[r][c].pairs) return no_pairs(a, r, c);
            size_t at = source_slot(a->tile->in, r, train, c);
            s->shift[at] = mem_new((size_t)a->tile->in->F * SHIFT_ARRAYS, sizeof(double));
            s->shift_fires[at] = mem_new((size_t)a->tile->in->F * 2, sizeof(uint32_t));
            s->pairs[at] = a->pair[r][c].pairs;
            shift_arrays(a, r, c, s->shift[at], s->shift_fires[at]);
        }
    return true;
}

/* What was not encoded is unknown, not 0. */
static void blank_domain(statistics *s, const build_inputs *in, const latent_subset *encoded, size_t domain) {
    uint32_t next = 0;
    for (uint32_t j = 0; j < in->F; j++) {
        if (next < encoded->count && encoded->latent[next] == j) {
            next++;
            continue;
        }
        for (int r = 0; r < SCRY_REFERENCES; r++)
            for (int k = 0; k < SCRY_SCORES; k++)
                if (s->contribution[r][k]) s->contribution[r][k][(size_t)j * in->D + domain] = (float)NAN;
    }
}

/* A score's sum over a domain's tokens, or over its pairs with the reference, for latent j. */
static double score_sum(scry_score score, const capture_sums *sums, const pair_sums *pairs, size_t j) {
    switch (score) {
#define SCORE(id, name, aggregate, condition, term, sum, ...)                                                          \
    case id:                                                                                                           \
        return (double)(sum);
        SCRY_SCORE_TABLE(SCORE)
#undef SCORE
    case SCRY_SCORES:
        break;
    }
    return (double)NAN;
}

static bool finish_score(statistics *s, const accumulators *a, size_t domain, int reference, scry_score score) {
    const build_inputs *in = a->tile->in;
    build_capture *const *group = a->tile->group;
    int c = scry_scores[score].condition;
    bool known = c == SCRY_BASE || is_compared(group, reference, c);
    const pair_sums *pairs = &a->pair[reference][c];
    const double n = (double)(c == SCRY_BASE ? group[SCRY_BASE]->kept_count : pairs->pairs);
    for (size_t j = 0; j < in->F; j++) {
        float value = known ? (float)(score_sum(score, &a->sums[SCRY_BASE], pairs, j) / n) : 0;
        if (!isfinite(value))
            return scry_fail(in->err,
                             "%s: %s: latent %zu: mean squared activation exceeds single precision; the "
                             "activations are not plausible",
                             in->study->path, group[SCRY_BASE]->spec->key, j);
        s->contribution[reference][score][j * in->D + domain] = value;
    }
    return true;
}

bool statistics_finish_domain(statistics *s, const accumulators *a, size_t domain) {
    for (int r = 0; r < SCRY_REFERENCES; r++) {
        s->domain_icl[r][domain] = is_compared(a->tile->group, r, SCRY_ICL);
        if (s->domain_icl[r][domain] && !a->pair[r][SCRY_ICL].pairs) return no_pairs(a, r, SCRY_ICL);
        for (int k = 0; k < SCRY_SCORES; k++)
            if (s->contribution[r][k] && !finish_score(s, a, domain, r, (scry_score)k)) return false;
    }
    if (a->tile->subset) blank_domain(s, a->tile->in, a->tile->subset, domain);
    return true;
}

bool candidates_allowed(const build_inputs *in) {
    if (!in->options->candidates) return true;
    if (!in->D)
        return scry_misuse(in->err, "--candidates: the study has no domains, whose encoding it would spare; index "
                                    "without --candidates");
    if (in->options->shards > 1)
        return scry_misuse(in->err,
                           "--candidates and --shard: expected one of them; a shard knows the shift of its own "
                           "latents only");
    for (size_t i = 0; i < in->capture_count; i++)
        if (in->captures[i].group >= 0 && in->captures[i].spec->features)
            return scry_misuse(in->err,
                               "--candidates: %s holds features, which need no encoding; expected residuals in every "
                               "domain; index without --candidates",
                               in->captures[i].spec->key);
    if (in->sae.activation != SAE_RELU && in->sae.activation != SAE_JUMPRELU)
        return scry_misuse(in->err,
                           "--candidates: found %s; expected a ReLU or JumpReLU SAE, whose latents do not depend on "
                           "each other; index without --candidates",
                           in->sae.description);
    return true;
}

/* The shifts [F] of a source by one metric; at: its source_slot. */
static void shifts_of(const build_inputs *in, const statistics *s, size_t at, scry_metric metric, double *out) {
    const size_t F = in->F, one = in->study->train_count * SCRY_CONDITIONS;
    const size_t capture = at % one, group = capture / SCRY_CONDITIONS * SCRY_CONDITIONS;
    bool by_sample = in->pairing == SCRY_PAIR_SAMPLE;
    double pairs = (double)s->pairs[at];
    metric_base base = {pairs, pairs, pairs, by_sample};
    if (by_sample) {
        size_t of = group + (size_t)scry_reference_condition((scry_reference)(at / one));
        base.base_tokens = (double)in->captures[in->capture_of[of]].kept_count;
        base.other_tokens = (double)in->captures[in->capture_of[capture]].kept_count;
    }
    for (size_t j = 0; j < F; j++) {
        double of[SHIFT_ARRAYS];
        for (size_t a = 0; a < SHIFT_ARRAYS; a++) of[a] = s->shift[at][a * F + j];
        const double fires[2] = {s->shift_fires[at][j], s->shift_fires[at][F + j]};
        out[j] = metric_value(&base, metric, of, fires);
    }
}

static bool has_source(const statistics *s, size_t train) {
    bool any = false;
    for (size_t c = 1; c < SCRY_CONDITIONS; c++) any = any || s->shift[train * SCRY_CONDITIONS + c];
    return any;
}

/* What base alone is ranked by; false for a metric that needs two conditions. */
static bool base_values(const build_inputs *in, const statistics *s, size_t train, scry_metric metric, double *out) {
    if (!scry_metrics[metric].base_title) return false;
    const double tokens = (double)in->captures[in->capture_of[train * SCRY_CONDITIONS]].kept_count;
    const double *base = s->base[train];
    for (size_t j = 0; j < in->F; j++)
        out[j] = metric == SCRY_SQ     ? base[BASE_SQUARE * in->F + j]
                 : metric == SCRY_ABS  ? base[BASE_SIZE * in->F + j]
                 : metric == SCRY_MEAN ? base[BASE_SUM * in->F + j] / tokens
                                       : (double)s->base_fires[train][j] / tokens;
    return true;
}

static void mark_top(const double *value, uint32_t F, uint32_t top, uint32_t *order, bool *is) {
    argsort_by_size(value, F, order);
    for (uint32_t rank = 0; rank < top; rank++) is[order[rank]] = true;
}

void candidates_choose(build_inputs *in, const statistics *s) {
    latent_subset *candidates = &in->candidates;
    const uint32_t F = in->F, top = in->options->candidates < F ? in->options->candidates : F;
    bool *is = mem_new(F, sizeof *is);
    uint32_t *order = mem_new(F, sizeof *order);
    double *shift = mem_new(F, sizeof *shift);
    for (size_t i = 0; i < source_slots(in); i++)
        for (int metric = 0; s->shift[i] && metric < SCRY_METRICS; metric++) {
            shifts_of(in, s, i, (scry_metric)metric, shift);
            mark_top(shift, F, top, order, is);
        }
    for (size_t t = 0; t < in->study->train_count; t++)
        for (int metric = 0; !has_source(s, t) && metric < SCRY_METRICS; metric++)
            if (base_values(in, s, t, (scry_metric)metric, shift)) mark_top(shift, F, top, order, is);
    free(shift);
    candidates->latent = order;
    for (uint32_t j = 0; j < F; j++)
        if (is[j]) candidates->latent[candidates->count++] = j;
    free(is);
    sae_subset(&candidates->sae, &in->sae, candidates->latent, candidates->count);
}
