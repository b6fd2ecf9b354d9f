/* lens_work.c: what the page of :lens keeps, and finds in the background. One job of a tab runs at a time, since it has
 * the lens. */
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/lens/lens_page.h"

#include <stdio.h>
#include <stdlib.h>

lens_page_state *lens_page_new(void) {
    lens_page_state *s = mem_new(1, sizeof *s);
    s->domain = SCRY_LENS_TRAIN;
    return s;
}

void lens_page_free(lens_page_state *s) {
    if (!s) return;
    scry_span_free(s->span);
    scry_lens_close(s->lens);
    free(s->found);
    free(s);
}

scry_lens_query lens_page_query(const app *a) {
    const lens_page_state *s = lens_page_of(a);
    return (scry_lens_query){.train = scry_session_ranking(a->tab->session)->train,
                             .domain = s->domain,
                             .of = s->of,
                             .against = scry_session_ranking(a->tab->session)->against};
}

bool lens_page_is_old(const app *a) {
    const lens_page_state *s = lens_page_of(a);
    const scry_lens_query now = lens_page_query(a);
    if (!s->found) return true;
    const scry_lens_query *q = &s->found->query;
    return now.train != q->train || now.domain != q->domain || now.against != q->against ||
           (s->asked && now.of != q->of) || s->found->through != s->through;
}

size_t lens_latent_count(const lens_page_state *s) {
    return s->found->latent_count[s->row][0] + s->found->latent_count[s->row][1];
}

const scry_neighbour *lens_latent_at(const lens_page_state *s, size_t i) {
    size_t near = s->found->latent_count[s->row][0];
    return i < near ? &s->found->latents[s->row][0][i] : &s->found->latents[s->row][1][i - near];
}

/* ---- the job -------------------------------------------------------------------------------- */

typedef struct lens_work {
    tab *tab;
    scry_lens_options open;
    scry_lens *lens; /* the tab's, as is the span; NULL: to be opened */
    scry_span *span;
    scry_set *set;
    bool asked;
    unsigned threads;
    lens_found *found;
    scry_notes notes;
    scry_error err;
} lens_work;

static bool find_latents(lens_work *w, size_t row, const scry_cancel *stop) {
    const double *mean = w->found->means.mean[row].mean;
    if (!mean) return true;
    scry_decoder_neighbours *n = scry_decoder_neighbours_of(w->tab->index, mean, w->threads, NULL);
    if (!n) return true; /* a difference of 0 is near to none */
    while (!scry_decoder_neighbours_work(n, 0.05) && !scry_cancelled(stop)) {}
    for (size_t side = 0; side < 2 && !scry_cancelled(stop); side++)
        w->found->latent_count[row][side] =
            scry_decoder_neighbours_list(n, side == 1, LENS_PAGE_TOP, w->found->latents[row][side]);
    scry_decoder_neighbours_free(n);
    return !scry_cancelled(stop);
}

static void find_rest(lens_work *w, const scry_cancel *stop) {
    lens_found *f = w->found;
    const double *mean[LENS_PAGE_ROWS];
    scry_error why = {0};
    for (size_t i = 0; i < f->means.count; i++) mean[i] = f->means.mean[i].mean;
    f->random_size = w->set->count;
    if (!scry_span_random(w->tab->index, w->set->count, SCRY_LENS_RANDOM_SETS, SCRY_SEED, mean, f->means.count,
                          f->random_mean, f->random_sd, stop, &why))
        return;
    if (!scry_lens_tokens(w->lens, f->through, f->query.train, mean, f->means.count, LENS_PAGE_TOP, f->tokens[0][0],
                          stop, &why))
        snprintf(f->no_tokens, sizeof f->no_tokens, "%s", why.text);
}

static void run(void *own, const scry_cancel *stop) {
    lens_work *w = own;
    lens_found *f = w->found;
    if (!w->lens) w->lens = scry_lens_open(w->tab->index, &w->open, &w->err);
    if (w->lens && !w->span) w->span = scry_span_new(w->tab->index, &w->err);
    if (!w->lens || !w->span || scry_cancelled(stop)) return;
    if (!w->asked) scry_lens_first_source(w->lens, &f->query);
    f->query.positions = scry_lens_positions(w->lens, &f->query);
    const scry_cancel part = scry_cancel_part(stop, 0, 0.6), last = scry_cancel_part(stop, 0.6, 1);
    if (!scry_lens_read(w->lens, &f->query, &f->means, stop ? &part : NULL, &w->notes, &w->err)) return;
    while (!scry_span_work(w->span, w->set, 0.05) && !scry_cancelled(stop)) {}
    for (size_t i = 0; i < f->means.count && find_latents(w, i, stop); i++) {}
    if (!scry_cancelled(stop)) find_rest(w, stop ? &last : NULL);
}

static void take(app *a, lens_page_state *s, lens_work *w) {
    bool same =
        s->found && s->found->query.domain == w->found->query.domain && s->found->query.of == w->found->query.of;
    free(s->found);
    s->found = w->found;
    w->found = NULL;
    s->of = s->found->query.of;
    s->problem[0] = 0;
    if (s->row >= s->found->means.count || !same) s->row = 0;
    s->cursor = s->top = 0;
    if (w->notes.count) app_say(a, "%s", w->notes.text[0]);
}

static void end(app *a, void *own, bool whole) {
    lens_work *w = own;
    lens_page_state *s = w->tab->lens;
    s->lens = w->lens;
    s->span = w->span;
    s->waits = false;
    if (s->again) {
        s->again = false;
        tab *shown = a->tab;
        a->tab = w->tab;
        lens_work_begin(a);
        a->tab = shown;
    } else if (whole && !w->err.status) take(a, s, w);
    else if (whole) snprintf(s->problem, sizeof s->problem, "%s", w->err.text);
    else snprintf(s->problem, sizeof s->problem, "cancelled; r looks again");
    scry_set_free(w->set);
    scry_notes_free(&w->notes);
    free(w->found);
    free(w);
}

void lens_work_begin(app *a) {
    lens_page_state *s = lens_page_of(a);
    if (s->waits) { /* the job has the lens: it is cancelled, and this one follows */
        s->again = true;
        while (job_cancel(a, true)) continue;
        return;
    }
    lens_work *w = mem_new(1, sizeof *w);
    *w = (lens_work){.tab = a->tab,
                     .open = {.model = a->model, .tuned = a->tuned, .threads = a->threads, .memory = a->memory},
                     .lens = s->lens,
                     .span = s->span,
                     .set = scry_set_copy(scry_session_set(a->tab->session)),
                     .asked = s->asked,
                     .threads = a->threads,
                     .found = mem_new(1, sizeof *w->found)};
    w->found->query = lens_page_query(a);
    w->found->through = s->through;
    s->lens = NULL;
    s->span = NULL;
    s->waits = true;
    job e = {.page = true, .work = run, .end = end, .own = w};
    snprintf(e.what, sizeof e.what, "lens");
    while (job_cancel(a, true)) continue;
    job_begin(a, &e);
}
