/* test_session.c: 100,000 random steps against a plain model: the selection, the history, and scores bit for bit. */
#include "check.h"
#include "session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the model: plain arrays; a step of the history is a whole copy of what it changes -------- */

typedef struct state {
    scry_condition source;
    scry_metric metric;
    uint32_t n;
    uint8_t *pins; /* 2 bits a latent: 0 as ranked, 1 in, 2 out */
} state;

typedef struct model {
    const scry_index *x;
    uint32_t F;
    uint8_t *pin; /* [F] */
    state now;
    uint32_t *rank[SCRY_CONDITIONS][SCRY_METRICS]; /* [F], NULL until wanted */
    state *undo, *redo;
    size_t undos, redos;
} model;

static void *room(size_t n, size_t size) {
    void *p = calloc(n ? n : 1, size);
    if (!p) abort();
    return p;
}

typedef struct sized {
    double size;
    uint32_t latent;
} sized;

static int larger_first(const void *a, const void *b) {
    const sized *p = a, *q = b;
    if (p->size != q->size) return p->size > q->size ? -1 : 1;
    return p->latent < q->latent ? -1 : 1;
}

static const uint32_t *ranks(model *m) {
    uint32_t **rank = &m->rank[m->now.source][m->now.metric];
    if (*rank) return *rank;
    *rank = room(m->F, sizeof **rank);
    const double *shift = scry_shift(m->x, 0, m->now.source, m->now.metric);
    sized *list = room(m->F, sizeof *list);
    for (uint32_t j = 0; j < m->F; j++) list[j] = (sized){fabs(shift[j]), j};
    qsort(list, m->F, sizeof *list, larger_first);
    for (uint32_t i = 0; i < m->F; i++) (*rank)[list[i].latent] = i;
    free(list);
    return *rank;
}

static bool top(model *m, uint32_t j) {
    return ranks(m)[j] < m->now.n;
}
static bool in(model *m, uint32_t j) {
    return m->pin[j] ? m->pin[j] == 1 : top(m, j);
}

static state copy_of(const model *m) {
    state s = m->now;
    s.pins = room(m->F / 4 + 1, 1);
    for (uint32_t j = 0; j < m->F; j++) s.pins[j / 4] |= (uint8_t)(m->pin[j] << (j % 4 * 2));
    return s;
}

static void take(model *m, state s) {
    m->now = s;
    for (uint32_t j = 0; j < m->F; j++) m->pin[j] = s.pins[j / 4] >> (j % 4 * 2) & 3;
    free(s.pins);
}

static void push(state **list, size_t *count, state s) {
    if ((*count & (*count - 1)) == 0) {
        *list = realloc(*list, (*count ? *count * 2 : 1) * sizeof **list);
        if (!*list) abort();
    }
    (*list)[(*count)++] = s;
}

static void step(model *m, state before) {
    push(&m->undo, &m->undos, before);
    while (m->redos) free(m->redo[--m->redos].pins);
}

static bool model_back(model *m, state **from, size_t *from_count, state **to, size_t *to_count) {
    if (!*from_count) return false;
    push(to, to_count, copy_of(m));
    take(m, (*from)[--*from_count]);
    return true;
}

static bool model_want(model *m, const uint32_t *latents, size_t count, int want) { /* want 2: the other way */
    state before = copy_of(m);
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        bool to = want == 2 ? !in(m, latents[i]) : want;
        if (in(m, latents[i]) == to) continue;
        m->pin[latents[i]] = top(m, latents[i]) == to ? 0 : to ? 1 : 2;
        changed = true;
    }
    if (changed) step(m, before);
    else free(before.pins);
    return changed;
}

static bool model_adopt(model *m, const scry_set *set) {
    state before = copy_of(m);
    bool changed = false;
    for (uint32_t j = 0; j < m->F; j++) {
        bool to = scry_set_has(set, j);
        uint8_t pin = top(m, j) == to ? 0 : to ? 1 : 2;
        changed = changed || pin != m->pin[j];
        m->pin[j] = pin;
    }
    if (changed) step(m, before);
    else free(before.pins);
    return changed;
}

static bool model_place(model *m, scry_condition source, scry_metric metric, uint32_t n) {
    if (n > m->F) n = m->F;
    if (source == m->now.source && metric == m->now.metric && n == m->now.n) return false;
    step(m, copy_of(m));
    m->now.source = source;
    m->now.metric = metric;
    m->now.n = n;
    return true;
}

static void parameters_free(model *m) {
    while (m->undos) free(m->undo[--m->undos].pins);
    while (m->redos) free(m->redo[--m->redos].pins);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        for (int k = 0; k < SCRY_METRICS; k++) free(m->rank[c][k]);
    free(m->undo);
    free(m->redo);
    free(m->pin);
}

/* ---- comparing ------------------------------------------------------------------------------ */

typedef struct tally {
    size_t sets, scores, histories, edits, answers, pins, compared;
} tally;

/* Every domain's score, bit for bit, from a scorer that never saw anything but this set. */
static size_t unlike_fresh(const scry_session *s) {
    const scry_index *x = scry_session_index(s);
    scry_scorer *fresh = scry_scorer_new(x, scry_session_score(s));
    scry_scorer_load(fresh, scry_session_set(s));
    size_t unlike = 0;
    for (size_t d = 0; d < scry_index_info(x)->domains; d++) {
        double a = scry_scorer_value(scry_session_scorer(s), d), b = scry_scorer_value(fresh, d);
        unlike += memcmp(&a, &b, sizeof a) != 0;
    }
    scry_scorer_free(fresh);
    return unlike;
}

static void compare(const scry_session *s, model *m, tally *t) {
    const scry_set *set = scry_session_set(s);
    uint32_t count = 0, added = 0, removed = 0, found_added, found_removed;
    size_t unlike = 0, pins = 0, undo, redo;
    for (uint32_t j = 0; j < m->F; j++) {
        bool is = in(m, j);
        unlike += scry_set_has(set, j) != is;
        pins += scry_session_pin(s, j) != m->pin[j];
        count += is;
        added += is && !top(m, j);
        removed += !is && top(m, j);
    }
    scry_session_edits(s, &found_added, &found_removed);
    scry_session_history(s, &undo, &redo);
    t->compared++;
    t->sets += unlike != 0 || set->count != count;
    t->pins += pins != 0;
    t->edits += found_added != added || found_removed != removed;
    t->histories += undo != m->undos || redo != m->redos || scry_session_n(s) != m->now.n;
    t->scores += unlike_fresh(s) != 0;
}

/* ---- random steps --------------------------------------------------------------------------- */

static bool random_step(scry_session *s, model *m, uint64_t *seed) {
    uint32_t what = roll_below(seed, 1000), latents[64], count = 1;
    scry_error err = {0};
    if (what < 300) return scry_session_undo(s) == model_back(m, &m->undo, &m->undos, &m->redo, &m->redos);
    if (what < 430) return scry_session_redo(s) == model_back(m, &m->redo, &m->redos, &m->undo, &m->undos);
    if (what < 445) {
        uint32_t n = roll_below(seed, 5) ? roll_below(seed, 400) : roll_below(seed, m->F + 100);
        return scry_session_set_n(s, n) == model_place(m, m->now.source, m->now.metric, n);
    }
    if (what < 455) {
        scry_condition source[SCRY_CONDITIONS];
        int sources = scry_train_sources(m->x, 0, source);
        scry_condition to = source[roll_below(seed, (uint32_t)sources)];
        scry_metric metric = (scry_metric)roll_below(seed, SCRY_METRICS);
        return scry_session_rank_by(s, to, metric, &err) == model_place(m, to, metric, m->now.n);
    }
    if (what < 458) {
        scry_set *set = scry_set_new(m->F);
        for (uint32_t j = 0; j < m->F; j++) scry_set_put(set, j, roll_below(seed, 16) == 0);
        bool same = scry_session_adopt(s, set) == model_adopt(m, set);
        scry_set_free(set);
        return same;
    }
    if (what < 462) {
        scry_score score = (scry_score)roll_below(seed, SCRY_SCORES); /* a view: no step */
        if (scry_has_score(m->x, score)) scry_session_set_score(s, score, &err);
        return true;
    }
    if (what < 520) count = 1 + roll_below(seed, 64);
    uint32_t first = roll_below(seed, m->F), stride = 1 + 2 * roll_below(seed, 20);
    for (uint32_t i = 0; i < count; i++)
        latents[i] = (first + i * stride) % m->F; /* no latent twice: 64 * 39 > F may wrap */
    if (count > 1 && (uint64_t)count * stride >= m->F) count = 1;
    if (what < 500 || what >= 530) return scry_session_toggle(s, latents, count) == model_want(m, latents, count, 2);
    bool put = what % 2;
    return scry_session_put(s, latents, count, put) == model_want(m, latents, count, put);
}

static void walk(const scry_index *x, const char *name, int steps) {
    scry_error err = {0};
    scry_score score = SCRY_ACT;
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 100, score, &err);
    if (!check(s != NULL, "%s: a session %s", name, err.text)) return;
    size_t D = scry_index_info(x)->domains;
    model m = {.x = x, .F = scry_index_info(x)->d_sae, .now = {.source = SCRY_ICL, .metric = SCRY_SQ, .n = 100}};
    m.pin = room(m.F, 1);
    double *first = room(D, sizeof *first);
    for (size_t d = 0; d < D; d++) first[d] = scry_scorer_value(scry_session_scorer(s), d);
    scry_set *first_set = scry_set_copy(scry_session_set(s));
    uint64_t seed = 20260302;
    tally t = {0};
    size_t deepest = 0;
    for (int k = 0; k < steps; k++) {
        t.answers += !random_step(s, &m, &seed);
        if (m.undos > deepest) deepest = m.undos;
        if (k % 100 == 99) compare(s, &m, &t);
    }
    check_is(t.answers, 0, "%s: %d steps: each says rightly whether something changed", name, steps);
    check_is(t.sets, 0, "%s: the selection is the model's, %zu times compared", name, t.compared);
    check_is(t.pins, 0, "%s: and so are the pins", name);
    check_is(t.edits, 0, "%s: latents added and removed by hand are counted right", name);
    check_is(t.histories, 0, "%s: so are undos and redos (at most %zu) and N", name, deepest);
    check_is(t.scores, 0, "%s: every domain's score has the bits of a fresh one", name);
    size_t undone = 0, unlike = 0, before = m.undos;
    while (scry_session_undo(s)) undone++;
    check_is(undone, before, "%s: undone to the beginning", name);
    scry_session_set_score(s, score, &err);
    for (size_t d = 0; d < D; d++) {
        double now = scry_scorer_value(scry_session_scorer(s), d);
        unlike += memcmp(&now, &first[d], sizeof now) != 0;
    }
    check(unlike == 0 && scry_set_equal(scry_session_set(s), first_set), "%s: the first set and the first bits again",
          name);
    size_t redone = 0, undo, redo;
    while (scry_session_redo(s)) redone++;
    scry_session_history(s, &undo, &redo);
    check(redone == undone + m.redos && undo == redone && redo == 0, "%s: and redone to the end, %zu steps", name,
          redone);
    check_is(unlike_fresh(s), 0, "%s: with a fresh scorer's bits there too", name);
    scry_set_free(first_set);
    free(first);
    parameters_free(&m);
    scry_session_free(s);
}

/* ---- domains by hand ------------------------------------------------------------------------ */

/* Domains chosen by hand are steps among the others: each undo gives back what was before it. */
static void domains_undone(const scry_index *x, const char *name) {
    enum { STEPS = 400 };
    static struct {
        char spec[64];
        bool is_signed;
        uint32_t count;
    } was[STEPS + 1];
    scry_error err = {0};
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err);
    const char *specs[] = {"all", "extremes:2", scry_index_info(x)->domain[0].name, scry_index_info(x)->domain[1].name};
    uint64_t seed = 11;
    size_t n = 0, wrong = 0, undo, redo, scopes = 0;
    for (int k = 0; s && k < 3 * STEPS && n < STEPS; k++) {
        bool is_signed = roll_below(&seed, 2), stepped;
        const char *spec = specs[roll_below(&seed, 4)];
        snprintf(was[n].spec, sizeof was[n].spec, "%s", scry_session_scope_spec(s));
        was[n].is_signed = scry_session_scope(s)->is_signed;
        was[n].count = scry_session_set(s)->count;
        if (roll_below(&seed, 2)) {
            stepped = scry_session_rescope(s, spec, is_signed, &err);
            wrong += stepped == (strcmp(was[n].spec, spec) == 0 && was[n].is_signed == is_signed);
            wrong += strcmp(scry_session_scope_spec(s), spec) != 0 || scry_session_scope(s)->is_signed != is_signed;
            scopes += stepped;
        } else {
            stepped = scry_session_toggle(s, &(uint32_t){roll_below(&seed, scry_index_info(x)->d_sae)}, 1);
        }
        n += stepped;
        scry_session_history(s, &undo, &redo);
        wrong += undo != n || redo != 0;
    }
    if (!s) return;
    check(!scry_session_rescope(s, "nowhere", false, &err) && err.status == 2, "%s: no such domain: %s", name,
          err.text);
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = n; i-- > 0;) {
            wrong += !scry_session_undo(s) || strcmp(scry_session_scope_spec(s), was[i].spec) != 0 ||
                     scry_session_scope(s)->is_signed != was[i].is_signed || scry_session_set(s)->count != was[i].count;
        }
        for (size_t i = 1; i <= n; i++) {
            wrong += !scry_session_redo(s) || (i < n && strcmp(scry_session_scope_spec(s), was[i].spec) != 0) ||
                     (i < n && scry_session_scope(s)->is_signed != was[i].is_signed);
        }
    }
    check(wrong == 0 && scopes > 50, "%s: %zu steps undone and redone, %zu of them of the domains: %zu wrong", name, n,
          scopes, wrong);
    scry_session_free(s);
}

/* ---- what-if -------------------------------------------------------------------------------- */

static void what_if(const scry_index *x, const char *name, scry_score score, const char *scope, bool is_signed,
                    uint32_t n) {
    enum { HOW_MANY = 50 };
    scry_error err = {0};
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, n, score, &err);
    if (!s || !scry_session_set_scope(s, scope, is_signed, &err)) {
        check(false, "%s: a session for what-if: %s", name, err.text);
        scry_session_free(s);
        return;
    }
    uint32_t latent[HOW_MANY];
    float rho[HOW_MANY];
    uint64_t seed = 51;
    for (uint32_t i = 0; i < HOW_MANY; i++)
        latent[i] = i < 25 ? scry_session_ranking(s)->order[i * 8] : roll_below(&seed, scry_index_info(x)->d_sae);
    scry_what_if(x, scry_session_scorer(s), scry_session_set(s), scry_session_scope(s), latent, HOW_MANY, rho);
    worst w = {.tolerance = 1e-6};
    for (uint32_t i = 0; i < HOW_MANY; i++) {
        scry_session_toggle(s, &latent[i], 1);
        worst_add(&w, (double)rho[i], scry_session_result(s)->fit.pearson, 1, "latent %u", latent[i]);
        scry_session_undo(s);
    }
    worst_line(&w, "%s: what-if of %d latents is what a toggle gives (%s, %s%s, N %u)", name, HOW_MANY,
               scry_score_name(score), scope, is_signed ? ", signed" : "", n);
    scry_session_free(s);
}

/* ---- smaller things ------------------------------------------------------------------------- */

static void results(const scry_index *x, const char *name) {
    scry_error err = {0};
    scry_session *s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err);
    if (!check(s != NULL, "%s: a session %s", name, err.text)) return;
    check(!scry_session_statistics_ready(s), "%s: statistics are not ready before they are requested", name);
    const scry_result *r = scry_session_statistics(s);
    check(scry_session_statistics_ready(s), "%s: and ready after", name);
    size_t D = r->domains, n = 0;
    double *p = room(2 * D, sizeof *p), low, high;
    for (size_t d = 0; d < D; d++)
        if (!isnan(r->sts[d]) && !isnan(r->change[d])) p[n] = r->sts[d], p[D + n++] = r->change[d];
    scry_leave_one_out(p, p + D, n, &low, &high);
    check(r->spearman == scry_spearman(p, p + D, n) && r->loo_min == low && r->loo_max == high &&
              r->p_value == scry_permutation_p(p, p + D, n, SCRY_PERMUTATIONS, SCRY_SEED),
          "%s: Spearman %.3f, p %.5f, leave one out %.3f to %.3f are those of the points shown", name, r->spearman,
          r->p_value, low, high);
    check(r->random_rank >= 0 && r->random_rank <= 1 && r->random_sd > 0 && fabs(r->random_mean) <= 1,
          "%s: among random sets %.3f +- %.3f, rank %.3f", name, r->random_mean, r->random_sd, r->random_rank);
    double rank = r->random_rank;
    uint64_t version = scry_session_version(s);
    scry_session *other = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err);
    uint64_t before = scry_session_version(other);
    check(!isnan(r->ci_low) && r->ci_low <= r->ci_high, "%s: the interval too: %.3f to %.3f", name, r->ci_low,
          r->ci_high);
    check(scry_session_take_statistics(other, before, r) && scry_session_statistics_ready(other) &&
              scry_session_result(other)->p_value == r->p_value && scry_session_result(other)->ci_low == r->ci_low &&
              scry_session_result(other)->sts != r->sts && scry_session_result(other)->sts[0] == r->sts[0],
          "%s: statistics computed on copies are taken, the scores stay the session's own", name);
    scry_session_toggle(other, &(uint32_t){5}, 1);
    check(scry_session_version(other) != before && !scry_session_take_statistics(other, before, r) &&
              !scry_session_statistics_ready(other),
          "%s: that of a state before is not", name);
    scry_session_free(other);
    check(scry_session_version(s) == version, "%s: asking changes no version", name);
    uint32_t some[] = {1, 2, 3};
    scry_session_toggle(s, some, 3);
    check(!scry_session_statistics_ready(s), "%s: a toggle makes statistics stale", name);
    scry_session_undo(s);
    check(scry_session_statistics(s)->random_rank == rank, "%s: the same set has the same statistics", name);
    free(p);

    scry_set *none = scry_set_new(scry_index_info(x)->d_sae);
    scry_session_adopt(s, none);
    r = scry_session_statistics(s);
    check(isnan(r->fit.pearson) && isnan(r->spearman) && isnan(r->p_value) && isnan(r->loo_min),
          "%s: an empty selection has no rho (%g), Spearman (%g), p (%g), leave-one-out (%g)", name, r->fit.pearson,
          r->spearman, r->p_value, r->loo_min);
    scry_session_set_score(s, SCRY_ACT2, &err);
    check(scry_session_result(s)->sts[0] == 0, "%s: the mean over an empty selection is 0", name);
    scry_set_free(none);
    scry_session_free(s);

    size_t undo, redo;
    s = scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, UINT32_MAX, SCRY_ACT, &err);
    check(s && scry_session_n(s) == scry_index_info(x)->d_sae &&
              scry_session_set(s)->count == scry_index_info(x)->d_sae,
          "%s: N is clipped", name);
    if (s) {
        check(!scry_session_undo(s) && !scry_session_redo(s) && !scry_session_set_n(s, UINT32_MAX),
              "%s: nothing to undo, redo, change", name);
        check(!scry_session_rank_by(s, SCRY_RL, SCRY_SQ, &err) && err.status == 2 && strstr(err.text, "rl"),
              "%s: no such source: %s", name, err.text);
        check(!scry_session_put(s, some, 3, true), "%s: putting in what is in changes nothing", name);
        scry_session_history(s, &undo, &redo);
        check(undo == 0 && redo == 0, "%s: none of it is a step", name);
        check(!scry_session_set_scope(s, "nowhere", false, &err) && strcmp(scry_session_scope_spec(s), "all") == 0,
              "%s: a wrong scope leaves the old one", name);
    }
    scry_session_free(s);
    err = (scry_error){0};
    s = scry_session_new(x, 0, SCRY_RL, SCRY_SQ, 10, SCRY_ACT, &err);
    check(!s && err.status == 2 && strstr(err.text, "icl"), "%s: no session by a source that is not there: %s", name,
          err.text);
    scry_session_free(s);
}

int main(void) {
    const char *name = study_path_of("mmlu-pocket") ? "mmlu-pocket" : "sample", *study = study_path_of(name);
    if (strcmp(name, "sample") == 0) check_skip("mmlu-pocket is not here; the sample study instead");
    if (!study) {
        check_skip("no study here");
        return check_end();
    }
    scry_error err = {0};
    const char *out = scratch("x.scry");
    scry_index *x = scry_index_build(study, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    if (!check(x != NULL, "%s is indexed %s", name, err.text)) return check_end();
    results(x, name);
    what_if(x, name, SCRY_ACT, "all", false, 100);
    what_if(x, name, SCRY_ACT2, "all", true, 100);
    what_if(x, name, SCRY_SCORE_ICL, "extremes:4", false, 37);
    what_if(x, name, SCRY_ACT, "extremes:2", false, 1);
    what_if(x, name, SCRY_ACT2, "all", false, 0);
    walk(x, name, 100000);
    domains_undone(x, name);
    scry_close(x);
    return check_end();
}
