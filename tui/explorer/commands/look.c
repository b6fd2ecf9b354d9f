/* look.c: commands on how everything looks. */
#include "explorer/app_services.h"

#include <stdio.h>
#include <string.h>

command_effect do_theme(app *a, const char *argument) {
    const theme *t = theme_find(argument);
    char names[160] = "";
    for (int i = 0; i < theme_count; i++) {
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", themes[i].name);
        if (!*argument && strcmp(themes[i].name, a->theme.name) == 0) t = &themes[(i + 1) % theme_count];
    }
    if (!t) return app_fail(a, "no theme \"%s\"; expected %s", argument, names);
    app_look(a, t, a->colors);
    app_say(a, "theme %s: %s", t->name, t->about);
    return DID_CHANGE | DID_REDRAW;
}
