/* stats/sampling_units.c: the kept rows of a domain's captures, and their grouping into units and blocks. */
#include "stats/sampling_units.h"
#include "base/mem.h"
#include "base/string_pool.h"
#include "study/token_alignment.h"
#include "io/json.h"

#include <stdlib.h>
#include <string.h>

/* A capture without samples is cut into runs of this many tokens, or of fewer, so that there are at least RUNS. */
enum { RUN_TOKENS = 64, RUNS = 32 };

/* ---- kept rows ------------------------------------------------------------------------------ */

static bool excluded(const cJSON *exclude, const char *token) {
    if (cJSON_IsString(exclude)) return strcmp(exclude->valuestring, token) == 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, exclude)
        if (cJSON_IsString(item) && strcmp(item->valuestring, token) == 0) return true;
    return false;
}

/* Applies skip_first and exclude of the manifest in the index; false when the count is not that of the index. */
static bool kept_by_manifest(const scry_index *x, size_t capture, uint8_t *kept) {
    const scry_capture_info *info = &x->info.capture[capture];
    uint64_t size, count = 0;
    const char *text = container_find(&x->file, "manifest", &size);
    cJSON *root = text ? json_parse_prefix(text, (size_t)size, NULL) : NULL;
    const cJSON *domain = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "domains"), info->group);
    const cJSON *spec = cJSON_GetObjectItemCaseSensitive(domain, scry_condition_name(info->condition));
    const cJSON *skip = cJSON_GetObjectItemCaseSensitive(spec, "skip_first");
    const cJSON *exclude = cJSON_GetObjectItemCaseSensitive(spec, "exclude");
    double first = cJSON_IsNumber(skip) ? skip->valuedouble : 0;
    for (uint32_t s = 0; s < info->samples; s++) {
        scry_sample sample = scry_sample_at(x, capture, s);
        for (uint32_t k = 0; k < sample.count; k++) {
            uint64_t row = sample.first + k;
            kept[row] = (double)k + sample.cut >= first && !excluded(exclude, scry_token(x, capture, row));
            count += kept[row];
        }
    }
    cJSON_Delete(root);
    return count == info->kept;
}

/* [rows] 1 where the row is kept; NULL and err when the index does not say. */
static uint8_t *kept_rows(const scry_index *x, size_t capture, scry_error *err) {
    const scry_capture_info *info = &x->info.capture[capture];
    uint8_t *kept = mem_new(info->rows, 1);
    memset(kept, 1, info->rows);
    if (info->kept == info->rows || kept_by_manifest(x, capture, kept)) return kept;
    scry_fail(err, "%s: %s: the tokens left out by skip_first and exclude do not add up; make the index again",
              x->info.path, info->name);
    free(kept);
    return NULL;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* [rows] number of each row's sample, or of its run of tokens. */
static uint32_t *sample_of_rows(const scry_index *x, size_t capture) {
    const scry_capture_info *info = &x->info.capture[capture];
    uint32_t *sample = mem_new(info->rows, sizeof *sample);
    uint64_t run = info->rows / RUNS;
    run = run < 1 ? 1 : run > RUN_TOKENS ? RUN_TOKENS : run;
    for (uint64_t row = 0; row < info->rows; row++) sample[row] = (uint32_t)(row / run);
    for (uint32_t s = 0; s < info->samples; s++) {
        scry_sample at = scry_sample_at(x, capture, s);
        for (uint32_t k = 0; k < at.count; k++) sample[at.first + k] = s;
    }
    return sample;
}

/* The capture's samples as the indexer read them; pieces are numbered by a pool of their own, since only their equality
 * matters. */
static void text_make(token_text *text, const scry_index *x, size_t capture, string_pool *pieces) {
    const scry_capture_info *info = &x->info.capture[capture];
    *text = (token_text){.sample_count = info->samples, .tokens = info->rows};
    text->samples = mem_new(info->samples, sizeof *text->samples);
    text->piece = mem_new(info->rows, sizeof *text->piece);
    for (uint32_t s = 0; s < info->samples; s++) {
        scry_sample at = scry_sample_at(x, capture, s);
        text->samples[s] =
            (token_sample){.id = (char *)(uintptr_t)at.id, .first = at.first, .count = at.count, .cut = at.cut};
    }
    for (uint64_t row = 0; row < info->rows; row++)
        text->piece[row] = string_pool_add(pieces, scry_token(x, capture, row));
}

static void text_free(token_text *text) {
    free(text->samples); /* their ids are the index's */
    free(text->piece);
}

/* The runs in which the indexer aligned base and icl of a domain. */
static bool align_domain(alignment_runs *runs, const scry_index *x, const int capture[2], const uint8_t *const kept[2],
                         scry_error *err) {
    alignment_view view[SCRY_CONDITIONS] = {0};
    token_text text[2] = {0};
    string_pool pieces = {0};
    bool same = x->capture_text[capture[0]] == x->capture_text[capture[1]];
    for (int i = 0; i < 2; i++) {
        const scry_capture_info *info = &x->info.capture[capture[i]];
        bool needed = x->info.pairing != SCRY_PAIR_ROW && info->has_tokens;
        if (needed && !(i && same)) text_make(&text[i], x, (size_t)capture[i], &pieces);
        view[i] = (alignment_view){.present = true,
                                   .key = info->name,
                                   .rows = info->rows,
                                   .text = needed ? &text[same ? 0 : i] : NULL,
                                   .kept = kept[i]};
    }
    bool ok = token_alignment_make(runs, view, x->info.pairing, x->info.path, err);
    for (int i = 0; i < 2; i++) text_free(&text[i]);
    string_pool_free(&pieces);
    return ok;
}

/* ---- units and blocks ----------------------------------------------------------------------- */

typedef struct unit_maker {
    sampling_units *r;
    const scry_index *x;
    size_t blocks, unit_room, block_room;
    scry_sampling_unit unit;
    uint32_t *block_of; /* [samples or runs of the domain's base] block, or NO_SAMPLING_UNIT: none yet */
} unit_maker;

/* Adds a unit of the sample, to the sample's block or to a block of its own, and returns its number. */
static uint32_t add_unit(unit_maker *m, uint32_t sample, double base, double icl) {
    sampling_units *r = m->r;
    bool alone = m->unit == SCRY_TOKENS;
    if (alone || m->block_of[sample] == NO_SAMPLING_UNIT) {
        if (m->blocks == m->block_room)
            r->count = mem_resize(r->count, m->block_room = m->block_room ? m->block_room * 2 : 256, sizeof *r->count);
        if (!alone) m->block_of[sample] = (uint32_t)m->blocks;
        r->count[m->blocks++] = 0;
    }
    if (r->units == m->unit_room) {
        m->unit_room = m->unit_room ? m->unit_room * 2 : 1024;
        r->block = mem_resize(r->block, m->unit_room, sizeof *r->block);
        r->weight = mem_resize(r->weight, 2 * m->unit_room, sizeof *r->weight);
    }
    uint32_t block = alone ? (uint32_t)m->blocks - 1 : m->block_of[sample];
    r->count[block] += 1;
    r->weight[2 * r->units] = base;
    r->weight[2 * r->units + 1] = icl;
    r->block[r->units] = block;
    return (uint32_t)r->units++;
}

static uint32_t *new_units(unit_maker *m, int capture) {
    uint64_t rows = m->x->info.capture[capture].rows;
    uint32_t *unit = mem_new(rows, sizeof *unit);
    for (uint64_t i = 0; i < rows; i++) unit[i] = NO_SAMPLING_UNIT;
    m->r->unit[capture] = unit;
    return unit;
}

/* Scores of base alone: every kept token. */
static void units_of_tokens(unit_maker *m, int base, const uint8_t *kept, const uint32_t *sample) {
    uint32_t *unit = new_units(m, base);
    for (uint64_t row = 0; row < m->x->info.capture[base].rows; row++)
        if (kept[row]) unit[row] = add_unit(m, sample[row], 1, 1);
}

/* Tokens paired: every row that base and icl share in a run. */
static void units_of_pairs(unit_maker *m, const int capture[2], const alignment_runs *runs, const uint32_t *sample) {
    const uint32_t both = 1u << SCRY_BASE | 1u << SCRY_ICL;
    uint32_t *base = new_units(m, capture[0]), *icl = new_units(m, capture[1]);
    for (size_t i = 0; i < runs->count; i++) {
        const alignment_run *run = &runs->run[i];
        for (uint64_t k = 0; run->mask == both && k < run->length; k++) {
            uint64_t row = run->row[SCRY_BASE] + k;
            base[row] = icl[run->row[SCRY_ICL] + k] = add_unit(m, sample[row], 1, 1);
        }
    }
}

/* Samples paired: the rows of both captures up to the end of a sample. */
static void units_of_samples(unit_maker *m, const int capture[2], const alignment_runs *runs, const uint32_t *sample) {
    uint32_t *unit[2] = {new_units(m, capture[0]), new_units(m, capture[1])};
    for (size_t from = 0, to = 0; to < runs->count; to++) {
        if (!runs->run[to].sample_end) continue;
        uint64_t rows[2] = {0};
        uint32_t which = 0;
        for (size_t i = from; i <= to; i++) {
            const alignment_run *run = &runs->run[i];
            int side = run->mask >> SCRY_ICL & 1;
            rows[side] += run->length;
            if (!side) which = sample[run->row[SCRY_BASE]];
        }
        if (rows[0] && rows[1]) {
            uint32_t one = add_unit(m, which, 1 / (double)rows[0], 1 / (double)rows[1]);
            for (size_t i = from; i <= to; i++) {
                const alignment_run *run = &runs->run[i];
                int side = run->mask >> SCRY_ICL & 1;
                for (uint64_t k = 0; k < run->length; k++) unit[side][run->row[side ? SCRY_ICL : SCRY_BASE] + k] = one;
            }
        }
        from = to + 1;
    }
}

static bool add_domain(unit_maker *m, size_t domain, scry_score score, scry_error *err) {
    const scry_index *x = m->x;
    int capture[2] = {scry_find_capture(x, (int)domain, SCRY_BASE), scry_find_capture(x, (int)domain, SCRY_ICL)};
    bool icl = scry_scores[score].condition == SCRY_ICL;
    if (capture[0] < 0 || (icl && capture[1] < 0)) return true; /* the domain has no such score */
    uint8_t *kept[2] = {kept_rows(x, (size_t)capture[0], err), NULL};
    if (icl && kept[0]) kept[1] = kept_rows(x, (size_t)capture[1], err);
    bool ok = kept[0] && (!icl || kept[1]);
    uint32_t *sample = sample_of_rows(x, (size_t)capture[0]);
    uint64_t rows = x->info.capture[capture[0]].rows;
    uint32_t samples = x->info.capture[capture[0]].samples;
    for (uint64_t i = 0; i < rows; i++)
        if (sample[i] >= samples) samples = sample[i] + 1;
    m->block_of = mem_new(samples, sizeof *m->block_of);
    for (uint32_t s = 0; s < samples; s++) m->block_of[s] = NO_SAMPLING_UNIT;
    alignment_runs runs = {0};
    if (ok && icl) ok = align_domain(&runs, x, capture, (const uint8_t *const[]){kept[0], kept[1]}, err);
    if (ok && !icl) units_of_tokens(m, capture[0], kept[0], sample);
    else if (ok && x->info.pairing == SCRY_PAIR_SAMPLE) units_of_samples(m, capture, &runs, sample);
    else if (ok) units_of_pairs(m, capture, &runs, sample);
    token_alignment_free(&runs);
    free(m->block_of);
    free(sample);
    free(kept[0]);
    free(kept[1]);
    return ok;
}

bool sampling_units_read(sampling_units *r, const scry_index *x, scry_score score, scry_sampling_unit unit,
                         scry_error *err) {
    *r = (sampling_units){.captures = x->info.captures};
    r->unit = mem_new(r->captures, sizeof *r->unit);
    r->first = mem_new(x->D + 1, sizeof *r->first);
    unit_maker m = {.r = r, .x = x, .unit = unit};
    bool ok = true;
    for (size_t d = 0; d < x->D && ok; d++) {
        ok = add_domain(&m, d, score, err);
        r->first[d + 1] = m.blocks;
    }
    if (!ok) sampling_units_free(r);
    return ok;
}

void sampling_units_free(sampling_units *r) {
    for (size_t i = 0; r->unit && i < r->captures; i++) free(r->unit[i]);
    void *owned[] = {r->unit, r->block, r->weight, r->first, r->count};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *r = (sampling_units){0};
}
