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

/* Of two conditions' samples that base's sample of `count` tokens is paired with, and that end with its text. */
static uint64_t paired_tokens(const alignment_view *const side[2], const uint32_t sample[2], uint32_t count) {
    uint64_t n = 0, end[2];
    for (int i = 0; i < 2; i++) {
        const token_sample *s = &side[i]->text->samples[sample[i]];
        end[i] = s->first + s->count - count;
    }
    for (uint32_t k = 0; k < count; k++) n += is_kept(side[0], end[0] + k) && is_kept(side[1], end[1] + k);
    return n;
}

/* One sample of base's: partner[i], the sample of side i that it is paired with, or NO_SAMPLE. */
static void count_partners(pair_counts *counts, const alignment_view *const side[2], const uint32_t partner[2],
                           uint32_t base_count, scry_pairing pairing) {
    for (int i = 0; i < 2; i++)
        if (partner[i] != NO_SAMPLE && partner[1 - i] == NO_SAMPLE) count_alone(counts, i, side[i], partner[i]);
    if (partner[0] == NO_SAMPLE || partner[1] == NO_SAMPLE) return;
    if (pairing == SCRY_PAIR_SAMPLE) {
        count_together(counts, kept_tokens(side[0], partner[0]), kept_tokens(side[1], partner[1]));
    } else {
        uint64_t paired = paired_tokens(side, partner, base_count);
        count_together(counts, paired, paired);
    }
}

/* m[i]: of side i with base; NULL: side i is base. */
static pair_counts count_condition(const token_text *base, const alignment_view *const side[2],
                                   const sample_matching *const m[2], scry_pairing pairing) {
    pair_counts counts = {0};
    if (!m[0])
        counts = (pair_counts){.by_text = m[1]->by_text, .elsewhere = m[1]->elsewhere, .misplaced = m[1]->misplaced};
    for (uint32_t s = 0; s < base->sample_count; s++) {
        const uint32_t partner[2] = {m[0] ? m[0]->match[s] : s, m[1]->match[s]};
        count_partners(&counts, side, partner, base->samples[s].count, pairing);
    }
    for (int i = 0; i < 2; i++)
        for (uint32_t s = 0; m[i] && s < side[i]->text->sample_count; s++)
            if (!m[i]->claimed[s]) count_alone(&counts, i, side[i], s);
    return counts;
}

static bool is_counted(const alignment_view *view, int reference, int c) {
    int of = (int)scry_reference_condition((scry_reference)reference);
    return c != SCRY_BASE && c != of && view[c].present && view[of].present;
}

void count_sample_pairs(pair_counts (*counts)[SCRY_CONDITIONS], const alignment_view *view, const sample_matching *m,
                        scry_pairing pairing) {
    for (int r = 0; r < SCRY_REFERENCES; r++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!is_counted(view, r, c)) continue;
            int of = (int)scry_reference_condition((scry_reference)r);
            const alignment_view *const side[2] = {&view[of], &view[c]};
            const sample_matching *const with[2] = {of == SCRY_BASE ? NULL : &m[of], &m[c]};
            counts[r][c] = count_condition(view[SCRY_BASE].text, side, with, pairing);
        }
}

static pair_counts count_rows(const alignment_view *const side[2]) {
    const uint64_t shared = side[0]->rows < side[1]->rows ? side[0]->rows : side[1]->rows;
    pair_counts counts = {0};
    for (uint64_t row = 0; row < shared; row++) {
        bool both = is_kept(side[0], row) && is_kept(side[1], row);
        for (int i = 0; i < 2; i++) {
            counts.tokens[i] += both;
            counts.paired[i] += both;
        }
    }
    for (int i = 0; i < 2; i++)
        for (uint64_t row = shared; row < side[i]->rows; row++) counts.tokens[i] += is_kept(side[i], row);
    return counts;
}

void count_row_pairs(pair_counts (*counts)[SCRY_CONDITIONS], const alignment_view *view) {
    for (int r = 0; r < SCRY_REFERENCES; r++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!is_counted(view, r, c)) continue;
            const alignment_view *const side[2] = {&view[scry_reference_condition((scry_reference)r)], &view[c]};
            counts[r][c] = count_rows(side);
        }
}
