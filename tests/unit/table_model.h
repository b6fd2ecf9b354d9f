/* table_model.h: a model of the explorer's table: ranking, columns, rho, what-if and filter, computed by plain loops
 * over the figures of single latents. Shares no code with the session, the table or its filter. */
#ifndef SCRY_TESTS_UNIT_TABLE_MODEL_H
#define SCRY_TESTS_UNIT_TABLE_MODEL_H

#include "table_fixture.h"

#include <math.h>

enum { MODEL_DOMAINS = 5 };

typedef struct model {
    const scry_index *x;
    uint32_t F;
    size_t train;
    scry_condition source;
    scry_metric metric;
    uint32_t *rank, *order; /* [F] from 0, by a plain sort */
    double *share, total;   /* [F] up to and with the rank */
    double *what_if, rho;   /* [F] */
    uint64_t scored;        /* scry_session_version of these */
} model;

/* ---- the ranking ------------------------------------------------------------------------------------------------- */

static inline int model_by_size(const void *a, const void *b, void *context) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const double *size = context;
    if (size[x] != size[y]) return size[x] > size[y] ? -1 : 1;
    return x < y ? -1 : 1;
}

static inline void parameters_free(model *m) {
    free(m->rank);
    free(m->order);
    free(m->share);
    free(m->what_if);
    *m = (model){0};
}

/* The ranking in force, made anew where it is another. */
static inline void model_rank(model *m, const app *a) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    if (m->x == a->tab->index && m->train == r->train && m->source == r->source && m->metric == r->metric) return;
    parameters_free(m);
    *m = (model){.x = a->tab->index,
                 .F = a->tab->info->d_sae,
                 .train = r->train,
                 .source = r->source,
                 .metric = r->metric,
                 .scored = UINT64_MAX};
    double *size = calloc(m->F, sizeof *size), sum = 0;
    m->rank = calloc(m->F, sizeof *m->rank);
    m->order = calloc(m->F, sizeof *m->order);
    m->share = calloc(m->F, sizeof *m->share);
    m->what_if = calloc(m->F, sizeof *m->what_if);
    if (!size || !m->rank || !m->order || !m->share || !m->what_if) abort();
    for (uint32_t j = 0; j < m->F; j++) {
        m->order[j] = j;
        m->total += size[j] = fabs(scry_shift_of(m->x, m->train, m->source, m->metric, j));
    }
    qsort_r(m->order, m->F, sizeof *m->order, model_by_size, size);
    for (uint32_t i = 0; i < m->F; i++) {
        m->rank[m->order[i]] = i;
        m->share[i] = (sum += size[m->order[i]]) / m->total;
    }
    free(size);
}

/* ---- rho and what-if --------------------------------------------------------------------------------------------- */

static inline double model_pearson(const double *x, const double *y, int n) {
    double mx = 0, my = 0, xx = 0, xy = 0, yy = 0;
    for (int i = 0; i < n; i++) mx += x[i] / n, my += y[i] / n;
    for (int i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return n < 3 || xx <= 0 || yy <= 0 ? (double)NAN : xy / sqrt(xx * yy);
}

/* Of the sum of what each latent brings, over the domains that take part; a mean over the set has the same rho. */
static inline double model_rho_of(const app *a, const double *sum) {
    const scry_scope *scope = scry_session_scope(a->tab->session);
    size_t train = scry_session_ranking(a->tab->session)->train;
    double x[MODEL_DOMAINS], y[MODEL_DOMAINS];
    int n = 0;
    for (int d = 0; d < MODEL_DOMAINS; d++) {
        double change = a->tab->info->domain[d].change[train];
        if (!scope->use[d]) continue;
        x[n] = sum[d];
        y[n++] = scope->is_signed ? change : fabs(change);
    }
    return model_pearson(x, y, n);
}

static inline void model_score(model *m, const app *a) {
    if (m->scored == scry_session_version(a->tab->session)) return;
    const scry_set *set = scry_session_set(a->tab->session);
    scry_score score = scry_session_score(a->tab->session);
    double sum[MODEL_DOMAINS] = {0}, other[MODEL_DOMAINS];
    for (uint32_t j = 0; j < m->F; j++)
        for (int d = 0; d < MODEL_DOMAINS && scry_set_has(set, j); d++)
            sum[d] += (double)scry_contribution(m->x, score, j)[d];
    m->rho = set->count ? model_rho_of(a, sum) : (double)NAN;
    for (uint32_t j = 0; j < m->F; j++) {
        bool in = scry_set_has(set, j);
        for (int d = 0; d < MODEL_DOMAINS; d++)
            other[d] = sum[d] + (in ? -1.0 : 1.0) * (double)scry_contribution(m->x, score, j)[d];
        m->what_if[j] = set->count == 1 && in ? (double)NAN : model_rho_of(a, other);
    }
    m->scored = scry_session_version(a->tab->session);
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

/* What is sorted by; false for a column whose order is not checked. */
static inline bool model_figure(const model *m, const app *a, const char *column, uint32_t j, double *out) {
    const scry_scope *scope = scry_session_scope(a->tab->session);
    const float *adds = scry_contribution(m->x, scry_session_score(a->tab->session), j);
    double shift = fabs(scry_shift_of(m->x, m->train, m->source, m->metric, j)), sum = 0;
    double base = scry_mean_base(m->x, m->train, m->source, j), after = scry_mean_shifted(m->x, m->train, m->source, j);
    for (int d = 0; d < MODEL_DOMAINS; d++)
        if (scope->use[d]) sum += (double)adds[d];
    const struct {
        const char *name;
        double value;
    } all[] = {{"rank", m->rank[j] + 1},
               {"latent", j},
               {"shift", shift},
               {"share", shift / m->total},
               {"cum", m->share[m->rank[j]]},
               {"total", m->share[m->rank[j]] * m->total},
               {"base", base},
               {"after", after},
               {"mean", after - base},
               {"rate", scry_rate_base(m->x, m->train, m->source, j)},
               {"rate-after", scry_rate_shifted(m->x, m->train, m->source, j)},
               {"count", (double)scry_postings(m->x, j)},
               {"adds", sum},
               {"what-if", m->what_if[j]},
               {"step", m->what_if[j] - m->rho}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, column) == 0) {
            *out = all[i].value;
            return true;
        }
    return false;
}

/* ---- filters ----------------------------------------------------------------------------------------------------- */

static inline bool model_in(const model *m, const app *a, uint32_t j) {
    (void)m;
    return scry_set_has(scry_session_set(a->tab->session), j);
}
static inline bool model_ranked(const model *m, const app *a, uint32_t j) {
    (void)a;
    return m->rank[j] < 150;
}
static inline bool model_hand(const model *m, const app *a, uint32_t j) {
    return model_in(m, a, j) != (m->rank[j] < scry_session_n(a->tab->session));
}
static inline bool model_marked(const model *m, const app *a, uint32_t j) {
    (void)m;
    return scry_set_has(a->tab->table->marks, j);
}
static inline bool model_named(const model *m, const app *a, uint32_t j) {
    (void)a;
    return scry_label(m->x, j) != NULL;
}
static inline bool model_units(const model *m, const app *a, uint32_t j) {
    return model_named(m, a, j) && strcmp(scry_label(m->x, j), "units") == 0;
}
static inline bool model_rare(const model *m, const app *a, uint32_t j) {
    (void)a;
    return scry_rate_base(m->x, m->train, m->source, j) < 0.01;
}
static inline bool model_listed(const model *m, const app *a, uint32_t j) {
    (void)m, (void)a;
    return j == 3 || j == 17 || (j >= 90 && j <= 1200);
}
static inline bool model_up(const model *m, const app *a, uint32_t j) {
    (void)a;
    return scry_mean_shifted(m->x, m->train, m->source, j) > scry_mean_base(m->x, m->train, m->source, j);
}
static inline bool model_law(const model *m, const app *a, uint32_t j) {
    (void)a;
    return scry_domain_rate(m->x, j, 0) > 0.02;
}
static inline bool model_adds(const model *m, const app *a, uint32_t j) {
    return (double)scry_contribution(m->x, scry_session_score(a->tab->session), j)[1] > 0.001;
}

static const struct {
    const char *text;
    bool (*passes)(const model *m, const app *a, uint32_t j);
} model_terms[] = {{"rank<=150", model_ranked}, {"in:yes", model_in},
                   {"hand:yes", model_hand},    {"marked:yes", model_marked},
                   {"named:yes", model_named},  {"rate<1%", model_rare},
                   {"mean>0", model_up},        {"latent:3,17,90-1200", model_listed},
                   {"fires:law>2%", model_law}, {"adds:math>.001", model_adds},
                   {"label=units", model_units}};
enum { MODEL_TERMS = sizeof model_terms / sizeof *model_terms };

/* "x", "!x", "x y", "x,!y", "x | y". */
static inline void model_filter_text(uint64_t *state, char *text, size_t size) {
    static const char *const between[] = {" ", ",", " | "};
    uint32_t more = roll_below(state, 3);
    int n =
        snprintf(text, size, "%s%s", roll_below(state, 4) ? "" : "!", model_terms[roll_below(state, MODEL_TERMS)].text);
    if (more)
        snprintf(text + n, size - (size_t)n, "%s%s%s", between[roll_below(state, 3)], roll_below(state, 4) ? "" : "!",
                 model_terms[roll_below(state, MODEL_TERMS)].text);
}

/* 1 or 0; -1 for what is none of these texts. */
static inline int model_term(const char **at, const model *m, const app *a, uint32_t j) {
    bool negated = **at == '!';
    *at += negated;
    for (size_t i = 0; i < MODEL_TERMS; i++) {
        size_t length = strlen(model_terms[i].text);
        if (strncmp(*at, model_terms[i].text, length) != 0) continue;
        *at += length;
        return model_terms[i].passes(m, a, j) != negated;
    }
    return -1;
}

static inline int model_passes(const char *text, const model *m, const app *a, uint32_t j) {
    if (!*text) return 1;
    int first = model_term(&text, m, a, j);
    if (first < 0 || !*text) return first;
    bool both = text[0] == ' ' && text[1] != '|';
    size_t between = strspn(text, " ,|");
    text += between;
    int second = between ? model_term(&text, m, a, j) : -1;
    if (second < 0 || *text) return -1;
    return both ? first && second : first || second;
}

#endif
