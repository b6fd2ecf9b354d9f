/* store/difference_store.c: the file of differences that belongs to an index. */
#include "store/difference_store.h"
#include "base/mem.h"
#include "differences.h"
#include "index/read/differences.h"
#include "io/half_float.h"
#include "store/sidecar.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

char *scry_differences_path(const scry_index *index) {
    return scry_derived_path(index, ".diff");
}

bool scry_differences_attach(scry_index *index, const char *path, bool verify, scry_error *err) {
    if (!index->differences) return scry_misuse(err, "%s: holds no latents", index->info.path);
    char *own = path ? mem_copy_string(path) : scry_differences_path(index);
    bool ok = index_differences_attach(index, own, verify, scry_fingerprint(index), err);
    free(own);
    return ok;
}

void difference_store_open(scry_index *index, bool verify) {
    scry_error problem = {0};
    char *path = scry_differences_path(index);
    if (access(path, F_OK) == 0 && !index_differences_attach(index, path, verify, scry_fingerprint(index), &problem))
        index_differences_set_problem(index, &problem);
    free(path);
}

const char *scry_differences_problem(const scry_index *index) {
    return index_differences_problem(index);
}

uint64_t scry_differences_version(const scry_index *index) {
    return index_differences_version(index);
}

bool scry_differences_info_of(const scry_index *index, scry_differences_info *out) {
    const diff_rows *d = index_differences(index);
    *out = (scry_differences_info){0};
    if (!d) return false;
    *out = (scry_differences_info){.path = d->file.map.path,
                                   .base = d->base,
                                   .tuned = d->tuned,
                                   .train = d->meta.train,
                                   .tokens = d->meta.tokens,
                                   .mean_kl = d->meta.mean_kl,
                                   .mean_gain = d->meta.mean_gain,
                                   .bytes = d->file.map.size};
    return true;
}

static float number_of(const scry_index *index, const uint16_t **of, size_t capture, uint64_t row) {
    const bool there = of && capture < index->info.captures && of[capture] && row < index->info.capture[capture].rows;
    return there ? half_to_float(of[capture][row]) : (float)NAN;
}

float scry_row_kl(const scry_index *index, size_t capture, uint64_t row) {
    const diff_rows *d = index_differences(index);
    return number_of(index, d ? d->kl : NULL, capture, row);
}

float scry_row_gain(const scry_index *index, size_t capture, uint64_t row) {
    const diff_rows *d = index_differences(index);
    return number_of(index, d ? d->gain : NULL, capture, row);
}

static void column(const scry_index *x, const float *of, uint32_t from, uint32_t n, double *out) {
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t row = of ? row_of(&x->rows, from + i) : NO_ROW;
        out[i] = row == NO_ROW ? (double)NAN : (double)of[row];
    }
}

void scry_column_kl_lifts(const scry_index *index, uint32_t from, uint32_t n, double *out) {
    const diff_rows *d = index_differences(index);
    column(index, d ? d->lift : NULL, from, n, out);
}

void scry_column_gains(const scry_index *index, uint32_t from, uint32_t n, double *out) {
    const diff_rows *d = index_differences(index);
    column(index, d ? d->latent_gain : NULL, from, n, out);
}
