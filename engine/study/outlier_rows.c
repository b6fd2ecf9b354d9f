/* study/outlier_rows.c: the norms of a capture's rows, their median, and the rows far above it. */
#include "study/outlier_rows.h"
#include "base/mem.h"
#include "io/scratch_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PART_ROWS = 64, MOST_PARTS = 16, ROUND_BYTES = 8 << 20 };

typedef struct part_room {
    double norm[PART_ROWS];
    row_moments moments;
} part_room;

typedef struct finder {
    const outlier_query *q;
    uint8_t *kept;
    uint32_t d;
    size_t parts;    /* of a round */
    uint64_t at;     /* the round's first row */
    part_room *part; /* [parts] */
    float **rows;    /* [threads] -> [PART_ROWS][d] */
    scratch_file norms;
} finder;

static size_t parts_of_round(uint32_t d, unsigned threads) {
    size_t parts = ROUND_BYTES / (PART_ROWS * sizeof(float) * (d ? d : 1));
    if (parts > MOST_PARTS) parts = MOST_PARTS;
    return parts < threads ? threads : parts;
}

uint64_t outlier_rows_bytes(uint32_t d, unsigned threads) {
    uint64_t parts = parts_of_round(d, threads);
    return (uint64_t)threads * PART_ROWS * d * sizeof(float) + (parts + 2) * 2 * d * sizeof(double) +
           parts * sizeof(part_room);
}

static double norm_of(const float *x, uint32_t d) {
    double square = 0;
    for (uint32_t i = 0; i < d; i++) square += (double)x[i] * (double)x[i];
    return sqrt(square);
}

/* A row that does not count has the norm 0, which has no part in the median and is never an outlier. */
static void judge_part(void *context, size_t number, unsigned worker) {
    const finder *f = context;
    const outlier_query *q = f->q;
    part_room *part = &f->part[number];
    uint64_t from = f->at + number * PART_ROWS, end = from + PART_ROWS < q->rows ? from + PART_ROWS : q->rows;
    uint32_t n = 0;
    memset(part->norm, 0, sizeof part->norm);
    for (uint64_t row = from; row < end; row++) {
        if (f->kept[row] == ROW_EXCLUDED) continue;
        f->kept[row] = ROW_ORDINARY;
        float *x = f->rows[worker] + (size_t)n * f->d;
        if (matrix_row(q->m, q->first + row, x) && !q->allow_nonfinite) continue;
        part->norm[row - from] = norm_of(x, f->d);
        n++;
    }
    part->moments.rows = 0;
    if (n) row_moments_of(&part->moments, f->rows[worker], n, f->d);
}

static bool goes_on(const outlier_query *q, uint64_t rows, scry_error *err) {
    return !q->go_on || q->go_on(q->context, rows) || scry_fail(err, "interrupted; nothing was written");
}

static bool read_norms(finder *f, outlier_rows *found, scry_error *err) {
    const outlier_query *q = f->q;
    for (f->at = 0; f->at < q->rows; f->at += f->parts * PART_ROWS) {
        size_t parts = (size_t)((q->rows - f->at + PART_ROWS - 1) / PART_ROWS);
        if (parts > f->parts) parts = f->parts;
        parallel_for(q->pool, parts, judge_part, f);
        for (size_t p = 0; p < parts; p++) {
            uint64_t from = f->at + p * PART_ROWS, left = q->rows - from, rows = left < PART_ROWS ? left : PART_ROWS;
            row_moments_merge(&found->all, &f->part[p].moments, f->d);
            if (!scratch_file_write(&f->norms, from * sizeof(double), f->part[p].norm, rows * sizeof(double), err))
                return false;
        }
        matrix_drop_pages(q->m);
        if (!goes_on(q, f->at + parts * PART_ROWS < q->rows ? f->at + parts * PART_ROWS : q->rows, err)) return false;
    }
    return scratch_file_finish(&f->norms, q->rows * sizeof(double), err);
}

static uint64_t bits_of(double norm) {
    uint64_t bits;
    memcpy(&bits, &norm, sizeof bits);
    return bits;
}

/* The kth smallest norm above 0, from 0. Bits of positive doubles are in the order of their values, so 16 of them at a
 * time are found by counting: four passes over the norms, and no copy of them. */
static double nth_norm(const scratch_file *norms, uint64_t rows, uint64_t k) {
    const double *norm = (const double *)(const void *)norms->data;
    uint64_t *count = mem_new(1 << 16, sizeof *count), found = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
        memset(count, 0, (1 << 16) * sizeof *count);
        for (uint64_t row = 0; row < rows; row++) {
            uint64_t bits = bits_of(norm[row]);
            bool counts = norm[row] > 0 && (shift == 48 || bits >> (shift + 16) == found);
            if (counts) count[bits >> shift & 0xffff]++;
        }
        uint64_t digit = 0;
        while (k >= count[digit]) k -= count[digit++];
        found = found << 16 | digit;
    }
    free(count);
    double value;
    memcpy(&value, &found, sizeof value);
    scratch_file_drop_pages(norms);
    return value;
}

static double median_norm(const scratch_file *norms, uint64_t rows) {
    const double *norm = (const double *)(const void *)norms->data;
    uint64_t n = 0;
    for (uint64_t row = 0; row < rows; row++) n += norm[row] > 0;
    if (!n) return (double)NAN;
    double middle = nth_norm(norms, rows, n / 2);
    return n % 2 ? middle : (nth_norm(norms, rows, n / 2 - 1) + middle) / 2;
}

static void add_batch(const finder *f, outlier_rows *found, row_moments *batch, uint32_t n) {
    if (!n) return;
    row_moments_of(batch, f->rows[0], n, f->d);
    row_moments_merge(&found->outlier, batch, f->d);
    matrix_drop_pages(f->q->m);
}

/* Marks the outliers and reads them again, now that they are known. */
static void mark_outliers(const finder *f, outlier_rows *found) {
    const outlier_query *q = f->q;
    const double *norm = (const double *)(const void *)f->norms.data;
    row_moments batch = row_moments_new(f->d);
    uint32_t n = 0;
    for (uint64_t row = 0; row < q->rows; row++) {
        if (!(norm[row] > q->ratio * found->median)) continue;
        f->kept[row] = ROW_OUTLIER;
        found->outliers++;
        matrix_row(q->m, q->first + row, f->rows[0] + (size_t)n++ * f->d);
        if (n == PART_ROWS) {
            add_batch(f, found, &batch, n);
            n = 0;
        }
    }
    add_batch(f, found, &batch, n);
    row_moments_free(&batch);
}

bool outlier_rows_find(outlier_rows *found, uint8_t *kept, const outlier_query *q, scry_error *err) {
    finder f = {.q = q, .kept = kept, .d = (uint32_t)q->m->cols};
    unsigned threads = parallel_threads(q->pool);
    *found = (outlier_rows){.median = (double)NAN, .all = row_moments_new(f.d), .outlier = row_moments_new(f.d)};
    if (!scratch_file_new(&f.norms, q->folder, q->rows * sizeof(double), err)) return false;
    f.parts = parts_of_round(f.d, threads);
    f.part = mem_new(f.parts, sizeof *f.part);
    f.rows = mem_new(threads, sizeof *f.rows);
    for (size_t p = 0; p < f.parts; p++) f.part[p].moments = row_moments_new(f.d);
    for (unsigned w = 0; w < threads; w++) f.rows[w] = mem_new((size_t)PART_ROWS * f.d, sizeof(float));
    bool ok = read_norms(&f, found, err);
    if (ok) found->median = median_norm(&f.norms, q->rows);
    if (ok) mark_outliers(&f, found);
    for (size_t p = 0; p < f.parts; p++) row_moments_free(&f.part[p].moments);
    for (unsigned w = 0; w < threads; w++) free(f.rows[w]);
    free(f.part);
    free(f.rows);
    scratch_file_close(&f.norms);
    return ok;
}

void outlier_rows_free(outlier_rows *found) {
    row_moments_free(&found->all);
    row_moments_free(&found->outlier);
}

double outlier_variance_share(const row_moments *all, const row_moments *outlier, uint32_t d) {
    if (!(all->spread > 0)) return (double)NAN;
    return outlier->rows ? row_moments_about(outlier, all->mean, d) / all->spread : 0;
}
