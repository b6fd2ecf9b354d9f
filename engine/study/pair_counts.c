/* pair_counts.c: tokens and samples with and without a partner. */
#include "study/pair_counts.h"

static bool is_kept(const alignment_view *view, uint64_t row) {
    return row < view->rows && (!view->kept || view->kept[row]);
}

static uint64_t kept_tokens(const alignment_view *view, uint32_t sample) {
    const token_sample *s = &view->text->samples[sample];
    uint64_t n = 0;
    for (uint32_t k = 0; k < s->count; k++) n += is_kept(view, s->first + k);
    return n;
}

/* A sample that has no partner; side 0: of base. */
static void count_alone(pair_counts *counts, int side, const alignment_view *view, uint32_t sample) {
    uint64_t tokens = kept_tokens(view, sample);
    counts->tokens[side] += tokens;
    counts->samples[side] += tokens > 0;
}

static void count_together(pair_counts *counts, uint64_t base_tokens, uint64_t other_tokens) {
    const uint64_t tokens[2] = {base_tokens, other_tokens};
    if (!base_tokens || !other_tokens) return; /* the manifest leaves one of them out */
    for (int side = 0; side < 2; side++) {
        counts->tokens[side] += tokens[side];
        counts->paired[side] += tokens[side];
        counts->samples[side]++;
    }
    counts->paired_samples++;
}

static uint64_t paired_tokens(const alignment_view *base, uint32_t base_sample, const alignment_view *other,
                              uint32_t sample) {
    const token_sample *b = &base->text->samples[base_sample], *x = &other->text->samples[sample];
    uint64_t n = 0;
    for (uint32_t k = 0; k < b->count; k++)
        n += is_kept(base, b->first + k) && is_kept(other, x->first + x->count - b->count + k);
    return n;
}

static pair_counts count_condition(const alignment_view *base, const alignment_view *other, const sample_matching *m,
                                   scry_pairing pairing) {
    pair_counts counts = {.by_text = m->by_text, .elsewhere = m->elsewhere, .misplaced = m->misplaced};
    for (uint32_t s = 0; s < base->text->sample_count; s++) {
        if (m->match[s] == NO_SAMPLE) {
            count_alone(&counts, 0, base, s);
        } else if (pairing == SCRY_PAIR_SAMPLE) {
            count_together(&counts, kept_tokens(base, s), kept_tokens(other, m->match[s]));
        } else {
            uint64_t paired = paired_tokens(base, s, other, m->match[s]);
            count_together(&counts, paired, paired);
        }
    }
    for (uint32_t s = 0; s < other->text->sample_count; s++)
        if (!m->claimed[s]) count_alone(&counts, 1, other, s);
    return counts;
}

void count_sample_pairs(pair_counts counts[SCRY_CONDITIONS], const alignment_view *view, const sample_matching *m,
                        scry_pairing pairing) {
    for (int c = 1; c < SCRY_CONDITIONS; c++)
        if (view[c].present) counts[c] = count_condition(&view[SCRY_BASE], &view[c], &m[c], pairing);
}

void count_row_pairs(pair_counts counts[SCRY_CONDITIONS], const alignment_view *view) {
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        if (!view[c].present) continue;
        const alignment_view *side[2] = {&view[SCRY_BASE], &view[c]};
        const uint64_t shared = side[0]->rows < side[1]->rows ? side[0]->rows : side[1]->rows;
        counts[c] = (pair_counts){0};
        for (uint64_t row = 0; row < shared; row++) {
            bool both = is_kept(side[0], row) && is_kept(side[1], row);
            for (int i = 0; i < 2; i++) {
                counts[c].tokens[i] += both;
                counts[c].paired[i] += both;
            }
        }
        for (int i = 0; i < 2; i++)
            for (uint64_t row = shared; row < side[i]->rows; row++) counts[c].tokens[i] += is_kept(side[i], row);
    }
}
