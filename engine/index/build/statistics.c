/* statistics.c: a group's sums to statistics. */
#include "base/mem.h"
#include "index/build/builder.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void group_sums_new(builder *b) {
    uint32_t F = b->F;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        b->run_rows[c] = 0;
        if (!b->group[c]) continue;
        capture_sums *s = &b->sums[c];
        *s = (capture_sums){.sum = mem_new(F, sizeof(double)),
                            .square = mem_new(F, sizeof(double)),
                            .fires = mem_new(F, sizeof(uint32_t))};
        if (b->pairing == SCRY_PAIR_SAMPLE) s->run = mem_new(F, sizeof(double));
        if (c == SCRY_BASE) continue;
        double **array[] = {&b->pair[c].base,   &b->pair[c].base2,       &b->pair[c].other,
                            &b->pair[c].other2, &b->pair[c].difference2, &b->pair[c].absolute};
        for (size_t i = 0; i < sizeof array / sizeof *array; i++) *array[i] = mem_new(F, sizeof(double));
        b->pair[c].base_fires = mem_new(F, sizeof(uint32_t));
        b->pair[c].other_fires = mem_new(F, sizeof(uint32_t));
        b->pair[c].pairs = 0;
    }
}

void group_sums_free(builder *b) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        capture_sums *s = &b->sums[c];
        pair_sums *p = &b->pair[c];
        void *owned[] = {s->sum,   s->square, s->fires,       s->run,      p->base,       p->base2,
                         p->other, p->other2, p->difference2, p->absolute, p->base_fires, p->other_fires};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
        *s = (capture_sums){0};
        *p = (pair_sums){0};
    }
}

static double variance(double sum, double square, double n) {
    double mean = sum / n, v = square / n - mean * mean;
    /* What is left of two nearly equal numbers is rounding, not spread: a latent that never changes
     * must come out with none. */
    return v > square / n * 1e-12 ? v : 0;
}

/* What the metrics of scry_metric are made from, for one source, from its pair sums. */
static void shift_arrays(const builder *b, int c, double *out, uint32_t *fires) {
    const pair_sums *p = &b->pair[c];
    const double n = (double)p->pairs;
    const size_t F = b->F;
    /* A firing rate is a share of tokens, also where samples are what is paired. */
    bool by_sample = b->pairing == SCRY_PAIR_SAMPLE;
    memcpy(fires, by_sample ? b->sums[SCRY_BASE].fires : p->base_fires, F * sizeof *fires);
    memcpy(fires + F, by_sample ? b->sums[c].fires : p->other_fires, F * sizeof *fires);
    memcpy(out + SHIFT_BASE * F, p->base, F * sizeof *out);
    memcpy(out + SHIFT_OTHER * F, p->other, F * sizeof *out);
    for (size_t j = 0; j < F; j++) {
        double pooled = sqrt((variance(p->base[j], p->base2[j], n) + variance(p->other[j], p->other2[j], n)) / 2);
        out[SHIFT_SQ * F + j] = p->difference2[j] / n;
        out[SHIFT_ABS * F + j] = p->absolute[j] / n;
        out[SHIFT_D * F + j] = pooled > 0 ? (p->other[j] - p->base[j]) / n / pooled : 0;
    }
}

static bool no_pairs(builder *b, int c) {
    return scry_fail(b->err, "%s: %s: no token of it has a partner in %s; expected the same samples in both",
                     b->study->path, b->group[c]->spec->key, b->group[SCRY_BASE]->spec->key);
}

bool finish_train(builder *b, size_t train) {
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        if (!b->group[c]) continue;
        if (!b->pair[c].pairs) return no_pairs(b, c);
        size_t at = train * SCRY_CONDITIONS + (size_t)c;
        b->shift[at] = mem_new((size_t)b->F * SHIFT_ARRAYS, sizeof(double));
        b->shift_fires[at] = mem_new((size_t)b->F * 2, sizeof(uint32_t));
        b->pairs[at] = b->pair[c].pairs;
        shift_arrays(b, c, b->shift[at], b->shift_fires[at]);
    }
    return true;
}

/* What was not encoded is not 0 but not known. */
static void blank_domain(builder *b, size_t domain) {
    uint32_t next = 0;
    for (uint32_t j = 0; j < b->F; j++) {
        if (next < b->candidate_count && b->candidate[next] == j) next++;
        else
            for (int s = 0; s < SCRY_SCORES; s++) b->contribution[s][(size_t)j * b->D + domain] = (float)NAN;
    }
}

/* A score's sum over a domain's tokens, or over its pairs with base, for latent j. */
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

static bool finish_score(builder *b, size_t domain, scry_score score) {
    int c = scry_scores[score].condition;
    const pair_sums *pairs = &b->pair[c];
    const double n = (double)(c == SCRY_BASE ? b->group[SCRY_BASE]->kept_count : pairs->pairs);
    for (size_t j = 0; j < b->F; j++) {
        float value = b->group[c] ? (float)(score_sum(score, &b->sums[SCRY_BASE], pairs, j) / n) : 0;
        if (!isfinite(value))
            return scry_fail(b->err,
                             "%s: %s: latent %zu: mean squared activation exceeds single precision; the "
                             "activations are not plausible",
                             b->study->path, b->group[SCRY_BASE]->spec->key, j);
        b->contribution[score][j * b->D + domain] = value;
    }
    return true;
}

bool finish_domain(builder *b, size_t domain) {
    b->domain_icl[domain] = b->group[SCRY_ICL] != NULL;
    if (b->group[SCRY_ICL] && !b->pair[SCRY_ICL].pairs) return no_pairs(b, SCRY_ICL);
    for (int s = 0; s < SCRY_SCORES; s++)
        if (!finish_score(b, domain, (scry_score)s)) return false;
    if (is_narrow(b)) blank_domain(b, domain);
    return true;
}
