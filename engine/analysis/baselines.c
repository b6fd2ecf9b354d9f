/* analysis/baselines.c: other ways to predict the change from the same captures. */
#include "baselines.h"
#include "rho_context.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "index/read/index.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

_Static_assert((int)SCRY_RESIDUAL_MEAN == RESIDUAL_MEAN && (int)SCRY_RESIDUAL_SQUARE == RESIDUAL_SQUARE &&
                   (int)SCRY_RESIDUAL_DIFFERENCE == RESIDUAL_DIFFERENCE,
               "the file's order is the interface's");

/* The interval of all latents reads every posting once more: none beyond this many. */
enum { INTERVAL_POSTINGS = 20000000 };

const double *scry_residual_sum(const scry_index *x, size_t capture, scry_residual_sum_kind kind) {
    if (kind == SCRY_RESIDUAL_NONE || !x->raw || !x->info.d_model || capture >= x->info.captures) return NULL;
    const double *values = x->raw + (capture * RESIDUAL_SUMS + (size_t)kind) * x->info.d_model;
    if (kind == SCRY_RESIDUAL_DIFFERENCE && x->info.against != SCRY_AGAINST_BASE) {
        if (!x->raw_control) return NULL;
        values = x->raw_control + capture * x->info.d_model;
    }
    return isnan(values[0]) ? NULL : values;
}

static const double *raw_of(const scry_index *x, int group, scry_condition condition, scry_residual_sum_kind kind) {
    int capture = scry_find_capture(x, group, condition);
    return capture < 0 ? NULL : scry_residual_sum(x, (size_t)capture, kind);
}

scry_ranking *scry_rank_residual(const scry_index *x, size_t train, scry_condition source, scry_error *err) {
    const double *shift = source == SCRY_BASE ? NULL : raw_of(x, -1 - (int)train, source, SCRY_RESIDUAL_DIFFERENCE);
    if (!shift) {
        if (source == SCRY_BASE)
            scry_fail(err, "%s: raw dimensions are ranked by their shift, and base alone has none", x->info.path);
        else if (x->info.d_model && !x->raw)
            scry_fail(err, "%s: holds no sums of raw dimensions; make the index again with scry index", x->info.path);
        else
            scry_fail(err, "%s: raw dimensions need residual captures; train.%s holds %s", x->info.path,
                      scry_condition_name(source),
                      scry_find_capture(x, -1 - (int)train, source) < 0 ? "nothing" : "features");
        return NULL;
    }
    scry_ranking *r = scry_rank_values(shift, x->info.d_model);
    r->train = train;
    r->source = source;
    r->metric = SCRY_SQ;
    r->against = x->info.against;
    return r;
}

/* A domain's dimensions, each as the score's term averages it; NULL when its captures held no residuals, or the score
 * has no counterpart on dimensions. */
static const double *raw_terms(const scry_index *x, size_t domain, scry_score score) {
    switch (score) {
#define SCORE(id, name, aggregate, condition, term, sum, residual, ...)                                                \
    case id:                                                                                                           \
        return raw_of(x, (int)domain, SCRY_##condition, SCRY_RESIDUAL_##residual);
        SCRY_SCORE_TABLE(SCORE)
#undef SCORE
    case SCRY_SCORES:
        break;
    }
    return NULL;
}

/* The score of the ranking's first n dimensions; false when no domain has one. */
static bool raw_score(const scry_index *x, const scry_ranking *raw, uint32_t n, scry_score score, double *value) {
    bool any = false;
    for (size_t d = 0; d < x->D; d++) {
        const double *of = raw_terms(x, d, score);
        value[d] = of ? 0 : (double)NAN;
        for (uint32_t i = 0; of && i < n; i++) value[d] += of[raw->order[i]];
        if (of) value[d] = scry_score_aggregate(score, value[d], n);
        any = any || of;
    }
    return any;
}

static double cosine(const double *a, const double *b, uint32_t n) {
    double dot = 0, aa = 0, bb = 0;
    for (uint32_t i = 0; i < n; i++) {
        dot += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return aa > 0 && bb > 0 ? dot / sqrt(aa) / sqrt(bb) : (double)NAN;
}

typedef struct baseline_maker {
    scry_baselines *out;
    const scry_index *x;
    const scry_ranking *ranking, *raw; /* raw NULL: no residuals */
    const scry_scope *scope;
    uint32_t top;
    unsigned threads;
    const scry_cancel *cancel;
    bool rho_only; /* no rows of the STS, and no statistics of rho */
} baseline_maker;

/* The share of the work that the rows of latents take; the rest is a walk over every posting, for the similarities. */
static const double ROWS_SHARE = 0.6;

static scry_baseline *add_row(baseline_maker *m, scry_baseline row) {
    scry_baselines *b = m->out;
    b->row = mem_resize(b->row, b->count + 1, sizeof *b->row);
    b->row[b->count] = row;
    return &b->row[b->count++];
}

static scry_baseline baseline_row(const char *name, const char *of, const char *score, uint32_t n) {
    return (scry_baseline){.name = name, .of = of, .score = score, .with = "", .n = n};
}

/* Adds a row of one value per domain. */
static void add_values(baseline_maker *m, scry_baseline row, const double *value) {
    scry_result_values(&row.result, m->x, value, m->scope);
    if (!m->rho_only) scry_result_statistics(&row.result, m->x, SCRY_ACT, 0, NULL);
    add_row(m, row);
}

/* Adds a row of the first n latents of the ranking. */
static bool add_latents(baseline_maker *m, const char *name, scry_score score, uint32_t n, bool interval) {
    scry_baseline row = baseline_row(name, "latents", scry_score_name(score), n);
    scry_set *set = scry_set_new(m->x->F);
    for (uint32_t i = 0; i < n; i++) scry_set_put(set, n < m->x->F ? m->ranking->order[i] : i, true);
    scry_scorer *scorer = scry_scorer_new(m->x, score);
    scry_scorer_load(scorer, set);
    scry_result_fit(&row.result, m->x, scorer, m->scope);
    bool done = m->rho_only || (scry_result_statistics(&row.result, m->x, score, n < m->x->F ? n : 0, m->cancel) &&
                                (!interval || scry_result_interval(&row.result, m->x, score, set, m->cancel)));
    scry_scorer_free(scorer);
    scry_set_free(set);
    add_row(m, row);
    scry_report_progress(m->cancel,
                         ROWS_SHARE * (double)m->out->count / (double)(m->raw ? 2 * SCRY_SCORES + 1 : SCRY_SCORES + 1));
    return done;
}

static bool add_scores(baseline_maker *m) {
    uint32_t F = m->x->F, n = m->top < F ? m->top : F;
    for (int s = 0; s < SCRY_SCORES && !m->rho_only; s++)
        if (scry_has_score(m->x, (scry_score)s) && !add_latents(m, "sts", (scry_score)s, n, true)) return false;
    uint32_t d = m->x->info.d_model, raw_n = m->top < d ? m->top : d;
    double *value = mem_new(m->x->D, sizeof *value);
    for (int s = 0; s < SCRY_SCORES && m->raw; s++)
        if (raw_score(m->x, m->raw, raw_n, (scry_score)s, value))
            add_values(m, baseline_row("raw", "dimensions", scry_score_name((scry_score)s), raw_n), value);
    bool done = add_latents(m, "all latents", SCRY_ACT, F, m->x->info.nnz <= INTERVAL_POSTINGS);
    if (m->raw && raw_score(m->x, m->raw, d, SCRY_ACT, value))
        add_values(m, baseline_row("all dimensions", "dimensions", "act", d), value);
    free(value);
    return done;
}

enum { PART = 1024 };

typedef struct mean_job {
    const scry_index *x;
    const int (*pair)[2];
    size_t pairs, captures;
    double *dot;    /* [parts][pairs] */
    double *square; /* [parts][captures] */
    double **mean;  /* [threads][captures], of the current latent */
    const scry_cancel *cancel;
    atomic_size_t done; /* parts */
    size_t parts;
} mean_job;

static void add_latent(const mean_job *job, uint32_t latent, double *mean, double *dot, double *square) {
    const scry_index *x = job->x;
    for (size_t c = 0; c < job->captures; c++) mean[c] = 0;
    index_cursor at = index_postings(x, latent);
    while (index_segment(x, &at)) {
        double sum = 0;
        uint32_t capture = at.capture;
        while (index_next(x, &at)) sum += (double)at.activation;
        mean[capture] += sum;
    }
    for (size_t c = 0; c < job->captures; c++) {
        mean[c] = x->info.capture[c].kept ? mean[c] / (double)x->info.capture[c].kept : 0;
        square[c] += mean[c] * mean[c];
    }
    for (size_t p = 0; p < job->pairs; p++) dot[p] += mean[job->pair[p][0]] * mean[job->pair[p][1]];
}

static void add_part(void *context, size_t part, unsigned worker) {
    mean_job *job = context;
    if (scry_cancelled(job->cancel)) return;
    uint32_t first = (uint32_t)part * PART;
    for (uint32_t j = first; j < first + PART && j < job->x->F; j++)
        add_latent(job, j, job->mean[worker], job->dot + part * job->pairs, job->square + part * job->captures);
    scry_report_progress(job->cancel, (double)(atomic_fetch_add(&job->done, 1) + 1) / (double)job->parts);
}

/* Sums the parts in their order, whichever thread computed them. */
static void sum_parts(double *sums, size_t parts, size_t each) {
    for (size_t p = 1; p < parts; p++)
        for (size_t i = 0; i < each; i++) sums[i] += sums[p * each + i];
}

/* Writes to out[pairs] the cosine of the mean activations of the two captures of each pair over their kept tokens; NaN
 * where one has no activations. Walks every posting of the index. False when cancelled. */
static bool mean_cosines(const scry_index *x, const int (*pair)[2], size_t pairs, double *out, unsigned threads,
                         const scry_cancel *cancel) {
    size_t parts = ((size_t)x->F + PART - 1) / PART;
    mean_job job = {
        .x = x, .pair = pair, .pairs = pairs, .captures = x->info.captures, .cancel = cancel, .parts = parts};
    parallel *workers = parallel_start(threads);
    unsigned count = parallel_threads(workers);
    job.dot = mem_new(parts * pairs, sizeof *job.dot);
    job.square = mem_new(parts * job.captures, sizeof *job.square);
    job.mean = mem_new(count, sizeof *job.mean);
    for (unsigned i = 0; i < count; i++) job.mean[i] = mem_new(job.captures, sizeof(double));
    parallel_for(workers, parts, add_part, &job);
    for (unsigned i = 0; i < count; i++) free(job.mean[i]);
    parallel_stop(workers);
    sum_parts(job.dot, parts, pairs);
    sum_parts(job.square, parts, job.captures);
    for (size_t p = 0; p < pairs; p++) {
        double size = sqrt(job.square[pair[p][0]]) * sqrt(job.square[pair[p][1]]);
        out[p] = size > 0 ? job.dot[p] / size : (double)NAN;
    }
    free(job.dot);
    free(job.square);
    free(job.mean);
    return !scry_cancelled(cancel);
}

/* The domain's capture that is compared with another: its base with the training set's, or its reference. */
static int own_capture(const baseline_maker *m, size_t domain, scry_condition with) {
    scry_condition reference = scry_reference_condition(m->x->info.against);
    return scry_find_capture(m->x, (int)domain, with == SCRY_BASE ? SCRY_BASE : reference);
}

/* The other: the training set's base, or the domain's own under `with`. */
static int compared_capture(const baseline_maker *m, size_t domain, scry_condition with) {
    if (with == SCRY_BASE) return scry_find_capture(m->x, -1 - (int)m->ranking->train, SCRY_BASE);
    return scry_find_capture(m->x, (int)domain, with);
}

static void add_similarity(baseline_maker *m, scry_condition with, bool latents, const double *value) {
    uint32_t n = latents ? m->x->F : m->x->info.d_model;
    const char *name = with == SCRY_BASE ? "training similarity" : "base-tuned similarity";
    const char *of = latents ? "latents" : "dimensions";
    scry_baseline row = baseline_row(name, of, "cosine", n);
    if (with != SCRY_BASE) row.with = scry_condition_name(with);
    add_values(m, row, value);
}

static bool has_all(const baseline_maker *m, scry_condition with) {
    if (with != SCRY_BASE && with == scry_reference_condition(m->x->info.against)) return false; /* with itself */
    for (size_t d = 0; d < m->x->D; d++)
        if (m->scope->use[d] && (own_capture(m, d, with) < 0 || compared_capture(m, d, with) < 0)) return false;
    return true;
}

static bool similarities(baseline_maker *m) {
    size_t D = m->x->D, pairs = SCRY_CONDITIONS * D;
    int(*pair)[2] = mem_new(pairs, sizeof *pair);
    double *value = mem_new(pairs, sizeof *value), *raw = mem_new(D, sizeof *raw);
    for (size_t p = 0; p < pairs; p++) {
        int own = own_capture(m, p % D, (scry_condition)(p / D)),
            other = compared_capture(m, p % D, (scry_condition)(p / D));
        if (own < 0) own = scry_find_capture(m->x, (int)(p % D), SCRY_BASE), other = -1;
        pair[p][0] = own;
        pair[p][1] = other < 0 ? own : other; /* without one: replaced by NaN below */
    }
    const scry_cancel rest = scry_cancel_part(m->cancel, ROWS_SHARE, 1);
    bool done = mean_cosines(m->x, (const int(*)[2])pair, pairs, value, m->threads, &rest);
    for (int c = 0; c < SCRY_CONDITIONS && done; c++) {
        bool any_raw = false;
        if (!has_all(m, (scry_condition)c)) continue;
        for (size_t d = 0; d < D; d++) {
            int other = own_capture(m, d, (scry_condition)c) < 0 ? -1 : compared_capture(m, d, (scry_condition)c);
            const double *a = scry_residual_sum(m->x, (size_t)pair[(size_t)c * D + d][0], SCRY_RESIDUAL_MEAN);
            const double *b = other < 0 ? NULL : scry_residual_sum(m->x, (size_t)other, SCRY_RESIDUAL_MEAN);
            raw[d] = a && b ? cosine(a, b, m->x->info.d_model) : (double)NAN;
            any_raw = any_raw || (a && b);
            if (other < 0) value[(size_t)c * D + d] = NAN;
        }
        if (any_raw) add_similarity(m, (scry_condition)c, false, raw);
        add_similarity(m, (scry_condition)c, true, value + (size_t)c * D);
    }
    free(pair);
    free(value);
    free(raw);
    return done;
}

static scry_baselines *make(const scry_index *x, const scry_ranking *ranking, uint32_t top, const scry_scope *scope,
                            unsigned threads, const scry_cancel *cancel, bool rho_only) {
    scry_error none;
    scry_ranking *raw = scry_rank_residual(x, ranking->train, ranking->source, &none);
    scry_baselines *b = mem_new(1, sizeof *b);
    b->has_raw = raw != NULL;
    baseline_maker m = {b, x, ranking, raw, scope, top, threads, cancel, rho_only};
    bool done = add_scores(&m) && similarities(&m);
    scry_ranking_free(raw);
    if (done) return b;
    scry_baselines_free(b);
    return NULL;
}

scry_baselines *scry_baselines_new(const scry_index *x, const scry_ranking *ranking, uint32_t top,
                                   const scry_scope *scope, unsigned threads, const scry_cancel *cancel) {
    return make(x, ranking, top, scope, threads, cancel, false);
}

bool scry_best_baseline_find(scry_best_baseline *out, const scry_index *x, scry_condition source, uint32_t top,
                             const scry_scope *scope, unsigned threads, const scry_cancel *cancel) {
    const scry_ranking by = {.train = scope->train, .source = source};
    *out = (scry_best_baseline){.pearson = NAN};
    scry_baselines *b = make(x, &by, top, scope, threads, cancel, true);
    for (size_t i = 0; b && i < b->count; i++) {
        const scry_baseline *row = &b->row[i];
        double rho = row->result.fit.pearson;
        if (!isnan(rho) && !(fabs(rho) <= fabs(out->pearson)))
            *out = (scry_best_baseline){row->name, row->of, row->with, rho};
    }
    bool done = b != NULL;
    scry_baselines_free(b);
    return done;
}

void scry_baselines_free(scry_baselines *b) {
    if (!b) return;
    for (size_t i = 0; i < b->count; i++) scry_result_free(&b->row[i].result);
    free(b->row);
    free(b);
}
