/* latent/token_pairing.c: kept rows, and the same token under other conditions, from the text of an index. */
#include "base/mem.h"
#include "index/read/index.h"
#include "io/json.h"
#include "latent.h"
#include "latent/token_pairing.h"

#include <stdlib.h>
#include <string.h>

/* From a capture to the base capture of its group, and back. */
typedef struct pair_map {
    bool known, same; /* same: row for row */
    uint32_t *to_base, *from_base;
} pair_map;

struct scry_token_pairing {
    const scry_index *x;
    pair_map *map;  /* [captures] */
    uint8_t **kept; /* [captures] by row; NULL: not made, or all do */
    bool *kept_known;
    int *base;       /* [captures] the base capture of its group, -1 */
    int *reference;  /* [captures] that which its group is compared with, -1 */
    int64_t *paired; /* [captures] tokens that count here and in the reference; -1: not counted yet */
};

static const uint32_t NO_PARTNER = UINT32_MAX;

scry_token_pairing *scry_token_pairing_new(const scry_index *x) {
    scry_token_pairing *p = mem_new(1, sizeof *p);
    p->x = x;
    p->map = mem_new(x->info.captures, sizeof *p->map);
    p->kept = mem_new(x->info.captures, sizeof *p->kept);
    p->kept_known = mem_new(x->info.captures, sizeof *p->kept_known);
    p->base = mem_new(x->info.captures, sizeof *p->base);
    p->reference = mem_new(x->info.captures, sizeof *p->reference);
    p->paired = mem_new(x->info.captures, sizeof *p->paired);
    for (size_t c = 0; c < x->info.captures; c++) {
        p->base[c] = scry_find_capture(x, x->info.capture[c].group, SCRY_BASE);
        p->reference[c] = scry_find_capture(x, x->info.capture[c].group, scry_reference_condition(x->info.against));
        p->paired[c] = -1;
    }
    return p;
}

void scry_token_pairing_free(scry_token_pairing *p) {
    if (!p) return;
    for (size_t i = 0; i < p->x->info.captures; i++) {
        free(p->map[i].to_base);
        free(p->map[i].from_base);
        free(p->kept[i]);
    }
    free(p->map);
    free(p->kept);
    free(p->kept_known);
    free(p->base);
    free(p->reference);
    free(p->paired);
    free(p);
}

/* The capture's samples as the indexer read them. */
static token_text text_of(const scry_index *x, size_t capture) {
    const scry_capture_info *info = &x->info.capture[capture];
    size_t number = (size_t)x->capture_text[capture];
    token_text text = {.sample_count = info->samples, .tokens = info->rows};
    text.samples = mem_new(info->samples, sizeof *text.samples);
    text.piece = mem_new(info->rows, sizeof *text.piece);
    for (uint32_t s = 0; s < info->samples; s++) {
        scry_sample at = scry_sample_at(x, capture, s);
        text.samples[s] =
            (token_sample){.id = (char *)(uintptr_t)at.id, .first = at.first, .count = at.count, .cut = at.cut};
    }
    for (uint64_t row = 0; row < info->rows && row < x->texts[number].tokens; row++)
        text.piece[row] = index_token(x, number, row);
    return text;
}

static void text_free(token_text *text) {
    free(text->samples); /* their ids are the index's */
    free(text->piece);
}

static const char *piece_text(const void *index, uint32_t piece) {
    return index_piece(index, piece);
}

/* Returns how many rows the manifest's rule leaves out. */
static uint64_t mark_by_manifest(const scry_index *x, size_t capture, uint8_t *kept) {
    const scry_capture_info *info = &x->info.capture[capture];
    if (x->capture_text[capture] < 0) return 0;
    uint64_t size;
    const char *json = container_find(&x->file, "manifest", &size);
    cJSON *manifest = json ? json_parse_prefix(json, (size_t)size, NULL) : NULL;
    kept_rule rule = kept_rule_of(manifest, info->group, info->condition);
    uint64_t left_out = 0;
    if (!kept_rule_keeps_all(&rule)) {
        token_text text = text_of(x, capture);
        left_out = kept_rows_mark(kept, &rule, &text, piece_text, x);
        text_free(&text);
    }
    free(rule.exclude);
    cJSON_Delete(manifest);
    return left_out;
}

/* The indexer's marks: residuals, and so their norms, are not in the index. */
static uint64_t mark_outliers(const scry_index *x, size_t capture, uint8_t *kept) {
    uint64_t count, left_out = 0;
    const uint32_t *row = index_outliers(x, capture, &count);
    for (uint64_t i = 0; i < count; i++) {
        if (row[i] >= x->info.capture[capture].rows) continue;
        left_out += kept[row[i]];
        kept[row[i]] = 0;
    }
    return left_out;
}

uint8_t *index_kept_rows(const scry_index *x, size_t capture, bool *as_indexed) {
    const scry_capture_info *info = &x->info.capture[capture];
    uint8_t *kept = mem_new(info->rows, 1);
    memset(kept, 1, info->rows);
    *as_indexed = info->kept == info->rows;
    if (*as_indexed) return kept;
    uint64_t left_out = mark_by_manifest(x, capture, kept);
    left_out += mark_outliers(x, capture, kept);
    *as_indexed = left_out == info->rows - info->kept;
    return kept;
}

/* compared: as in alignment_view. */
static bool align(alignment_runs *runs, const scry_index *x, const int *capture, int captures,
                  const uint8_t *const *kept, const uint8_t *const *compared, scry_pairing pairing, const char *path,
                  scry_error *err) {
    alignment_view view[SCRY_CONDITIONS] = {0};
    token_text text[SCRY_CONDITIONS] = {0};
    for (int i = 0; i < captures; i++) {
        const scry_capture_info *info = &x->info.capture[capture[i]];
        bool needed = pairing != SCRY_PAIR_ROW && info->has_tokens;
        int same = 0;
        while (same < i && x->capture_text[capture[same]] != x->capture_text[capture[i]]) same++;
        if (needed && same == i) text[i] = text_of(x, (size_t)capture[i]);
        view[i] = (alignment_view){.present = true,
                                   .key = info->name,
                                   .rows = info->rows,
                                   .text = needed ? &text[same] : NULL,
                                   .kept = kept[i],
                                   .compared = compared[i]};
    }
    bool ok = token_alignment_make(runs, view, pairing, NULL, path, err);
    for (int i = 0; i < captures; i++) text_free(&text[i]);
    return ok;
}

bool index_align(alignment_runs *runs, const scry_index *x, const int *capture, int captures,
                 const uint8_t *const *kept, scry_error *err) {
    return align(runs, x, capture, captures, kept, kept, x->info.pairing, x->info.path, err);
}

static uint32_t *no_partners(uint64_t rows) {
    uint32_t *partner = mem_new(rows, sizeof *partner);
    for (uint64_t r = 0; r < rows; r++) partner[r] = NO_PARTNER;
    return partner;
}

/* Pair all tokens, kept or not, as far as the texts of the kept ones agree. */
static void pair_samples(pair_map *m, const scry_index *x, size_t base, size_t other) {
    m->from_base = no_partners(x->info.capture[base].rows);
    m->to_base = no_partners(x->info.capture[other].rows);
    const uint8_t *const all[2] = {NULL, NULL};
    bool as_indexed;
    uint8_t *kept[2] = {index_kept_rows(x, base, &as_indexed), index_kept_rows(x, other, &as_indexed)};
    alignment_runs runs;
    align(&runs, x, (const int[]){(int)base, (int)other}, 2, all, (const uint8_t *const[]){kept[0], kept[1]},
          SCRY_PAIR_TOKEN, NULL, NULL);
    free(kept[0]);
    free(kept[1]);
    for (size_t i = 0; i < runs.count; i++) {
        const alignment_run *run = &runs.run[i];
        for (uint64_t k = 0; run->mask == 3 && k < run->length; k++) {
            m->from_base[run->row[0] + k] = (uint32_t)(run->row[1] + k);
            m->to_base[run->row[1] + k] = (uint32_t)(run->row[0] + k);
        }
    }
    token_alignment_free(&runs);
}

static const pair_map *pair_map_of(scry_token_pairing *p, size_t base, size_t capture) {
    const scry_index *x = p->x;
    pair_map *m = &p->map[capture];
    if (m->known) return m;
    m->known = true;
    bool texts = x->capture_text[base] >= 0 && x->capture_text[capture] >= 0;
    m->same = capture == base || x->info.pairing == SCRY_PAIR_ROW ||
              (texts && x->capture_text[base] == x->capture_text[capture]);
    if (!m->same && texts) pair_samples(m, x, base, capture);
    return m;
}

int64_t scry_paired_row(scry_token_pairing *p, size_t capture, uint64_t row, size_t other) {
    int base = p->base[capture];
    if (base < 0 || row >= p->x->info.capture[capture].rows) return -1;
    const pair_map *here = pair_map_of(p, (size_t)base, capture), *there = pair_map_of(p, (size_t)base, other);
    if (here->same && there->same) return row < p->x->info.capture[other].rows ? (int64_t)row : -1;
    uint64_t at = here->same ? row : here->to_base ? here->to_base[row] : NO_PARTNER;
    if (at >= p->x->info.capture[base].rows) return -1;
    if (!there->same) at = there->from_base ? there->from_base[at] : NO_PARTNER;
    return at < p->x->info.capture[other].rows ? (int64_t)at : -1;
}

bool scry_row_is_kept(scry_token_pairing *p, size_t capture, uint64_t row) {
    const scry_capture_info *c = &p->x->info.capture[capture];
    if (!p->kept_known[capture] && c->kept < c->rows) {
        bool as_indexed;
        p->kept[capture] = index_kept_rows(p->x, capture, &as_indexed);
    }
    p->kept_known[capture] = true;
    return row < c->rows && (!p->kept[capture] || p->kept[capture][row]);
}

uint64_t scry_paired_count(scry_token_pairing *p, size_t capture) {
    int base = p->reference[capture];
    if (base >= 0 && p->paired[capture] < 0) {
        p->paired[capture] = 0;
        for (uint64_t row = 0; row < p->x->info.capture[base].rows; row++) {
            int64_t other = scry_paired_row(p, (size_t)base, row, capture);
            p->paired[capture] +=
                other >= 0 && scry_row_is_kept(p, (size_t)base, row) && scry_row_is_kept(p, capture, (uint64_t)other);
        }
    }
    return base < 0 ? 0 : (uint64_t)p->paired[capture];
}
