/* diff/lens_captures.c: mean differences from the study's capture files. */
#include "base/mem.h"
#include "base/path.h"
#include "diff/lens_internal.h"
#include "io/matrix.h"
#include "latent.h"
#include "latent/token_pairing.h"
#include "study/minus_rows.h"
#include "study/padding.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One of the captures, and what is checked against the index while it is read. */
typedef struct lens_file {
    int capture;
    uint8_t *kept; /* [rows] */
    matrix m;
    uint64_t row0;
    double *sum; /* [d] of the rows that count */
    double square;
    float *x; /* [d] a row */
} lens_file;

/* base, where its rows say positions and pairs; the reference; the source. */
enum { BASE, REFERENCE, SOURCE, FILES };

typedef struct lens_files {
    const scry_lens *lens;
    const scry_lens_query *query;
    scry_study *study; /* the manifest in the index, its paths as written there */
    lens_file file[FILES];
    uint64_t total, done; /* rows */
    scry_error *err;
} lens_files;

/* ---- opening -------------------------------------------------------------------------------- */

static char *find_path(const lens_files *f, const char *path) {
    const char *study = f->lens->study;
    if (!study) return index_find_path(f->lens->index, path);
    char *folder = path_is_directory(study) ? mem_copy_string(study) : path_folder(study);
    char *found = path_join(folder, path);
    free(folder);
    return found;
}

static char **find_paths(const lens_files *f, char *const *paths, size_t count) {
    char **found = mem_new(count + 1, sizeof *found);
    for (size_t i = 0; i < count; i++) found[i] = find_path(f, paths[i]);
    return found;
}

static void free_paths(char **paths, size_t count) {
    for (size_t i = 0; i < count; i++) free(paths[i]);
    free(paths);
}

static const study_capture *spec_of(const lens_files *f, const scry_capture_info *info) {
    const scry_study *s = f->study;
    if (info->group < 0) {
        size_t t = (size_t)(-1 - info->group);
        return t < s->train_count ? &s->trains[t].capture[info->condition] : NULL;
    }
    return (size_t)info->group < s->domain_count ? &s->domains[info->group].capture[info->condition] : NULL;
}

/* Leaves out the padding of [samples, positions, width], which the token file or the mask tells. */
static bool remove_padding(const lens_files *f, lens_file *file, study_capture *spec) {
    if (!matrix_has_samples(&file->m)) return true;
    tokenizer tok = {0};
    char *tokenizer_path = f->study->tokenizer ? find_path(f, f->study->tokenizer) : NULL;
    capture_padding padding = {0};
    bool ok = (!tokenizer_path || tokenizer_open(&tok, tokenizer_path, "tokenizer", f->err)) &&
              padding_find(&padding, &file->m, spec, f->lens->index->info.path, tokenizer_path ? &tok : NULL, f->err);
    if (ok) padding_remove(&padding, &file->m);
    padding_free(&padding);
    tokenizer_free(&tok);
    free(tokenizer_path);
    return ok;
}

static bool open_matrix(lens_files *f, lens_file *file, const study_capture *spec) {
    const scry_info *info = &f->lens->index->info;
    study_capture found = *spec;
    found.files = find_paths(f, spec->files, spec->file_count);
    found.mask = find_paths(f, spec->mask, spec->mask_count);
    found.tokens = spec->tokens ? find_path(f, spec->tokens) : NULL;
    char *key = mem_format("%s: %s.residual", info->path, spec->key);
    study_minus minus = {0};
    if (spec->minus) {
        minus = *spec->minus;
        minus.files = find_paths(f, spec->minus->files, spec->minus->file_count);
        minus.tokens = NULL; /* compared when they were indexed */
        found.minus = &minus;
    }
    bool ok = matrix_open(&file->m, found.files, found.file_count, found.tensor, key, f->err) &&
              minus_rows_open(&file->m, &found, info->path, NULL, NULL, f->err);
    if (ok) ok = remove_padding(f, file, &found);
    if (spec->minus) free_paths(minus.files, minus.file_count);
    free(key);
    free(found.tokens);
    free_paths(found.mask, found.mask_count);
    free_paths(found.files, found.file_count);
    return ok;
}

static bool open_file(lens_files *f, lens_file *file) {
    const scry_index *x = f->lens->index;
    const scry_capture_info *info = &x->info.capture[file->capture];
    const study_capture *spec = spec_of(f, info);
    if (!spec || !spec->present || spec->features)
        return scry_fail(f->err,
                         "%s: %s: the manifest in this index has no such residuals; make it again with scry "
                         "index",
                         x->info.path, info->name);
    if (!open_matrix(f, file, spec)) return false;
    file->row0 = spec->has_rows ? spec->row_from : 0;
    uint64_t rows = spec->has_rows ? spec->row_to - spec->row_from : file->m.rows;
    if (file->m.cols != x->info.d_model || rows != info->rows || file->row0 > file->m.rows ||
        rows > file->m.rows - file->row0)
        return scry_fail(f->err,
                         "%s: %s: %s: found %" PRIu64 " rows of width %" PRIu64 ", expected %" PRIu64 " of %" PRIu32
                         " as they were indexed; the captures have changed, make the index again with "
                         "scry index",
                         x->info.path, info->name, spec->files[0], rows, file->m.cols, info->rows, x->info.d_model);
    file->sum = mem_new(x->info.d_model, sizeof *file->sum);
    file->x = mem_new(x->info.d_model, sizeof *file->x);
    f->total += info->kept;
    return true;
}

static bool find_kept(lens_files *f, lens_file *file) {
    const scry_index *x = f->lens->index;
    bool as_indexed;
    file->kept = index_kept_rows(x, (size_t)file->capture, &as_indexed);
    return as_indexed ||
           scry_fail(f->err,
                     "%s: %s: the index does not say which rows count, expected one made by this version; make it "
                     "again with scry index",
                     x->info.path, x->info.capture[file->capture].name);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void read_row(lens_files *f, lens_file *file, uint64_t row) {
    const size_t d = f->lens->index->info.d_model;
    matrix_row(&file->m, file->row0 + row, file->x);
    for (size_t i = 0; i < d; i++) {
        double value = (double)file->x[i];
        file->sum[i] += value;
        file->square += value * value;
    }
    f->done++;
}

/* Where a row of base stands in its sample. */
typedef struct sample_walk {
    size_t capture;
    uint32_t sample;
    scry_sample at;
} sample_walk;

static uint64_t position_of(const scry_index *x, sample_walk *w, uint64_t row) {
    const scry_capture_info *info = &x->info.capture[w->capture];
    if (!info->has_tokens) return UINT64_MAX;
    if (!w->at.count || row < w->at.first || row - w->at.first >= w->at.count) {
        w->sample = scry_sample_of(x, w->capture, row);
        w->at = scry_sample_at(x, w->capture, w->sample);
    }
    return row < w->at.first || row - w->at.first >= w->at.count ? UINT64_MAX : row - w->at.first + w->at.cut;
}

static bool walk(lens_files *f, const alignment_runs *runs, const int *bit, lens_sums *sums) {
    lens_file *reference = &f->file[REFERENCE], *of = &f->file[SOURCE];
    sample_walk samples = {.capture = (size_t)f->file[BASE].capture};
    for (size_t i = 0; i < runs->count; i++) {
        const alignment_run *run = &runs->run[i];
        const bool has[2] = {run->mask >> bit[REFERENCE] & 1, run->mask >> bit[SOURCE] & 1};
        for (uint64_t k = 0; k < run->length; k++) {
            if (has[0]) read_row(f, reference, run->row[bit[REFERENCE]] + k);
            if (has[1]) read_row(f, of, run->row[bit[SOURCE]] + k);
            if (sums->by_sample) {
                if (has[0]) lens_sums_row(sums, false, reference->x);
                if (has[1]) lens_sums_row(sums, true, of->x);
            } else if (has[0] && has[1]) {
                uint64_t row = run->row[bit[BASE]] + k;
                lens_sums_pair(sums, reference->x, of->x, position_of(f->lens->index, &samples, row));
            }
            if (f->done % 1024 < 2) {
                scry_report_progress(f->lens->cancel, (double)f->done / (double)(f->total ? f->total : 1));
                if (lens_cancelled(f->lens, f->err)) return false;
            }
        }
        if (sums->by_sample && run->sample_end) lens_sums_end_sample(sums);
    }
    return true;
}

/* The rows that count must have the mean that they had when they were indexed. */
static bool is_as_indexed(const lens_files *f, const lens_file *file) {
    const scry_index *x = f->lens->index;
    const scry_capture_info *info = &x->info.capture[file->capture];
    const size_t d = x->info.d_model;
    const double *mean = x->raw ? x->raw + (size_t)file->capture * RESIDUAL_SUMS * d + RESIDUAL_MEAN * d : NULL;
    if (!mean || !info->kept) return true;
    double off = 0;
    for (size_t i = 0; i < d; i++) {
        double change = file->sum[i] / (double)info->kept - mean[i];
        off += change * change;
    }
    return off <= 1e-12 * file->square / (double)info->kept;
}

static bool check_means(const lens_files *f) {
    for (int i = REFERENCE; i < FILES; i++)
        if (!is_as_indexed(f, &f->file[i]))
            return scry_fail(f->err,
                             "%s: %s: the residuals in its files have another mean than those that were indexed, "
                             "expected the same; the captures have changed, make the index again with scry index",
                             f->lens->index->info.path, f->lens->index->info.capture[f->file[i].capture].name);
    return true;
}

/* The captures that are aligned, each once; bit: the place of each file's in them. */
static int aligned_captures(const lens_files *f, int capture[FILES], const uint8_t *kept[FILES], int bit[FILES]) {
    int count = 0;
    for (int i = 0; i < FILES; i++) {
        int at = 0;
        while (at < count && capture[at] != f->file[i].capture) at++;
        if (at == count) {
            capture[count] = f->file[i].capture;
            kept[count++] = f->file[i].kept;
        }
        bit[i] = at;
    }
    return count;
}

static bool sum_pairs(lens_files *f, lens_sums *sums) {
    int capture[FILES], bit[FILES];
    const uint8_t *kept[FILES];
    int count = aligned_captures(f, capture, kept, bit);
    alignment_runs runs;
    if (!index_align(&runs, f->lens->index, capture, count, kept, f->err)) return false;
    bool ok = walk(f, &runs, bit, sums);
    token_alignment_free(&runs);
    return ok && check_means(f);
}

static bool open_files(lens_files *f) {
    const scry_index *x = f->lens->index;
    const scry_lens_query *q = f->query;
    uint64_t size;
    const char *json = container_find(&x->file, "manifest", &size);
    f->study = json ? scry_study_parse("", json, (size_t)size, NULL, f->err) : NULL;
    if (!f->study)
        return json ? false
                    : scry_fail(f->err, "%s: no manifest in this index; make it again with scry index", x->info.path);
    f->file[BASE].capture = lens_capture(x, q, SCRY_BASE);
    f->file[REFERENCE].capture = lens_capture(x, q, scry_reference_condition(q->against));
    f->file[SOURCE].capture = lens_capture(x, q, q->of);
    for (int i = 0; i < FILES; i++)
        if (!find_kept(f, &f->file[i])) return false;
    return open_file(f, &f->file[REFERENCE]) && open_file(f, &f->file[SOURCE]);
}

bool lens_sum_captures(scry_lens *lens, const scry_lens_query *query, lens_sums *sums, scry_error *err) {
    lens_files f = {.lens = lens, .query = query, .err = err};
    bool ok = open_files(&f) && sum_pairs(&f, sums);
    for (int i = 0; i < FILES; i++) {
        matrix_close(&f.file[i].m);
        free(f.file[i].kept);
        free(f.file[i].sum);
        free(f.file[i].x);
    }
    scry_study_free(f.study);
    return ok;
}
