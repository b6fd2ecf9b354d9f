/* session.c: one person's work on an index. */
#include "session_state.h"
#include "analysis.h"
#include "base/mem.h"
#include "rankings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- state ---------------------------------------------------------------------------------- */

static void stale(scry_session *s) {
    s->result_ready = s->company_ready = false;
    s->version++;
}

/* Brings the set's bit of one latent, and the sums, to what ranking and pin say. */
static void settle(scry_session *s, uint32_t latent) {
    bool in = s->pin[latent] == AS_RANKED ? s->ranking->rank[latent] < s->at.n : s->pin[latent] == PINNED_IN;
    if (scry_set_has(s->set, latent) == in) return;
    scry_set_put(s->set, latent, in);
    scry_scorer_put(s->scorer, latent, in);
}

/* Settles the latents at these ranks. Where they are most of all, in the order of their numbers, which is that of the
 * memory. */
static void settle_ranks(scry_session *s, const scry_ranking *r, uint32_t from, uint32_t to) {
    if (to - from > s->F / 8)
        for (uint32_t latent = 0; latent < s->F; latent++) settle(s, latent);
    else
        for (uint32_t rank = from; rank < to; rank++) settle(s, r->order[rank]);
}

static void move_n(scry_session *s, uint32_t n) {
    uint32_t from = s->at.n < n ? s->at.n : n, to = s->at.n < n ? n : s->at.n;
    s->at.n = n;
    if (to - from >= SCRY_MANY) scry_scorer_many(s->scorer, true);
    settle_ranks(s, s->ranking, from, to);
    scry_scorer_many(s->scorer, false);
}

/* The same for the latents of a step's pins. */
static void settle_pins(scry_session *s, const step *of) {
    if (of->count >= SCRY_MANY) scry_scorer_many(s->scorer, true);
    for (uint32_t i = 0; i < of->count; i++) settle(s, of->pins[i].latent);
    scry_scorer_many(s->scorer, false);
}

/* Where domains were encoded on candidates only, no more of a ranking can be scored than was asked for. */
static uint32_t clip_n(const scry_session *s, uint32_t n) {
    uint32_t most = scry_about(s->index)->candidates;
    if (!most || most > s->F) most = s->F;
    return n < most ? n : most;
}

static bool move_to(scry_session *s, place to, scry_error *err) {
    if (to.train != s->at.train || to.source != s->at.source || to.metric != s->at.metric) {
        const scry_ranking *old = s->ranking;
        const scry_ranking *ranking = rankings_get(&s->rankings, to.train, to.source, to.metric, old, s->before, err);
        if (!ranking) return false;
        s->before = old;
        uint32_t old_n = s->at.n;
        s->ranking = ranking;
        s->at = to;
        if (old_n + (uint64_t)to.n >= SCRY_MANY) scry_scorer_many(s->scorer, true);
        settle_ranks(s, old, 0, old_n);
        settle_ranks(s, ranking, 0, to.n);
        scry_scorer_many(s->scorer, false);
    } else {
        move_n(s, to.n);
    }
    return true;
}

scry_session *scry_session_new(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                               uint32_t n, scry_score score, scry_error *err) {
    rankings kept = {.index = index};
    const scry_ranking *ranking = rankings_get(&kept, train, source, metric, NULL, NULL, err);
    if (!ranking) {
        rankings_free(&kept);
        return NULL;
    }
    scry_session *s = mem_new(1, sizeof *s);
    const scry_info *info = scry_about(index);
    s->index = index;
    s->rankings = kept;
    s->F = info->d_sae;
    s->ranking = ranking;
    s->at = (place){.train = train, .source = source, .metric = metric};
    s->pin = mem_new(s->F, 1);
    s->set = scry_set_new(s->F);
    s->score = score;
    s->scorer = scry_scorer_new(index, score);
    s->scope_spec = mem_copy_string("all");
    if (!scry_has_score(index, score)) {
        scry_misuse(err, "no score \"%s\" in this index: no domain has an icl capture", scry_score_name(score));
        scry_session_free(s);
        return NULL;
    }
    if (!scry_scope_read(&s->scope, index, train, "all", info->is_signed, err)) {
        scry_session_free(s);
        return NULL;
    }
    move_n(s, clip_n(s, n));
    return s;
}

void session_step_free(step *t) {
    free(t->pins);
    free(t->scope_before.spec);
    free(t->scope_after.spec);
}

static void forget_redo(scry_session *s) {
    while (s->step_count > s->done) session_step_free(&s->steps[--s->step_count]);
}

void session_forget(scry_session *s) {
    s->done = 0;
    forget_redo(s);
}

void scry_session_free(scry_session *s) {
    if (!s) return;
    session_forget(s);
    free(s->steps);
    scry_result_free(&s->result);
    rankings_free(&s->rankings);
    scry_scorer_free(s->scorer);
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
    if (rankings_has(&s->rankings, s->at.train, source, metric)) return false;
    return rankings_get(&s->rankings, s->at.train, source, metric, s->ranking, s->before, NULL) != NULL;
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
    return s->at.n;
}
int scry_session_pin(const scry_session *s, uint32_t latent) {
    return s->pin[latent];
}
const char *scry_session_scope_spec(const scry_session *s) {
    return s->scope_spec;
}

void scry_session_edits(const scry_session *s, uint32_t *added, uint32_t *removed) {
    uint32_t kept = 0;
    for (uint32_t rank = 0; rank < s->at.n; rank++) kept += scry_set_has(s->set, s->ranking->order[rank]);
    *removed = s->at.n - kept;
    *added = s->set->count - kept;
}

/* ---- history -------------------------------------------------------------------------------- */

/* Records a step (taking the pins) and puts it in force. */
static bool take_step(scry_session *s, place after, pin_change *pins, uint32_t count, scry_error *err) {
    place before = s->at;
    if (!move_to(s, after, err)) {
        free(pins);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) s->pin[pins[i].latent] = pins[i].after;
    settle_pins(s, &(step){.pins = pins, .count = count});
    forget_redo(s);
    if (s->step_count == s->step_room) {
        s->step_room = s->step_room ? s->step_room * 2 : 64;
        s->steps = mem_resize(s->steps, s->step_room, sizeof *s->steps);
    }
    s->steps[s->step_count++] = (step){.before = before, .after = after, .pins = pins, .count = count};
    s->done = s->step_count;
    stale(s);
    return true;
}

/* The pin that makes a latent in (or out) under the ranking as it stands. */
static uint8_t pin_for(const scry_session *s, uint32_t latent, bool in) {
    if ((s->ranking->rank[latent] < s->at.n) == in) return AS_RANKED;
    return in ? PINNED_IN : PINNED_OUT;
}

static bool change_pins(scry_session *s, const uint32_t *latents, size_t count, bool toggle, bool in) {
    pin_change *pins = mem_new(count, sizeof *pins);
    uint32_t used = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t latent = latents[i];
        bool want = toggle ? !scry_set_has(s->set, latent) : in;
        if (scry_set_has(s->set, latent) == want || (want && !scry_scored(s->index, latent))) continue;
        pins[used++] = (pin_change){latent, s->pin[latent], pin_for(s, latent, want)};
    }
    if (used) return take_step(s, s->at, pins, used, NULL);
    free(pins);
    return false;
}

bool scry_session_toggle(scry_session *s, const uint32_t *latents, size_t count) {
    return change_pins(s, latents, count, true, false);
}

bool scry_session_put(scry_session *s, const uint32_t *latents, size_t count, bool in) {
    return change_pins(s, latents, count, false, in);
}

bool scry_session_set_n(scry_session *s, uint32_t n) {
    place to = s->at;
    to.n = clip_n(s, n);
    return to.n != s->at.n && take_step(s, to, NULL, 0, NULL);
}

bool scry_session_rank_by(scry_session *s, scry_condition source, scry_metric metric, scry_error *err) {
    if (source == s->at.source && metric == s->at.metric) return false;
    return take_step(s, (place){s->at.train, source, metric, s->at.n}, NULL, 0, err);
}

bool scry_session_adopt(scry_session *s, const scry_set *set) {
    pin_change *pins = mem_new(s->F, sizeof *pins);
    uint32_t used = 0;
    for (uint32_t j = 0; j < s->F; j++) {
        uint8_t pin = pin_for(s, j, scry_set_has(set, j) && scry_scored(s->index, j));
        if (pin != s->pin[j]) pins[used++] = (pin_change){j, s->pin[j], pin};
    }
    if (used) return take_step(s, s->at, mem_resize(pins, used, sizeof *pins), used, NULL);
    free(pins);
    return false;
}

/* What a step says of the domains, if it does: it was in force before, so it can be again. The changes are those of the
 * training set; what one has measured may be too few for another, then it is all. */
static void take_scope(scry_session *s, const scope_view *view) {
    bool other = s->scope.train != s->at.train, is_signed = view->spec ? view->is_signed : s->scope.is_signed;
    const char *spec = view->spec ? view->spec : s->scope_spec;
    if ((view->spec || other) && !scry_session_set_scope(s, spec, is_signed, NULL))
        scry_session_set_scope(s, "all", is_signed, NULL);
}

bool scry_session_train_on(scry_session *s, size_t train, scry_error *err) {
    if (train == s->at.train) return false;
    scry_condition has[SCRY_CONDITIONS];
    int sources = scry_sources(s->index, train, has), i = 0;
    while (i < sources && has[i] != s->at.source) i++;
    scry_condition source = i < sources ? s->at.source : sources ? has[0] : SCRY_ICL;
    scope_view before = {mem_copy_string(s->scope_spec), s->scope.is_signed};
    if (!take_step(s, (place){train, source, s->at.metric, s->at.n}, NULL, 0, err)) {
        free(before.spec);
        return false;
    }
    take_scope(s, &before);
    step *last = &s->steps[s->done - 1];
    last->scope_before = before;
    last->scope_after = (scope_view){mem_copy_string(s->scope_spec), before.is_signed};
    return true;
}

bool scry_session_rescope(scry_session *s, const char *spec, bool is_signed, scry_error *err) {
    if (is_signed == s->scope.is_signed && strcmp(spec, s->scope_spec) == 0) return false;
    scope_view before = {mem_copy_string(s->scope_spec), s->scope.is_signed};
    if (!scry_session_set_scope(s, spec, is_signed, err)) {
        free(before.spec);
        return false;
    }
    take_step(s, s->at, NULL, 0, NULL);
    step *last = &s->steps[s->done - 1];
    last->scope_before = before;
    last->scope_after = (scope_view){mem_copy_string(spec), is_signed};
    return true;
}

bool scry_session_undo(scry_session *s) {
    if (!s->done) return false;
    const step *last = &s->steps[--s->done];
    for (uint32_t i = 0; i < last->count; i++) s->pin[last->pins[i].latent] = last->pins[i].before;
    move_to(s, last->before, NULL); /* was reached before, so it can be reached again */
    settle_pins(s, last);
    take_scope(s, &last->scope_before);
    stale(s);
    return true;
}

bool scry_session_redo(scry_session *s) {
    if (s->done == s->step_count) return false;
    const step *next = &s->steps[s->done++];
    for (uint32_t i = 0; i < next->count; i++) s->pin[next->pins[i].latent] = next->pins[i].after;
    move_to(s, next->after, NULL);
    settle_pins(s, next);
    take_scope(s, &next->scope_after);
    stale(s);
    return true;
}

void scry_session_history(const scry_session *s, size_t *undo, size_t *redo) {
    *undo = s->done;
    *redo = s->step_count - s->done;
}

/* ---- score ---------------------------------------------------------------------------------- */

bool scry_session_set_score(scry_session *s, scry_score score, scry_error *err) {
    if (!scry_has_score(s->index, score))
        return scry_misuse(err, "no score \"%s\" in this index: no domain has an icl capture", scry_score_name(score));
    if (score == s->score) return false;
    scry_scorer_free(s->scorer);
    s->score = score;
    s->scorer = scry_scorer_new(s->index, score);
    scry_scorer_load(s->scorer, s->set);
    stale(s);
    return true;
}

bool scry_session_set_scope(scry_session *s, const char *spec, bool is_signed, scry_error *err) {
    scry_scope scope;
    if (!scry_scope_read(&scope, s->index, s->at.train, spec, is_signed, err)) return false;
    scry_scope_free(&s->scope);
    s->scope = scope;
    char *copy = mem_copy_string(spec);
    free(s->scope_spec);
    s->scope_spec = copy;
    stale(s);
    return true;
}

bool session_set_score(scry_session *s, scry_score score, scry_error *err) {
    return score == s->score || scry_session_set_score(s, score, err);
}

void session_take(scry_session *s, place at, place before, uint8_t *pin, scry_scope scope, char *spec) {
    free(s->pin);
    s->pin = pin;
    scry_scope_free(&s->scope);
    s->scope = scope;
    free(s->scope_spec);
    s->scope_spec = spec;
    move_to(s, at, NULL);
    s->before = before.source == SCRY_BASE
                    ? NULL
                    : rankings_get(&s->rankings, before.train, before.source, before.metric, s->ranking, NULL, NULL);
    scry_scorer_many(s->scorer, true);
    for (uint32_t j = 0; j < s->F; j++) settle(s, j);
    scry_scorer_many(s->scorer, false);
    stale(s);
}

const scry_result *scry_session_result(scry_session *s) {
    if (!s->result_ready) {
        scry_result_free(&s->result);
        scry_result_fit(&s->result, s->index, s->scorer, &s->scope);
        s->result_ready = true;
    }
    return &s->result;
}

bool scry_session_company_ready(const scry_session *s) {
    return s->company_ready;
}

const scry_result *scry_session_company(scry_session *s) {
    scry_session_result(s);
    if (!s->company_ready) {
        scry_result_complete(&s->result, s->index, s->score, s->set, NULL);
        s->company_ready = true;
    }
    return &s->result;
}

uint64_t scry_session_version(const scry_session *s) {
    return s->version;
}

bool scry_session_take_company(scry_session *s, uint64_t version, const scry_result *company) {
    if (version != s->version) return false;
    scry_result own = *scry_session_result(s), all = *company;
    all.sts = own.sts, all.change = own.change, all.fitted = own.fitted, all.residual = own.residual;
    s->result = all;
    s->company_ready = true;
    return true;
}
