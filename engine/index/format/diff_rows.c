/* diff_rows.c: the file of what two models say differently after each token. */
#include "index/format/diff_rows.h"
#include "base/mem.h"
#include "io/float_narrow.h"
#include "io/half_float.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const container_kind container_diff_rows = {"SCRYDIF\n", DIFF_ROWS_VERSION, "file of differences",
                                            "a file of differences", "scry diff --keep"};

/* ---- reading -------------------------------------------------------------------------------- */

static bool damaged(const diff_rows *d, const char *what, scry_error *err) {
    return scry_fail(err, "%s: %s; the file is damaged, make it again with scry diff --keep", d->file.map.path, what);
}

static const char *path_of(const diff_rows *d, const char *name, scry_error *err) {
    uint64_t length;
    const char *path = container_find(&d->file, name, &length);
    if (path && length && !path[length - 1]) return path;
    damaged(d, "the path of a model is not closed", err);
    return NULL;
}

/* A section of 16-bit numbers, or NULL where there is none; false where it has another size. */
static bool numbers_of(const diff_rows *d, uint32_t capture, const char *what, uint64_t rows, const uint16_t **out,
                       scry_error *err) {
    char name[CONTAINER_NAME];
    uint64_t size;
    snprintf(name, sizeof name, "capture/%" PRIu32 "/%s", capture, what);
    *out = container_find(&d->file, name, &size);
    return !*out || (*out = container_get(&d->file, name, rows * sizeof **out, err));
}

/* KL is at least 0, and what cannot be known is NaN; nothing is infinite, as it was narrowed to what F16 holds. */
static bool has_values(const uint16_t *x, uint64_t rows, bool negative) {
    for (uint64_t r = 0; r < rows; r++) {
        const float value = half_to_float(x[r]);
        if (isinf(value) || (value < 0 && !negative)) return false;
    }
    return true;
}

static bool open_sections(diff_rows *d, bool verify, const uint64_t *rows, scry_error *err) {
    const diff_meta *m = &d->meta;
    d->kl = mem_new(m->captures + 1, sizeof *d->kl);
    d->gain = mem_new(m->captures + 1, sizeof *d->gain);
    for (uint32_t c = 0; c < m->captures; c++) {
        if (!numbers_of(d, c, "kl", rows[c], &d->kl[c], err) || !numbers_of(d, c, "gain", rows[c], &d->gain[c], err))
            return false;
        if (!d->kl[c] != !d->gain[c]) return damaged(d, "a capture has one of its two sections", err);
        if (verify && d->kl[c] && (!has_values(d->kl[c], rows[c], false) || !has_values(d->gain[c], rows[c], true)))
            return damaged(d, "a KL is below 0, or a number infinite", err);
    }
    return (d->base = path_of(d, "model/base", err)) && (d->tuned = path_of(d, "model/tuned", err)) &&
           (d->lift = container_get(&d->file, "lift", m->rows * sizeof *d->lift, err)) &&
           (d->latent_gain = container_get(&d->file, "gain", m->rows * sizeof *d->latent_gain, err));
}

bool diff_rows_open(diff_rows *d, const char *path, bool verify, uint64_t index, uint32_t latents, uint32_t table_rows,
                    const uint64_t *rows, uint32_t captures, scry_error *err) {
    *d = (diff_rows){0};
    if (!container_open_kind(&d->file, &container_diff_rows, path, verify, err)) return false;
    const void *meta = container_get(&d->file, "meta", sizeof d->meta, err);
    if (meta) memcpy(&d->meta, meta, sizeof d->meta);
    const diff_meta *m = &d->meta;
    bool ok = meta && (verify || container_check(&d->file, "meta", err));
    if (ok && m->index != index)
        ok = scry_fail(err,
                       "%s: these differences are of another index (fingerprint %016" PRIx64 ", here %016" PRIx64
                       "); make them again with scry diff --keep",
                       path, m->index, index);
    if (ok && (m->latents != latents || m->rows != table_rows || m->captures != captures))
        ok = damaged(d, "its latents or captures are not the index's", err);
    if (ok && !(m->mean_kl >= 0 && isfinite(m->mean_kl) && isfinite(m->mean_gain)))
        ok = damaged(d, "its means are no numbers", err);
    ok = ok && open_sections(d, verify, rows, err);
    if (!ok) diff_rows_close(d);
    return ok;
}

void diff_rows_close(diff_rows *d) {
    free((void *)d->kl);
    free((void *)d->gain);
    container_close(&d->file);
    *d = (diff_rows){0};
}

/* ---- writing -------------------------------------------------------------------------------- */

static uint16_t half_of(float x) {
    const float most = 65504;
    uint16_t half = 0x7E00; /* NaN */
    x = x > most ? most : x < -most ? -most : x;
    if (!isnan(x)) float_narrow_f16(&x, 1, &half);
    return half;
}

float diff_rows_rounded(float x) {
    return half_to_float(half_of(x));
}

static void write_section(container_writer *w, const char *name, const void *bytes, uint64_t size) {
    container_begin(w, name);
    container_write(w, bytes, size);
}

static void write_numbers(container_writer *w, uint32_t capture, const char *what, const float *x, uint64_t rows) {
    char name[CONTAINER_NAME];
    uint16_t *half = mem_new(rows, sizeof *half);
    for (uint64_t r = 0; r < rows; r++) half[r] = half_of(x[r]);
    snprintf(name, sizeof name, "capture/%" PRIu32 "/%s", capture, what);
    write_section(w, name, half, rows * sizeof *half);
    free(half);
}

bool diff_rows_write(const char *path, const diff_rows_source *s, scry_error *err) {
    container_writer *w = container_create_kind(&container_diff_rows, path, err);
    if (!w) return false;
    write_section(w, "meta", &s->meta, sizeof s->meta);
    write_section(w, "model/base", s->base, strlen(s->base) + 1);
    write_section(w, "model/tuned", s->tuned, strlen(s->tuned) + 1);
    for (uint32_t c = 0; c < s->meta.captures; c++) {
        if (!s->kl[c]) continue;
        write_numbers(w, c, "kl", s->kl[c], s->rows[c]);
        write_numbers(w, c, "gain", s->gain[c], s->rows[c]);
    }
    write_section(w, "lift", s->lift, s->meta.rows * sizeof *s->lift);
    write_section(w, "gain", s->latent_gain, s->meta.rows * sizeof *s->latent_gain);
    return container_finish(w, err);
}
