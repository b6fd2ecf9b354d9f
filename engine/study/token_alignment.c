/* token_alignment.c: which rows of a group's captures belong together. */
#include "study/token_alignment.h"
#include "base/mem.h"
#include "study/pair_counts.h"
#include "study/sample_matching.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_run(alignment_runs *runs, const alignment_run *run) {
    if (!run->length) return;
    if (runs->count == runs->room) {
        runs->room = runs->room ? runs->room * 2 : 256;
        runs->run = mem_resize(runs->run, runs->room, sizeof *runs->run);
    }
    runs->run[runs->count++] = *run;
}

/* Grows a run position by position; a change of mask ends it. at[c] is condition c's row. */
static void step(alignment_runs *runs, alignment_run *open, uint32_t mask, const uint64_t at[SCRY_CONDITIONS]) {
    bool follows = open->length && open->mask == mask;
    for (int c = 0; c < SCRY_CONDITIONS && follows; c++)
        if (mask >> c & 1 && open->row[c] + open->length != at[c]) follows = false;
    if (!follows) {
        add_run(runs, open);
        *open = (alignment_run){.mask = mask};
        memcpy(open->row, at, sizeof open->row);
    }
    open->length++;
}

/* Walks `length` positions that start at row from[c] in the conditions of the mask. */
static void walk(alignment_runs *runs, const alignment_view *view, uint32_t mask, const uint64_t from[SCRY_CONDITIONS],
                 uint64_t length) {
    alignment_run open = {0};
    for (uint64_t k = 0; k < length; k++) {
        uint64_t at[SCRY_CONDITIONS] = {0};
        uint32_t here = 0;
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!(mask >> c & 1)) continue;
            at[c] = from[c] + k;
            if (at[c] < view[c].rows && (!view[c].kept || view[c].kept[at[c]])) here |= 1u << c;
        }
        if (here) step(runs, &open, here, at);
    }
    add_run(runs, &open);
}

/* Samples of a condition that no base sample claimed. */
static void walk_unclaimed(alignment_runs *runs, const alignment_view *view, int c, const uint8_t *claimed) {
    const token_text *text = view[c].text;
    for (uint32_t s = 0; s < text->sample_count; s++) {
        if (claimed[s]) continue;
        uint64_t from[SCRY_CONDITIONS] = {0};
        from[c] = text->samples[s].first;
        walk(runs, view, 1u << c, from, text->samples[s].count);
    }
}

static matching_side side_of(const alignment_view *view) {
    return (matching_side){view->text, view->compared ? view->compared : view->kept};
}

/* A token's text between quotes, as it stands in a message. */
static const char *quoted_token(const alignment_view *view, uint64_t row, char out[64]) {
    const char *text = view->pieces ? string_pool_text(view->pieces, view->text->piece[row]) : "";
    snprintf(out, 64, "\"%.48s\"", text);
    return out;
}

static bool refuse_sample(const alignment_view *view, int c, uint32_t base_sample, uint32_t sample,
                          const char *study_path, scry_error *err) {
    const alignment_view *base = &view[SCRY_BASE], *other = &view[c];
    const token_sample *b = &base->text->samples[base_sample], *x = &other->text->samples[sample];
    const matching_side sides[2] = {side_of(base), side_of(other)};
    int64_t differs;
    sample_text_start(&sides[0], base_sample, &sides[1], sample, &differs);
    if (differs < 0)
        return scry_fail(err,
                         "%s: %s: %s: sample \"%.60s\": found %" PRIu32 " tokens, expected %" PRIu32
                         " as in %s, or those at its end; pair by \"sample\" or "
                         "\"row\" instead",
                         study_path, other->key, other->text->path, x->id, x->count, b->count, base->key);
    char found[64], expected[64], lengths[80] = "";
    uint64_t at = x->count - b->count + (uint64_t)differs;
    if (x->count > b->count)
        snprintf(lengths, sizeof lengths, "found %" PRIu32 " tokens, expected the last %" PRIu32 " to be base's; ",
                 x->count, b->count);
    return scry_fail(
        err,
        "%s: %s: %s: sample \"%.60s\": %stoken %" PRIu64 ": found %s, expected %s as in %s (%s, token "
        "%" PRId64 "), and no sample without a partner has that text without doubt; dump both with the same "
        "ids, or pair by \"sample\" or \"row\"",
        study_path, other->key, other->text->path, x->id, lengths, at + x->cut,
        quoted_token(other, x->first + at, found), quoted_token(base, b->first + (uint64_t)differs, expected),
        base->key, base->text->path, differs + b->cut);
}

/* Partners of base's samples under every other condition. */
static void match_conditions(sample_matching m[SCRY_CONDITIONS], const alignment_view *view, matching_rule rule) {
    const matching_side base = side_of(&view[SCRY_BASE]);
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        m[c] = (sample_matching){0};
        if (c == SCRY_BASE || !view[c].present) continue;
        const matching_side other = side_of(&view[c]);
        sample_matching_make(&m[c], &base, &other, rule);
    }
}

static void free_matchings(sample_matching m[SCRY_CONDITIONS]) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) sample_matching_free(&m[c]);
}

static bool align_tokens(alignment_runs *runs, const alignment_view *view, const sample_matching *m,
                         const char *study_path, scry_error *err) {
    const token_text *base = view[SCRY_BASE].text;
    const matching_side base_side = side_of(&view[SCRY_BASE]);
    for (int c = 1; c < SCRY_CONDITIONS; c++)
        if (view[c].present && study_path && m[c].bad != NO_SAMPLE)
            return refuse_sample(view, c, m[c].bad, m[c].bad_partner, study_path, err);
    for (uint32_t s = 0; s < base->sample_count; s++) {
        uint64_t from[SCRY_CONDITIONS] = {[SCRY_BASE] = base->samples[s].first};
        uint32_t mask = 1u << SCRY_BASE;
        for (int c = 1; c < SCRY_CONDITIONS; c++) {
            if (!view[c].present || m[c].match[s] == NO_SAMPLE) continue;
            const matching_side side = side_of(&view[c]);
            uint64_t start = (uint64_t)sample_text_start(&base_side, s, &side, m[c].match[s], NULL);
            uint64_t alone[SCRY_CONDITIONS] = {0};
            alone[c] = view[c].text->samples[m[c].match[s]].first;
            walk(runs, view, 1u << c, alone, start);
            from[c] = alone[c] + start; /* behind the demonstrations */
            mask |= 1u << c;
        }
        walk(runs, view, mask, from, base->samples[s].count);
    }
    for (int c = 1; c < SCRY_CONDITIONS; c++)
        if (view[c].present) walk_unclaimed(runs, view, c, m[c].claimed);
    return true;
}

static void align_samples(alignment_runs *runs, const alignment_view *view, const sample_matching *m) {
    const token_text *base = view[SCRY_BASE].text;
    for (uint32_t s = 0; s < base->sample_count; s++) {
        size_t before = runs->count;
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!view[c].present) continue;
            uint32_t sample = c == SCRY_BASE ? s : m[c].match[s];
            if (sample == NO_SAMPLE) continue;
            uint64_t from[SCRY_CONDITIONS] = {0};
            from[c] = view[c].text->samples[sample].first;
            walk(runs, view, 1u << c, from, view[c].text->samples[sample].count);
        }
        if (runs->count > before) runs->run[runs->count - 1].sample_end = true;
    }
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        if (!view[c].present) continue;
        size_t before = runs->count;
        walk_unclaimed(runs, view, c, m[c].claimed);
        if (runs->count > before) runs->run[runs->count - 1].sample_end = true;
    }
}

static void align_rows(alignment_runs *runs, const alignment_view *view) {
    uint64_t longest = 0, from[SCRY_CONDITIONS] = {0};
    uint32_t mask = 0;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!view[c].present) continue;
        mask |= 1u << c;
        if (view[c].rows > longest) longest = view[c].rows;
    }
    walk(runs, view, mask, from, longest);
}

bool token_alignment_make(alignment_runs *runs, const alignment_view view[SCRY_CONDITIONS], scry_pairing pairing,
                          pair_counts (*counts)[SCRY_CONDITIONS], const char *study_path, scry_error *err) {
    *runs = (alignment_runs){0};
    bool paired = false;
    for (int c = 1; c < SCRY_CONDITIONS; c++) paired = paired || view[c].present;
    if (pairing == SCRY_PAIR_ROW || (!paired && !view[SCRY_BASE].text)) {
        align_rows(runs, view);
        if (counts) count_row_pairs(counts, view);
        return true;
    }
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (view[c].present && !view[c].text)
            return scry_fail(err,
                             "%s: %s.tokens: missing; pairing by %s needs a token file, or set \"pairing\": \"row\"",
                             study_path, view[c].key, scry_pairing_name(pairing));
    sample_matching m[SCRY_CONDITIONS];
    match_conditions(m, view, pairing == SCRY_PAIR_TOKEN ? MATCH_BY_TEXT : MATCH_BY_ID);
    bool ok = true;
    if (pairing == SCRY_PAIR_SAMPLE) align_samples(runs, view, m);
    else ok = align_tokens(runs, view, m, study_path, err);
    if (ok && counts) count_sample_pairs(counts, view, m, pairing);
    free_matchings(m);
    if (!ok) token_alignment_free(runs);
    return ok;
}

void token_alignment_free(alignment_runs *runs) {
    free(runs->run);
    *runs = (alignment_runs){0};
}
