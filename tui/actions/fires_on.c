/* fires_on.c: the table by how strongly latents fire on the tokens of one text. */
#include "about_latent.h"
#include "base/mem.h"
#include "draw/text.h"
#include "views/columns.h"
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The column of it, in sight: before the label where it was hidden. */
static int show_column(app *a) {
    table_columns *c = &a->tab->table.columns;
    int on = column_find("on"), place = table_column_place(a->tab, column_find("label"));
    if (table_column_place(a->tab, on) >= 0) return on;
    if (place < 0) place = c->count;
    memmove(&c->at[place + 1], &c->at[place], (size_t)(c->count - place) * sizeof c->at[0]);
    c->at[place] = on;
    c->count++;
    return on;
}

command_effect do_fires_on(app *a, const char *argument) {
    table_state *t = &a->tab->table;
    if (!*argument) return app_ask(a, "fires-on", "");
    uint32_t latents = a->tab->info->d_sae;
    float *mean = mem_new(latents, sizeof *mean), *rate = mem_new(latents, sizeof *rate);
    uint64_t tokens = scry_on_text(a->tab->index, argument, -1, 0, mean, rate);
    free(rate);
    char text[64];
    text_clean(argument, text, sizeof text, a->ascii);
    text_fit(text, 24, a->ascii);
    if (!tokens) {
        free(mean);
        return app_fail(a, "no token of the base captures is \"%s\" as a whole", text);
    }
    free(t->on);
    t->on = mean;
    table_sort(a, show_column(a), false);
    a->tab->focus = PANE_TABLE;
    app_say(a, "sorted by on: mean activation on the %llu tokens \"%s\"", (unsigned long long)tokens, text);
    return DID_CHANGE;
}
