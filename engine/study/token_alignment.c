/* token_alignment.c: which rows of a group's captures belong together. */
#include "study/token_alignment.h"
#include "base/mem.h"

#include <inttypes.h>
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

/* For every sample of `from`, the sample of `to` with the same id (the n-th of equal ids with the
 * n-th), or UINT32_MAX. Caller frees. */
static uint32_t *match_samples(const token_text *from, const token_text *to) {
    uint32_t *match = mem_new(from->sample_count, sizeof *match);
    if (from == to) {
        for (uint32_t s = 0; s < from->sample_count; s++) match[s] = s;
        return match;
    }
    /* One pool numbers all ids; next[] walks through the samples that share a number. */
    string_pool ids = {0};
    uint32_t *next = mem_new(to->sample_count, sizeof *next);
    uint32_t *number = mem_new(to->sample_count, sizeof *number);
    for (uint32_t s = 0; s < to->sample_count; s++) number[s] = string_pool_add(&ids, to->samples[s].id);
    uint32_t known = ids.count;
    uint32_t *head = mem_new(known, sizeof *head);
    for (uint32_t i = 0; i < known; i++) head[i] = UINT32_MAX;
    for (uint32_t s = to->sample_count; s-- > 0;) {
        next[s] = head[number[s]];
        head[number[s]] = s;
    }
    for (uint32_t s = 0; s < from->sample_count; s++) {
        uint32_t id = string_pool_add(&ids, from->samples[s].id);
        match[s] = id < known ? head[id] : UINT32_MAX;
        if (match[s] != UINT32_MAX) head[id] = next[match[s]];
    }
    free(head);
    free(number);
    free(next);
    string_pool_free(&ids);
    return match;
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

/* Where base's tokens begin in the sample of condition c, which may have demonstrations in front; -1 where neither the
 * lengths nor the ends agree. */
static int64_t query_start(const alignment_view *view, int c, uint32_t base_sample, uint32_t sample) {
    const token_text *base = view[SCRY_BASE].text, *text = view[c].text;
    const token_sample *b = &base->samples[base_sample], *x = &text->samples[sample];
    if (x->count < b->count) return -1;
    uint32_t start = x->count - b->count;
    const uint32_t *end = text->piece + x->first + start;
    return !start || memcmp(end, base->piece + b->first, b->count * sizeof *end) == 0 ? (int64_t)start : -1;
}

static bool refuse_sample(const alignment_view *view, int c, uint32_t base_sample, uint32_t sample,
                          const char *study_path, scry_error *err) {
    const token_sample *b = &view[SCRY_BASE].text->samples[base_sample], *x = &view[c].text->samples[sample];
    return scry_fail(err,
                     "%s: %s: sample \"%.60s\": found %" PRIu32 " tokens, expected %" PRIu32
                     " as in %s, or those at its end; pair by \"sample\" or \"row\" instead",
                     study_path, view[c].key, x->id, x->count, b->count, view[SCRY_BASE].key);
}

typedef struct matching {
    uint32_t *match[SCRY_CONDITIONS]; /* base sample -> sample of condition c */
    uint8_t *claimed[SCRY_CONDITIONS];
} matching;

static void matching_make(matching *m, const alignment_view *view) {
    *m = (matching){0};
    const token_text *base = view[SCRY_BASE].text;
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        if (!view[c].present) continue;
        m->match[c] = match_samples(base, view[c].text);
        m->claimed[c] = mem_new(view[c].text->sample_count, 1);
        for (uint32_t s = 0; s < base->sample_count; s++)
            if (m->match[c][s] != UINT32_MAX) m->claimed[c][m->match[c][s]] = 1;
    }
}

static void matching_free(matching *m) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(m->match[c]);
        free(m->claimed[c]);
    }
}

static bool align_tokens(alignment_runs *runs, const alignment_view *view, const char *study_path, scry_error *err) {
    const token_text *base = view[SCRY_BASE].text;
    matching m;
    matching_make(&m, view);
    bool ok = true;
    for (uint32_t s = 0; s < base->sample_count && ok; s++) {
        uint64_t from[SCRY_CONDITIONS] = {[SCRY_BASE] = base->samples[s].first};
        uint32_t mask = 1u << SCRY_BASE;
        for (int c = 1; c < SCRY_CONDITIONS && ok; c++) {
            if (!view[c].present || m.match[c][s] == UINT32_MAX) continue;
            uint32_t sample = m.match[c][s];
            int64_t start = query_start(view, c, s, sample);
            if (start < 0 && study_path) ok = refuse_sample(view, c, s, sample, study_path, err);
            uint64_t alone[SCRY_CONDITIONS] = {0};
            alone[c] = view[c].text->samples[sample].first;
            walk(runs, view, 1u << c, alone, start < 0 ? view[c].text->samples[sample].count : (uint64_t)start);
            if (start < 0) continue;
            from[c] = alone[c] + (uint64_t)start; /* behind the demonstrations */
            mask |= 1u << c;
        }
        if (ok) walk(runs, view, mask, from, base->samples[s].count);
    }
    for (int c = 1; c < SCRY_CONDITIONS && ok; c++)
        if (view[c].present) walk_unclaimed(runs, view, c, m.claimed[c]);
    matching_free(&m);
    return ok;
}

static void align_samples(alignment_runs *runs, const alignment_view *view) {
    const token_text *base = view[SCRY_BASE].text;
    matching m;
    matching_make(&m, view);
    for (uint32_t s = 0; s < base->sample_count; s++) {
        size_t before = runs->count;
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!view[c].present) continue;
            uint32_t sample = c == SCRY_BASE ? s : m.match[c][s];
            if (sample == UINT32_MAX) continue;
            uint64_t from[SCRY_CONDITIONS] = {0};
            from[c] = view[c].text->samples[sample].first;
            walk(runs, view, 1u << c, from, view[c].text->samples[sample].count);
        }
        if (runs->count > before) runs->run[runs->count - 1].sample_end = true;
    }
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        if (!view[c].present) continue;
        size_t before = runs->count;
        walk_unclaimed(runs, view, c, m.claimed[c]);
        if (runs->count > before) runs->run[runs->count - 1].sample_end = true;
    }
    matching_free(&m);
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
                          const char *study_path, scry_error *err) {
    *runs = (alignment_runs){0};
    if (pairing == SCRY_PAIR_ROW) {
        align_rows(runs, view);
        return true;
    }
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (view[c].present && !view[c].text)
            return scry_fail(err,
                             "%s: %s.tokens: missing; pairing by %s needs a token file, or set \"pairing\": \"row\"",
                             study_path, view[c].key, scry_pairing_name(pairing));
    if (pairing == SCRY_PAIR_SAMPLE) {
        align_samples(runs, view);
        return true;
    }
    bool ok = align_tokens(runs, view, study_path, err);
    if (!ok) token_alignment_free(runs);
    return ok;
}

void token_alignment_free(alignment_runs *runs) {
    free(runs->run);
    *runs = (alignment_runs){0};
}
