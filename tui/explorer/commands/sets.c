/* sets.c: commands on named sets. */
#include "explorer/commands/step.h"
#include "explorer/sets/set_layer.h"
#include "text/number_format.h"

#include <stdio.h>
#include <string.h>

command_effect do_sets(app *a, UNUSED const char *argument) {
    bool shown = a->layer == &layer_sets;
    a->layer = shown ? NULL : &layer_sets;
    set_compare_close(a);
    return DID_CHANGE;
}

command_effect do_choose(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "choose", "");
    scry_set *set = sets_expression(a, argument);
    if (!set) return DID_CHANGE;
    step_begin(a);
    command_effect effect = step_done(a, scry_session_adopt(a->tab->session, set), argument);
    scry_set_free(set);
    return effect;
}

/* A set of this name is asked about as a file is. */
static bool may_replace(app *a, const char *name, const char *argument) {
    char what[SCRY_SET_NAME + 8];
    snprintf(what, sizeof what, "set %s", name);
    return app_may_write(a, sets_of(a)->path, what, argument);
}

command_effect do_keep(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "keep", "");
    scry_error err = {0};
    char name[SCRY_SET_NAME + 1];
    size_t length = strcspn(argument, " ");
    snprintf(name, sizeof name, "%.*s", (int)(length > SCRY_SET_NAME ? SCRY_SET_NAME : length), argument);
    const char *text = argument + length + strspn(argument + length, " ");
    scry_named_sets *sets = sets_of(a);
    scry_set *set = sets ? sets_expression(a, *text ? text : "current") : NULL;
    if (!set) return DID_CHANGE;
    uint32_t count = set->count;
    const scry_set *old = scry_named_sets_find(sets, name);
    if (old && !scry_set_equal(old, set) && !may_replace(a, name, argument)) {
        scry_set_free(set);
        return DID_CHANGE;
    }
    bool ok = scry_named_sets_save(sets, name, set, &err);
    scry_set_free(set);
    if (!ok) return app_fail(a, "%s", err.text);
    return app_say(a, "%u latent%s saved as %s, in %s", count, plural_s(count), name, sets->path);
}

command_effect do_forget(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "forget", "");
    scry_error err = {0};
    scry_named_sets *sets = sets_of(a);
    if (!sets) return DID_CHANGE;
    if (!scry_named_sets_delete(sets, argument, &err)) return app_fail(a, "%s", err.text);
    return app_say(a, "set %s dropped; the selection is unchanged", argument);
}

command_effect do_against(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "against", "");
    if (scry_reference_of(argument) >= 0) return do_reference(a, argument);
    if (set_compare_open(a, argument)) a->layer = &layer_sets;
    return DID_CHANGE;
}
