/* score/greedy_search.c: the best rho that a number of switches by what-if reaches, for many orders of the changes.
 *
 * A block of latents is laid out by domain and read by several searches while it is in cache. A search compares latents
 * in single precision and takes its step in double precision. */
#include "rho_context.h"
#include "base/cpu_dispatch.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "base/random.h"
#include "index/read/index.h"
#include "score/scorer.h"
#include "stats/blocks.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8, BLOCK = 512, TOGETHER = 16 };
#define NOT_FOUND UINT32_MAX
typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t mask __attribute__((vector_size(LANES * sizeof(int32_t))));

/* What all searches share: n domains, and the latents that can be switched. */
typedef struct search_space {
    const float *contribution; /* [rows][D] */
    size_t D, n;
    size_t *domain;   /* [n] */
    uint32_t *latent; /* [count] ascending */
    uint32_t *row;    /* [count] of `contribution` */
    uint32_t count;
    bool *in;      /* [count] in the set at the start */
    double *start; /* [n] sums of the set at the start */
    double *y;     /* [n] */
    float scale;   /* brings sums and contributions near 1 */
} search_space;

/* One search. The domain `held` takes no part; n: none is held. */
typedef struct search {
    const double *y; /* [n] */
    size_t held;
    double *x;                 /* [n] sums of its set */
    float *cx, *cy;            /* [n] centred and scaled; 0 for the one held */
    float sxx, sxy, inverse_n; /* of cx and cy */
    uint32_t *switched;        /* [switches] positions in search_space.latent */
    uint32_t switches;
    double rho; /* of the state with the largest |rho| so far; NaN: no state had one */
    float best; /* of the current step */
    uint32_t best_at;
} search;

/* A block of latents, by domain. */
typedef struct search_block {
    _Alignas(64) float sum[BLOCK], square[BLOCK], sign[BLOCK]; /* sign 0: cannot be switched */
    float *column;                                             /* [n][BLOCK] */
    uint32_t first, count;
} search_block;

/* An estimate is no sum over latents: what the next switch adds depends on those before. Its sums can be asked for, but
 * not searched (searchable). */
static bool searchable(scry_score score, uint32_t switches) {
    return !scry_scores[score].is_effect || !switches;
}

static void start_of_estimate(search_space *p, const scry_index *index, scry_score score, const scry_set *set) {
    scry_scorer *scorer = scry_scorer_new(index, score);
    scry_scorer_load(scorer, set);
    for (size_t u = 0; u < p->n; u++) p->start[u] = scry_scorer_value(scorer, p->domain[u]);
    scry_scorer_free(scorer);
}

static void space_of(search_space *p, const float *contribution, const scry_index *index, scry_score score,
                     const scry_set *set, const double *change) {
    *p = (search_space){.contribution = contribution, .D = index->D};
    p->domain = mem_new(p->D, sizeof *p->domain);
    p->y = mem_new(p->D, sizeof *p->y);
    for (size_t d = 0; d < p->D; d++)
        if (!isnan(change[d]) && scry_domain_has_score(index, score, d)) {
            p->y[p->n] = change[d];
            p->domain[p->n++] = d;
        }
    p->latent = mem_new(index->F, sizeof *p->latent);
    p->count = p->contribution ? scry_active_latents(index, p->latent) : 0;
    p->row = mem_new(p->count, sizeof *p->row);
    p->in = mem_new(p->count, sizeof *p->in);
    p->start = mem_new(p->n, sizeof *p->start);
    if (scry_scores[score].is_effect) start_of_estimate(p, index, score, set);
    double mean = 0, spread = 0, largest = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        p->row[i] = row_of(&index->rows, p->latent[i]);
        p->in[i] = scry_set_has(set, p->latent[i]);
        const float *of = p->contribution + (size_t)p->row[i] * p->D;
        for (size_t u = 0; u < p->n; u++) {
            double c = (double)of[p->domain[u]];
            if (fabs(c) > largest) largest = fabs(c);
            if (p->in[i]) p->start[u] += c;
        }
    }
    for (size_t u = 0; u < p->n; u++) mean += p->start[u] / (double)p->n;
    for (size_t u = 0; u < p->n; u++) spread += (p->start[u] - mean) * (p->start[u] - mean);
    double unit = spread > 0 ? sqrt(spread) : largest;
    p->scale = unit > 0 ? (float)(1 / unit) : 1;
}

static void space_begin(search_space *p, const scry_index *index, scry_score score, const scry_set *set,
                        const double *change) {
    space_of(p, index->contribution[score], index, score, set, change);
}

static void space_end(search_space *p) {
    void *owned[] = {p->domain, p->latent, p->row, p->in, p->start, p->y};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

static void search_new(search *s, const search_space *p, uint32_t switches) {
    s->x = mem_new(p->n, sizeof *s->x);
    s->cx = mem_new(2 * p->n, sizeof *s->cx);
    s->cy = s->cx + p->n;
    s->switched = mem_new(switches, sizeof *s->switched);
}

static void search_free(search *s) {
    free(s->x);
    free(s->cx);
    free(s->switched);
}

/* Centres x and y over the domains that take part, and takes note of rho. */
static void update_rho(search *s, const search_space *p) {
    double mean_x = 0, mean_y = 0, sxx = 0, syy = 0, sxy = 0, n = (double)(p->n - (s->held < p->n));
    for (size_t u = 0; u < p->n; u++) {
        if (u == s->held) continue;
        mean_x += s->x[u] / n;
        mean_y += s->y[u] / n;
    }
    for (size_t u = 0; u < p->n; u++) {
        double x = u == s->held ? 0 : s->x[u] - mean_x, y = u == s->held ? 0 : s->y[u] - mean_y;
        sxx += x * x;
        syy += y * y;
        sxy += x * y;
        s->cx[u] = (float)x * p->scale;
        s->cy[u] = (float)y;
    }
    double flat = 1e-14 * n * mean_x * mean_x, rho = sxx > flat && syy > 0 ? sxy / sqrt(sxx) / sqrt(syy) : (double)NAN;
    if (!isnan(rho) && !(fabs(rho) <= fabs(s->rho))) s->rho = rho;
    s->sxx = (float)(sxx * (double)p->scale * (double)p->scale);
    s->sxy = (float)(sxy * (double)p->scale);
    s->inverse_n = (float)(1 / n);
}

static void search_begin(search *s, const search_space *p, const double *y, size_t held) {
    s->y = y;
    s->held = held;
    s->switches = 0;
    s->rho = NAN;
    memcpy(s->x, p->start, p->n * sizeof *s->x);
    update_rho(s, p);
}

/* Padded to whole LANES with latents that cannot be switched. */
static void block_read(search_block *b, const search_space *p, uint32_t first) {
    b->first = first;
    b->count = p->count - first < BLOCK ? p->count - first : BLOCK;
    memset(b->sum, 0, sizeof b->sum);
    memset(b->square, 0, sizeof b->square);
    memset(b->sign, 0, sizeof b->sign);
    memset(b->column, 0, p->n * BLOCK * sizeof *b->column);
    for (uint32_t i = 0; i < b->count; i++) {
        const float *of = p->contribution + (size_t)p->row[first + i] * p->D;
        bool known = true;
        for (size_t u = 0; u < p->n; u++) {
            float c = of[p->domain[u]] * p->scale;
            known = known && !isnan(c);
            if (!known) continue;
            b->column[u * BLOCK + i] = c;
            b->sum[i] += c;
            b->square[i] += c * c;
        }
        if (known) b->sign[i] = p->in[first + i] ? -1.0F : 1.0F;
    }
}

/* The latent of the block whose switch gives the largest rho^2: sxy^2 / sxx, syy being the same for all. */
CPU_DISPATCH static void search_block_best(search *s, const search_block *b, size_t n) {
    const floats none = (floats){0} - 1;
    floats best = none;
    mask best_at = {0}, at;
    for (int l = 0; l < LANES; l++) at[l] = l;
    const float *held = s->held < n ? b->column + s->held * BLOCK : NULL;
    for (uint32_t from = 0; from < b->count; from += LANES, at += LANES) {
        floats x = {0}, y = {0}, c, sum, square, sign;
        for (size_t u = 0; u < n; u++) {
            memcpy(&c, b->column + u * BLOCK + from, sizeof c);
            x += c * s->cx[u];
            y += c * s->cy[u];
        }
        memcpy(&sum, b->sum + from, sizeof sum);
        memcpy(&square, b->square + from, sizeof square);
        memcpy(&sign, b->sign + from, sizeof sign);
        if (held) {
            memcpy(&c, held + from, sizeof c);
            sum -= c;
            square -= c * c;
        }
        floats sxx = s->sxx + 2 * sign * x + square - sum * sum * s->inverse_n, sxy = s->sxy + sign * y;
        /* a remaining spread as small as this is rounding */
        const mask usable = (sxx > (s->sxx + square) * 1e-5F) & (sign != 0);
        floats value = sxy * sxy / sxx;
        value = (floats)(((mask)value & usable) | ((mask)none & ~usable));
        const mask better = value > best;
        best = (floats)(((mask)value & better) | ((mask)best & ~better));
        best_at = (at & better) | (best_at & ~better);
    }
    for (int l = 0; l < LANES; l++)
        if (best[l] > s->best) {
            s->best = best[l];
            s->best_at = b->first + (uint32_t)best_at[l];
        }
}

/* Latents that the search has switched already are left out. */
static void search_in_block(search *s, search_block *b, size_t n) {
    for (uint32_t k = 0; k < s->switches; k++)
        if (s->switched[k] - b->first < b->count) b->sign[s->switched[k] - b->first] = 0;
    search_block_best(s, b, n);
}

static void restore_signs(const search *s, search_block *b, const search_space *p) {
    for (uint32_t k = 0; k < s->switches; k++)
        if (s->switched[k] - b->first < b->count)
            b->sign[s->switched[k] - b->first] = p->in[s->switched[k]] ? -1.0F : 1.0F;
}

static void take_step(search *s, const search_space *p) {
    if (s->best_at == NOT_FOUND) return;
    const float *of = p->contribution + (size_t)p->row[s->best_at] * p->D;
    for (size_t u = 0; u < p->n; u++) s->x[u] += (p->in[s->best_at] ? -1 : 1) * (double)of[p->domain[u]];
    s->switched[s->switches++] = s->best_at;
    update_rho(s, p);
}

/* Returns early when cancelled: what the searches hold is then of no use. */
static void run_searches(const search_space *p, search *s, size_t count, uint32_t switches, search_block *b,
                         const scry_cancel *cancel) {
    for (uint32_t step = 0; step < switches; step++) {
        for (size_t k = 0; k < count; k++) s[k].best = -1, s[k].best_at = NOT_FOUND;
        for (uint32_t first = 0; first < p->count; first += BLOCK) {
            if (scry_cancelled(cancel)) return;
            block_read(b, p, first);
            for (size_t k = 0; k < count; k++) {
                search_in_block(&s[k], b, p->n);
                restore_signs(&s[k], b, p);
            }
        }
        for (size_t k = 0; k < count; k++) take_step(&s[k], p);
    }
}

typedef struct null_job {
    const search_space *space;
    uint32_t switches, draws;
    uint64_t seed;
    double *rho; /* [draws] */
    const scry_cancel *cancel;
    atomic_uint done;
} null_job;

static search_block *block_new(const search_space *p) {
    search_block *b = mem_check(aligned_alloc(_Alignof(search_block), sizeof *b));
    b->column = mem_new(p->n * BLOCK, sizeof *b->column);
    return b;
}

static void block_free(search_block *b) {
    free(b->column);
    free(b);
}

/* Each draw has its own random stream, so that draws do not depend on each other. */
static void shuffle(double *y, size_t n, uint64_t seed, uint32_t draw) {
    uint64_t state = seed ^ (uint64_t)draw << 32;
    state = random_next(&state);
    for (size_t i = n; i-- > 1;) {
        size_t other = random_below(&state, (uint32_t)i + 1);
        double swap = y[i];
        y[i] = y[other], y[other] = swap;
    }
}

static void null_group(void *context, size_t group, unsigned worker) {
    (void)worker;
    null_job *job = context;
    if (scry_cancelled(job->cancel)) return;
    const search_space *p = job->space;
    uint32_t first = (uint32_t)group * TOGETHER;
    uint32_t count = job->draws - first < TOGETHER ? job->draws - first : TOGETHER;
    search s[TOGETHER];
    double *y = mem_new(TOGETHER * p->n, sizeof *y);
    search_block *b = block_new(p);
    for (uint32_t k = 0; k < count; k++) {
        memcpy(y + k * p->n, p->y, p->n * sizeof *y);
        shuffle(y + k * p->n, p->n, job->seed, first + k);
        search_new(&s[k], p, job->switches);
        search_begin(&s[k], p, y + k * p->n, p->n);
    }
    run_searches(p, s, count, job->switches, b, job->cancel);
    for (uint32_t k = 0; k < count; k++) {
        job->rho[first + k] = s[k].rho;
        search_free(&s[k]);
    }
    block_free(b);
    free(y);
    scry_report_progress(job->cancel, (double)(atomic_fetch_add(&job->done, count) + count) / job->draws);
}

/* One search on its own, without the domain `held` (n: with all). Owner: search_free. */
static void search_alone(search *s, const search_space *p, size_t held, uint32_t switches, const scry_cancel *cancel) {
    search_block *b = block_new(p);
    search_new(s, p, switches);
    search_begin(s, p, p->y, held);
    run_searches(p, s, 1, switches, b, cancel);
    block_free(b);
}

double scry_greedy_search(const scry_index *index, scry_score score, scry_set *set, const double *change,
                          uint32_t switches) {
    if (!searchable(score, switches)) return NAN;
    search_space p;
    space_begin(&p, index, score, set, change);
    double rho = NAN;
    if (p.n >= 3) {
        search s;
        search_alone(&s, &p, p.n, switches, NULL);
        for (uint32_t k = 0; k < s.switches; k++) scry_set_put(set, p.latent[s.switched[k]], !p.in[s.switched[k]]);
        rho = s.rho;
        search_free(&s);
    }
    space_end(&p);
    return rho;
}

bool scry_search_p(const scry_index *index, scry_score score, const scry_set *start, const double *change,
                   uint32_t switches, double rho, uint64_t seed, const scry_cancel *cancel, double *p_value,
                   double *best_mean) {
    search_space p;
    *p_value = *best_mean = NAN;
    if (!searchable(score, switches)) return !scry_cancelled(cancel);
    space_begin(&p, index, score, start, change);
    if (p.n >= 3 && p.count && !isnan(rho)) {
        null_job job = {.space = &p, .switches = switches, .draws = SCRY_SEARCHES, .seed = seed, .cancel = cancel};
        job.rho = mem_new(job.draws, sizeof *job.rho);
        parallel *workers = parallel_start(0);
        parallel_for(workers, (job.draws + TOGETHER - 1) / TOGETHER, null_group, &job);
        parallel_stop(workers);
        uint32_t hits = 0, known = 0;
        double sum = 0;
        for (uint32_t k = 0; k < job.draws; k++) {
            if (isnan(job.rho[k])) continue;
            hits += fabs(job.rho[k]) >= fabs(rho) * (1 - 1e-9) ? 1 : 0;
            known++;
            sum += fabs(job.rho[k]);
        }
        if (known && !scry_cancelled(cancel)) {
            *p_value = ((double)hits + 1) / ((double)known + 1);
            *best_mean = sum / known;
        }
        free(job.rho);
    }
    space_end(&p);
    return !scry_cancelled(cancel);
}

bool scry_search_cross_validated(const scry_index *index, scry_score score, const scry_set *start, const double *change,
                                 uint32_t switches, const scry_cancel *cancel, double *r2) {
    search_space p;
    *r2 = NAN;
    if (!searchable(score, switches)) return !scry_cancelled(cancel);
    space_begin(&p, index, score, start, change);
    double *x = mem_new(2 * p.n, sizeof *x), *y = x + p.n, squares = 0, errors = 0;
    for (size_t held = 0; held < p.n && p.n >= 4 && !scry_cancelled(cancel); held++) {
        search s;
        search_alone(&s, &p, held, switches, cancel);
        size_t n = 0;
        double mean = 0;
        for (size_t u = 0; u < p.n; u++) {
            if (u == held) continue;
            x[n] = s.x[u];
            y[n] = p.y[u];
            mean += y[n++] / (double)(p.n - 1);
        }
        scry_fit fit = scry_fit_line(x, y, n);
        double error = p.y[held] - (isnan(fit.slope) ? mean : fit.intercept + fit.slope * s.x[held]);
        errors += error * error;
        squares += (p.y[held] - mean) * (p.y[held] - mean);
        search_free(&s);
    }
    if (squares > 0 && !scry_cancelled(cancel)) *r2 = 1 - errors / squares;
    free(x);
    space_end(&p);
    return !scry_cancelled(cancel);
}

/* rho on the texts of one half after a search on the other. */
static double rho_of_other_half(const scry_index *index, scry_score score, const scry_set *start, const double *change,
                                uint32_t switches, const float *made, const float *measured,
                                const scry_cancel *cancel) {
    search_space p, other;
    space_of(&p, made, index, score, start, change);
    space_of(&other, measured, index, score, start, change);
    double rho = NAN;
    if (p.n >= 3) {
        search s;
        search_alone(&s, &p, p.n, switches, cancel);
        for (uint32_t k = 0; k < s.switches; k++) {
            const float *of = measured + (size_t)p.row[s.switched[k]] * p.D;
            for (size_t u = 0; u < p.n; u++) other.start[u] += (p.in[s.switched[k]] ? -1 : 1) * (double)of[p.domain[u]];
        }
        rho = scry_fit_line(other.start, other.y, other.n).pearson;
        search_free(&s);
    }
    space_end(&p);
    space_end(&other);
    return rho;
}

bool scry_search_split_half(const scry_index *index, scry_score score, const scry_set *start, const double *change,
                            uint32_t switches, const scry_cancel *cancel, double *rho) {
    *rho = NAN;
    if (!index->contribution[score] || index->info.candidates || index->info.nnz > SCRY_SPLIT_POSTINGS) return true;
    size_t cells = (size_t)index->rows.rows * index->D;
    float *half[2] = {mem_new(cells, sizeof *half[0]), mem_new(cells, sizeof *half[0])};
    bool *has = mem_new(index->D, sizeof *has);
    double *own = mem_new(index->D, sizeof *own);
    scry_error none = {0};
    if (blocks_halves(index, score, half, has, cancel, &none)) {
        for (size_t d = 0; d < index->D; d++) own[d] = has[d] ? change[d] : NAN;
        double a = rho_of_other_half(index, score, start, own, switches, half[0], half[1], cancel);
        double b = rho_of_other_half(index, score, start, own, switches, half[1], half[0], cancel);
        *rho = (a + b) / 2;
    }
    free(half[0]);
    free(half[1]);
    free(has);
    free(own);
    return !scry_cancelled(cancel);
}
