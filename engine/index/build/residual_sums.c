/* residual_sums.c: sums over the residual stream's own dimensions, taken while a study is indexed. */
#include "base/cpu_dispatch.h"
#include "base/mem.h"
#include "index/build/statistics.h"
#include "index/format/layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE_PARTS = RESIDUAL_ROWS / PART_ROWS };

/* Sums of one capture so far, [d] each. */
typedef struct residual_capture {
    double *sum, *square, *difference;
    uint64_t pairs;
} residual_capture;

/* One part of a tile: sums of its own, put together in order, so that neither the threads nor their
 * number change a bit. */
typedef struct residual_part {
    double *array[SCRY_CONDITIONS][RESIDUAL_SUMS]; /* [d] */
} residual_part;

struct residual_sums {
    const build_tile *tile;
    size_t captures;
    residual_capture *capture;
    residual_part part[TILE_PARTS];
    double *run[SCRY_CONDITIONS]; /* [d] pairing by sample: sum over the sample so far */
    uint64_t run_rows[SCRY_CONDITIONS];
};

static bool is_residual(const residual_sums *r, int c) {
    return r->tile->mask >> c & 1 && r->tile->X[c];
}

static bool paired(const residual_sums *r, int c) {
    return r->tile->in->pairing != SCRY_PAIR_SAMPLE && c != SCRY_BASE && is_residual(r, c) && is_residual(r, SCRY_BASE);
}

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
    residual_sums *r = context;
    residual_part *part = &r->part[number];
    const uint32_t d = r->tile->in->sae.d_in, from = (uint32_t)number * PART_ROWS;
    const uint32_t end = from + PART_ROWS < r->tile->n ? from + PART_ROWS : r->tile->n;
    for (int c = SCRY_CONDITIONS - 1; c >= 0; c--) { /* base is prepared last: the others are compared with it */
        if (!is_residual(r, c)) continue;
        for (int a = 0; a < RESIDUAL_SUMS; a++) {
            if (!part->array[c][a]) part->array[c][a] = mem_new(d, sizeof(double));
            memset(part->array[c][a], 0, d * sizeof(double));
        }
        for (uint32_t t = from; t < end; t++) {
            float *x = r->tile->X[c] + (size_t)t * d;
            add_row(part->array[c][RESIDUAL_MEAN], part->array[c][RESIDUAL_SQUARE], x, d);
            if (paired(r, c))
                add_pair(part->array[c][RESIDUAL_DIFFERENCE], r->tile->X[SCRY_BASE] + (size_t)t * d, x, d);
            sae_prepare(&r->tile->in->sae, x);
        }
    }
}

static void add_to(double *sum, const double *more, uint32_t d) {
    for (uint32_t i = 0; i < d; i++) sum[i] += more[i];
}

/* Pairing by sample: its means are the pair. */
static void close_sample(residual_sums *r, int c) {
    residual_capture *to = &r->capture[r->tile->group[c] - r->tile->in->captures];
    double rows = (double)r->run_rows[c], base_rows = (double)r->run_rows[SCRY_BASE];
    for (uint32_t i = 0; i < r->tile->in->sae.d_in; i++) {
        double change = r->run[c][i] / rows - r->run[SCRY_BASE][i] / base_rows;
        to->difference[i] += change * change;
    }
    to->pairs++;
}

static void close_samples(residual_sums *r) {
    for (int c = 1; c < SCRY_CONDITIONS; c++)
        if (r->run_rows[c] && r->run_rows[SCRY_BASE]) close_sample(r, c);
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (r->run_rows[c]) memset(r->run[c], 0, r->tile->in->sae.d_in * sizeof(double));
        r->run_rows[c] = 0;
    }
}

static residual_capture *capture_sums_of(residual_sums *r, int c) {
    residual_capture *to = &r->capture[r->tile->group[c] - r->tile->in->captures];
    if (!to->sum) {
        to->sum = mem_new(r->tile->in->sae.d_in, sizeof(double));
        to->square = mem_new(r->tile->in->sae.d_in, sizeof(double));
        to->difference = mem_new(r->tile->in->sae.d_in, sizeof(double));
    }
    return to;
}

static void join_parts(residual_sums *r, int c) {
    const uint32_t d = r->tile->in->sae.d_in, parts = (r->tile->n + PART_ROWS - 1) / PART_ROWS;
    residual_capture *to = capture_sums_of(r, c);
    bool by_sample = r->tile->in->pairing == SCRY_PAIR_SAMPLE;
    if (by_sample && !r->run[c]) r->run[c] = mem_new(d, sizeof(double));
    for (uint32_t p = 0; p < parts; p++) {
        add_to(to->sum, r->part[p].array[c][RESIDUAL_MEAN], d);
        add_to(to->square, r->part[p].array[c][RESIDUAL_SQUARE], d);
        if (by_sample) add_to(r->run[c], r->part[p].array[c][RESIDUAL_MEAN], d);
        else if (paired(r, c)) add_to(to->difference, r->part[p].array[c][RESIDUAL_DIFFERENCE], d);
    }
    if (by_sample) r->run_rows[c] += r->tile->n;
    else if (paired(r, c)) to->pairs += r->tile->n;
}

void residual_sums_add_tile(residual_sums **sums, const build_tile *tile) {
    const build_inputs *in = tile->in;
    bool any = false;
    for (int c = 0; c < SCRY_CONDITIONS; c++) any = any || (tile->mask >> c & 1 && tile->X[c]);
    if (any && !*sums) {
        *sums = mem_new(1, sizeof **sums);
        **sums = (residual_sums){.tile = tile, .captures = in->capture_count};
        (*sums)->capture = mem_new(in->capture_count, sizeof *(*sums)->capture);
    }
    residual_sums *r = *sums;
    if (any) {
        parallel_for(in->pool, (tile->n + PART_ROWS - 1) / PART_ROWS, add_part, r);
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (is_residual(r, c)) join_parts(r, c);
    }
    if (r && in->pairing == SCRY_PAIR_SAMPLE && tile->sample_end) close_samples(r);
}

uint64_t residual_sums_bytes(const build_inputs *in) {
    uint64_t captures = in->has_sae ? in->capture_count : 0;
    return (captures + TILE_PARTS * SCRY_CONDITIONS + SCRY_CONDITIONS) * RESIDUAL_SUMS * in->sae.d_in * sizeof(double);
}

static void write_mean(container_writer *w, const double *sum, uint64_t count, uint32_t d) {
    double *mean = mem_new(d, sizeof *mean);
    for (uint32_t i = 0; i < d; i++) mean[i] = sum && count ? sum[i] / (double)count : (double)NAN;
    container_write(w, mean, d * sizeof *mean);
    free(mean);
}

void residual_sums_write(const residual_sums *r, container_writer *w) {
    if (!r) return;
    const build_inputs *in = r->tile->in;
    container_begin(w, "raw/sums");
    for (size_t i = 0; i < r->captures; i++) {
        const residual_capture *c = &r->capture[i];
        write_mean(w, c->sum, in->captures[i].kept_count, in->sae.d_in);
        write_mean(w, c->square, in->captures[i].kept_count, in->sae.d_in);
        write_mean(w, c->difference, c->pairs, in->sae.d_in);
    }
}

void residual_sums_free(residual_sums *r) {
    if (!r) return;
    for (size_t i = 0; i < r->captures; i++) {
        free(r->capture[i].sum);
        free(r->capture[i].square);
        free(r->capture[i].difference);
    }
    for (int p = 0; p < TILE_PARTS; p++)
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            for (int a = 0; a < RESIDUAL_SUMS; a++) free(r->part[p].array[c][a]);
    for (int c = 0; c < SCRY_CONDITIONS; c++) free(r->run[c]);
    free(r->capture);
    free(r);
}
