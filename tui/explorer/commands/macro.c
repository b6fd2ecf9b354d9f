/* macro.c: commands on macros: what was done once is recorded as commands and done again. */
#include "explorer/state/script.h"
#include "text/number_format.h"

#include <stdio.h>
#include <stdlib.h>

command_effect do_record(app *a, const char *argument) {
    scry_error err = {0};
    recording *r = &a->recording;
    if (!r->name[0] && !*argument) return app_ask(a, "record", r->last[0] ? r->last : "macro");
    if (!r->name[0]) {
        char *path = macro_path(argument), what[MACRO_NAME + 8];
        snprintf(what, sizeof what, "macro %s", argument);
        bool may = !macro_name_is_good(argument, NULL) || app_may_write(a, path, what, argument);
        free(path);
        if (!may) return DID_CHANGE;
        if (!recording_begin(r, argument, &err)) return app_fail(a, "%s", err.text);
        char key[40];
        keymap_first(&a->keys, "record", key, sizeof key);
        return app_say(a, "recording %s; %s ends it", argument, key[0] ? key : ":record");
    }
    char name[MACRO_NAME];
    snprintf(name, sizeof name, "%s", r->name);
    if (!recording_end(r, &err)) return app_fail(a, "%s", err.text);
    if (!r->count) return app_fail(a, "nothing was recorded; %s is unchanged", name);
    return app_say(a, "%zu command%s recorded as %s; :play %s plays %s", r->count, plural_s(r->count), name, name,
                   r->count == 1 ? "it" : "them");
}

command_effect do_play(app *a, const char *argument) {
    char name[MACRO_NAME] = "", times[16] = "1", rest, *end;
    if (!*argument) return app_ask(a, "play", a->recording.last);
    int words = sscanf(argument, "%63s %15s %c", name, times, &rest);
    unsigned long n = strtoul(times, &end, 10);
    if (words > 2 || *end || times[0] < '0' || times[0] > '9' || n > 10000)
        return app_fail(a, "play \"%s\": expected a name and how often, up to 10000", argument);
    bool quit = false;
    scry_error err = {0};
    if (!macro_play(a, name, (unsigned)n, &quit, &err)) return app_fail(a, "%s", err.text);
    if (quit) return DID_QUIT;
    if (n == 1) app_say(a, "%s played", name);
    else app_say(a, "%s played %lu times", name, n);
    return DID_CHANGE | DID_REDRAW;
}

command_effect do_macros(app *a, UNUSED const char *argument) {
    char names[TEXT_MOST];
    size_t n = macro_names(names, sizeof names, ", ");
    if (n) app_say(a, "macros: %s", names);
    else app_say(a, "no macros yet; :record NAME begins one");
    return DID_CHANGE;
}
