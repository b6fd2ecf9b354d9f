/* diff_draw.c: the page of :diff: the text at the left; at the right the places where the models differ, and of the
 * token under the cursor what each expects behind it, and the latents that fire on it. */
#include "base/mem.h"
#include "explorer/diff/diff_page.h"
#include "explorer/jobs.h"
#include "explorer/panes/text_page.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---------------------------------------------------------------------------------- */

static void draw_waiting(app *a, rect r) {
    double done = 0;
    int bar = r.cols - 4 < 40 ? r.cols - 4 : 40;
    job_running(a, true, &done);
    view_title(a, r, true, "diff");
    grid_print(a->grid, r.y + 2, r.x + 2, r.cols - 2, ROLE_TEXT, "%s: %.0f%%",
               diff_page_of(a)->question.keep ? "running both models over all texts" : "running both models",
               100 * done);
    grid_bar(a->grid, r.y + 3, r.x + 2, bar, ROLE_BAR, done, a->ascii);
}

/* A token's text in quotes, safe and cut. */
static void put_token(app *a, int y, int x, int cols, role as, uint32_t id) {
    const char *piece = scry_diff_reader_piece(diff_page_of(a)->reader, id);
    char raw[200], quoted[300];
    if (piece) snprintf(raw, sizeof raw, "\"%.150s\"", piece);
    else snprintf(raw, sizeof raw, "<%u>", id);
    app_fit_text(a, raw, cols, quoted, sizeof quoted);
    grid_put(a->grid, y, x, cols, as, quoted);
}

static int token_columns(const app *a, uint32_t id) {
    const char *piece = scry_diff_reader_piece(diff_page_of(a)->reader, id);
    char safe[400];
    text_clean(piece ? piece : "<000>", safe, sizeof safe, a->ascii);
    return text_columns(safe) + 2;
}

static const char *group_name(const app *a, size_t capture) {
    const scry_info *info = a->tab->info;
    const int group = info->capture[capture].group;
    return group >= 0 ? info->domain[group].name : info->train[-1 - group].name;
}

/* ---- the left half -------------------------------------------------------------------------- */

static void draw_title(app *a, rect r) {
    const diff_page_state *s = diff_page_of(a);
    const scry_diff_text_place *at = &s->found->at;
    char name[200], id[200];
    app_fit_text(a, group_name(a, at->capture), 24, name, sizeof name);
    app_fit_text(a, scry_sample_at(a->tab->index, at->capture, at->sample).id, 24, id, sizeof id);
    int x = view_title(a, r, true, "diff: %s%s%s, text %zu of %zu", name, *id ? ", " : "", id, s->found->text + 1,
                       scry_diff_reader_info_of(s->reader)->texts);
    const char *note = s->waits ? " running both models " : "";
    int width = text_columns(note);
    if (width && r.x + r.cols - width > x + 1) grid_put(a->grid, r.y, r.x + r.cols - width, width, ROLE_MESSAGE, note);
}

static void draw_legend(app *a, rect r) {
    const diff_page_state *s = diff_page_of(a);
    static const role shades[] = {ROLE_ACT1, ROLE_ACT2, ROLE_ACT3, ROLE_ACT4};
    const char *what = s->by == SCRY_DIFF_KL ? "KL" : "loss change";
    double most = diff_text_strongest(s);
    if (!(most > 0)) {
        grid_put(a->grid, r.y, r.x, r.cols, ROLE_FAINT, "the models say the same here");
        return;
    }
    if (a->mono || a->ascii) {
        grid_print(a->grid, r.y, r.x, r.cols, ROLE_FAINT, "[ ] %s of %.2f to %.2f nats", what, diff_text_least(a),
                   most);
        return;
    }
    int x = r.x + grid_print(a->grid, r.y, r.x, r.cols, ROLE_FAINT, "shaded by %s ", what);
    for (int i = 0; i < 4; i++) x += grid_put(a->grid, r.y, x, 2, shades[i], "  ");
    grid_print(a->grid, r.y, x, r.x + r.cols - x, ROLE_FAINT, " to %.2f nats", most);
}

/* Keeps the cursor's line in sight. */
static void scroll_text(diff_page_state *s) {
    const token_place *p = &s->layout.place[token_layout_find(&s->layout, s->token)];
    if (p->line < s->top) s->top = p->line;
    if (p->line >= s->top + s->text_rows) s->top = p->line - s->text_rows + 1;
    if (s->top + s->text_rows > s->layout.lines) s->top = s->layout.lines - s->text_rows;
    if (s->top < 0) s->top = 0;
}

static void draw_text(app *a, rect r, int layer_row) {
    diff_page_state *s = diff_page_of(a);
    draw_legend(a, (rect){r.y, r.x, 1, r.cols});
    s->text_y = layer_row + 1;
    s->text_rows = r.rows - 1;
    s->text_cols = r.cols;
    diff_text_lay_out(a, r.cols);
    scroll_text(s);
    diff_text_draw(a, (rect){r.y + 1, r.x, r.rows - 1, r.cols});
}

/* ---- places --------------------------------------------------------------------------------- */

/* " 9.56 law       " water" " from"" */
static void draw_place(app *a, int y, rect r, const diff_page_place *p) {
    const diff_page_state *s = diff_page_of(a);
    const scry_diff_text_place at = scry_diff_reader_text(s->reader, p->text);
    char name[100];
    int x = r.x, end = r.x + r.cols, group = r.cols >= 60 ? 16 : 9;
    grid_print(a->grid, y, x, 7, ROLE_TEXT, s->by == SCRY_DIFF_KL ? "%6.2f" : "%+6.2f",
               s->by == SCRY_DIFF_KL ? p->kl : -p->gain);
    x += 7;
    if (s->all_texts) {
        app_fit_text(a, group_name(a, at.capture), group, name, sizeof name);
        grid_put(a->grid, y, x, group, ROLE_FAINT, name);
        x += group + 1;
    }
    int own = token_columns(a, at.ids[p->token]), most = (end - x) * 3 / 5;
    if (own > most) own = most;
    put_token(a, y, x, own, ROLE_TEXT, at.ids[p->token]);
    x += own + 1;
    if (p->token + 1 < at.tokens && end > x) put_token(a, y, x, end - x, ROLE_FAINT, at.ids[p->token + 1]);
}

static void draw_places(app *a, rect r, int layer_row) {
    diff_page_state *s = diff_page_of(a);
    const size_t rows = (size_t)(r.rows - 1);
    const char *what = s->by == SCRY_DIFF_KL ? "KL" : "loss";
    grid_print(a->grid, r.y, r.x, r.cols, ROLE_HEADER, "%6s %s", what,
               s->all_texts   ? "places of all texts"
               : r.cols >= 50 ? "places of this text; c computes those of all texts"
                              : "places of this text (c: of all)");
    s->places_y = layer_row + 1;
    s->places_rows = (int)rows;
    if (s->place_cursor < s->place_top) s->place_top = s->place_cursor;
    if (rows && s->place_cursor >= s->place_top + rows) s->place_top = s->place_cursor - rows + 1;
    for (size_t i = 0; i < rows && s->place_top + i < s->places; i++) {
        const diff_page_place *p = &s->place[s->place_top + i];
        int y = r.y + 1 + (int)i;
        draw_place(a, y, r, p);
        if (p->text == s->found->text && p->token == s->token) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
}

/* ---- the token ------------------------------------------------------------------------------ */

static void draw_token_title(app *a, rect r) {
    const diff_page_state *s = diff_page_of(a);
    const scry_diff_text *f = s->found;
    char text[200], safe[300];
    const char *piece = scry_diff_reader_piece(s->reader, f->ids[s->token]);
    snprintf(text, sizeof text, "\"%.150s\"", piece ? piece : "");
    app_fit_text(a, text, r.cols - 24, safe, sizeof safe);
    view_title(a, r, false, "token %zu of %zu: %s", s->token + 1, f->at.tokens, safe);
}

/* "KL 9.56, loss +3.96: the next is " from"" */
static void draw_figures(app *a, rect r) {
    const diff_page_state *s = diff_page_of(a);
    const scry_diff_text *f = s->found;
    if (s->token + 1 == f->at.tokens) {
        grid_print(a->grid, r.y, r.x, r.cols, ROLE_TEXT, "KL %.3f; the text ends here", f->kl[s->token]);
        return;
    }
    int x = r.x + grid_print(a->grid, r.y, r.x, r.cols, ROLE_TEXT, "KL %.3f, loss %+.3f, then ", f->kl[s->token],
                             -f->gain[s->token]);
    if (r.x + r.cols > x) put_token(a, r.y, x, r.x + r.cols - x, ROLE_FOUND, f->ids[s->token + 1]);
}

/* One model's: " .412  the", the text's own next token with a sign before it. */
static void draw_next(app *a, rect r, int m) {
    const diff_page_state *s = diff_page_of(a);
    const scry_diff_text *f = s->found;
    const scry_next_probability *next = f->predicted[m] + s->token * f->next;
    char tuned[40];
    grid_print(a->grid, r.y, r.x, r.cols, ROLE_HEADER, "  %s expects",
               m ? app_tuned_name(a, tuned, sizeof tuned) : "base");
    for (int i = 0; i + 1 < r.rows && (uint32_t)i < f->next; i++) {
        char number[16];
        bool own = s->token + 1 < f->at.tokens && next[i].id == f->ids[s->token + 1];
        if (next[i].probability < 0.0005) snprintf(number, sizeof number, "<.001");
        else format_rho(next[i].probability, 3, false, number, sizeof number);
        if (own) grid_put(a->grid, r.y + 1 + i, r.x, 1, ROLE_FOUND, ">");
        grid_put_right(a->grid, r.y + 1 + i, r.x + 1, 5, own ? ROLE_FOUND : ROLE_FAINT, number);
        put_token(a, r.y + 1 + i, r.x + 7, r.cols - 8, own ? ROLE_FOUND : ROLE_TEXT, next[i].id);
    }
}

/* ---- latents -------------------------------------------------------------------------------- */

/* Column of the label in the list. */
enum { LATENT_LABEL = 28 };

static void draw_latent(app *a, int y, rect r, const scry_diff_latent *one) {
    char text[256];
    bool in = scry_set_has(scry_session_set(a->tab->session), one->latent);
    grid_put(a->grid, y, r.x, 1, ROLE_IN, in ? "*" : " ");
    grid_print(a->grid, y, r.x + 1, 7, in ? ROLE_IN : ROLE_TEXT, "%6u", one->latent);
    grid_print(a->grid, y, r.x + 7, 7, ROLE_TEXT, "%6.2f", (double)one->base);
    grid_print(a->grid, y, r.x + 13, 7, ROLE_TEXT, "%6.2f", (double)one->tuned);
    grid_print(a->grid, y, r.x + 19, 8, ROLE_TEXT, "%+7.2f", (double)one->tuned - (double)one->base);
    if (r.cols <= LATENT_LABEL) return;
    bool labelled = table_label(a, one->latent, text, sizeof text);
    text_fit(text, r.cols - LATENT_LABEL, a->ascii);
    grid_put(a->grid, y, r.x + LATENT_LABEL, r.cols - LATENT_LABEL, labelled ? ROLE_TEXT : ROLE_FAINT, text);
}

static void draw_latents(app *a, rect r, int layer_row) {
    diff_page_state *s = diff_page_of(a);
    const char *why = scry_diff_reader_info_of(s->reader)->no_latents;
    s->list_rows = 0;
    if (r.rows < 2) return;
    if (why) {
        grid_put(a->grid, r.y, r.x, r.cols, ROLE_HEADER, " latents");
        page_draw_words(a, (rect){r.y + 1, r.x + 1, r.rows - 1, r.cols - 1}, text_without_path(why, a->tab->info->path),
                        ROLE_FAINT);
        return;
    }
    const size_t rows = (size_t)(r.rows - 1);
    grid_put(a->grid, r.y, r.x, r.cols, ROLE_HEADER,
             s->by_activation ? " latent  base tuned  change" : " latent  base tuned  change");
    if (r.cols > LATENT_LABEL + 8)
        grid_put(a->grid, r.y, r.x + LATENT_LABEL, r.cols - LATENT_LABEL, ROLE_HEADER,
                 r.cols < LATENT_LABEL + 24 ? (s->by_activation ? "strongest" : "most moved")
                 : s->by_activation         ? "strongest, by label or tokens"
                                            : "most moved, by label or tokens");
    s->list_y = layer_row + 1;
    s->list_rows = (int)rows;
    if (!s->latents) grid_put(a->grid, r.y + 1, r.x + 1, r.cols - 1, ROLE_FAINT, "no latent fires here");
    if (s->cursor < s->list_top) s->list_top = s->cursor;
    if (s->cursor >= s->list_top + rows) s->list_top = s->cursor - rows + 1;
    for (size_t i = 0; i < rows && s->list_top + i < s->latents; i++) {
        int y = r.y + 1 + (int)i;
        draw_latent(a, y, r, &s->latent[s->list_top + i]);
        if (s->list_top + i == s->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
}

/* ---- the page ------------------------------------------------------------------------------- */

/* Rows of the right half: those of fixed use are three heads, the token's title and its figures. */
enum { FIXED_ROWS = 5 };

static void draw_found(app *a, rect r) {
    diff_page_state *s = diff_page_of(a);
    const int left = r.cols / 2 - 1, rows = r.rows - 1, free_rows = rows > FIXED_ROWS ? rows - FIXED_ROWS : 0;
    draw_title(a, (rect){r.y, r.x, 1, r.cols});
    if (rows < 2) return;
    draw_text(a, (rect){r.y + 1, r.x + 1, rows, left - 1}, 1);
    const int predictions = free_rows / 4 < DIFF_PAGE_NEXT ? free_rows / 4 : DIFF_PAGE_NEXT;
    const int places = (free_rows - predictions) / 2, latents = free_rows - predictions - places;
    rect at = {r.y + 1, r.x + left + 1, places + 1, r.cols - left - 1};
    s->list_x = left + 1;
    draw_places(a, at, at.y - r.y);
    at.y += at.rows;
    if (at.y + 1 >= r.y + r.rows) return;
    draw_token_title(a, at);
    at.y++;
    draw_figures(a, at);
    at.y++;
    at.rows = predictions + 1;
    const int half = at.cols / 2;
    if (at.y + at.rows > r.y + r.rows) return;
    draw_next(a, (rect){at.y, at.x, at.rows, half}, 0);
    draw_next(a, (rect){at.y, at.x + half, at.rows, at.cols - half}, 1);
    at.y += at.rows;
    at.rows = latents + 1;
    draw_latents(a, at, at.y - r.y);
}

void diff_page_draw(app *a, rect r) {
    const diff_page_state *s = diff_page_of(a);
    if (s->found && !s->problem[0] && !(s->waits && s->question.keep)) draw_found(a, r);
    else if (s->waits) draw_waiting(a, r);
    else {
        view_title(a, r, true, "diff");
        page_draw_words(a, (rect){r.y + 2, r.x + 2, r.rows - 2, r.cols - 4},
                        s->problem[0] ? text_without_path(s->problem, a->tab->info->path) : "no text yet; r reads one",
                        ROLE_TEXT);
    }
}
