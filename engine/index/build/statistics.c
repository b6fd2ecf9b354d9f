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
        for (int f = 0; f < PAIR_FIGURES; f++) b->pair[c].figure[f] = mem_new(F, sizeof(double));
        b->pair[c].base_fires = mem_new(F, sizeof(uint32_t));
        b->pair[c].other_fires = mem_new(F, sizeof(uint32_t));
        b->pair[c].pairs = 0;
    }
}

void group_sums_free(builder *b) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        capture_sums *s = &b->sums[c];
        pair_sums *p = &b->pair[c];
        void *owned[] = {s->sum, s->square, s->fires, s->run, p->base_fires, p->other_fires};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
        for (int f = 0; f < PAIR_FIGURES; f++) free(p->figure[f]);
        *s = (capture_sums){0};
        *p = (pair_sums){0};
    }
}

/* What the metrics of scry_metric are made from, for one source, from its pair sums. */
static void shift_arrays(const builder *b, int c, double *out, uint32_t *fires) {
    const pair_sums *p = &b->pair[c];
    const size_t F = b->F;
    /* A firing rate is a share of tokens, also where samples are what is paired. */
    bool by_sample = b->pairing == SCRY_PAIR_SAMPLE;
    memcpy(fires, by_sample ? b->sums[SCRY_BASE].fires : p->base_fires, F * sizeof *fires);
    memcpy(fires + F, by_sample ? b->sums[c].fires : p->other_fires, F * sizeof *fires);
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

bool finish_domain(builder *b, size_t domain) {
    const double n = (double)b->group[SCRY_BASE]->kept_count;
    const capture_sums *s = &b->sums[SCRY_BASE];
    const pair_sums *p = &b->pair[SCRY_ICL];
    bool icl = b->group[SCRY_ICL] != NULL;
    if (icl && !p->pairs) return no_pairs(b, SCRY_ICL);
    b->domain_icl[domain] = icl;
    for (size_t j = 0; j < b->F; j++) {
        size_t at = j * b->D + domain;
        float act = (float)(s->sum[j] / n), act2 = (float)(s->square[j] / n);
        float difference = icl ? (float)(p->figure[PAIR_DIFFERENCE_SQUARE][j] / (double)p->pairs) : 0;
        if (!isfinite(act) || !isfinite(act2) || !isfinite(difference))
            return scry_fail(b->err,
                             "%s: %s: latent %zu: mean squared activation exceeds single precision; the "
                             "activations are not plausible",
                             b->study->path, b->group[SCRY_BASE]->spec->key, j);
        b->contribution[SCRY_ACT][at] = act;
        b->contribution[SCRY_ACT2][at] = act2;
        b->contribution[SCRY_SCORE_ICL][at] = difference;
    }
    if (is_narrow(b)) blank_domain(b, domain);
    return true;
}
