/* residual_sums.c: sums over the residual stream's own dimensions, taken while a study is indexed. */
#include "index/build/builder.h"
#include "index/build/residual_sums.h"
#include "base/mem.h"
#include "base/cpu_dispatch.h"
#include "index/format/container.h"
#include "index/format/layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_PARTS = RESIDUAL_ROWS / PART_ROWS };

/* Sums of one capture so far, [d] each. */
typedef struct raw_capture {
    double *sum, *square, *difference;
    uint64_t pairs;
} raw_capture;

/* One part of a tile: sums of its own, put together in order, so that neither the threads nor their
 * number change a bit. */
typedef struct raw_part {
    double *array[SCRY_CONDITIONS][RESIDUAL_SUMS]; /* [d] */
} raw_part;

struct raw_sums {
    size_t captures;
    raw_capture *capture;
    raw_part part[RAW_PARTS];
    double *run[SCRY_CONDITIONS]; /* [d] pairing by sample: sum over the sample so far */
    uint64_t run_rows[SCRY_CONDITIONS];
};

static bool is_residual(const builder *b, int c) {
    return b->tile.mask >> c & 1 && b->tile.X[c];
}

static bool paired(const builder *b, int c) {
    return b->pairing != SCRY_PAIR_SAMPLE && c != SCRY_BASE && is_residual(b, c) && is_residual(b, SCRY_BASE);
}

/* ---- a tile --------------------------------------------------------------------------------- */

CPU_DISPATCH static void add_row(double *restrict sum, double *restrict square, const float *restrict x, uint32_t d) {
    for (uint32_t i = 0; i < d; i++) {
        double value = (double)x[i];
        sum[i] += value;
        square[i] += value * value;
    }
}

CPU_DISPATCH static void add_pair(double *restrict difference, const float *restrict base, const float *restrict x,
                                  uint32_t d) {
    for (uint32_t i = 0; i < d; i++) {
        double change = (double)x[i] - (double)base[i];
        difference[i] += change * change;
    }
}

static void add_part(void *context, size_t number, unsigned worker) {
    (void)worker;
    builder *b = context;
    raw_part *part = &b->raw->part[number];
    const uint32_t d = b->sae.d_in, from = (uint32_t)number * PART_ROWS;
    const uint32_t end = from + PART_ROWS < b->tile.n ? from + PART_ROWS : b->tile.n;
    for (int c = SCRY_CONDITIONS - 1; c >= 0; c--) { /* base is prepared last: the others are compared with it */
        if (!is_residual(b, c)) continue;
        for (int a = 0; a < RESIDUAL_SUMS; a++) {
            if (!part->array[c][a]) part->array[c][a] = mem_new(d, sizeof(double));
            memset(part->array[c][a], 0, d * sizeof(double));
        }
        for (uint32_t t = from; t < end; t++) {
            float *x = b->tile.X[c] + (size_t)t * d;
            add_row(part->array[c][RESIDUAL_MEAN], part->array[c][RESIDUAL_SQUARE], x, d);
            if (paired(b, c)) add_pair(part->array[c][RESIDUAL_DIFFERENCE], b->tile.X[SCRY_BASE] + (size_t)t * d, x, d);
            sae_prepare(&b->sae, x);
        }
    }
}

static void add_to(double *sum, const double *more, uint32_t d) {
    for (uint32_t i = 0; i < d; i++) sum[i] += more[i];
}

/* Pairing by sample: its means are the pair. */
static void close_sample(builder *b, int c) {
    struct raw_sums *r = b->raw;
    raw_capture *to = &r->capture[b->group[c] - b->captures];
    double rows = (double)r->run_rows[c], base_rows = (double)r->run_rows[SCRY_BASE];
    for (uint32_t i = 0; i < b->sae.d_in; i++) {
        double change = r->run[c][i] / rows - r->run[SCRY_BASE][i] / base_rows;
        to->difference[i] += change * change;
    }
    to->pairs++;
}

static void close_samples(builder *b) {
    struct raw_sums *r = b->raw;
    for (int c = 1; c < SCRY_CONDITIONS; c++)
        if (r->run_rows[c] && r->run_rows[SCRY_BASE]) close_sample(b, c);
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (r->run_rows[c]) memset(r->run[c], 0, b->sae.d_in * sizeof(double));
        r->run_rows[c] = 0;
    }
}

static raw_capture *capture_sums_of(builder *b, int c) {
    raw_capture *to = &b->raw->capture[b->group[c] - b->captures];
    if (!to->sum) {
        to->sum = mem_new(b->sae.d_in, sizeof(double));
        to->square = mem_new(b->sae.d_in, sizeof(double));
        to->difference = mem_new(b->sae.d_in, sizeof(double));
    }
    return to;
}

static void join_parts(builder *b, int c) {
    struct raw_sums *r = b->raw;
    const uint32_t d = b->sae.d_in, parts = (b->tile.n + PART_ROWS - 1) / PART_ROWS;
    raw_capture *to = capture_sums_of(b, c);
    bool by_sample = b->pairing == SCRY_PAIR_SAMPLE;
    if (by_sample && !r->run[c]) r->run[c] = mem_new(d, sizeof(double));
    for (uint32_t p = 0; p < parts; p++) {
        add_to(to->sum, r->part[p].array[c][RESIDUAL_MEAN], d);
        add_to(to->square, r->part[p].array[c][RESIDUAL_SQUARE], d);
        if (by_sample) add_to(r->run[c], r->part[p].array[c][RESIDUAL_MEAN], d);
        else if (paired(b, c)) add_to(to->difference, r->part[p].array[c][RESIDUAL_DIFFERENCE], d);
    }
    if (by_sample) r->run_rows[c] += b->tile.n;
    else if (paired(b, c)) to->pairs += b->tile.n;
}

void residual_sums_add_tile(builder *b) {
    bool any = false;
    for (int c = 0; c < SCRY_CONDITIONS; c++) any = any || is_residual(b, c);
    if (any && !b->raw) {
        b->raw = mem_new(1, sizeof *b->raw);
        b->raw->captures = b->capture_count;
        b->raw->capture = mem_new(b->capture_count, sizeof *b->raw->capture);
    }
    if (any) {
        parallel_for(b->pool, (b->tile.n + PART_ROWS - 1) / PART_ROWS, add_part, b);
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (is_residual(b, c)) join_parts(b, c);
    }
    if (b->raw && b->pairing == SCRY_PAIR_SAMPLE && b->tile.sample_end) close_samples(b);
}

/* ---- the section ---------------------------------------------------------------------------- */

uint64_t residual_sums_bytes(const builder *b) {
    uint64_t captures = b->has_sae ? b->capture_count : 0;
    return (captures + RAW_PARTS * SCRY_CONDITIONS + SCRY_CONDITIONS) * RESIDUAL_SUMS * b->sae.d_in * sizeof(double);
}

static void write_mean(container_writer *w, const double *sum, uint64_t count, uint32_t d) {
    double *mean = mem_new(d, sizeof *mean);
    for (uint32_t i = 0; i < d; i++) mean[i] = sum && count ? sum[i] / (double)count : (double)NAN;
    container_write(w, mean, d * sizeof *mean);
    free(mean);
}

void residual_sums_write(const builder *b, container_writer *w) {
    if (!b->raw) return;
    container_begin(w, "raw/sums");
    for (size_t i = 0; i < b->raw->captures; i++) {
        const raw_capture *c = &b->raw->capture[i];
        write_mean(w, c->sum, b->captures[i].kept_count, b->sae.d_in);
        write_mean(w, c->square, b->captures[i].kept_count, b->sae.d_in);
        write_mean(w, c->difference, c->pairs, b->sae.d_in);
    }
}

void residual_sums_free(builder *b) {
    if (!b->raw) return;
    for (size_t i = 0; i < b->raw->captures; i++) {
        free(b->raw->capture[i].sum);
        free(b->raw->capture[i].square);
        free(b->raw->capture[i].difference);
    }
    for (int p = 0; p < RAW_PARTS; p++)
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            for (int a = 0; a < RESIDUAL_SUMS; a++) free(b->raw->part[p].array[c][a]);
    for (int c = 0; c < SCRY_CONDITIONS; c++) free(b->raw->run[c]);
    free(b->raw->capture);
    free(b->raw);
    b->raw = NULL;
}
