/* diff_work.c: what the page of :diff keeps, and finds in the background. One job of a tab runs at a time, since it has
 * the reader. */
#include "base/mem.h"
#include "differences.h"
#include "explorer/diff/diff_page.h"
#include "explorer/jobs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

diff_page_state *diff_page_new(void) {
    return mem_new(1, sizeof(diff_page_state));
}

void diff_page_free(diff_page_state *s) {
    if (!s) return;
    scry_diff_reader_close(s->reader);
    scry_diff_text_free(s->found);
    free(s->layout.place);
    free(s->place);
    free(s);
}

void diff_page_go_token(diff_page_state *s, size_t token) {
    s->token = token;
    s->cursor = s->list_top = 0;
    s->latents = scry_diff_text_latents(s->found, token, s->by_activation, DIFF_PAGE_LATENTS, s->latent);
    if (s->latents > DIFF_PAGE_LATENTS) s->latents = DIFF_PAGE_LATENTS;
}

/* ---- places --------------------------------------------------------------------------------- */

typedef struct place_list {
    diff_page_place *place; /* [DIFF_PAGE_PLACES] */
    size_t count;
    scry_diff_by by;
} place_list;

static void add_place(place_list *l, const diff_page_place *one) {
    const double size = diff_page_size(l->by, one->kl, one->gain);
    if (!(size > 0)) return;
#define SIZE_OF(i) diff_page_size(l->by, l->place[i].kl, l->place[i].gain)
    if (l->count == DIFF_PAGE_PLACES && !(size > SIZE_OF(l->count - 1))) return;
    size_t at = l->count < DIFF_PAGE_PLACES ? l->count++ : l->count - 1;
    for (; at > 0 && size > SIZE_OF(at - 1); at--) l->place[at] = l->place[at - 1];
#undef SIZE_OF
    l->place[at] = *one;
}

/* True when what the index keeps is of the reader's models, which are not amplified there. */
static bool has_kept(const scry_index *index, const scry_diff_reader *reader, size_t train, double amplify) {
    scry_differences_info kept;
    return !(amplify < 1 || amplify > 1) && scry_differences_info_of(index, &kept) && kept.train == train &&
           strcmp(kept.tuned, scry_diff_reader_info_of(reader)->tuned) == 0;
}

/* Of all texts, or of one capture's; false: nothing is kept. */
static bool list_kept(place_list *l, const scry_index *index, const scry_diff_reader *reader, size_t train,
                      double amplify, int64_t capture) {
    if (!has_kept(index, reader, train, amplify)) return false;
    const size_t texts = scry_diff_reader_info_of(reader)->texts;
    for (size_t i = 0; i < texts; i++) {
        const scry_diff_text_place at = scry_diff_reader_text(reader, i);
        if (capture >= 0 && at.capture != (size_t)capture) continue;
        for (size_t t = at.before; t < at.tokens; t++) {
            const uint64_t row = at.first + t - at.before;
            diff_page_place one = {i, t, (double)scry_row_kl(index, at.capture, row),
                                   (double)scry_row_gain(index, at.capture, row)};
            add_place(l, &one);
        }
    }
    return true;
}

static void list_text(place_list *l, const scry_diff_text *text) {
    for (size_t t = 0; t < text->at.tokens; t++) {
        diff_page_place one = {text->text, t, text->kl[t], text->gain[t]};
        add_place(l, &one);
    }
}

/* The cursor goes to the place that is the token's, where there is one. */
static void find_place(diff_page_state *s) {
    for (size_t i = 0; i < s->places; i++)
        if (s->place[i].text == s->found->text && s->place[i].token == s->token) s->place_cursor = i;
}

void diff_page_list_places(app *a) {
    diff_page_state *s = diff_page_of(a);
    place_list l = {.place = mem_new(DIFF_PAGE_PLACES, sizeof *l.place), .by = s->by};
    s->all_texts = list_kept(&l, a->tab->index, s->reader, s->train, s->amplify, -1);
    if (!s->all_texts) list_text(&l, s->found);
    free(s->place);
    s->place = l.place;
    s->places = l.count;
    s->place_cursor = s->place_top = 0;
    find_place(s);
}

/* ---- the job -------------------------------------------------------------------------------- */

typedef struct diff_work {
    tab *tab;
    scry_diff_reader_options open;
    scry_diff_query query;
    diff_page_question question;
    scry_diff_by by;
    double amplify;
    scry_diff_reader *reader; /* the tab's; NULL: to be opened */
    scry_diff_text *found;
    size_t token;
    scry_notes notes;
    scry_error err;
} diff_work;

static bool fail_text(diff_work *w) {
    const char *name = w->tab->info->capture[w->question.capture].name;
    return scry_fail(&w->err, "diff: %s: found no text that both models can read there", name);
}

/* The first text of a capture, or the one that holds the row, and the row's token. */
static bool find_row(diff_work *w, size_t *text) {
    const diff_page_question *q = &w->question;
    const size_t texts = scry_diff_reader_info_of(w->reader)->texts;
    for (size_t i = 0; i < texts; i++) {
        const scry_diff_text_place at = scry_diff_reader_text(w->reader, i);
        if (at.capture != q->capture) continue;
        if (!q->any_row && (q->row < at.first || q->row - at.first >= at.tokens - at.before)) continue;
        *text = i;
        w->token = q->any_row ? 0 : at.before + (size_t)(q->row - at.first);
        return true;
    }
    return fail_text(w);
}

static bool find_text(diff_work *w, size_t *text) {
    const diff_page_question *q = &w->question;
    *text = q->text < scry_diff_reader_info_of(w->reader)->texts ? q->text : 0;
    w->token = q->token;
    if (q->by_row && !find_row(w, text)) return false;
    if (!q->first_place) return true;
    place_list l = {.place = mem_new(DIFF_PAGE_PLACES, sizeof *l.place), .by = w->by};
    if (list_kept(&l, w->tab->index, w->reader, w->open.train, w->amplify, q->by_row ? (int64_t)q->capture : -1) &&
        l.count) {
        *text = l.place[0].text;
        w->token = l.place[0].token;
    } else w->token = SIZE_MAX; /* the text's own, once it is known */
    free(l.place);
    return true;
}

static size_t strongest_token(const diff_work *w) {
    size_t best = 0;
    double most = 0;
    for (size_t t = 0; t < w->found->at.tokens; t++) {
        double size = diff_page_size(w->by, w->found->kl[t], w->found->gain[t]);
        if (size > most) most = size, best = t;
    }
    return best;
}

static void run(void *own, const scry_cancel *stop) {
    diff_work *w = own;
    size_t text;
    const scry_cancel all = scry_cancel_part(stop, 0, 0.95), one = scry_cancel_part(stop, 0.95, 1);
    if (!w->reader) w->reader = scry_diff_reader_open(w->tab->index, &w->open, &w->notes, &w->err);
    if (!w->reader || scry_cancelled(stop)) return;
    if (w->question.keep && (!scry_differences_compute(&w->query, stop ? &all : NULL, &w->notes, &w->err) ||
                             !scry_differences_attach(w->tab->index, NULL, false, &w->err)))
        return;
    if (!find_text(w, &text)) return;
    w->found = scry_diff_reader_run(w->reader, text, DIFF_PAGE_NEXT,
                                    !stop              ? NULL
                                    : w->question.keep ? &one
                                                       : stop,
                                    &w->err);
    if (w->found && w->token == SIZE_MAX) w->token = strongest_token(w);
}

static void take(app *a, tab *t, diff_work *w) {
    diff_page_state *s = t->diff;
    scry_diff_text_free(s->found);
    s->found = w->found;
    w->found = NULL;
    s->problem[0] = 0;
    s->layout.width = 0;
    s->top = 0;
    diff_page_go_token(s, w->token < s->found->at.tokens ? w->token : 0);
    tab *shown = a->tab;
    a->tab = t;
    diff_page_list_places(a);
    a->tab = shown;
    if (w->notes.count) app_say(a, "%s", w->notes.text[0]);
}

static void end(app *a, void *own, bool whole) {
    diff_work *w = own;
    diff_page_state *s = w->tab->diff;
    s->reader = w->reader;
    s->waits = false;
    if (s->again) {
        s->again = false;
        tab *shown = a->tab;
        a->tab = w->tab;
        diff_work_begin(a, &s->question);
        a->tab = shown;
    } else if (whole && w->found) take(a, w->tab, w);
    else if (whole && s->found) app_fail(a, "%s", w->err.text);
    else if (whole) snprintf(s->problem, sizeof s->problem, "%s", w->err.text);
    else if (!s->found) snprintf(s->problem, sizeof s->problem, "cancelled; r reads again");
    scry_diff_text_free(w->found);
    scry_notes_free(&w->notes);
    free(w);
}

void diff_work_begin(app *a, const diff_page_question *question) {
    diff_page_state *s = diff_page_of(a);
    s->question = *question;
    if (s->waits) { /* the job has the reader: it is cancelled, and this one follows */
        s->again = true;
        while (job_cancel(a, true)) continue;
        return;
    }
    const size_t train = scry_session_ranking(a->tab->session)->train;
    if (s->reader &&
        (s->train != train || s->amplify < a->amplify || s->amplify > a->amplify)) { /* another tuned model */
        scry_diff_text_free(s->found);
        scry_diff_reader_close(s->reader);
        s->found = NULL;
        s->reader = NULL;
    }
    s->train = train;
    s->amplify = a->amplify;
    s->problem[0] = 0;
    diff_work *w = mem_new(1, sizeof *w);
    *w = (diff_work){.tab = a->tab,
                     .open = {.model = a->model,
                              .tuned = a->tuned,
                              .sae = a->sae,
                              .train = train,
                              .threads = a->threads,
                              .memory = a->memory},
                     .query = {.index = a->tab->index,
                               .train = train,
                               .model = a->model,
                               .tuned = a->tuned,
                               .seed = SCRY_SEED,
                               .threads = a->threads,
                               .memory = a->memory},
                     .question = *question,
                     .by = s->by,
                     .amplify = a->amplify,
                     .reader = s->reader};
    if (app_amplifies(a)) w->open.amplify = &w->amplify;
    s->waits = true;
    job e = {.page = true, .work = run, .end = end, .own = w};
    snprintf(e.what, sizeof e.what, "diff");
    while (job_cancel(a, true)) continue;
    job_begin(a, &e);
}
