/* page_logits.c: the tokens that the latent promotes and suppresses: those that the index keeps, or computed with the
 * model in the background. */
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "logits.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOP = SCRY_LOGITS_KEPT, NUMBER_COLS = 7 };

typedef struct logits_state {
    scry_logits *reader; /* owned; with its model, once that was needed. A running job uses it alone */
    bool running, made, noted;
    uint32_t of;                                    /* the latent of tokens and why */
    scry_token_logit tokens[SCRY_LOGIT_SIDES][TOP]; /* texts belong to the reader or the index */
    scry_error why;                                 /* why there are none */
    int top, rows;                                  /* the first row in sight, and how many there was room for */
} logits_state;

static logits_state *state_now(const app *a) {
    return latent_page_state(a, &page_logits);
}

/* ---- reading ---- */

typedef struct reading {
    logits_state *to;
    uint32_t latent;
    scry_token_logit tokens[SCRY_LOGIT_SIDES][TOP];
    scry_error err;
} reading;

static void read_tokens(void *own, const scry_cancel *stop) {
    reading *r = own;
    scry_logits_read(r->to->reader, &r->latent, 1, TOP, r->tokens[0], stop, &r->err);
}

static void end_reading(app *a, void *own, bool whole) {
    reading *r = own;
    logits_state *s = r->to;
    const scry_notes *notes = scry_logits_notes(s->reader);
    if (notes->count && !s->noted) app_say(a, "%s", notes->text[0]);
    s->noted = notes->count > 0;
    if (!whole) scry_fail(&r->err, "cancelled; go to another latent and back to compute it");
    s->running = false;
    s->made = true;
    s->of = r->latent;
    s->why = r->err;
    memcpy(s->tokens, r->tokens, sizeof s->tokens);
    s->top = 0;
    free(r);
}

static bool is_made(app *a) {
    const logits_state *s = state_now(a);
    return s->made && s->of == app_latent(a);
}

static scry_logits *reader_of(app *a) {
    logits_state *s = state_now(a);
    if (!s->reader) s->reader = scry_logits_new(a->tab->index, a->model, a->threads, 0);
    return s->reader;
}

/* What the index keeps is read at once. */
static void read_kept(app *a) {
    logits_state *s = state_now(a);
    uint32_t latent = app_latent(a);
    if (is_made(a) || s->running || !scry_logits_at_hand(reader_of(a), latent, TOP)) return;
    s->why = (scry_error){0};
    scry_logits_read(s->reader, &latent, 1, TOP, s->tokens[0], NULL, &s->why);
    s->made = true;
    s->of = latent;
    s->top = 0;
}

static bool working(app *a) {
    return !is_made(a) && !state_now(a)->running;
}

static void work(app *a, UNUSED double seconds) {
    logits_state *s = state_now(a);
    read_kept(a);
    if (!working(a)) return;
    reading *r = mem_new(1, sizeof *r);
    *r = (reading){.to = s, .latent = app_latent(a)};
    reader_of(a);
    s->running = true;
    job j = {.work = read_tokens, .end = end_reading, .own = r};
    snprintf(j.what, sizeof j.what, "logits of latent %u", r->latent);
    job_begin(a, &j);
}

/* ---- drawing ---- */

static void draw_words(app *a, rect r, const char *words) {
    char text[1024];
    app_fit_text(a, words, r.cols - 3, text, sizeof text);
    grid_put(a->grid, r.y, r.x + 2, r.cols - 2, ROLE_FAINT, text);
}

static int count_of(const logits_state *s, int side) {
    int n = 0;
    while (n < TOP && s->tokens[side][n].id != SCRY_NO_TOKEN) n++;
    return n;
}

static double longest_of(const logits_state *s) {
    double most = 0;
    for (int side = 0; side < SCRY_LOGIT_SIDES; side++)
        for (int i = 0; i < count_of(s, side); i++) most = fmax(most, fabs((double)s->tokens[side][i].logit));
    return most;
}

static int bar_cols(int cols) {
    int left = cols - NUMBER_COLS - 1 - 14;
    return left < 3 ? 0 : left > 24 ? 24 : left;
}

static void draw_token(app *a, int y, int x, int cols, int side, const scry_token_logit *t, double longest) {
    char number[32], quoted[300], text[400];
    latent_number((double)t->logit, true, number, sizeof number);
    grid_put_right(a->grid, y, x, NUMBER_COLS, ROLE_TEXT, number);
    int bar = bar_cols(cols), at = x + NUMBER_COLS + 1;
    double length = side == SCRY_PROMOTED ? (double)t->logit : -(double)t->logit;
    if (bar && longest > 0 && length > 0)
        grid_bar(a->grid, y, at, bar, side == SCRY_PROMOTED ? ROLE_BAR : ROLE_BAR_OUT, length / longest, a->ascii);
    if (bar) at += bar + 1;
    snprintf(quoted, sizeof quoted, "\"%.250s\"", t->token);
    app_fit_text(a, quoted, x + cols - at, text, sizeof text);
    grid_put(a->grid, y, at, x + cols - at, ROLE_TEXT, text);
}

static rect draw_head(app *a, rect r, const char *title) {
    char head[80];
    snprintf(head, sizeof head, "  logit %s", title);
    text_fit(head, r.cols - 1, a->ascii);
    grid_put(a->grid, r.y, r.x, r.cols, ROLE_HEADER, head);
    return (rect){r.y + 1, r.x, r.rows - 1, r.cols - 1};
}

static void draw_side(app *a, rect r, int side, int from) {
    const logits_state *s = state_now(a);
    double longest = longest_of(s);
    for (int i = from; i < count_of(s, side) && i - from < r.rows; i++)
        draw_token(a, r.y + i - from, r.x, r.cols, side, &s->tokens[side][i], longest);
}

static bool two_columns(int cols) {
    return cols >= 52;
}

/* Rows below the heads: of one side, or of both one after the other, where there is no room for two columns. */
static int total_rows(const logits_state *s, bool two) {
    int a = count_of(s, SCRY_PROMOTED), b = count_of(s, SCRY_SUPPRESSED);
    return two ? (a > b ? a : b) : a + b;
}

static void draw_both(app *a, rect r) {
    logits_state *s = state_now(a);
    bool two = two_columns(r.cols);
    s->rows = r.rows - 1;
    int last = total_rows(s, two) - s->rows, promoted = count_of(s, SCRY_PROMOTED);
    if (s->top > last) s->top = last > 0 ? last : 0;
    if (two) {
        int half = r.cols / 2;
        draw_side(a, draw_head(a, (rect){r.y, r.x, r.rows, half}, "promotes"), SCRY_PROMOTED, s->top);
        draw_side(a, draw_head(a, (rect){r.y, r.x + half, r.rows, r.cols - half}, "suppresses"), SCRY_SUPPRESSED,
                  s->top);
        return;
    }
    rect below = draw_head(a, r, "promotes, then suppresses");
    rect first = below;
    first.rows = promoted - s->top < below.rows ? promoted - s->top : below.rows;
    if (first.rows < 0) first.rows = 0;
    draw_side(a, first, SCRY_PROMOTED, s->top);
    below.y += first.rows;
    below.rows -= first.rows;
    draw_side(a, below, SCRY_SUPPRESSED, s->top > promoted ? s->top - promoted : 0);
}

static void draw_logits(app *a, rect r) {
    read_kept(a);
    logits_state *s = state_now(a);
    if (!is_made(a)) draw_words(a, r, "computing with the model ...");
    else if (s->why.text[0]) draw_words(a, r, s->why.text);
    else if (!total_rows(s, true)) draw_words(a, r, "no token has a logit");
    else draw_both(a, (rect){r.y, r.x + 1, r.rows, r.cols - 1});
}

static void move_logits(app *a, move kind, long steps) {
    logits_state *s = state_now(a);
    long most = 2 * TOP, to = s->top;
    if (kind == MOVE_FIRST) to = 0;
    else if (kind == MOVE_LAST) to = most;
    else to += kind == MOVE_PAGE ? steps * (s->rows > 1 ? s->rows : 1) : steps;
    s->top = (int)(to < 0 ? 0 : to > most ? most : to); /* draw_both ends it at the last row */
}

static void note(UNUSED app *a, char *text, size_t size) {
    snprintf(text, size, "direct path to the output");
}

static void free_logits(void *state) {
    scry_logits_close(((logits_state *)state)->reader);
}

const latent_page page_logits = {.name = "logits",
                                 .brief = "log",
                                 .note = note,
                                 .draw = draw_logits,
                                 .move = move_logits,
                                 .working = working,
                                 .work = work,
                                 .state_size = sizeof(logits_state),
                                 .free = free_logits};
