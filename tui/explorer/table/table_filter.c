/* table_filter.c: the table's filter: set as it is typed, and taken back. */
#include "base/clock.h"
#include "base/mem.h"
#include "explorer/table/filter.h"
#include "explorer/table/table.h"

#include <stdio.h>
#include <string.h>

const char *table_filter_text(const tab *t) {
    return t->table->filter.next ? t->table->filter.next_text : t->table->filter.text;
}

void table_filter_apply(app *a) {
    table_filter *f = &a->tab->table->filter;
    filter_free(f->on);
    f->on = f->next;
    f->next = NULL;
    memcpy(f->text, f->next_text, sizeof f->text);
    if (f->on && filter_is_empty(f->on)) {
        filter_free(f->on);
        f->on = NULL;
    }
    uint32_t latents = a->tab->info->d_sae;
    if (f->on && !f->bits) {
        f->bits = mem_new(((size_t)latents + 63) / 64, sizeof *f->bits);
        f->list = mem_new(latents, sizeof *f->list);
    }
    table_refilter(a);
}

bool table_filter_set(app *a, const char *text) {
    table_filter *f = &a->tab->table->filter;
    filter_error err = {.at = FILTER_MOST - 1, .length = 1};
    filter *next = NULL;
    if (strlen(text) < FILTER_MOST) next = filter_read(a, text, &err);
    else snprintf(err.text, sizeof err.text, "longer than %d bytes", FILTER_MOST - 1);
    snprintf(f->error, sizeof f->error, "%s", err.text);
    f->error_at = err.at;
    f->error_length = err.length;
    if (!next) return false;
    filter_free(f->next);
    f->next = next;
    snprintf(f->next_text, sizeof f->next_text, "%s", text + strspn(text, " "));
    if (filter_is_empty(next)) f->next_text[0] = 0;
    if (filter_prepare(next, a, f->on, clock_seconds() + 0.008)) table_filter_apply(a);
    return true;
}
