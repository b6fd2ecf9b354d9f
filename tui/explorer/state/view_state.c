/* view_state.c: saves and restores the view of an index, as lines of the palette's commands. */
#include "explorer/state/view_state.h"
#include "base/escape.h"
#include "base/mem.h"
#include "explorer/causal/ablation_runs.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/view.h"
#include "explorer/table/column_table.h"
#include "explorer/table/filter.h"
#include "explorer/table/table.h"

#include <stdlib.h>
#include <string.h>

/* Latents in a set as the commands take them, "3,17,90-120". */
static void write_set(const scry_set *s, FILE *f) {
    const char *before = "";
    for (uint32_t j = 0; j < s->latents; j++) {
        if (j % 64 == 0 && !s->bits[j / 64]) {
            j += 63;
            continue;
        }
        if (!scry_set_has(s, j)) continue;
        uint32_t last = j;
        while (last + 1 < s->latents && scry_set_has(s, last + 1)) last++;
        if (last > j) fprintf(f, "%s%u-%u", before, j, last);
        else fprintf(f, "%s%u", before, j);
        before = ",";
        j = last;
    }
}

/* The command as one line, whatever its argument holds. */
static void write_command(FILE *f, const char *name, const char *argument) {
    fprintf(f, "%s ", name);
    line_escape(f, argument);
    fputc('\n', f);
}

/* What the selection does in the model: the way of taking it out, and the order of that pane. */
static void write_causal(const app *a, FILE *f) {
    const causal_state *s = a->tab->causal;
    if (s->how.value == SCRY_VALUE_MEAN) fprintf(f, "causal mean\n");
    else if (s->how.scale != 0) fprintf(f, "causal %.17g\n", s->how.scale);
    if (s->how.drop_error) fprintf(f, "causal drop\n");
    if (s->manual) fprintf(f, "causal manual\n");
    if (s->sort || s->reversed) fprintf(f, "causal on\npane domains\n");
    if (s->sort) fprintf(f, "sort %s\n", effect_sorts[s->sort]);
    if (s->reversed) fprintf(f, "reverse\n");
    if (s->sort || s->reversed) fprintf(f, "causal off\n");
}

static void write_domains(const app *a, FILE *f) {
    const domains_state *d = a->tab->domains;
    if (d->current) write_command(f, "domain", a->tab->info->domain[d->current].name);
    if (!d->sort && !d->reversed) return;
    fprintf(f, "pane domains\n");
    if (d->sort) fprintf(f, "sort %s\n", domain_sorts[d->sort]);
    if (d->reversed) fprintf(f, "reverse\n");
}

static void write_table(const app *a, FILE *f) {
    const table_state *t = a->tab->table;
    char shown[COLUMNS_TEXT_MOST];
    fprintf(f, "pane latents\n");
    table_columns_text(a->tab, shown);
    fprintf(f, "columns %s\n", shown);
    /* what :fires-on found is not kept, and so no order and no filter by it */
    int on = column_with(COLUMN_OF_TOKEN);
    if (t->column != column_with(COLUMN_FIRST_SORT) && t->column != on)
        fprintf(f, "sort %s\n", columns[t->column].name);
    if (t->reversed && t->column != on) fprintf(f, "reverse\n");
    if (t->marks->count) {
        fprintf(f, "mark ");
        write_set(t->marks, f);
        fputc('\n', f);
    }
    fprintf(f, "latent %u\n", app_latent(a)); /* before the filter, which may hide it and all others */
    const filter *last = t->filter.next ? t->filter.next : t->filter.on;
    if (last && !filter_reads(last, on)) write_command(f, "filter", table_filter_text(a->tab));
}

/* The order of each page first, as its command also shows it; then the page that is shown. */
static void write_latent(const app *a, FILE *f) {
    const latent_state *s = a->tab->latent_pane;
    if (s->capture >= 0) write_command(f, "capture", a->tab->info->capture[s->capture].name);
    for (int i = 0; i < latent_page_count; i++)
        if (latent_pages[i]->write) latent_pages[i]->write(a, f);
    fprintf(f, "page %s\n", s->page->name);
}

/* Last, as the commands of the others go by the pane that has the keys. */
static void write_focus(const app *a, FILE *f) {
    if (a->tab->causal->on) fprintf(f, "causal on\n");
    if (a->tab->enlarged >= 0) fprintf(f, "pane latent\nopen\n");
    fprintf(f, "pane %s\n", views[a->tab->focus]->name);
}

static const view_state_writer writers[] = {write_causal, write_domains, write_table, write_latent, write_focus};

void view_state_write(const app *a, FILE *f) {
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) writers[i](a, f);
}

void view_state_read(app *a, FILE *f) {
    char *line = NULL;
    size_t room = 0;
    while (mem_line(&line, &room, f) > 0) {
        line[strcspn(line, "\n")] = 0;
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(line, " "), line);
        const command *c = command_find(word);
        if (!c || !c->explorer || c->group == GROUP_FILES) continue;
        app_command(a, line_unescape(line));
        a->prompt.then = NULL;
    }
    free(line);
    a->message[0] = 0;
}
