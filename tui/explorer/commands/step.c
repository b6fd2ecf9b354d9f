/* step.c: what a step of the session does to the table, and what is said of it. */
#include "explorer/commands/step.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "text/suggest.h"

#include <stdio.h>

void step_begin(app *a) {
    a->tab->rho_before = scry_session_result(a->tab->session)->fit.pearson;
}

/* "rho -.680 -> -.751" */
static void rho_words(const app *a, char *text, size_t size) {
    char before[16], after[16];
    format_rho(a->tab->rho_before, 3, false, before, sizeof before);
    format_rho(scry_session_result(a->tab->session)->fit.pearson, 3, false, after, sizeof after);
    snprintf(text, size, "rho %s -> %s", before, after);
}

command_effect step_done(app *a, bool changed, const char *what) {
    if (!changed) {
        app_say(a, "%s: nothing changed", what);
        return DID_CHANGE;
    }
    table_refresh(a);
    char rho[48];
    rho_words(a, rho, sizeof rho);
    uint32_t count = scry_session_set(a->tab->session)->count;
    app_say(a, "%s: %u latent%s selected, %s", what, count, plural_s(count), rho);
    return DID_CHANGE;
}

command_effect step_rescoped(app *a, const char *what) {
    table_refresh(a);
    char rho[48];
    rho_words(a, rho, sizeof rho);
    app_say(a, "%s: %s", what, rho);
    return DID_CHANGE;
}
