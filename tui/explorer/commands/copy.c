/* copy.c: latents to the terminal's clipboard, as the lists that :toggle, --latents and Python take. */
#include "explorer/table/table.h"
#include "sets.h"
#include "terminal/osc52.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static command_effect copy_set(app *a, const scry_set *set, const char *what) {
    char *text = scry_set_text(set), some[64];
    if (strlen(text) > OSC52_MAX) {
        free(text);
        return app_fail(a, "%u latents are too long for a clipboard; e exports them to a file", set->count);
    }
    snprintf(some, sizeof some, "%.40s", text);
    text_fit(some, 24, a->ascii);
    free(a->copied);
    a->copied = text;
    return app_say(a, "%s copied to the terminal's clipboard: %s", what, some);
}

command_effect do_copy(app *a, const char *argument) {
    const table_state *t = a->tab->table;
    char what[48];
    bool marked = strcmp(argument, "marked") == 0 || (!*argument && t->marks->count);
    if (strcmp(argument, "set") == 0) {
        const scry_set *set = scry_session_set(a->tab->session);
        if (!set->count) return app_fail(a, "no latent is selected");
        snprintf(what, sizeof what, "%u selected", set->count);
        return copy_set(a, set, what);
    }
    if (marked && !t->marks->count) return app_fail(a, "nothing is marked; m marks a latent");
    if (marked) {
        snprintf(what, sizeof what, "%u marked", t->marks->count);
        return copy_set(a, t->marks, what);
    }
    if (*argument && strcmp(argument, "latent") != 0)
        return app_fail(a, "copy \"%.40s\": expected latent, marked or set", argument);
    scry_set *one = scry_set_new(a->tab->info->d_sae);
    scry_set_put(one, app_latent(a), true);
    command_effect effect = copy_set(a, one, "latent");
    scry_set_free(one);
    return effect;
}
