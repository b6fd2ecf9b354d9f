/* tabs.c: commands on the open indexes. The same latent is shown where the widths agree. */
#include "views/view.h"

#include <stdlib.h>
#include <string.h>

static command_effect show(app *a, size_t i) {
    const tab *from = a->tab;
    uint32_t latent = app_latent(a);
    a->tab = a->tabs[i];
    if (a->tab != from && a->tab->info->d_sae == from->info->d_sae) table_go(a, latent);
    app_say(a, "%zu of %zu: %s", i + 1, a->tab_count, a->tab->info->path);
    return DID_CHANGE;
}

static size_t here(const app *a) {
    size_t i = 0;
    while (a->tabs[i] != a->tab) i++;
    return i;
}

command_effect do_tab(app *a, const char *argument) {
    if (!*argument)
        return a->tab_count > 1 ? show(a, (here(a) + 1) % a->tab_count)
                                : app_fail(a, "one index is open; scry A.scry B.scry opens two");
    char *end;
    unsigned long n = strtoul(argument, &end, 10);
    if (*end || n < 1 || n > a->tab_count)
        return app_fail(a, "tab \"%s\": expected a number from 1 to %zu", argument, a->tab_count);
    return show(a, n - 1);
}

command_effect do_tab_back(app *a, const char *argument) {
    (void)argument;
    if (a->tab_count < 2) return do_tab(a, "");
    return show(a, (here(a) + a->tab_count - 1) % a->tab_count);
}
