/* session/history.c: what can be undone and redone. */
#include "session/session_internal.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void step_free(step *t) {
    free(t->pins);
    free(t->scope_before.spec);
    free(t->scope_after.spec);
    free(t->label.before);
    free(t->label.after);
}

static void forget_redo(scry_session *s) {
    while (s->step_count > s->done) step_free(&s->steps[--s->step_count]);
}

void session_forget(scry_session *s) {
    s->done = 0;
    forget_redo(s);
}

/* Records a step that is in force. */
static void add_step(scry_session *s, step t) {
    forget_redo(s);
    if (s->step_count == s->step_room) {
        s->step_room = s->step_room ? s->step_room * 2 : 64;
        s->steps = mem_resize(s->steps, s->step_room, sizeof *s->steps);
    }
    s->steps[s->step_count++] = t;
    s->done = s->step_count;
}

/* Records a step (taking the pins) and puts it in force. */
static bool take_step(scry_session *s, place after, pin_change *pins, uint32_t count, scry_error *err) {
    place before = s->at;
    if (!session_move(s, after, err)) {
        free(pins);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) s->pin[pins[i].latent] = pins[i].after;
    session_apply_pins(s, &(step){.pins = pins, .count = count});
    add_step(s, (step){.before = before, .after = after, .pins = pins, .count = count});
    session_stale(s);
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
    to.n = session_most(s, n);
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

void scry_session_relabelled(scry_session *s, uint32_t latent, const char *before, const char *after) {
    scry_relabel label = {latent, mem_copy_string(before ? before : ""), mem_copy_string(after ? after : "")};
    add_step(s, (step){.before = s->at, .after = s->at, .label = label});
}

const scry_relabel *scry_session_undoes_label(const scry_session *s) {
    return s->done && s->steps[s->done - 1].label.before ? &s->steps[s->done - 1].label : NULL;
}

const scry_relabel *scry_session_redoes_label(const scry_session *s) {
    return s->done < s->step_count && s->steps[s->done].label.before ? &s->steps[s->done].label : NULL;
}

bool scry_session_undo(scry_session *s) {
    if (!s->done) return false;
    const step *last = &s->steps[--s->done];
    if (last->label.before) return true;
    for (uint32_t i = 0; i < last->count; i++) s->pin[last->pins[i].latent] = last->pins[i].before;
    session_move(s, last->before, NULL); /* was reached before, so it can be reached again */
    session_apply_pins(s, last);
    take_scope(s, &last->scope_before);
    session_stale(s);
    return true;
}

bool scry_session_redo(scry_session *s) {
    if (s->done == s->step_count) return false;
    const step *next = &s->steps[s->done++];
    if (next->label.before) return true;
    for (uint32_t i = 0; i < next->count; i++) s->pin[next->pins[i].latent] = next->pins[i].after;
    session_move(s, next->after, NULL);
    session_apply_pins(s, next);
    take_scope(s, &next->scope_after);
    session_stale(s);
    return true;
}

void scry_session_history(const scry_session *s, size_t *undo, size_t *redo) {
    *undo = s->done;
    *redo = s->step_count - s->done;
}
