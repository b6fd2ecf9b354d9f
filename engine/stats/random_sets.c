/* stats/random_sets.c: rho of random selections, the null distribution for a chosen one (STS paper, fig. 1b). */
#include "analysis.h"
#include "rho_context.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "base/random.h"
#include "base/cpu_dispatch.h"
#include "index/read/effect_sums.h"
#include "index/read/effects.h"
#include "index/read/index.h"
#include "stats/set_drawing.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Sets are drawn as bit vectors and summed GROUP at a time in the order of latents, so that the contributions are read
 * from memory once per group. */
enum { GROUP = 8, LANES = 8 };

typedef struct random_sets_job {
    const float *contribution;     /* [rows][D] (index/format/table.h); NULL: an estimate from effect columns */
    const effect_columns *columns; /* of that; else NULL */
    effect_sums **effects;         /* [threads], where there are columns */
    size_t D;
    uint32_t *row;    /* [draw.count] rows of the latents that can be drawn: those that are active anywhere */
    set_drawing draw; /* of positions in `row`; of a large set, those to leave out */
    bool complement;  /* that is so */
    bool sparse;      /* size is small: each set is summed on its own */
    size_t words;     /* of a bit vector */
    double *total;    /* [D] over all latents that can be drawn, where `complement` */
    const double *change;
    uint32_t sets;
    const scry_set *like; /* draw sets matched to this one, `row` being in order of firing rate; NULL: any */
    uint64_t *seed;       /* [sets] */
    uint64_t **bits;      /* [threads][GROUP * words] */
    uint32_t **list;      /* [threads][size], NULL unless `sparse` */
    double **scratch;     /* [threads][(GROUP + 2) * D] */
    double *pearson;      /* [sets] NaN: none */
    double *spearman;     /* [sets], may be NULL */
    const scry_cancel *cancel;
    atomic_uint done;
} random_sets_job;

/* Draws a set as a list too. */
static void draw_list(const random_sets_job *w, uint64_t seed, uint64_t *bits, uint32_t *list) {
    for (uint32_t i = 0; i < w->draw.size;) {
        uint32_t at = set_drawing_one(&w->draw, i, &seed, bits);
        uint64_t bit = (uint64_t)1 << (at % 64);
        if (bits[at / 64] & bit) continue;
        bits[at / 64] |= bit;
        __builtin_prefetch(w->contribution + (size_t)w->row[at] * w->D);
        list[i++] = at;
    }
}

/* Sums a sparse set, and clears its bits. */
static void sum_sparse(const random_sets_job *w, const uint32_t *list, uint64_t *bits, double *sum) {
    for (uint32_t i = 0; i < w->draw.size; i++) {
        const float *row = w->contribution + (size_t)w->row[list[i]] * w->D;
        for (size_t d = 0; d < w->D; d++) sum[d] += (double)row[d];
        bits[list[i] / 64] = 0;
    }
}

/* Adds the columns from..from + LANES of the latents whose bit is set. */
__attribute__((always_inline)) static inline void add_lanes(const random_sets_job *w, size_t word, uint64_t bits,
                                                            size_t from, double *sum) {
    double lane[LANES];
    memcpy(lane, sum + from, sizeof lane);
    for (; bits; bits &= bits - 1) {
        const uint32_t at = w->row[word * 64 + (size_t)__builtin_ctzll(bits)];
        const float *row = w->contribution + (size_t)at * w->D + from;
        for (int l = 0; l < LANES; l++) lane[l] += (double)row[l];
    }
    memcpy(sum + from, lane, sizeof lane);
}

/* sum[GROUP][D] of the sets in bits[GROUP][words]. The last lanes overlap those before them; the sums of the columns in
 * common are restored, since each column is added once. */
CPU_DISPATCH static void sum_group(const random_sets_job *w, const uint64_t *bits, size_t sets, double *sum) {
    const size_t D = w->D, whole = D / LANES * LANES;
    for (size_t word = 0; word < w->words; word++)
        for (size_t k = 0; k < sets; k++) {
            const uint64_t in = bits[k * w->words + word];
            if (!in) continue;
            double *of = sum + k * D, before[LANES];
            for (size_t from = 0; from < whole; from += LANES) add_lanes(w, word, in, from, of);
            if (whole == D) continue;
            if (D > LANES) {
                const size_t twice = whole - (D - LANES);
                memcpy(before, of + D - LANES, sizeof before);
                add_lanes(w, word, in, D - LANES, of);
                memcpy(of + D - LANES, before, twice * sizeof *before);
                continue;
            }
            for (uint64_t left = in; left; left &= left - 1) {
                const float *row = w->contribution + (size_t)w->row[word * 64 + (size_t)__builtin_ctzll(left)] * D;
                for (size_t d = 0; d < D; d++) of[d] += (double)row[d];
            }
        }
}

/* rho of a set from its sums; x and y are scratch. */
static void correlate(random_sets_job *w, uint32_t set, const double *sum, double *x, double *y) {
    size_t n = 0;
    for (size_t d = 0; d < w->D; d++)
        if (!isnan(w->change[d])) {
            x[n] = w->complement && !w->columns ? w->total[d] - sum[d] : sum[d];
            y[n++] = w->change[d];
        }
    w->pearson[set] = scry_fit_line(x, y, n).pearson;
    if (w->spearman) w->spearman[set] = scry_spearman(x, y, n);
}

/* sum[sets][D] of the sets in bits[sets][words], none of which is a sum over its latents. */
static void estimate_group(const random_sets_job *w, effect_sums *effects, const uint64_t *bits, size_t sets,
                           double *sum) {
    for (size_t k = 0; k < sets; k++) {
        effect_sums_clear(effects);
        effect_sums_begin_bulk(effects);
        for (uint32_t at = 0; at < w->draw.count; at++) {
            bool drawn = bits[k * w->words + at / 64] >> (at % 64) & 1;
            if (drawn != w->complement) effect_sums_put(effects, w->row[at], true);
        }
        effect_sums_end_bulk(effects);
        for (size_t d = 0; d < w->D; d++) sum[k * w->D + d] = effect_sums_value(effects, d);
    }
}

static void draw_group(void *context, size_t group, unsigned worker) {
    random_sets_job *w = context;
    uint32_t first = (uint32_t)group * GROUP, sets = w->sets - first < GROUP ? w->sets - first : GROUP;
    if (scry_cancelled(w->cancel)) return;
    uint64_t *bits = w->bits[worker];
    double *sum = w->scratch[worker], *x = sum + GROUP * w->D, *y = x + w->D;
    uint32_t *list = w->list[worker];
    memset(sum, 0, GROUP * w->D * sizeof *sum);
    if (!w->sparse) memset(bits, 0, GROUP * w->words * sizeof *bits);
    for (uint32_t k = 0; k < sets; k++) {
        if (!w->sparse) set_drawing_bits(&w->draw, w->seed[first + k], bits + k * w->words);
        else draw_list(w, w->seed[first + k], bits, list);
        if (w->sparse) sum_sparse(w, list, bits, sum + k * w->D);
    }
    if (w->columns) estimate_group(w, w->effects[worker], bits, sets, sum);
    else if (!w->sparse) sum_group(w, bits, sets, sum);
    for (uint32_t k = 0; k < sets; k++) correlate(w, first + k, sum + k * w->D, x, y);
    scry_report_progress(w->cancel, (double)(atomic_fetch_add(&w->done, sets) + sets) / w->sets);
}

/* Turns `row`, which holds the latents, to rows in order of firing rate, and finds the chosen ones there. False where
 * one of these is never active. */
static bool order_by_rate(random_sets_job *w, const scry_index *index) {
    pool_latent *pool = mem_new(w->draw.count, sizeof *pool);
    for (uint32_t i = 0; i < w->draw.count; i++) {
        uint32_t row = row_of(&index->rows, w->row[i]);
        pool[i] = (pool_latent){packed_uint_get(index->counts, index->count_width, row), w->row[i]};
    }
    w->draw.chosen = mem_new(w->like->count, sizeof *w->draw.chosen);
    w->draw.size = set_drawing_match(pool, w->draw.count, w->like, w->draw.chosen);
    for (uint32_t i = 0; i < w->draw.count; i++) w->row[i] = row_of(&index->rows, pool[i].latent);
    free(pool);
    return w->draw.size > 0;
}

/* Prepares what all sets share; false when none can be drawn. */
static bool begin(random_sets_job *w, const scry_index *index, uint64_t seed) {
    const scry_info *info = scry_index_info(index);
    /* Only the most shifted latents can be drawn from candidates: that is no random set. */
    if ((!w->contribution && !w->columns) || !w->draw.size || info->candidates) return false;
    w->row = mem_new(info->d_sae, sizeof *w->row);
    w->draw.count = scry_active_latents(index, w->row);
    if (w->draw.size > w->draw.count) return false;
    w->words = ((size_t)w->draw.count + 63) / 64;
    w->complement = !w->like && w->draw.size > w->draw.count / 2;
    if (w->like && !order_by_rate(w, index)) return false;
    for (uint32_t i = 0; i < w->draw.count && !w->like; i++) w->row[i] = row_of(&index->rows, w->row[i]);
    w->total = mem_new(w->D, sizeof *w->total);
    for (uint32_t i = 0; i < w->draw.count && w->complement && !w->columns; i++)
        for (size_t d = 0; d < w->D; d++) w->total[d] += (double)w->contribution[(size_t)w->row[i] * w->D + d];
    if (w->complement) w->draw.size = w->draw.count - w->draw.size;
    w->sparse = !w->columns && w->draw.size < w->draw.count / 512;
    w->seed = mem_new(w->sets, sizeof *w->seed);
    for (uint32_t k = 0; k < w->sets; k++) w->seed[k] = random_next(&seed);
    return true;
}

static void draw_all(random_sets_job *w) {
    parallel *workers = parallel_start(0);
    unsigned threads = parallel_threads(workers);
    w->bits = mem_new(threads, sizeof *w->bits);
    w->list = mem_new(threads, sizeof *w->list);
    w->scratch = mem_new(threads, sizeof *w->scratch);
    w->effects = mem_new(threads, sizeof *w->effects);
    for (unsigned i = 0; i < threads; i++) {
        w->bits[i] = mem_new(w->sparse ? w->words : GROUP * w->words, sizeof **w->bits);
        if (w->sparse) w->list[i] = mem_new(w->draw.size, sizeof **w->list);
        w->scratch[i] = mem_new((GROUP + 2) * w->D, sizeof **w->scratch);
        if (w->columns) w->effects[i] = effect_sums_new(w->columns);
    }
    parallel_for(workers, ((size_t)w->sets + GROUP - 1) / GROUP, draw_group, w);
    parallel_stop(workers);
    for (unsigned i = 0; i < threads; i++) {
        free(w->bits[i]);
        free(w->list[i]);
        free(w->scratch[i]);
        effect_sums_free(w->effects[i]);
    }
    free(w->effects);
    free(w->bits);
    free(w->list);
    free(w->scratch);
}

static uint32_t rhos(random_sets_job *w, const scry_index *index, uint64_t seed) {
    uint32_t drawn = 0;
    if (begin(w, index, seed)) {
        for (uint32_t k = 0; k < w->sets; k++) w->pearson[k] = NAN;
        draw_all(w);
        for (uint32_t k = 0; k < w->sets; k++) {
            if (isnan(w->pearson[k])) continue;
            if (w->spearman) w->spearman[drawn] = w->spearman[k];
            w->pearson[drawn++] = w->pearson[k];
        }
    }
    free(w->seed);
    free(w->total);
    free(w->row);
    free(w->draw.chosen);
    return drawn;
}

static const effect_columns *columns_of(const scry_index *index, scry_score score) {
    return scry_scores[score].is_effect ? index_effect_columns(index) : NULL;
}

uint32_t scry_random_rhos(const scry_index *index, scry_score score, const double *change, uint32_t size, uint32_t sets,
                          uint64_t seed, const scry_cancel *cancel, double *pearson, double *spearman) {
    random_sets_job w = {.contribution = index->contribution[score],
                         .columns = columns_of(index, score),
                         .D = scry_index_info(index)->domains,
                         .draw = {.size = size},
                         .change = change,
                         .sets = sets,
                         .pearson = pearson,
                         .spearman = spearman,
                         .cancel = cancel};
    return rhos(&w, index, seed);
}

uint32_t scry_matched_rhos(const scry_index *index, scry_score score, const double *change, const scry_set *set,
                           uint32_t sets, uint64_t seed, const scry_cancel *cancel, double *pearson) {
    random_sets_job w = {.contribution = index->contribution[score],
                         .columns = columns_of(index, score),
                         .D = scry_index_info(index)->domains,
                         .draw = {.size = set->count},
                         .like = set,
                         .change = change,
                         .sets = sets,
                         .pearson = pearson,
                         .cancel = cancel};
    return rhos(&w, index, seed);
}
