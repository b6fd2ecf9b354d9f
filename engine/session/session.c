/* session/session.c: the current state of a session: ranking, selection, score and domains. */
#include "session/session_internal.h"
#include "analysis.h"
#include "base/mem.h"
#include "rho_context.h"
#include "rank/ranking_cache.h"

#include <stdlib.h>

void session_invalidate(scry_session *s) {
    s->result_ready = s->statistics_ready = false;
    s->version++;
}

/* Adds or removes one latent as ranking and pin now say. */
static void apply_pin(scry_session *s, uint32_t latent) {
    bool in = s->pin[latent] == AS_RANKED ? s->ranking->rank[latent] < s->spec.n : s->pin[latent] == PINNED_IN;
    if (scry_set_has(s->set, latent) == in) return;
    scry_set_put(s->set, latent, in);
    scry_scorer_put(s->scorer, latent, in);
}

/* Updates the latents at ranks from..to; where these are many, all latents, in the order of memory. */
static void apply_pins_of_ranks(scry_session *s, const scry_ranking *r, uint32_t from, uint32_t to) {
    if (to - from > s->F / 8)
        for (uint32_t latent = 0; latent < s->F; latent++) apply_pin(s, latent);
    else
        for (uint32_t rank = from; rank < to; rank++) apply_pin(s, r->order[rank]);
}

static void set_n(scry_session *s, uint32_t n) {
    uint32_t from = s->spec.n < n ? s->spec.n : n, to = s->spec.n < n ? n : s->spec.n;
    s->spec.n = n;
    if (to - from >= SCRY_BULK_FROM) scry_scorer_begin_bulk(s->scorer);
    apply_pins_of_ranks(s, s->ranking, from, to);
    scry_scorer_end_bulk(s->scorer);
}

void session_apply_pins(scry_session *s, const step *of) {
    if (of->count >= SCRY_BULK_FROM) scry_scorer_begin_bulk(s->scorer);
    for (uint32_t i = 0; i < of->count; i++) apply_pin(s, of->pins[i].latent);
    scry_scorer_end_bulk(s->scorer);
}

static bool same_key(ranking_key a, ranking_key b) {
    return a.train == b.train && a.source == b.source && a.metric == b.metric && a.against == b.against;
}

static void renew_scorer(scry_session *s, scry_score score) {
    scry_scorer_free(s->scorer);
    s->score = score;
    s->effects_version = scry_effects_version(s->index);
    s->scorer = scry_scorer_new(s->index, score);
    scry_scorer_set_anchor(s->scorer, s->anchor);
    scry_scorer_load(s->scorer, s->set);
}

static void follow_reference(scry_session *s, scry_reference against) {
    s->index = scry_index_against(s->index, against, NULL);
    renew_scorer(s, scry_has_score(s->index, s->score) ? s->score : SCRY_ACT);
}

bool session_set_ranking(scry_session *s, ranking_spec to, scry_error *err) {
    if (!same_key(to.by, s->spec.by)) {
        const scry_ranking *old = s->ranking;
        const scry_ranking *ranking = ranking_cache_get(&s->rankings, to.by, old, s->before, err);
        if (!ranking) return false;
        if (to.by.against != s->spec.by.against) follow_reference(s, to.by.against);
        s->before = old;
        uint32_t old_n = s->spec.n;
        s->ranking = ranking;
        s->spec = to;
        if (old_n + (uint64_t)to.n >= SCRY_BULK_FROM) scry_scorer_begin_bulk(s->scorer);
        apply_pins_of_ranks(s, old, 0, old_n);
        apply_pins_of_ranks(s, ranking, 0, to.n);
        scry_scorer_end_bulk(s->scorer);
    } else {
        set_n(s, to.n);
    }
    return true;
}

scry_session *scry_session_new(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                               uint32_t n, scry_score score, scry_error *err) {
    ranking_cache rankings = {.index = index};
    const ranking_key by = {train, source, metric, scry_index_info(index)->against};
    const scry_ranking *ranking = ranking_cache_get(&rankings, by, NULL, NULL, err);
    if (!ranking) {
        ranking_cache_free(&rankings);
        return NULL;
    }
    scry_session *s = mem_new(1, sizeof *s);
    const scry_info *info = scry_index_info(index);
    s->index = index;
    s->rankings = rankings;
    s->F = info->d_sae;
    s->ranking = ranking;
    s->spec = (ranking_spec){.by = by};
    s->pin = mem_new(s->F, 1);
    s->set = scry_set_new(s->F);
    s->score = score;
    s->effects_version = scry_effects_version(index);
    s->scorer = scry_scorer_new(index, score);
    s->scope_spec = mem_copy_string("all");
    if (!scry_require_score(index, score, err) ||
        !scry_scope_read(&s->scope, index, train, "all", info->is_signed, err)) {
        scry_session_free(s);
        return NULL;
    }
    set_n(s, scry_clip_top(index, n));
    return s;
}

static void step_free(step *t) {
    free(t->pins);
    free(t->scope_before.spec);
    free(t->scope_after.spec);
    scry_relabels_free(&t->labels);
}

void session_drop_steps(scry_session *s, size_t from) {
    while (s->step_count > from) step_free(&s->steps[--s->step_count]);
    if (s->done > from) s->done = from;
}

void scry_session_free(scry_session *s) {
    if (!s) return;
    session_drop_steps(s, 0);
    free(s->steps);
    scry_result_free(&s->result);
    ranking_cache_free(&s->rankings);
    scry_scorer_free(s->scorer);
    scry_anchor_free(s->anchor);
    scry_scope_free(&s->scope);
    scry_set_free(s->set);
    free(s->scope_spec);
    free(s->pin);
    free(s);
}

const scry_index *scry_session_index(const scry_session *s) {
    return s->index;
}
const scry_ranking *scry_session_ranking(const scry_session *s) {
    return s->ranking;
}
const scry_ranking *scry_session_ranking_before(const scry_session *s) {
    return s->before;
}
bool scry_session_rank_ahead(scry_session *s, scry_condition source, scry_metric metric) {
    const ranking_key key = {s->spec.by.train, source, metric, s->spec.by.against};
    if (ranking_cache_has(&s->rankings, key)) return false;
    return ranking_cache_get(&s->rankings, key, s->ranking, s->before, NULL) != NULL;
}
const scry_set *scry_session_set(const scry_session *s) {
    return s->set;
}
const scry_scorer *scry_session_scorer(const scry_session *s) {
    return s->scorer;
}
const scry_scope *scry_session_scope(const scry_session *s) {
    return &s->scope;
}
scry_score scry_session_score(const scry_session *s) {
    return s->score;
}
uint32_t scry_session_n(const scry_session *s) {
    return s->spec.n;
}
int scry_session_pin(const scry_session *s, uint32_t latent) {
    return s->pin[latent];
}
const char *scry_session_scope_spec(const scry_session *s) {
    return s->scope_spec;
}

void scry_session_edits(const scry_session *s, uint32_t *added, uint32_t *removed) {
    uint32_t kept = 0;
    for (uint32_t rank = 0; rank < s->spec.n; rank++) kept += scry_set_has(s->set, s->ranking->order[rank]);
    *removed = s->spec.n - kept;
    *added = s->set->count - kept;
}

bool scry_session_set_score(scry_session *s, scry_score score, scry_error *err) {
    if (!scry_require_score(s->index, score, err)) return false;
    bool same_columns = s->effects_version == scry_effects_version(s->index);
    if (score == s->score && (!scry_scores[score].is_effect || same_columns)) return false;
    renew_scorer(s, score);
    session_invalidate(s);
    return true;
}

void scry_session_set_anchor(scry_session *s, const scry_anchor *anchor) {
    scry_anchor *copy = scry_anchor_copy(anchor);
    scry_anchor_free(s->anchor);
    s->anchor = copy;
    if (!scry_scores[s->score].is_effect) return;
    scry_scorer_set_anchor(s->scorer, copy);
    session_invalidate(s);
}

const scry_anchor *scry_session_anchor(const scry_session *s) {
    return s->anchor;
}

bool scry_session_set_scope(scry_session *s, const char *spec, bool is_signed, scry_error *err) {
    scry_scope scope;
    if (!scry_scope_read(&scope, s->index, s->spec.by.train, spec, is_signed, err)) return false;
    scry_scope_free(&s->scope);
    s->scope = scope;
    char *copy = mem_copy_string(spec);
    free(s->scope_spec);
    s->scope_spec = copy;
    session_invalidate(s);
    return true;
}

void session_restore(scry_session *s, ranking_spec at, ranking_spec before, uint8_t *pin, scry_scope scope,
                     char *spec) {
    free(s->pin);
    s->pin = pin;
    scry_scope_free(&s->scope);
    s->scope = scope;
    free(s->scope_spec);
    s->scope_spec = spec;
    session_set_ranking(s, at, NULL);
    s->before =
        before.by.source == SCRY_CONDITIONS ? NULL : ranking_cache_get(&s->rankings, before.by, s->ranking, NULL, NULL);
    scry_scorer_begin_bulk(s->scorer);
    for (uint32_t j = 0; j < s->F; j++) apply_pin(s, j);
    scry_scorer_end_bulk(s->scorer);
    session_invalidate(s);
}

uint32_t scry_session_switches(const scry_session *s) {
    uint32_t added, removed;
    scry_session_edits(s, &added, &removed);
    return added + removed;
}

scry_set *scry_session_untouched(const scry_session *s) {
    scry_set *set = scry_set_new(s->F);
    for (uint32_t rank = 0; rank < s->spec.n; rank++) scry_set_put(set, s->ranking->order[rank], true);
    return set;
}

const scry_result *scry_session_result(scry_session *s) {
    if (!s->result_ready) {
        scry_result_free(&s->result);
        scry_result_fit(&s->result, s->index, s->scorer, &s->scope);
        s->result_ready = true;
    }
    return &s->result;
}

bool scry_session_statistics_ready(const scry_session *s) {
    return s->statistics_ready;
}

const scry_result *scry_session_statistics(scry_session *s) {
    scry_session_result(s);
    if (!s->statistics_ready) {
        scry_set *untouched = scry_session_untouched(s);
        scry_result_finish(&s->result, s->index, s->score, s->set, untouched, &s->scope, NULL);
        scry_set_free(untouched);
        s->statistics_ready = true;
    }
    return &s->result;
}

uint64_t scry_session_version(const scry_session *s) {
    return s->version;
}

bool scry_session_take_statistics(scry_session *s, uint64_t version, const scry_result *statistics) {
    if (version != s->version) return false;
    scry_result own = *scry_session_result(s), all = *statistics;
    all.sts = own.sts, all.change = own.change, all.fitted = own.fitted, all.residual = own.residual;
    s->result = all;
    s->statistics_ready = true;
    return true;
}

uint64_t scry_session_baseline_key(const scry_session *s) {
    const uint64_t part[] = {s->spec.by.train, s->spec.by.source, s->spec.n, s->scope.is_signed, s->spec.by.against};
    uint64_t key = 0xcbf29ce484222325u;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) key = (key ^ part[i]) * 0x100000001b3u;
    for (size_t d = 0; d < s->scope.domains; d++) key = (key ^ s->scope.use[d]) * 0x100000001b3u;
    return key ? key : 1;
}

const scry_best_baseline *scry_session_baseline(const scry_session *s) {
    return s->baseline_key == scry_session_baseline_key(s) ? &s->baseline : NULL;
}

bool scry_session_take_baseline(scry_session *s, uint64_t key, const scry_best_baseline *baseline) {
    if (key != scry_session_baseline_key(s)) return false;
    s->baseline = *baseline;
    s->baseline_key = key;
    return true;
}

void scry_session_find_baseline(scry_session *s) {
    if (scry_session_baseline(s)) return;
    scry_best_baseline found;
    if (scry_best_baseline_find(&found, s->index, s->spec.by.source, s->spec.n, &s->scope, 0, NULL))
        scry_session_take_baseline(s, scry_session_baseline_key(s), &found);
}
