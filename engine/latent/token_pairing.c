/* latent/token_pairing.c: the same token under other conditions, found again from the index's text. */
#include "base/mem.h"
#include "base/string_pool.h"
#include "index/read/index.h"
#include "io/json.h"
#include "latent.h"

#include <stdlib.h>
#include <string.h>

/* From a capture to the base capture of its group, and back. */
typedef struct pair_map {
    bool made, same; /* same: row for row */
    uint32_t *to_base, *from_base;
} pair_map;

struct scry_token_pairing {
    const scry_index *x;
    pair_map *map;    /* [captures] */
    uint8_t **counts; /* [captures] by row; NULL: not made, or all do */
    bool *counts_made;
    int *base;       /* [captures] the base capture of its group, -1 */
    int64_t *paired; /* [captures] tokens that count here and in base; -1: not counted yet */
};

static const uint32_t NO_PARTNER = UINT32_MAX;

scry_token_pairing *scry_token_pairing_new(const scry_index *x) {
    scry_token_pairing *p = mem_new(1, sizeof *p);
    p->x = x;
    p->map = mem_new(x->info.captures, sizeof *p->map);
    p->counts = mem_new(x->info.captures, sizeof *p->counts);
    p->counts_made = mem_new(x->info.captures, sizeof *p->counts_made);
    p->base = mem_new(x->info.captures, sizeof *p->base);
    p->paired = mem_new(x->info.captures, sizeof *p->paired);
    for (size_t c = 0; c < x->info.captures; c++) {
        p->base[c] = scry_find_capture(x, x->info.capture[c].group, SCRY_BASE);
        p->paired[c] = -1;
    }
    return p;
}

void scry_token_pairing_free(scry_token_pairing *p) {
    if (!p) return;
    for (size_t i = 0; i < p->x->info.captures; i++) {
        free(p->map[i].to_base);
        free(p->map[i].from_base);
        free(p->counts[i]);
    }
    free(p->map);
    free(p->counts);
    free(p->counts_made);
    free(p->base);
    free(p->paired);
    free(p);
}

/* ---- samples with the same id --------------------------------------------------------------- */

/* Samples that share an id, in order: head[id's number], then next[sample]. */
typedef struct id_lists {
    string_pool ids;
    uint32_t known, *head, *next;
} id_lists;

static void lists_make(id_lists *l, const scry_index *x, size_t capture) {
    uint32_t n = x->info.capture[capture].samples;
    *l = (id_lists){.next = mem_new(n, sizeof *l->next)};
    uint32_t *number = mem_new(n, sizeof *number);
    for (uint32_t s = 0; s < n; s++) number[s] = string_pool_add(&l->ids, scry_sample_at(x, capture, s).id);
    l->known = l->ids.count;
    l->head = mem_new(l->known, sizeof *l->head);
    for (uint32_t i = 0; i < l->known; i++) l->head[i] = UINT32_MAX;
    for (uint32_t s = n; s-- > 0;) {
        l->next[s] = l->head[number[s]];
        l->head[number[s]] = s;
    }
    free(number);
}

/* The next sample with this id that was not yet taken, or UINT32_MAX. */
static uint32_t lists_take(id_lists *l, const char *id) {
    uint32_t number = string_pool_add(&l->ids, id);
    uint32_t sample = number < l->known ? l->head[number] : UINT32_MAX;
    if (sample != UINT32_MAX) l->head[number] = l->next[sample];
    return sample;
}

static void lists_free(id_lists *l) {
    string_pool_free(&l->ids);
    free(l->head);
    free(l->next);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static bool same_tokens(const scry_index *x, size_t a, uint64_t from_a, size_t b, uint64_t from_b, uint32_t count) {
    size_t text_a = (size_t)x->capture_text[a], text_b = (size_t)x->capture_text[b];
    for (uint32_t i = 0; i < count; i++)
        if (index_token(x, text_a, from_a + i) != index_token(x, text_b, from_b + i)) return false;
    return true;
}

/* Where base's tokens begin in the other sample, which may have demonstrations in front; -1 where
 * neither the counts nor the end agree. */
static int64_t query_start(const scry_index *x, size_t base, const scry_sample *b, size_t other, const scry_sample *o) {
    if (o->count == b->count) return 0;
    if (o->count < b->count) return -1;
    uint32_t start = o->count - b->count;
    return same_tokens(x, other, o->first + start, base, b->first, b->count) ? (int64_t)start : -1;
}

static void pair_samples(pair_map *m, const scry_index *x, size_t base, size_t other) {
    uint64_t rows = x->info.capture[other].rows, base_rows = x->info.capture[base].rows;
    m->to_base = mem_new(rows, sizeof *m->to_base);
    m->from_base = mem_new(base_rows, sizeof *m->from_base);
    for (uint64_t r = 0; r < rows; r++) m->to_base[r] = NO_PARTNER;
    for (uint64_t r = 0; r < base_rows; r++) m->from_base[r] = NO_PARTNER;
    id_lists lists;
    lists_make(&lists, x, other);
    for (uint32_t s = 0; s < x->info.capture[base].samples; s++) {
        scry_sample b = scry_sample_at(x, base, s);
        uint32_t match = lists_take(&lists, b.id);
        if (match == UINT32_MAX) continue;
        scry_sample o = scry_sample_at(x, other, match);
        int64_t start = query_start(x, base, &b, other, &o);
        for (uint32_t k = 0; start >= 0 && k < b.count; k++) {
            m->from_base[b.first + k] = (uint32_t)(o.first + (uint64_t)start + k);
            m->to_base[o.first + (uint64_t)start + k] = (uint32_t)(b.first + k);
        }
    }
    lists_free(&lists);
}

static const pair_map *map_of(scry_token_pairing *p, size_t base, size_t capture) {
    const scry_index *x = p->x;
    pair_map *m = &p->map[capture];
    if (m->made) return m;
    m->made = true;
    bool texts = x->capture_text[base] >= 0 && x->capture_text[capture] >= 0;
    m->same = capture == base || x->info.pairing == SCRY_PAIR_ROW ||
              (texts && x->capture_text[base] == x->capture_text[capture]);
    if (!m->same && texts) pair_samples(m, x, base, capture);
    return m;
}

int64_t scry_paired_row(scry_token_pairing *p, size_t capture, uint64_t row, size_t other) {
    int base = p->base[capture];
    if (base < 0 || row >= p->x->info.capture[capture].rows) return -1;
    const pair_map *here = map_of(p, (size_t)base, capture), *there = map_of(p, (size_t)base, other);
    uint64_t at = here->same ? row : here->to_base ? here->to_base[row] : NO_PARTNER;
    if (at >= p->x->info.capture[base].rows) return -1;
    if (!there->same) at = there->from_base ? there->from_base[at] : NO_PARTNER;
    return at < p->x->info.capture[other].rows ? (int64_t)at : -1;
}

/* ---- which rows count ----------------------------------------------------------------------- */

/* The capture's words in the manifest that the index keeps. */
static const cJSON *capture_words(const cJSON *manifest, const scry_capture_info *c) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(manifest, c->group < 0 ? "train" : "domains");
    if (cJSON_IsArray(list)) list = cJSON_GetArrayItem(list, c->group < 0 ? -1 - c->group : c->group);
    return cJSON_GetObjectItemCaseSensitive(list, scry_condition_name(c->condition));
}

static bool is_excluded(const cJSON *exclude, const char *token) {
    if (cJSON_IsString(exclude)) return strcmp(exclude->valuestring, token) == 0;
    const cJSON *text;
    cJSON_ArrayForEach (text, exclude)
        if (cJSON_IsString(text) && strcmp(text->valuestring, token) == 0) return true;
    return false;
}

static uint8_t *make_counts(const scry_index *x, size_t capture, const cJSON *words) {
    const cJSON *skip = cJSON_GetObjectItemCaseSensitive(words, "skip_first");
    const cJSON *exclude = cJSON_GetObjectItemCaseSensitive(words, "exclude");
    double skip_first = cJSON_IsNumber(skip) ? skip->valuedouble : 0;
    uint8_t *counts = mem_new(x->info.capture[capture].rows, 1);
    memset(counts, 1, x->info.capture[capture].rows);
    for (uint32_t s = 0; s < x->info.capture[capture].samples; s++) {
        scry_sample sample = scry_sample_at(x, capture, s);
        for (uint32_t k = 0; k < sample.count; k++) {
            uint64_t row = sample.first + k;
            if ((double)k + sample.cut < skip_first || is_excluded(exclude, scry_token(x, capture, row)))
                counts[row] = 0;
        }
    }
    return counts;
}

bool scry_row_is_kept(scry_token_pairing *p, size_t capture, uint64_t row) {
    const scry_capture_info *c = &p->x->info.capture[capture];
    if (!p->counts_made[capture] && c->kept < c->rows) {
        uint64_t size;
        const char *text = container_find(&p->x->file, "manifest", &size);
        cJSON *manifest = text ? json_parse_prefix(text, (size_t)size, NULL) : NULL;
        p->counts[capture] = make_counts(p->x, capture, capture_words(manifest, c));
        cJSON_Delete(manifest);
    }
    p->counts_made[capture] = true;
    return row < c->rows && (!p->counts[capture] || p->counts[capture][row]);
}

uint64_t scry_paired_count(scry_token_pairing *p, size_t capture) {
    int base = p->base[capture];
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
