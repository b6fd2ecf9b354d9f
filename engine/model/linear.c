/* linear.c: products with weights.
 *
 * A piece of work is a tile of W's rows for all rows of x, or for a range of them where there are more threads than
 * tiles. DEPTH columns of the tile are widened into panels [depth][kernel's columns], which stay in the cache while
 * rows of x pass by, CHUNK at a time; x is read as it lies. What is done to the result follows while it is in the
 * cache.
 *
 * In a transposed product a tile is one of W's columns, DEPTH rows at a time, whose panels are those rows as they lie.
 */
#include "model/linear.h"
#include "base/mem.h"
#include "model/elementwise.h"

#include <stdlib.h>
#include <string.h>

enum {
    TILE = 96,        /* rows of W, a multiple of the kernels' columns... */
    WIDE_TILE = 128,  /* ... with panels of 32, so that a gated tile has whole panels of both parts */
    DEPTH = 640,      /* columns of W at a time, at most */
    CHUNK = 48,       /* rows of x, a multiple of the kernels' rows */
    PIECE_ROWS = 2064 /* of x in a piece of work, at most; a multiple of CHUNK */
};

size_t linear_scratch_bytes(void) {
    return sizeof(float) *
           ((size_t)WIDE_TILE * DEPTH + (size_t)PRODUCT_COLUMNS_MAX * DEPTH + (size_t)PIECE_ROWS * WIDE_TILE);
}

void linear_scratch_new(linear_scratch *s) {
    s->packed = mem_new((size_t)WIDE_TILE * DEPTH, sizeof(float));
    s->widened = mem_new((size_t)PRODUCT_COLUMNS_MAX * DEPTH, sizeof(float));
    s->result = mem_new((size_t)PIECE_ROWS * WIDE_TILE, sizeof(float));
}

void linear_scratch_free(linear_scratch *s) {
    free(s->packed);
    free(s->widened);
    free(s->result);
}

typedef struct job {
    const linear *l;
    const product_kernel *kernel;
    linear_scratch *scratch;
    uint32_t in, out;     /* terms and numbers of y; out: of one part where they are gated */
    uint32_t tile, tiles; /* numbers of y a piece */
    uint32_t piece_rows;  /* rows of x a piece */
    uint32_t depth;
} job;

/* Widens `rows` rows of W from row `first` of the parts on, columns from..to. */
static void widen(const linear *l, uint32_t first, uint32_t rows, uint32_t from, uint32_t to, float *out) {
    for (int i = 0; i < l->parts && rows; i++) {
        if (first >= l->part[i]->out) {
            first -= l->part[i]->out;
            continue;
        }
        uint32_t here = l->part[i]->out - first < rows ? l->part[i]->out - first : rows;
        weight_rows(l->part[i], first, here, from, to, out);
        out += (size_t)here * (to - from);
        rows -= here;
        first = 0;
    }
}

/* Turns a whole panel of rows where they lie, if all are of one part and in BF16. */
static bool turn_at_once(const job *j, uint32_t first, uint32_t from, uint32_t depth, float *out) {
    const uint16_t *row[PRODUCT_COLUMNS_MAX];
    const linear *l = j->l;
    int i = 0;
    for (; i < l->parts && first >= l->part[i]->out; i++) first -= l->part[i]->out;
    if (i == l->parts || first + j->kernel->columns > l->part[i]->out ||
        !weight_rows_bf16(l->part[i], first, j->kernel->columns, from, row))
        return false;
    j->kernel->turn_bf16(j->kernel->columns, depth, row, out);
    return true;
}

/* The panels of `tile_rows` rows of W from `first` on, those of the gated part after those of the gate. */
static void pack(const job *j, linear_scratch *s, uint32_t first, uint32_t from, uint32_t to) {
    uint32_t columns = j->kernel->columns, depth = to - from;
    bool gated = j->l->end == LINEAR_GATE;
    float *out = s->packed;
    for (uint32_t half = 0; half < (gated ? 2U : 1U); half++)
        for (uint32_t c = 0; c < j->tile; c += columns, out += (size_t)columns * depth) {
            uint32_t row = first + c, rows = row >= j->out ? 0 : j->out - row < columns ? j->out - row : columns;
            if (!rows) break;
            if (rows == columns && turn_at_once(j, row + half * j->out, from, depth, out)) continue;
            widen(j->l, row + half * j->out, rows, from, to, s->widened);
            if (rows < columns)
                memset(s->widened + (size_t)rows * depth, 0, (size_t)(columns - rows) * depth * sizeof(float));
            j->kernel->turn(columns, depth, s->widened, out);
        }
}

/* Lays rows of a tile, [rows][width], into its panels from row `at` of their depth on. */
static void spread(const float *tile, uint32_t rows, uint32_t width, uint32_t columns, uint32_t at, uint32_t depth,
                   float *panels) {
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t c = 0; c < width; c += columns)
            memcpy(panels + (size_t)c * depth + (size_t)(at + r) * columns, tile + (size_t)r * width + c,
                   (width - c < columns ? width - c : columns) * sizeof(float));
}

/* The panels of W's columns from `first` on: rows from..to of the parts one below the other. */
static void pack_transposed(const job *j, linear_scratch *s, uint32_t first, uint32_t from, uint32_t to) {
    const uint32_t columns = j->kernel->columns, depth = to - from;
    const uint32_t width = j->out - first < j->tile ? j->out - first : j->tile;
    const uint32_t slab = (uint32_t)PRODUCT_COLUMNS_MAX * DEPTH / width; /* rows that s->widened holds */
    if (width % columns)
        memset(s->packed + (size_t)(width / columns) * columns * depth, 0, (size_t)columns * depth * sizeof(float));
    uint32_t at = from, before = 0;
    for (int i = 0; i < j->l->parts; before += j->l->part[i++]->out)
        while (at < to && at < before + j->l->part[i]->out) {
            uint32_t here = before + j->l->part[i]->out - at, rows = here < to - at ? here : to - at;
            if (rows > slab) rows = slab;
            weight_rows(j->l->part[i], at - before, rows, first, first + width, s->widened);
            spread(s->widened, rows, width, columns, at - from, depth, s->packed);
            at += rows;
        }
}

static void end_rows(const job *j, const float *result, size_t lead, uint32_t row, uint32_t rows, uint32_t first,
                     uint32_t width) {
    const linear *l = j->l;
    uint32_t up = (width + j->kernel->columns - 1) / j->kernel->columns * j->kernel->columns;
    for (uint32_t r = 0; r < rows; r++, result += lead) {
        float *y = (float *)(uintptr_t)result, *out = l->out + (row + r) * l->out_lead + first;
        if (l->bias) add_row(y, l->bias + first, width);
        if (l->bias && l->end == LINEAR_GATE) add_row(y + up, l->bias + j->out + first, width);
        switch (l->end) {
        case LINEAR_STORE:
            memcpy(out, y, width * sizeof *y);
            break;
        case LINEAR_ADD:
            add_row(out, y, width);
            break;
        case LINEAR_ACTIVATE:
            activate_row(l->act, y, width);
            memcpy(out, y, width * sizeof *y);
            break;
        case LINEAR_GATE:
            gate_row(l->act, y, y + up, width, out);
            break;
        }
    }
}

static void work(void *context, size_t piece, unsigned worker) {
    const job *j = context;
    const linear *l = j->l;
    linear_scratch *s = &j->scratch[worker];
    const uint32_t columns = j->kernel->columns;
    uint32_t first = (uint32_t)(piece % j->tiles) * j->tile, from_row = (uint32_t)(piece / j->tiles) * j->piece_rows;
    uint32_t width = j->out - first < j->tile ? j->out - first : j->tile;
    uint32_t rows = l->rows - from_row < j->piece_rows ? l->rows - from_row : j->piece_rows;
    uint32_t panels = (width + columns - 1) / columns * (l->end == LINEAR_GATE ? 2 : 1);
    bool direct = l->end <= LINEAR_ADD && !l->bias && width % columns == 0;
    for (uint32_t from = 0; from < j->in; from += j->depth) {
        uint32_t depth = j->in - from < j->depth ? j->in - from : j->depth;
        bool last = from + depth == j->in, alone = last && from == 0;
        if (l->transposed) pack_transposed(j, s, first, from, from + depth);
        else pack(j, s, first, from, from + depth);
        for (uint32_t r = 0; r < rows; r += CHUNK) {
            uint32_t n = rows - r < CHUNK ? rows - r : CHUNK;
            size_t lead = direct ? l->out_lead : (size_t)panels * columns;
            float *C = direct ? l->out + (from_row + r) * l->out_lead + first : s->result + (alone ? 0 : r * lead);
            for (uint32_t p = 0; p < panels; p++)
                product_rows(j->kernel, n, depth, l->x + (from_row + r) * l->x_lead + from, l->x_lead,
                             s->packed + (size_t)p * columns * depth, columns, C + (size_t)p * columns, lead,
                             from > 0 || (direct && l->end == LINEAR_ADD));
            if (last && !direct) end_rows(j, C, lead, from_row + r, n, first, width);
        }
    }
}

static uint32_t round_up(uint32_t n, uint32_t to) {
    return (n + to - 1) / to * to;
}

void linear_run(const linear *l, parallel *pool, const product_kernel *kernel, linear_scratch *scratch) {
    job j = {.l = l, .kernel = kernel, .scratch = scratch};
    if (!l->rows) return;
    bool gated = l->end == LINEAR_GATE;
    uint32_t rows = 0; /* of W */
    for (int i = 0; i < l->parts && !(gated && i); i++) rows += l->part[i]->out;
    j.in = l->transposed ? rows : l->part[0]->in;
    j.out = l->transposed ? l->part[0]->in : rows;
    uint32_t tile = TILE % (2 * kernel->columns) ? WIDE_TILE : TILE;
    j.tile = gated ? tile / 2 : tile;
    j.tiles = (j.out + j.tile - 1) / j.tile;
    uint32_t deep = (j.in + DEPTH - 1) / DEPTH;
    j.depth = round_up((j.in + deep - 1) / deep, 16);
    /* enough pieces for all threads to end at about the same time */
    uint32_t wanted = 3 * parallel_threads(pool), splits = parallel_threads(pool) > 1 ? wanted / j.tiles : 1;
    uint32_t most = (l->rows + 2 * CHUNK - 1) / (2 * CHUNK), least = (l->rows + PIECE_ROWS - 1) / PIECE_ROWS;
    splits = splits > most ? most : splits;
    splits = splits < least ? least : splits;
    j.piece_rows = round_up((l->rows + splits - 1) / splits, CHUNK);
    splits = (l->rows + j.piece_rows - 1) / j.piece_rows;
    parallel_for(pool, (size_t)j.tiles * splits, work, &j);
}
