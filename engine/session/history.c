/* session/history.c: the steps of a session, with undo and redo. */
#include "session/session_internal.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Records a step that is in effect, taking ownership of what it holds. */
static void add_step(scry_session *s, step t) {
    session_drop_steps(s, s->done);
    if (s->step_count == s->step_room) {
        s->step_room = s->step_room ? s->step_room * 2 : 64;
        s->steps = mem_resize(s->steps, s->step_room, sizeof *s->steps);
    }
    s->steps[s->step_count++] = t;
    s->done = s->step_count;
}

/* Applies a change of ranking, N and pins, of which it takes ownership, and records it as a step. */
static bool take_step(scry_session *s, ranking_spec after, pin_change *pins, uint32_t count, scry_error *err) {
    ranking_spec before = s->spec;
    if (!session_set_ranking(s, after, err)) {
        free(pins);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) s->pin[pins[i].latent] = pins[i].after;
    session_apply_pins(s, &(step){.pins = pins, .count = count});
    add_step(s, (step){.before = before, .after = after, .pins = pins, .count = count});
    session_invalidate(s);
    return true;
}

/* The pin that puts a latent in (or out) under the current ranking. */
static uint8_t pin_for(const scry_session *s, uint32_t latent, bool in) {
    if ((s->ranking->rank[latent] < s->spec.n) == in) return AS_RANKED;
    return in ? PINNED_IN : PINNED_OUT;
}

static bool change_pins(scry_session *s, const uint32_t *latents, size_t count, bool toggle, bool in) {
    pin_change *pins = mem_new(count, sizeof *pins);
    uint32_t used = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t latent = latents[i];
        bool want = toggle ? !scry_set_has(s->set, latent) : in;
        if (scry_set_has(s->set, latent) == want || (want && !scry_is_scored(s->index, latent))) continue;
        pins[used++] = (pin_change){latent, s->pin[latent], pin_for(s, latent, want)};
    }
    if (used) return take_step(s, s->spec, pins, used, NULL);
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
    ranking_spec to = s->spec;
    to.n = scry_clip_top(s->index, n);
    return to.n != s->spec.n && take_step(s, to, NULL, 0, NULL);
}

bool scry_session_rank_by(scry_session *s, scry_condition source, scry_metric metric, scry_error *err) {
    if (source == s->spec.by.source && metric == s->spec.by.metric) return false;
    ranking_spec to = s->spec;
    to.by.source = source;
    to.by.metric = metric;
    return take_step(s, to, NULL, 0, err);
}

/* The current source where the index has it for the training set, else the one that is taken unless another is asked
 * for. */
static scry_condition source_in(const scry_session *s, const scry_index *index, size_t train) {
    scry_condition source;
    if (scry_index_info(index)->train[train].has[s->spec.by.source]) return s->spec.by.source;
    return scry_default_source(index, train, &source, NULL) ? source : SCRY_ICL;
}

bool scry_session_compare_with(scry_session *s, scry_reference against, scry_error *err) {
    if (against == s->spec.by.against) return false;
    const scry_index *view = scry_index_against(s->index, against, err);
    scry_condition source;
    bool scored = scry_index_info(s->index)->domains > 0;
    if (!view || !scry_default_source(view, s->spec.by.train, &source, err) ||
        (scored && !scry_require_score(view, s->score, err)))
        return false;
    ranking_spec to = s->spec;
    to.by.against = against;
    to.by.source = source_in(s, view, to.by.train);
    return take_step(s, to, NULL, 0, err);
}

bool scry_session_adopt(scry_session *s, const scry_set *set) {
    pin_change *pins = mem_new(s->F, sizeof *pins);
    uint32_t used = 0;
    for (uint32_t j = 0; j < s->F; j++) {
        uint8_t pin = pin_for(s, j, scry_set_has(set, j) && scry_is_scored(s->index, j));
        if (pin != s->pin[j]) pins[used++] = (pin_change){j, s->pin[j], pin};
    }
    if (used) return take_step(s, s->spec, mem_resize(pins, used, sizeof *pins), used, NULL);
    free(pins);
    return false;
}

/* Applies a step's domains, if it changed them. The changes are those of the current training set; where too few
 * domains of the spec have one, the domains become all. */
static void restore_scope(scry_session *s, const scope_view *view) {
    bool other = s->scope.train != s->spec.by.train, is_signed = view->spec ? view->is_signed : s->scope.is_signed;
    const char *spec = view->spec ? view->spec : s->scope_spec;
    if ((view->spec || other) && !scry_session_set_scope(s, spec, is_signed, NULL))
        scry_session_set_scope(s, "all", is_signed, NULL);
}

bool scry_session_train_on(scry_session *s, size_t train, scry_error *err) {
    scry_condition source;
    if (train == s->spec.by.train || !scry_default_source(s->index, train, &source, err)) return false;
    ranking_spec to = s->spec;
    to.by.train = train;
    to.by.source = source_in(s, s->index, train);
    if (to.by.source == SCRY_BASE && !scry_metrics[to.by.metric].base_title)
        to.by.metric = scry_default_metric(to.by.source);
    scope_view before = {mem_copy_string(s->scope_spec), s->scope.is_signed};
    if (!take_step(s, to, NULL, 0, err)) {
        free(before.spec);
        return false;
    }
    restore_scope(s, &before);
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
    take_step(s, s->spec, NULL, 0, NULL);
    step *last = &s->steps[s->done - 1];
    last->scope_before = before;
    last->scope_after = (scope_view){mem_copy_string(spec), is_signed};
    return true;
}

void scry_session_relabelled(scry_session *s, const scry_relabel *changes, size_t count) {
    if (!count) return;
    scry_relabels labels = {mem_new(count, sizeof *labels.change), count};
    for (size_t i = 0; i < count; i++)
        labels.change[i] =
            (scry_relabel){changes[i].latent, mem_copy_string(changes[i].before), mem_copy_string(changes[i].after)};
    add_step(s, (step){.before = s->spec, .after = s->spec, .labels = labels});
}

const scry_relabels *scry_session_undoes_labels(const scry_session *s) {
    return s->done && s->steps[s->done - 1].labels.count ? &s->steps[s->done - 1].labels : NULL;
}

const scry_relabels *scry_session_redoes_labels(const scry_session *s) {
    return s->done < s->step_count && s->steps[s->done].labels.count ? &s->steps[s->done].labels : NULL;
}

static bool move(scry_session *s, const step *t, bool redo) {
    if (t->labels.count) return true;
    for (uint32_t i = 0; i < t->count; i++) s->pin[t->pins[i].latent] = redo ? t->pins[i].after : t->pins[i].before;
    session_set_ranking(s, redo ? t->after : t->before, NULL); /* cannot fail: it was the ranking then */
    session_apply_pins(s, t);
    restore_scope(s, redo ? &t->scope_after : &t->scope_before);
    session_invalidate(s);
    return true;
}

bool scry_session_undo(scry_session *s) {
    return s->done && move(s, &s->steps[--s->done], false);
}

bool scry_session_redo(scry_session *s) {
    return s->done < s->step_count && move(s, &s->steps[s->done++], true);
}

void scry_session_history(const scry_session *s, size_t *undo, size_t *redo) {
    *undo = s->done;
    *redo = s->step_count - s->done;
}
