/* select.c: commands that change the selection. Each is one step of the session's history. */
#include "base/mem.h"
#include "explorer/commands/step.h"
#include "explorer/table/table.h"

#include <stdio.h>
#include <stdlib.h>

/* The latents of a set as a list; caller frees. */
static uint32_t *list_of(const scry_set *set) {
    uint32_t *list = mem_new(set->count, sizeof *list), n = 0;
    for (uint32_t j = 0; j < set->latents; j++)
        if (scry_set_has(set, j)) list[n++] = j;
    return list;
}

/* True when all latents that a toggle would add are scored. */
static bool can_put(app *a, const scry_set *set, scry_error *err) {
    scry_set *in = scry_set_copy(set);
    for (uint32_t j = 0; j < set->latents; j++)
        if (scry_set_has(set, j) && scry_set_has(scry_session_set(a->tab->session), j)) scry_set_put(in, j, false);
    bool ok = scry_require_scored(a->tab->index, in, err);
    scry_set_free(in);
    return ok;
}

static command_effect toggle_set(app *a, const scry_set *set, const char *what) {
    scry_error err = {0};
    if (!can_put(a, set, &err)) return app_fail(a, "%s", err.text);
    uint32_t *list = list_of(set);
    step_begin(a);
    bool changed = scry_session_toggle(a->tab->session, list, set->count);
    free(list);
    return step_done(a, changed, what);
}

command_effect do_toggle(app *a, const char *argument) {
    if (*argument) {
        scry_error err = {0};
        scry_set *set = scry_set_new(a->tab->info->d_sae);
        command_effect effect =
            scry_set_list(set, argument, true, &err) ? toggle_set(a, set, "toggled") : app_fail(a, "%s", err.text);
        scry_set_free(set);
        return effect;
    }
    if (a->tab->focus == PANE_DOMAINS && !a->layer) return do_leave_out(a, "");
    if (!table_rows(a)) return app_fail(a, "no latent passes the filter; \\ shows all");
    uint32_t latent = app_latent(a);
    char what[48];
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    snprintf(what, sizeof what, "latent %u %s", latent, in ? "removed" : "added");
    if (!in && !scry_is_scored(a->tab->index, latent))
        return app_fail(a, "latent %u was not encoded on the domains (--candidates %u), so it cannot be scored", latent,
                        a->tab->info->candidates);
    step_begin(a);
    return step_done(a, scry_session_toggle(a->tab->session, &latent, 1), what);
}

command_effect do_toggle_marked(app *a, UNUSED const char *argument) {
    if (!a->tab->table->marks->count) return app_fail(a, "nothing is marked; m marks a latent");
    char what[48];
    snprintf(what, sizeof what, "toggled %u marked latent%s", a->tab->table->marks->count,
             plural_s(a->tab->table->marks->count));
    return toggle_set(a, a->tab->table->marks, what);
}

static command_effect set_n(app *a, uint32_t n) {
    char what[64];
    step_begin(a);
    bool changed = scry_session_set_n(a->tab->session, n);
    bool cut = a->tab->info->candidates && n > a->tab->info->candidates &&
               scry_session_n(a->tab->session) == a->tab->info->candidates;
    snprintf(what, sizeof what, "N %u%s", scry_session_n(a->tab->session), cut ? ", all that --candidates scored" : "");
    return step_done(a, changed, what);
}

/* One at a time below 20, then in steps that keep their size relative to N. */
static uint32_t step_of(const char *argument, uint32_t n) {
    unsigned long step = strtoul(argument, NULL, 10);
    if (step) return step > UINT32_MAX ? UINT32_MAX : (uint32_t)step;
    return n < 20 ? 1 : n < 200 ? 10 : n < 2000 ? 100 : 1000;
}

command_effect do_more(app *a, const char *argument) {
    uint32_t n = scry_session_n(a->tab->session), step = step_of(argument, n);
    return set_n(a, n > UINT32_MAX - step ? UINT32_MAX : n + step);
}

command_effect do_fewer(app *a, const char *argument) {
    uint32_t n = scry_session_n(a->tab->session), step = step_of(argument, n ? n - 1 : 0);
    return set_n(a, n > step ? n - step : 0);
}

command_effect do_top(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "top", "");
    char *end;
    unsigned long long n = strtoull(argument, &end, 10);
    if (*argument < '0' || *argument > '9' || *end)
        return app_fail(a, "top \"%s\": expected a number from 0 to %u", argument, a->tab->info->d_sae);
    return set_n(a, n > UINT32_MAX ? UINT32_MAX : (uint32_t)n);
}

command_effect do_reset(app *a, UNUSED const char *argument) {
    scry_session *s = a->tab->session;
    char what[48];
    snprintf(what, sizeof what, "reset to the top %u", scry_session_n(s));
    scry_set *untouched = scry_session_untouched(s);
    step_begin(a);
    bool changed = scry_session_adopt(s, untouched);
    scry_set_free(untouched);
    return changed ? step_done(a, true, what) : app_say(a, "no latent is switched by hand: nothing to reset");
}
