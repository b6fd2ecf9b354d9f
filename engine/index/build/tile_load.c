/* tile_load.c: read the rows of a tile: residuals, or the nonzero values of features.
 *
 * Rows that lie in a file as plain numbers are copied from it into a buffer that stays in the cache
 * and are looked at there; others are read through the map. */
#include "base/mem.h"
#include "index/build/tile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct part_result {
    uint64_t bad, bad_row;
    uint64_t mapped;    /* bytes read through the map */
    const char *unread; /* a file that cannot be read, and errno */
    int why;
} part_result;

typedef struct load_job {
    build_tile *tile;
    part_result result[SCRY_CONDITIONS][PARTS];
} load_job;

typedef struct load_part {
    build_tile *tile;
    tile_worker *worker;
    part_result *result;
    int c;
    uint32_t from, end; /* rows of the tile */
} load_part;

static void count_bad(load_part *p, uint32_t t, uint64_t bad) {
    if (bad && !p->result->bad) p->result->bad_row = p->tile->row[p->c][t];
    p->result->bad += bad;
}

/* How many rows of the tile from t on follow each other in the capture, at most `most`. */
static uint32_t row_run(const load_part *p, uint32_t t, uint64_t most) {
    const uint64_t *row = p->tile->row[p->c];
    uint32_t n = 1;
    while (t + n < p->end && n < most && row[t + n] == row[t] + n) n++;
    return n;
}

/* Calls take(p, place, t, col, count, bytes) for stretches of the rows from t on, in order; returns how
 * many rows it was, 0 where they are not plain or cannot be read. */
typedef void take_bytes(load_part *p, const matrix_place *place, uint32_t t, uint32_t col, uint32_t count,
                        const uint8_t *bytes);

static uint32_t read_rows(load_part *p, uint32_t t, take_bytes *take) {
    const build_capture *capture = p->tile->group[p->c];
    matrix_place place;
    if (!matrix_place_of(&capture->m, capture->row0 + p->tile->row[p->c][t], &place)) return 0;
    const uint32_t rows = row_run(p, t, place.rows), cols = (uint32_t)capture->m.cols;
    const unsigned each = tensor_size(place.tensor->dtype);
    const uint64_t count = (uint64_t)rows * cols, room = READ_BYTES / each;
    for (uint64_t at = 0; at < count; at += room) {
        uint64_t n = count - at < room ? count - at : room;
        if (!mapped_file_read(place.map, place.at + at * each, p->worker->bytes, (size_t)n * each)) {
            p->result->why = errno;
            p->result->unread = place.map->path;
            return 0;
        }
        for (uint64_t i = at; i < at + n;) {
            uint32_t col = (uint32_t)(i % cols), part = cols - col;
            if (part > at + n - i) part = (uint32_t)(at + n - i);
            take(p, &place, t + (uint32_t)(i / cols), col, part, p->worker->bytes + (i - at) * each);
            i += part;
        }
    }
    if (place.map->fd < 0) p->result->mapped += count * each;
    return rows;
}

static void take_features(load_part *p, const matrix_place *place, uint32_t t, uint32_t col, uint32_t count,
                          const uint8_t *bytes) {
    part_scan *scan = &p->worker->scan;
    if (!col) scan->start[t - p->from] = scan->used;
    count_bad(p, t, scan_bytes(scan, place->tensor, bytes, col, count));
}

/* A row that is sparse, or not contiguous in the file. */
static void load_features_row(load_part *p, uint32_t t) {
    const build_capture *capture = p->tile->group[p->c];
    part_scan *scan = &p->worker->scan;
    uint64_t row = capture->row0 + p->tile->row[p->c][t], cols = capture->m.cols;
    scan->start[t - p->from] = scan->used;
    if (capture->m.sparse) {
        sparse_row *entries = &p->worker->row;
        count_bad(p, t, matrix_sparse_row(&capture->m, row, entries));
        scan_sparse(scan, entries->col, entries->value, entries->count);
        p->result->mapped += entries->count * 16; /* as they lie in the file, at most */
        return;
    }
    float *x = mem_resize(NULL, (size_t)cols, sizeof *x);
    count_bad(p, t, matrix_row(&capture->m, row, x));
    scan_floats(scan, x, 0, (uint32_t)cols);
    p->result->mapped += cols * sizeof *x;
    free(x);
}

static void load_features(load_part *p, tile_part *part) {
    part_scan *scan = &p->worker->scan;
    for (uint32_t t = p->from, rows; t < p->end && !p->result->unread; t += rows) {
        rows = read_rows(p, t, take_features);
        if (rows || p->result->unread) continue;
        load_features_row(p, t);
        rows = 1;
    }
    scan->start[p->end - p->from] = scan->used;
    if (p->result->unread) scan->used = 0;
    else scan_close(scan, part, p->tile->in->first, p->tile->in->F, p->from, p->end - p->from);
}

static void take_residuals(load_part *p, const matrix_place *place, uint32_t t, uint32_t col, uint32_t count,
                           const uint8_t *bytes) {
    tensor part = *place->tensor;
    part.data = bytes;
    float *x = p->tile->X[p->c] + (size_t)t * p->tile->in->sae.d_in + col;
    count_bad(p, t, tensor_floats(&part, 0, 1, count, x));
}

static void load_residuals(load_part *p) {
    build_tile *tile = p->tile;
    const build_capture *capture = tile->group[p->c];
    const uint32_t d = tile->in->sae.d_in;
    for (uint32_t t = p->from, rows; t < p->end && !p->result->unread; t += rows) {
        rows = read_rows(p, t, take_residuals);
        if (rows || p->result->unread) continue;
        count_bad(p, t, matrix_row(&capture->m, capture->row0 + tile->row[p->c][t], tile->X[p->c] + (size_t)t * d));
        p->result->mapped += (capture->m.minus ? 2 : 1) * d * sizeof(float);
        rows = 1;
    }
    for (uint32_t t = p->from; t < p->end && !p->result->unread; t++) {
        float *x = tile->X[p->c] + (size_t)t * d;
        double norm = 0;
        for (uint32_t i = 0; i < d; i++) norm += (double)x[i] * (double)x[i];
        tile->norm[p->c][t] = norm;
    }
}

/* Sums |x|^2 by token text: one that holds most of a capture's norm is reported later. */
static void add_norms(build_tile *tile, int c) {
    build_capture *capture = tile->group[c];
    if (!(tile->mask >> c & 1) || !tile->X[c] || capture->text < 0) return;
    const uint32_t *piece = tile->in->texts[capture->text].text.piece;
    if (!capture->piece_norm) capture->piece_norm = mem_new(tile->in->pieces.count, sizeof(double));
    for (uint32_t t = 0; t < tile->n; t++) {
        capture->piece_norm[piece[tile->row[c][t]]] += tile->norm[c][t];
        capture->norm += tile->norm[c][t];
    }
}

static void load_piece(void *context, size_t piece, unsigned worker) {
    load_job *job = context;
    build_tile *tile = job->tile;
    int c = (int)(piece / PARTS);
    size_t part = piece % PARTS;
    load_part p = {.tile = tile, .worker = &tile->workers[worker], .result = &job->result[c][part], .c = c};
    p.from = (uint32_t)part * PART_ROWS;
    p.end = p.from + PART_ROWS < tile->n ? p.from + PART_ROWS : tile->n;
    if (!(tile->mask >> c & 1) || p.from >= p.end) return;
    if (tile->group[c]->spec->features) load_features(&p, &tile->part[c][part]);
    else load_residuals(&p);
}

static bool check_result(build_tile *tile, int c, const part_result *result) {
    build_capture *capture = tile->group[c];
    if (result->unread)
        return scry_fail(tile->in->err, "%s: %s: %s: cannot be read: %s; nothing was written", tile->in->study->path,
                         capture->spec->key, result->unread,
                         result->why ? strerror(result->why) : "the file became shorter while it was read");
    if (result->bad && !capture->nonfinite) capture->nonfinite_row = capture->row0 + result->bad_row;
    capture->nonfinite += result->bad;
    tile->mapped += result->mapped;
    return true;
}

bool tile_load(build_tile *tile) {
    load_job job = {.tile = tile};
    parallel_for(tile->in->pool, (size_t)SCRY_CONDITIONS * PARTS, load_piece, &job);
    bool ok = true;
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        for (int part = 0; part < PARTS && ok; part++)
            ok = !tile->group[c] || check_result(tile, c, &job.result[c][part]);
    for (int c = 0; c < SCRY_CONDITIONS && ok; c++) add_norms(tile, c);
    return ok;
}
