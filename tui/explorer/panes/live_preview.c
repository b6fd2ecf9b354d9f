/* live_preview.c: commands whose effect is seen while they are typed. */
#include "explorer/panes/live_preview.h"
#include "explorer/table/filter.h"
#include "explorer/table/filter_completion.h"
#include "explorer/table/table.h"

#include <string.h>

/* From where the search began: the first match at or behind it. */
static void type_search(app *a, const char *text) {
    table_go_row(a, a->tab->table->find.row_before);
    a->tab->table->find.typed = text[0] != 0;
    if (text[0]) table_find_go(a, text, 1, true);
    else a->tab->table->find.text[0] = 0;
}

static void leave_search(app *a) {
    a->tab->table->find.text[0] = 0;
    a->tab->table->find.pending = a->tab->table->find.typed = false;
    table_go_row(a, a->tab->table->find.row_before);
}

static void type_filter(app *a, const char *text) {
    table_filter *f = &a->tab->table->filter;
    f->error_length = 0; /* names to choose from are no error */
    if (!filter_is_unfinished(text, f->error, sizeof f->error) &&
        !filter_completion_unfinished(a, text, f->error, sizeof f->error))
        table_filter_set(a, text);
}

static void complete_filter(app *a) {
    table_filter *f = &a->tab->table->filter;
    prompt *p = &a->prompt;
    char list[sizeof f->error] = "";
    if (filter_completion_apply(a, p->text, sizeof p->text, &p->at, list, sizeof list)) type_filter(a, p->text);
    if (!list[0]) return;
    memcpy(f->error, list, sizeof list);
    f->error_length = 0;
}

static void leave_filter(app *a) {
    table_state *t = a->tab->table;
    table_filter *f = &t->filter;
    table_filter_set(a, f->before);
    a->tab->latent = f->latent_before; /* where the filter still waits, this is gone to once it is there */
    if (f->next || table_go(a, f->latent_before)) return;
    table_go_row(a, order_row_of(&t->order, f->latent_before)); /* toggled since: the filter that was on hides it now */
}

static const live_preview all[] = {
    {"search", "/", type_search, leave_search, NULL},
    {"filter", "&", type_filter, leave_filter, complete_filter},
};

const live_preview *live_preview_find(const command *c) {
    for (size_t i = 0; c && i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].command, c->name) == 0) return &all[i];
    return NULL;
}
