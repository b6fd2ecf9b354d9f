/* table_rows.c: the latents that are rows, and their order. */
#include "base/mem.h"
#include "columns.h"
#include "explorer/table/column_table.h"
#include "explorer/table/filter.h"
#include "explorer/table/table.h"
#include "labels.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

void table_open(tab *t) {
    table_state *s = t->table = mem_new(1, sizeof *s);
    uint32_t latents = t->info->d_sae;
    order_new(&s->order, latents);
    s->marks = scry_set_new(latents);
    s->column = column_with(COLUMN_FIRST_SORT);
    s->texts.index = t->index;
    s->wanted = s->mark_last = NO_ROW;
    s->what_if_of = UINT64_MAX;
    table_columns_default(t);
}

void table_close(tab *t) {
    table_state *s = t->table;
    order_free(&s->order);
    text_order_free(&s->texts);
    text_match_free(&s->find.match);
    free(s->find.contexts);
    filter_free(s->filter.on);
    filter_free(s->filter.next);
    free(s->filter.bits);
    free(s->filter.list);
    free(s->what_if);
    free(s->on);
    scry_set_free(s->marks);
    scry_set_free(s->marks_before);
    free(s);
}

uint32_t table_rows(const app *a) {
    return a->tab->table->order.rows;
}

bool table_passes(const app *a, uint32_t latent) {
    const table_filter *f = &a->tab->table->filter;
    return !f->on || (f->bits[latent / 64] >> (latent % 64) & 1);
}

static void column_order(void *context, uint32_t from, uint32_t n, double *out) {
    app *a = context;
    columns[a->tab->table->column].values(a, from, n, out);
}

static void sort_rows(app *a) {
    table_state *t = a->tab->table;
    const table_column *c = &columns[t->column];
    if (!c->values) text_order_step(&t->texts, NO_DEADLINE);
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    if (c->by_rank) order_by_place(&t->order, r->rank, r->order, t->reversed);
    else if (!c->values) order_by_place(&t->order, t->texts.rank, NULL, t->reversed);
    else order_by(&t->order, column_order, a, c->ascending == t->reversed);
}

/* The latents that pass as a list, for the order; none where all pass, which needs no second order. */
static void list_rows(app *a) {
    table_filter *f = &a->tab->table->filter;
    uint32_t latents = a->tab->info->d_sae, n = 0;
    if (f->on) filter_prepare(f->on, a, NULL, NO_DEADLINE);
    if (!f->on || filter_run(f->on, a, f->bits) == latents) {
        order_list(&a->tab->table->order, NULL, 0);
        return;
    }
    for (uint32_t w = 0; w * 64 < latents; w++)
        for (uint64_t word = f->bits[w]; word; word &= word - 1)
            f->list[n++] = w * 64 + (uint32_t)__builtin_ctzll(word);
    order_list(&a->tab->table->order, f->list, n);
}

static table_stamp stamp_now(const app *a) {
    const scry_session *s = a->tab->session;
    const scry_ranking *r = scry_session_ranking(s);
    const char *scope = scry_session_scope_spec(s);
    table_stamp now = {.train = r->train,
                       .source = r->source,
                       .against = r->against,
                       .metric = r->metric,
                       .n = scry_session_n(s),
                       .score = scry_session_score(s),
                       .is_signed = scry_session_scope(s)->is_signed,
                       .changes = scry_session_version(s),
                       .mark_changes = a->tab->table->mark_changes,
                       .labels = scry_label_version(a->tab->index),
                       .scope = XXH3_64bits(scope, strlen(scope))};
    return now;
}

static unsigned depends_on(const table_state *t) {
    return columns[t->column].on | (t->filter.on ? filter_on(t->filter.on) : 0);
}

/* The rows that will be drawn first, from a disk side by side. */
static void expect_rows(app *a) {
    enum { MOST = 200 };
    table_state *t = a->tab->table;
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    uint32_t latents[MOST], n = 0, page = t->page > 0 ? (uint32_t)t->page : 0;
    uint32_t from = t->cursor > page / 2 ? t->cursor - page / 2 : 0;
    for (uint32_t row = from; row < t->order.rows && n < MOST && row < from + page; row++)
        latents[n++] = order_at(&t->order, row);
    scry_prefetch_latents(a->tab->index, r->train, r->source, scry_session_score(a->tab->session), latents, n);
}

/* The row that the cursor's latent has now; where a filter took it away, the one that came in its place. */
static void place_cursor(app *a) {
    table_state *t = a->tab->table;
    uint32_t row = order_row_of(&t->order, a->tab->latent);
    if (t->order.rows) table_go_row(a, row);
    else t->cursor = t->top = 0;
    expect_rows(a);
}

static void make_rows(app *a) {
    a->tab->table->made = stamp_now(a);
    sort_rows(a);
    list_rows(a);
}

void table_remake(app *a) {
    make_rows(a);
    place_cursor(a);
}

void table_refilter(app *a) {
    if (table_is_stale(a)) {
        table_remake(a);
        return;
    }
    list_rows(a);
    place_cursor(a);
}

/* A new ranking keeps the cursor on its latent, so that one sees where it went. A toggle leaves the rows where they
 * are, also where they are sorted by what it changed: the next one to toggle must not run away. So does a label. */
void table_refresh(app *a) {
    table_state *t = a->tab->table;
    table_stamp now = stamp_now(a), *made = &t->made;
    unsigned changed = 0;
    if (now.train != made->train || now.source != made->source || now.metric != made->metric ||
        now.against != made->against)
        changed |= ON_RANKING;
    if (now.n != made->n) changed |= ON_SELECTION;
    if (now.score != made->score || now.is_signed != made->is_signed || now.train != made->train ||
        now.against != made->against || now.scope != made->scope)
        changed |= ON_SCORE;
    if (changed & ON_RANKING) t->ahead = false;
    if (changed & depends_on(t)) {
        table_remake(a);
        return;
    }
    now.changes = made->changes;
    now.mark_changes = made->mark_changes;
    now.labels = made->labels;
    *made = now;
    if (changed & ON_SCORE) expect_rows(a);
}

bool table_is_stale(const app *a) {
    const table_state *t = a->tab->table;
    unsigned on = depends_on(t);
    return ((on & (ON_SELECTION | ON_SCORE)) && t->made.changes != scry_session_version(a->tab->session)) ||
           ((on & ON_MARKS) && t->made.mark_changes != t->mark_changes) ||
           ((on & ON_LABELS) && t->made.labels != scry_label_version(a->tab->index));
}

void table_sort(app *a, int column, bool reversed) {
    table_state *t = a->tab->table;
    t->column = column;
    t->reversed = reversed;
    t->cursor = t->top = 0;
    make_rows(a);
    table_go_row(a, 0);
    expect_rows(a);
}

void table_resort(app *a) {
    make_rows(a);
    table_go_row(a, a->tab->table->cursor);
}

void table_go_row(app *a, uint32_t row) {
    table_state *t = a->tab->table;
    if (!t->order.rows) return;
    t->cursor = row < t->order.rows ? row : t->order.rows - 1;
    a->tab->latent = order_at(&t->order, t->cursor);
}

bool table_go(app *a, uint32_t latent) {
    table_state *t = a->tab->table;
    if (!table_passes(a, latent)) return false;
    table_go_row(a, order_row_of(&t->order, latent));
    return true;
}

void table_escape(app *a) {
    a->tab->table->columns.cursor = -1;
    a->tab->table->find.text[0] = 0;
    a->tab->table->find.pending = false;
}

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
