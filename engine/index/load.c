/* load.c: one tile: files to residuals, or to the nonzero latents of each row.
 *
 * Features are stepped through where they lie, in the file's own dtype; only what is not zero is
 * ever converted or copied. */
#include "base/mem.h"
#include "index/build.h"
#include "index/raw.h"

#include <stdlib.h>
#include <string.h>

/* This loop reads whole captures: let the compiler use what the processor has. */
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

typedef struct load_job {
    builder *b;
    uint64_t bad[SCRY_CONDITIONS][LOAD_PARTS];
    uint64_t bad_row[SCRY_CONDITIONS][LOAD_PARTS];
} load_job;

static void reserve(tile_rows *rows, uint32_t used, uint64_t more) {
    if (rows->room - used >= more) return;
    rows->room = (uint32_t)(((uint64_t)used + more) * 3 / 2);
    rows->col = mem_resize(rows->col, rows->room, sizeof *rows->col);
    rows->value = mem_resize(rows->value, rows->room, sizeof *rows->value);
}

/* Is any of 16 floats other than +0 and -0? One OR, which the compiler makes wide. */
static inline bool any_nonzero(const float *x) {
    uint32_t bits[16], any = 0;
    memcpy(bits, x, sizeof bits);
    for (int i = 0; i < 16; i++) any |= bits[i];
    return (any & 0x7fffffff) != 0;
}

/* Are any of 64 floats, at any alignment, other than +0 and -0? */
static inline bool any_in_64(const uint8_t *bytes) {
    uint64_t any = 0;
    for (int i = 0; i < 32; i++) {
        uint64_t two;
        memcpy(&two, bytes + 8 * i, sizeof two);
        any |= two;
    }
    return (any & 0x7fffffff7fffffffu) != 0;
}

/* Appends the nonzero floats among n that lie in the file; those that are NaN or infinite are counted
 * and left out, as 0. What is zero is only looked at, 64 at a time. */
WIDE static uint32_t compact_plain(tile_rows *rows, uint32_t used, const uint8_t *bytes, uint32_t n, uint64_t *bad) {
    for (uint32_t i = 0; i < n; i += 64) {
        uint32_t end = n - i < 64 ? n : i + 64;
        if (end == i + 64 && !any_in_64(bytes + (size_t)i * 4)) continue;
        reserve(rows, used, 64);
        for (uint32_t k = i; k < end; k++) {
            uint32_t bits;
            memcpy(&bits, bytes + (size_t)k * 4, sizeof bits);
            if (!(bits & 0x7fffffff)) continue;
            if ((bits & 0x7f800000) == 0x7f800000) {
                ++*bad;
                continue;
            }
            rows->col[used] = k;
            memcpy(&rows->value[used++], &bits, sizeof bits);
        }
    }
    return used;
}

/* Appends the nonzero values of x[n] from entry `used` on; returns the new number of entries. */
static uint32_t compact(tile_rows *rows, uint32_t used, const float *x, uint32_t n) {
    uint32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        if (!any_nonzero(x + i)) continue;
        reserve(rows, used, 16);
        for (uint32_t k = i; k < i + 16; k++) {
            rows->col[used] = k;
            rows->value[used] = x[k];
            used += x[k] != 0;
        }
    }
    reserve(rows, used, 16);
    for (; i < n; i++) {
        rows->col[used] = i;
        rows->value[used] = x[i];
        used += x[i] != 0;
    }
    return used;
}

static uint32_t copy_sparse(tile_rows *rows, uint32_t used, const uint32_t *col, const float *value, uint64_t count) {
    reserve(rows, used, count + 1);
    for (uint64_t i = 0; i < count; i++) {
        rows->col[used] = col[i];
        rows->value[used] = value[i];
        used += value[i] != 0;
    }
    return used;
}

static void load_features(load_job *job, size_t c, size_t part, uint32_t from, uint32_t end) {
    builder *b = job->b;
    const build_capture *capture = b->group[c];
    tile_rows *rows = &b->tile.rows[c][part];
    uint32_t used = 0;
    float *spare = capture->m.sparse ? NULL : mem_new(capture->m.cols, sizeof *spare);
    for (uint32_t t = from; t < end; t++) {
        uint64_t row = capture->row0 + b->tile.row[c][t];
        rows->start[t - from] = used;
        if (capture->m.sparse) {
            const uint32_t *col;
            const float *value;
            uint64_t count;
            matrix_sparse_row(&capture->m, row, &col, &value, &count);
            used = copy_sparse(rows, used, col, value, count);
            continue;
        }
        const uint8_t *plain = matrix_row_plain(&capture->m, row);
        uint64_t bad = 0;
        if (plain) used = compact_plain(rows, used, plain, (uint32_t)capture->m.cols, &bad);
        else bad = matrix_row(&capture->m, row, spare);
        if (bad && !job->bad[c][part]) job->bad_row[c][part] = b->tile.row[c][t];
        job->bad[c][part] += bad;
        if (!plain) used = compact(rows, used, spare, (uint32_t)capture->m.cols);
    }
    rows->start[end - from] = used;
    free(spare);
}

static void load_residuals(load_job *job, size_t c, size_t part, uint32_t from, uint32_t end) {
    builder *b = job->b;
    const build_capture *capture = b->group[c];
    for (uint32_t t = from; t < end; t++) {
        float *x = b->tile.X[c] + (size_t)t * capture->m.cols;
        uint64_t bad = matrix_row(&capture->m, capture->row0 + b->tile.row[c][t], x);
        if (bad && !job->bad[c][part]) job->bad_row[c][part] = b->tile.row[c][t];
        job->bad[c][part] += bad;
        double norm = 0;
        for (uint32_t i = 0; i < b->sae.d_in; i++) norm += (double)x[i] * (double)x[i];
        b->tile.norm[c][t] = norm;
    }
}

static void load_piece(void *context, size_t piece, unsigned worker) {
    (void)worker;
    load_job *job = context;
    const build_tile *tile = &job->b->tile;
    size_t c = piece / LOAD_PARTS, part = piece % LOAD_PARTS;
    uint32_t from = (uint32_t)part * LOAD_ROWS, end = from + LOAD_ROWS < tile->n ? from + LOAD_ROWS : tile->n;
    if (!(tile->mask >> c & 1) || from >= end) return;
    if (job->b->group[c]->spec->features) load_features(job, c, part, from, end);
    else load_residuals(job, c, part, from, end);
}

/* Which token texts hold a capture's norm: one that holds most of it is a warning later. */
static void add_norms(builder *b, int c) {
    build_capture *capture = b->group[c];
    if (!(b->tile.mask >> c & 1) || !b->tile.X[c] || capture->text < 0) return;
    const uint32_t *piece = b->texts[capture->text].text.piece;
    if (!capture->piece_norm) capture->piece_norm = mem_new(b->pieces.count, sizeof(double));
    for (uint32_t t = 0; t < b->tile.n; t++) {
        capture->piece_norm[piece[b->tile.row[c][t]]] += b->tile.norm[c][t];
        capture->norm += b->tile.norm[c][t];
    }
}

void tile_load(builder *b) {
    load_job job = {.b = b};
    parallel_for(b->pool, SCRY_CONDITIONS * LOAD_PARTS, load_piece, &job);
    raw_tile(b);
    for (int c = 0; c < SCRY_CONDITIONS; c++) add_norms(b, c);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        for (int part = 0; part < LOAD_PARTS; part++) {
            if (!job.bad[c][part]) continue;
            if (!b->group[c]->nonfinite) b->group[c]->nonfinite_row = b->group[c]->row0 + job.bad_row[c][part];
            b->group[c]->nonfinite += job.bad[c][part];
        }
}
