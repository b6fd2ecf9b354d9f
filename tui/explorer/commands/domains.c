/* domains.c: commands that choose the domains and the sign of the correlation. */
#include "base/mem.h"
#include "base/name_list.h"
#include "explorer/commands/step.h"
#include "explorer/panes/domain_pane.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static command_effect scope_to(app *a, const char *spec, bool is_signed) {
    scry_error err = {0};
    bool was_signed = scry_session_scope(a->tab->session)->is_signed;
    step_begin(a);
    bool changed = scry_session_rescope(a->tab->session, spec, is_signed, &err);
    if (err.status) return app_fail(a, "%s", err.text);
    if (!changed) return step_done(a, false, "domains");
    char what[120], domains[100];
    app_fit_text(a, spec, 40, domains, sizeof domains);
    if (is_signed != was_signed) snprintf(what, sizeof what, "%s", change_name(is_signed));
    else snprintf(what, sizeof what, "domains %s", domains);
    return step_rescoped(a, what);
}

command_effect do_domains(app *a, const char *argument) {
    if (!app_has_domains(a)) return DID_CHANGE;
    if (!*argument) return app_ask(a, "domains", scry_session_scope_spec(a->tab->session));
    return scope_to(a, argument, scry_session_scope(a->tab->session)->is_signed);
}

command_effect do_signed(app *a, UNUSED const char *argument) {
    if (!app_has_domains(a)) return DID_CHANGE;
    char *spec = mem_copy_string(scry_session_scope_spec(a->tab->session)); /* the session replaces its own */
    command_effect effect = scope_to(a, spec, !scry_session_scope(a->tab->session)->is_signed);
    free(spec);
    return effect;
}

/* Writes the names of the domains that take part, or "all". False when they do not fit. */
static bool spec_of(const app *a, const bool *use, char *spec, size_t size) {
    const scry_scope *scope = scry_session_scope(a->tab->session);
    size_t used = 0, measured = 0, length = 0;
    *spec = 0;
    for (size_t d = 0; d < scope->domains; d++) {
        measured += (size_t)!isnan(a->tab->info->domain[d].change[scope->train]);
        if (!use[d]) continue;
        char *name = scry_name_list_quote(a->tab->info->domain[d].name);
        bool fits = length + strlen(name) + 2 <= size;
        if (fits) length += (size_t)snprintf(spec + length, size - length, "%s%s", used++ ? "," : "", name);
        free(name);
        if (!fits) return false;
    }
    if (used == measured) snprintf(spec, size, "all");
    return true;
}

/* Takes the domain under the cursor out of rho, or in again. */
static command_effect leave_out(app *a) {
    const scry_scope *scope = scry_session_scope(a->tab->session);
    size_t d = a->tab->domains->current, D = scope->domains, used = 0;
    char name[80], what[120], spec[8192];
    text_clean(a->tab->info->domain[d].name, name, sizeof name, a->ascii);
    if (isnan(a->tab->info->domain[d].change[scope->train]))
        return app_fail(a, "%s has no measured change, so it cannot take part", name);
    bool *use = mem_new(D, sizeof *use), is_signed = scope->is_signed, fits;
    memcpy(use, scope->use, D * sizeof *use);
    use[d] = !use[d];
    snprintf(what, sizeof what, "%s %s", name, use[d] ? "takes part" : "left out");
    for (size_t i = 0; i < D; i++) used += use[i];
    fits = spec_of(a, use, spec, sizeof spec);
    free(use);
    if (!used) return app_fail(a, "%s is the last that takes part; :domains all takes in all", name);
    if (!fits) return app_fail(a, "the list of domains is too long; :domains takes names");
    scry_error err = {0};
    step_begin(a);
    if (!scry_session_rescope(a->tab->session, spec, is_signed, &err)) return app_fail(a, "%s", err.text);
    bool held_out;
    double off = domain_off_line(a, d, &held_out);
    if (held_out && !isnan(off))
        snprintf(what + strlen(what), sizeof what - strlen(what), ", %+.2f off the line of the others", off);
    return step_rescoped(a, what);
}

command_effect do_leave_out(app *a, const char *argument) {
    if (!app_has_domains(a)) return DID_CHANGE;
    size_t d = *argument ? domains_find(a, argument) : domains_current(a);
    if (d == a->tab->info->domains) return DID_CHANGE;
    domains_go(a, d);
    return leave_out(a);
}
