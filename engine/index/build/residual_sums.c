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
    double *sum, *square, *difference[SCRY_REFERENCES];
    uint64_t pairs[SCRY_REFERENCES];
} residual_capture;

/* Sums of a part: RESIDUAL_MEAN and RESIDUAL_SQUARE, then the difference from each reference. */
enum { PART_SUMS = RESIDUAL_DIFFERENCE + SCRY_REFERENCES };

/* One part of a tile: sums of its own, put together in order, so that neither the threads nor their
 * number change a bit. */
typedef struct residual_part {
    double *array[SCRY_CONDITIONS][PART_SUMS]; /* [d]; NULL: not needed so far */
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

static bool paired(const residual_sums *r, int reference, int c) {
    return r->tile->in->pairing != SCRY_PAIR_SAMPLE && is_compared(r->tile->group, reference, c) && is_residual(r, c) &&
           is_residual(r, (int)scry_reference_condition((scry_reference)reference));
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
    /* The references are prepared last: the others are compared with them as they were read. */
    static const int order[SCRY_CONDITIONS] = {SCRY_ICL, SCRY_SFT, SCRY_RL, SCRY_CONTROL, SCRY_BASE};
    residual_sums *r = context;
    residual_part *part = &r->part[number];
    const uint32_t d = r->tile->in->sae.d_in, from = (uint32_t)number * PART_ROWS;
    const uint32_t end = from + PART_ROWS < r->tile->n ? from + PART_ROWS : r->tile->n;
    for (int i = 0; i < SCRY_CONDITIONS; i++) {
        const int c = order[i];
        if (!is_residual(r, c)) continue;
        for (int a = 0; a < PART_SUMS; a++) {
            if (a >= RESIDUAL_DIFFERENCE && !paired(r, a - RESIDUAL_DIFFERENCE, c)) continue;
            if (!part->array[c][a]) part->array[c][a] = mem_new(d, sizeof(double));
            memset(part->array[c][a], 0, d * sizeof(double));
        }
        for (uint32_t t = from; t < end; t++) {
            float *x = r->tile->X[c] + (size_t)t * d;
            add_row(part->array[c][RESIDUAL_MEAN], part->array[c][RESIDUAL_SQUARE], x, d);
            for (int k = 0; k < SCRY_REFERENCES; k++)
                if (paired(r, k, c))
                    add_pair(part->array[c][RESIDUAL_DIFFERENCE + k],
                             r->tile->X[scry_reference_condition((scry_reference)k)] + (size_t)t * d, x, d);
            sae_prepare(&r->tile->in->sae, x);
        }
    }
}

static void add_to(double *sum, const double *more, uint32_t d) {
    for (uint32_t i = 0; i < d; i++) sum[i] += more[i];
}

/* Pairing by sample: its means are the pair. */
static void close_sample(residual_sums *r, int reference, int c) {
    const int of = (int)scry_reference_condition((scry_reference)reference);
    residual_capture *to = &r->capture[r->tile->group[c] - r->tile->in->captures];
    double rows = (double)r->run_rows[c], base_rows = (double)r->run_rows[of];
    for (uint32_t i = 0; i < r->tile->in->sae.d_in; i++) {
        double change = r->run[c][i] / rows - r->run[of][i] / base_rows;
        to->difference[reference][i] += change * change;
    }
    to->pairs[reference]++;
}

static void close_samples(residual_sums *r) {
    for (int k = 0; k < SCRY_REFERENCES; k++)
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (is_compared(r->tile->group, k, c) && r->run_rows[c] &&
                r->run_rows[scry_reference_condition((scry_reference)k)])
                close_sample(r, k, c);
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
        for (int k = 0; k < SCRY_REFERENCES; k++)
            if (is_compared(r->tile->group, k, c)) to->difference[k] = mem_new(r->tile->in->sae.d_in, sizeof(double));
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
        for (int k = 0; k < SCRY_REFERENCES; k++)
            if (paired(r, k, c)) add_to(to->difference[k], r->part[p].array[c][RESIDUAL_DIFFERENCE + k], d);
    }
    if (by_sample) r->run_rows[c] += r->tile->n;
    for (int k = 0; k < SCRY_REFERENCES; k++)
        if (paired(r, k, c)) to->pairs[k] += r->tile->n;
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
    uint64_t captures = in->has_sae ? in->capture_count : 0, sums = RESIDUAL_SUMS + is_captured(in, SCRY_CONTROL);
    uint64_t conditions = conditions_captured(in);
    return (captures + TILE_PARTS * conditions + conditions) * sums * in->sae.d_in * sizeof(double);
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
        write_mean(w, c->difference[SCRY_AGAINST_BASE], c->pairs[SCRY_AGAINST_BASE], in->sae.d_in);
    }
    if (!is_captured(in, SCRY_CONTROL)) return;
    container_begin(w, "raw/control");
    for (size_t i = 0; i < r->captures; i++)
        write_mean(w, r->capture[i].difference[SCRY_AGAINST_CONTROL], r->capture[i].pairs[SCRY_AGAINST_CONTROL],
                   in->sae.d_in);
}

void residual_sums_free(residual_sums *r) {
    if (!r) return;
    for (size_t i = 0; i < r->captures; i++) {
        free(r->capture[i].sum);
        free(r->capture[i].square);
        for (int k = 0; k < SCRY_REFERENCES; k++) free(r->capture[i].difference[k]);
    }
    for (int p = 0; p < TILE_PARTS; p++)
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            for (int a = 0; a < PART_SUMS; a++) free(r->part[p].array[c][a]);
    for (int c = 0; c < SCRY_CONDITIONS; c++) free(r->run[c]);
    free(r->capture);
    free(r);
}
