/* table_idle.c: the table's work while no key comes: first what the screen waits for, then what a key may need
 * next. */
#include "base/clock.h"
#include "columns.h"
#include "explorer/table/column_table.h"
#include "explorer/table/filter.h"
#include "explorer/table/table.h"

/* Seconds that may go into one frame, and into one slice of what is done while keys rest. */
#define FRAME 0.008
#define SLICE 0.002
enum { WHAT_IF_SLICE = 32768, SUM_SLICE = 131072 };

/* The ranking by the other source: what is asked for next, most often. */
static bool rank_ahead(app *a) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    scry_condition has[SCRY_CONDITIONS];
    int n = scry_train_sources(a->tab->index, r->train, has);
    for (int i = 0; i < n; i++)
        if (has[i] != r->source && scry_session_rank_ahead(a->tab->session, has[i], r->metric)) return true;
    return false;
}

/* What a key may ask for next is not to wait for a disk. */
static void read_step(app *a) {
    table_state *t = a->tab->table;
    t->read_from = scry_prefetch(a->tab->index, t->read_from);
    t->read = t->read_from == 0;
}

/* The shares up to each rank, so that the last rows need not wait for the sum of all before. */
static bool sum_waits(const app *a) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    return r->summed < r->latents;
}
static void sum_step(app *a) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    scry_cumulative(r, r->latents - r->summed < SUM_SLICE ? r->latents - 1 : r->summed + SUM_SLICE);
}

/* Rows that stand on the places of labels as they were keep these until they are sorted again. */
static bool texts_wait(const app *a) {
    const table_state *t = a->tab->table;
    return !t->texts.rank || (columns[t->column].values && text_order_waits(&t->texts));
}

int table_waits(const app *a) {
    const table_state *t = a->tab->table;
    if (t->filter.next || t->find.pending || (t->find.text[0] && !t->find.match.done)) return 2;
    return !t->read || texts_wait(a) || table_what_if_waits(a) || sum_waits(a) || !t->ahead ? 1 : 0;
}

bool table_work(app *a) {
    table_state *t = a->tab->table;
    double now = clock_seconds();
    if (t->filter.next) {
        if (!filter_prepare(t->filter.next, a, t->filter.on, now + FRAME)) return false;
        table_filter_apply(a);
        return true;
    }
    if (t->find.pending || (t->find.text[0] && !t->find.match.done)) {
        table_find_step(a, now + FRAME);
        return t->find.match.done;
    }
    if (!t->read) read_step(a);
    else if (table_what_if_waits(a)) table_what_if_step(a, WHAT_IF_SLICE);
    else if (texts_wait(a)) text_order_step(&t->texts, now + SLICE);
    else if (sum_waits(a)) sum_step(a);
    else t->ahead = !rank_ahead(a);
    return false;
}

void table_finish(app *a) {
    while (table_waits(a) == 2) table_work(a);
}
