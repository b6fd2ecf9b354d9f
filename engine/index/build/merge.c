/* merge.c: join shards of an index, each some of its latents, to the bytes that one run would have written. */
#include "base/mem.h"
#include "index/build/merge_logits.h"
#include "index/format/container.h"
#include "index/format/layout.h"
#include "index/format/posting_codec.h"
#include "index/format/table.h"
#include "io/json.h"
#include "scry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct shard {
    container file;
    cJSON *meta;
    uint64_t first, latents;
    active_rows rows;
} shard;

typedef struct merger {
    shard *shard; /* ascending by first latent */
    size_t count;
    uint64_t F;
    uint32_t rows; /* of the tables */
    bool logits;   /* every shard has logits, of one model */
    container_writer *w;
    scry_error *err;
} merger;

static double number_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 0x1p53 ? item->valuedouble : 0;
}

static bool open_shard(shard *s, const char *path, scry_error *err) {
    uint64_t size;
    if (!container_open(&s->file, path, true, err)) return false;
    const char *text = container_find(&s->file, "meta", &size);
    s->meta = text ? json_parse_prefix(text, (size_t)size, NULL) : NULL;
    s->first = (uint64_t)number_of(s->meta, "first_latent");
    s->latents = (uint64_t)number_of(s->meta, "latents");
    if (!s->latents || s->latents > UINT32_MAX / 2)
        return scry_fail(err, "%s: meta data: no latents; make the shard again", path);
    const uint64_t *active = container_get(&s->file, "active", active_rows_words(s->latents) * sizeof *active, err);
    if (!active) return false;
    active_rows_new(&s->rows, active, (uint32_t)s->latents);
    return s->rows.rows == number_of(s->meta, "rows") ||
           scry_fail(err, "%s: meta data: rows do not fit the active latents; make the shard again", path);
}

static int by_first(const void *x, const void *y) {
    const shard *a = x, *b = y;
    return a->first < b->first ? -1 : a->first > b->first;
}

static bool same_value(const shard *a, const shard *b, const char *key) {
    const cJSON *first = cJSON_GetObjectItemCaseSensitive(a->meta, key);
    const cJSON *second = cJSON_GetObjectItemCaseSensitive(b->meta, key);
    return !first || !second || cJSON_Compare(first, second, true);
}

static bool same_content(const shard *a, const shard *b) {
    return same_value(a, b, "content");
}

static bool starts(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

/* Sections that every shard of a study has. */
static uint32_t common_sections(const shard *s) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->file.sections; i++) n += !starts(s->file.section[i].name, "logit/");
    return n;
}

/* A shard that was made where the model is not has none; then the index has none. */
static bool same_logits(const shard *a, const shard *b) {
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(a->meta, "logit_ids");
    return ids && cJSON_Compare(ids, cJSON_GetObjectItemCaseSensitive(b->meta, "logit_ids"), true) &&
           same_value(a, b, "logit_model");
}

/* Which rows were left out must not differ between the latents. */
static bool same_outliers(const shard *a, const shard *b, scry_error *err) {
    return (same_value(a, b, "max_norm_ratio") && same_value(a, b, "outliers_kept")) ||
           scry_fail(err,
                     "%s and %s leave out other outlier rows; expected shards made with the same --max-norm-ratio "
                     "and --keep-outliers",
                     b->file.map.path, a->file.map.path);
}

/* The shards must be all of one study, and follow each other without a gap. */
static bool check_shards(merger *m) {
    qsort(m->shard, m->count, sizeof *m->shard, by_first);
    const char *path = m->shard[0].file.map.path;
    m->F = (uint64_t)number_of(m->shard[0].meta, "d_sae");
    m->logits = true;
    uint64_t next = 0, active = 0, size, other;
    const void *manifest = container_find(&m->shard[0].file, "manifest", &size);
    for (size_t i = 0; i < m->count; i++) {
        const shard *s = &m->shard[i];
        const void *text = container_find(&s->file, "manifest", &other);
        if (!same_outliers(s, &m->shard[0], m->err)) return false;
        if (!text || other != size || memcmp(text, manifest, (size_t)size) != 0 ||
            number_of(s->meta, "d_sae") != (double)m->F || common_sections(s) != common_sections(&m->shard[0]) ||
            !same_content(s, &m->shard[0]))
            return scry_fail(m->err, "%s and %s are not of one study; expected shards of the same manifest and files",
                             path, s->file.map.path);
        if (s->first != next)
            return scry_fail(m->err,
                             "%s begins at latent %" PRIu64 ", expected %" PRIu64 "; a shard is missing or there twice",
                             s->file.map.path, s->first, next);
        m->logits = m->logits && same_logits(s, &m->shard[0]);
        next += s->latents;
        active += s->rows.count;
    }
    m->rows = next == m->F ? active_rows_total((uint32_t)active, (uint32_t)m->F) : 0;
    return next == m->F ||
           scry_fail(m->err, "the shards end at latent %" PRIu64 " of %" PRIu64 "; the last ones are missing", next,
                     m->F);
}

/* A section of every shard, [latents] times `each` bytes; NULL and err when one does not fit. */
static const uint8_t *part(merger *m, size_t i, const char *name, uint64_t *size) {
    const uint8_t *bytes = container_find(&m->shard[i].file, name, size);
    if (!bytes)
        scry_fail(m->err, "%s: section \"%s\" is missing; make the shard again", m->shard[i].file.map.path, name);
    return bytes;
}

static bool join(merger *m, const char *name) {
    for (size_t i = 0; i < m->count; i++) {
        uint64_t size;
        const uint8_t *bytes = part(m, i, name, &size);
        if (!bytes) return false;
        container_write(m->w, bytes, size);
    }
    return true;
}

/* One shard's part of a table. The shard may hold rows of active latents only where the result holds all, or the
 * reverse. */
static void join_rows(merger *m, const shard *s, const uint8_t *table, uint64_t width) {
    bool all = m->rows == m->F, own = s->rows.rows == s->latents;
    if (all == own) {
        container_write(m->w, table, s->rows.rows * width);
        return;
    }
    void *spread = all ? active_rows_expand(&s->rows, table, width) : NULL;
    if (spread) container_write(m->w, spread, s->latents * width);
    for (uint32_t j = 0; j < s->latents && !all; j++)
        if (active_rows_has(&s->rows, j)) container_write(m->w, table + j * width, width);
    free(spread);
}

/* `tables` tables of a row a latent, one after another: each is joined by itself. How wide a row is, a shard
 * that has rows tells; with `tables` 0, rows are doubles, and it tells how many tables there are. */
static bool join_tables(merger *m, const char *name, uint64_t tables) {
    uint64_t width = 0, size;
    for (size_t i = 0; i < m->count && !width; i++) {
        if (!part(m, i, name, &size)) return false;
        if (!m->shard[i].rows.rows) continue;
        width = tables ? size / tables / m->shard[i].rows.rows : sizeof(double);
        if (!tables) tables = size / width / m->shard[i].rows.rows;
    }
    for (uint64_t a = 0; a < tables; a++)
        for (size_t i = 0; i < m->count; i++) {
            const uint8_t *bytes = part(m, i, name, &size);
            uint64_t one = m->shard[i].rows.rows * width;
            if (!bytes) return false;
            if (size != one * tables)
                return scry_fail(m->err, "%s: section \"%s\" has the wrong size; make the shard again",
                                 m->shard[i].file.map.path, name);
            join_rows(m, &m->shard[i], bytes + a * one, width);
        }
    return true;
}

/* Every shard's streams, then the spare bytes once. */
static bool join_data(merger *m) {
    static const uint8_t spare[POSTING_CODEC_SPARE];
    for (size_t i = 0; i < m->count; i++) {
        uint64_t size;
        const uint8_t *bytes = part(m, i, "post/data", &size);
        if (!bytes) return false;
        if (size > POSTING_CODEC_SPARE) container_write(m->w, bytes, size - POSTING_CODEC_SPARE);
    }
    container_write(m->w, spare, sizeof spare);
    return true;
}

/* Places in two sections that are joined too: each shard's begin where those before it end. Shards are
 * cut between groups. */
static bool join_groups(merger *m) {
    layout_group before = {0};
    for (size_t i = 0; i < m->count; i++) {
        uint64_t size, count = (m->shard[i].latents + GROUP_LATENTS - 1) / GROUP_LATENTS;
        const uint8_t *bytes = part(m, i, "post/at", &size);
        if (!bytes) return false;
        if (size != (count + 1) * sizeof(layout_group))
            return scry_fail(m->err, "%s: section \"post/at\" has the wrong size; make the shard again",
                             m->shard[i].file.map.path);
        const layout_group *group = (const layout_group *)(const void *)bytes;
        for (uint64_t k = 0; k < count + (i + 1 == m->count); k++) {
            layout_group at = {group[k].data + before.data, group[k].length + before.length};
            container_write(m->w, &at, sizeof at);
        }
        before.data += group[count].data;
        before.length += group[count].length;
    }
    return true;
}

/* Places in label/text. */
static bool join_labels(merger *m) {
    uint64_t before = 0;
    for (size_t i = 0; i < m->count; i++) {
        uint64_t size, bytes = 0;
        const uint8_t *at = part(m, i, "label/at", &size);
        if (!at) return false;
        container_find(&m->shard[i].file, "label/text", &bytes);
        for (uint64_t k = 0; k < size / sizeof(uint64_t); k++) {
            uint64_t value;
            memcpy(&value, at + k * sizeof value, sizeof value);
            value += before;
            container_write(m->w, &value, sizeof value);
        }
        before += bytes;
    }
    return true;
}

/* Captures are identical where they are in every shard, each of which saw its own latents. */
static void join_identical(merger *m, cJSON *captures) {
    for (int c = 0; c < cJSON_GetArraySize(captures); c++) {
        cJSON *identical = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(captures, c), "identical");
        uint32_t all = UINT32_MAX;
        for (size_t i = 0; i < m->count; i++) {
            const cJSON *of = cJSON_GetObjectItemCaseSensitive(m->shard[i].meta, "captures");
            double mask = number_of(cJSON_GetArrayItem(of, c), "identical");
            all &= mask < UINT32_MAX ? (uint32_t)mask : 0;
        }
        if (identical) cJSON_SetNumberValue(identical, all);
    }
}

/* Counts over latents are added up; the rest is the same in every shard. */
static void join_meta(merger *m) {
    cJSON *meta = cJSON_Duplicate(m->shard[0].meta, true);
    cJSON_DeleteItemFromObjectCaseSensitive(meta, "content");
    cJSON_DeleteItemFromObjectCaseSensitive(meta, "logit_model");
    if (!m->logits) cJSON_DeleteItemFromObjectCaseSensitive(meta, "logit_ids");
    cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(meta, "first_latent"), 0);
    cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(meta, "latents"), (double)m->F);
    cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(meta, "rows"), m->rows);
    static const char *const sums[] = {"nnz", "fires", "negative"};
    cJSON *captures = cJSON_GetObjectItemCaseSensitive(meta, "captures");
    for (int c = 0; c < cJSON_GetArraySize(captures); c++)
        for (size_t k = 0; k < sizeof sums / sizeof *sums; k++) {
            double total = 0;
            for (size_t i = 0; i < m->count; i++)
                total += number_of(
                    cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(m->shard[i].meta, "captures"), c), sums[k]);
            cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(captures, c), sums[k]), total);
        }
    join_identical(m, captures);
    char *text = cJSON_PrintUnformatted(meta);
    container_write(m->w, text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(meta);
}

static bool join_logit_texts(merger *m, const char *name) {
    const container **files = mem_new(m->count, sizeof *files);
    for (size_t i = 0; i < m->count; i++) files[i] = &m->shard[i].file;
    bool ok = merge_logit_texts(files, m->count, name, m->w, m->err);
    free(files);
    return ok;
}

static bool join_section(merger *m, const char *name) {
    if (starts(name, "logit/") && !m->logits) return true;
    container_begin(m->w, name);
    if (starts(name, "shift/") || starts(name, "base/")) return join_tables(m, name, 0);
    if (starts(name, "fires/")) return join_tables(m, name, 2);
    if (starts(name, "score/") || starts(name, "key/") || starts(name, "base-fires/") ||
        strcmp(name, "post/count") == 0 || strcmp(name, "logit/token") == 0 || strcmp(name, "logit/value") == 0)
        return join_tables(m, name, 1);
    if (strcmp(name, "post/data") == 0) return join_data(m);
    if (strcmp(name, "post/at") == 0) return join_groups(m);
    if (strcmp(name, "label/at") == 0) return join_labels(m);
    if (starts(name, "logit/")) return join_logit_texts(m, name);
    if (strcmp(name, "meta") == 0) {
        join_meta(m);
        return true;
    }
    bool by_latent =
        strcmp(name, "active") == 0 || starts(name, "post/") || starts(name, "label/") || strcmp(name, "dec/W") == 0;
    if (by_latent) return join(m, name);
    uint64_t size;
    const uint8_t *bytes = part(m, 0, name, &size);
    if (bytes) container_write(m->w, bytes, size);
    return bytes != NULL;
}

bool scry_merge(char *const *paths, size_t count, const char *out, scry_error *err) {
    merger m = {.shard = mem_new(count, sizeof *m.shard), .count = count, .err = err};
    bool ok = count > 0 || scry_misuse(err, "merge: expected the shards of an index");
    for (size_t i = 0; i < count && ok; i++) ok = open_shard(&m.shard[i], paths[i], err);
    ok = ok && check_shards(&m) && (m.w = container_create(out, err));
    for (uint32_t s = 0; ok && s < m.shard[0].file.sections; s++)
        ok = join_section(&m, m.shard[0].file.section[s].name);
    if (m.w && ok) ok = container_finish(m.w, err);
    else container_abandon(m.w);
    for (size_t i = 0; i < count; i++) {
        cJSON_Delete(m.shard[i].meta);
        active_rows_free(&m.shard[i].rows);
        container_close(&m.shard[i].file);
    }
    free(m.shard);
    return ok;
}
