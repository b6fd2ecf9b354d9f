/* diff/lens_store.c: the file of an index's mean differences. */
#include "diff/lens_store.h"
#include "base/mem.h"
#include "index/format/container.h"
#include "index/read/index.h"
#include "store/sidecar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const container_kind container_lens = {"SCRYLNS\n", 1, "file of mean differences", "a file of mean differences",
                                              "scry lens"};

static void entry_free(lens_entry *e) {
    if (!e) return;
    free(e->folder[0]);
    free(e->folder[1]);
    free(e->mean);
    free(e->vectors);
    free(e);
}

void lens_store_close(lens_store *s) {
    for (size_t i = 0; i < s->count; i++) entry_free(s->entry[i]);
    for (size_t i = 0; i < s->older_count; i++) entry_free(s->older[i]);
    free(s->entry);
    free(s->older);
    *s = (lens_store){0};
}

static bool same_place(const lens_record *a, const lens_record *b) {
    return a->train == b->train && a->domain == b->domain && a->of == b->of && a->against == b->against;
}

/* Puts e in the place of one for the same query. keep_own: unless there is one with as many positions. */
static void put(lens_store *s, lens_entry *e, bool keep_own) {
    for (size_t i = 0; i < s->count; i++) {
        if (!same_place(&s->entry[i]->record, &e->record)) continue;
        if (keep_own && s->entry[i]->record.positions >= e->record.positions) {
            entry_free(e);
            return;
        }
        s->older = mem_resize(s->older, s->older_count + 1, sizeof *s->older);
        s->older[s->older_count++] = s->entry[i];
        s->entry[i] = e;
        return;
    }
    s->entry = mem_resize(s->entry, s->count + 1, sizeof *s->entry);
    s->entry[s->count++] = e;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool fits(const scry_index *x, const lens_record *r) {
    return r->train < x->info.trains && r->domain >= SCRY_LENS_TRAIN && r->domain < (int64_t)x->info.domains &&
           r->of > SCRY_BASE && r->of < SCRY_CONDITIONS && r->against < SCRY_REFERENCES &&
           r->source < SCRY_LENS_SOURCES && r->positions <= SCRY_LENS_MOST_POSITIONS;
}

/* The next text of a list with a NUL after each; NULL past its end. */
static const char *next_text(const char **at, const char *end) {
    const char *text = *at, *stop = text < end ? memchr(text, 0, (size_t)(end - text)) : NULL;
    if (!stop) return NULL;
    *at = stop + 1;
    return text;
}

static lens_entry *new_entry(const lens_record *r, size_t d, const uint64_t *pairs, const double *norms,
                             const double *means) {
    lens_entry *e = mem_new(1, sizeof *e);
    const size_t rows = (size_t)r->positions + 1;
    e->record = *r;
    e->mean = mem_new(rows, sizeof *e->mean);
    e->vectors = mem_new(rows * d, sizeof *e->vectors);
    memcpy(e->vectors, means, rows * d * sizeof *e->vectors);
    for (size_t i = 0; i < rows; i++) {
        const double *m = e->vectors + i * d;
        e->mean[i] = (scry_lens_mean){.position = (int32_t)i - 1,
                                      .pairs = pairs[i],
                                      .norm = pairs[i] ? lens_norm(m, d) : (double)NAN,
                                      .reference_norm = norms[2 * i],
                                      .difference_norm = norms[2 * i + 1],
                                      .mean = pairs[i] ? m : NULL};
    }
    return e;
}

static bool all_finite(const double *at, size_t count, const uint64_t *pairs, size_t d) {
    for (size_t i = 0; i < count; i++)
        if (pairs[i / d] && !isfinite(at[i])) return false;
    return true;
}

/* False where the file is not one of this index. */
static bool read_file(lens_store *s, const scry_index *x, const container *c, bool keep_own) {
    lens_meta meta;
    const lens_meta *m = container_get(c, "meta", sizeof meta, NULL);
    const size_t d = x->info.d_model;
    if (!m) return false;
    memcpy(&meta, m, sizeof meta);
    if (meta.index != scry_fingerprint(x) || meta.d_model != d || !d) return false;
    if (meta.entries > c->map.size || meta.rows > c->map.size / d) return false;
    const lens_record *record = container_get(c, "entries", meta.entries * sizeof *record, NULL);
    const uint64_t *pairs = container_get(c, "pairs", meta.rows * sizeof *pairs, NULL);
    const double *norms = container_get(c, "norms", meta.rows * 2 * sizeof *norms, NULL);
    const double *means = container_get(c, "means", meta.rows * d * sizeof *means, NULL);
    uint64_t size, at = 0;
    const char *text = container_find(c, "folders", &size), *end = text ? text + size : NULL;
    if (!record || !pairs || !norms || !means || !text) return false;
    for (uint32_t i = 0; i < meta.entries; i++) {
        const lens_record *r = &record[i];
        const char *folder[2];
        for (int k = 0; k < 2; k++) folder[k] = text ? next_text(&text, end) : NULL;
        if (!folder[0] || !folder[1] || !fits(x, r) || meta.rows - at < (uint64_t)r->positions + 1) return false;
        const size_t rows = (size_t)r->positions + 1;
        if (!all_finite(norms + 2 * at, 2 * rows, pairs + at, 2) ||
            !all_finite(means + at * d, rows * d, pairs + at, d))
            return false;
        lens_entry *e = new_entry(r, d, pairs + at, norms + 2 * at, means + at * d);
        for (int k = 0; k < 2; k++) e->folder[k] = mem_copy_string(folder[k]);
        put(s, e, keep_own);
        at += rows;
    }
    return true;
}

static void read_own(lens_store *s, const scry_index *x, bool keep_own) {
    container c;
    char *path = scry_derived_path(x, ".lens");
    if (access(path, F_OK) == 0) {
        s->damaged = !container_open_kind(&c, &container_lens, path, true, NULL);
        if (!s->damaged) {
            s->damaged = !read_file(s, x, &c, keep_own);
            container_close(&c);
        }
    }
    free(path);
}

void lens_store_open(lens_store *s, const scry_index *x) {
    *s = (lens_store){0};
    read_own(s, x, false);
}

const lens_entry *lens_store_find(const lens_store *s, const scry_lens_query *q) {
    const lens_record wanted = lens_record_of(q);
    for (size_t i = 0; i < s->count; i++)
        if (same_place(&s->entry[i]->record, &wanted))
            return s->entry[i]->record.positions >= q->positions ? s->entry[i] : NULL;
    return NULL;
}

/* ---- writing -------------------------------------------------------------------------------- */

const lens_entry *lens_store_put(lens_store *s, const lens_entry *entry, lens_sums *sums) {
    double *norms = mem_new(2 * sums->count, sizeof *norms);
    for (size_t i = 0; i < sums->count; i++) {
        norms[2 * i] = sums->reference_norm[i];
        norms[2 * i + 1] = sums->difference[i];
    }
    lens_entry *e = new_entry(&entry->record, sums->d, sums->pairs, norms, sums->mean);
    for (int k = 0; k < 2; k++) e->folder[k] = entry->folder[k] ? entry->folder[k] : mem_copy_string("");
    free(norms);
    lens_sums_free(sums);
    put(s, e, false);
    return e;
}

static void write_section(container_writer *w, const char *name, const void *bytes, uint64_t size) {
    container_begin(w, name);
    container_write(w, bytes, size);
}

static void write_entries(const lens_store *s, container_writer *w, size_t d) {
    container_begin(w, "entries");
    for (size_t i = 0; i < s->count; i++) container_write(w, &s->entry[i]->record, sizeof s->entry[i]->record);
    container_begin(w, "pairs");
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k <= s->entry[i]->record.positions; k++)
            container_write(w, &s->entry[i]->mean[k].pairs, sizeof s->entry[i]->mean[k].pairs);
    container_begin(w, "norms");
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k <= s->entry[i]->record.positions; k++) {
            const double norms[2] = {s->entry[i]->mean[k].reference_norm, s->entry[i]->mean[k].difference_norm};
            container_write(w, norms, sizeof norms);
        }
    container_begin(w, "means");
    for (size_t i = 0; i < s->count; i++)
        container_write(w, s->entry[i]->vectors, ((size_t)s->entry[i]->record.positions + 1) * d * sizeof(double));
    container_begin(w, "folders");
    for (size_t i = 0; i < s->count; i++)
        for (int k = 0; k < 2; k++) container_write(w, s->entry[i]->folder[k], strlen(s->entry[i]->folder[k]) + 1);
}

bool lens_store_write(lens_store *s, const scry_index *x, scry_error *err) {
    read_own(s, x, true);
    lens_meta meta = {
        .index = scry_fingerprint(x), .d_model = x->info.d_model, .entries = (uint32_t)s->count, .rows = 0};
    for (size_t i = 0; i < s->count; i++) meta.rows += (uint64_t)s->entry[i]->record.positions + 1;
    char *path = scry_derived_path(x, ".lens");
    container_writer *w = container_create_kind(&container_lens, path, err);
    free(path);
    if (!w) return false;
    write_section(w, "meta", &meta, sizeof meta);
    write_entries(s, w, meta.d_model);
    return container_finish(w, err);
}
