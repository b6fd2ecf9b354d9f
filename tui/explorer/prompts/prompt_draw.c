/* prompt_draw.c: the page of :prompt: the text above; below it the latents of the token under the cursor, and the
 * tokens that the models expect next. */
#include "base/escape.h"
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/panes/text_page.h"
#include "explorer/panes/view.h"
#include "explorer/prompts/prompt_page.h"
#include "explorer/table/table.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows that are not text or lists: two titles, the legend, the heads of the lists. */
enum { FIXED_ROWS = 4, LEAST_LIST = 5 };

/* ---- without a result ----------------------------------------------------------------------- */

static void draw_waiting(app *a, rect r) {
    double done = 0;
    int bar = r.cols - 4 < 40 ? r.cols - 4 : 40;
    job_running(a, true, &done);
    view_title(a, r, true, "prompt");
    page_draw_words(a, (rect){r.y + 2, r.x + 2, r.rows - 6, r.cols - 4}, prompt_page_of(a)->text, ROLE_TEXT);
    grid_print(a->grid, r.y + r.rows - 3, r.x + 2, r.cols - 2, ROLE_TEXT, "running the models: %.0f%%", 100 * done);
    grid_bar(a->grid, r.y + r.rows - 2, r.x + 2, bar, ROLE_BAR, done, a->ascii);
}

static void draw_problem(app *a, rect r) {
    const prompt_page_state *s = prompt_page_of(a);
    const char *words = s->problem[0] ? s->problem
                        : s->result   ? "the models have changed since the text was run; R runs it again"
                                      : "no text yet; r asks for one";
    view_title(a, r, true, "prompt");
    page_draw_words(a, (rect){r.y + 2, r.x + 2, r.rows - 2, r.cols - 4}, text_without_path(words, a->tab->info->path),
                    ROLE_TEXT);
}

/* ---- titles --------------------------------------------------------------------------------- */

/* "the" in quotes, safe and cut. */
static void token_words(const app *a, uint32_t id, int cols, char *out, size_t size) {
    char room[PROMPT_ID_TEXT], safe[200];
    const char *text = prompt_token_text(prompt_page_of(a), id, room);
    text_clean(text, safe, sizeof safe, a->ascii);
    if (text == room) snprintf(out, size, "%s", safe);
    else if (text_columns(safe) + 2 <= cols) snprintf(out, size, "\"%s\"", safe);
    else {
        text_fit(safe, cols - 2, a->ascii);
        snprintf(out, size, "\"%s\"", safe);
    }
}

static void draw_title(app *a, rect r) {
    const prompt_page_state *s = prompt_page_of(a);
    int lines = s->layout.lines, last = s->top + s->text_rows < lines ? s->top + s->text_rows : lines;
    char part[48] = "";
    if (lines > s->text_rows) snprintf(part, sizeof part, ", lines %d to %d of %d", s->top + 1, last, lines);
    int x = view_title(a, r, true, "prompt%s%s: %zu token%s%s", s->result->chat_template >= 0 ? " as " : "",
                       s->result->chat_template >= 0 ? scry_chat_template_name(s->result->chat_template) : "",
                       s->result->tokens, plural_s(s->result->tokens), part);
    static const char note[] = " the selection has changed: R runs again ";
    int width = text_columns(note);
    if (scry_prompt_info_of(s->models.open)->can_ablate &&
        !scry_set_equal(s->ablated, scry_session_set(a->tab->session)) && r.x + r.cols - width > x + 1)
        grid_put(a->grid, r.y, r.x + r.cols - width, width, ROLE_MESSAGE, note);
}

/* A label is not shown in fewer columns. */
enum { LABEL_LEAST = 8 };

/* "shaded by latent 1127, up to 4.21  = before a number", and what the shades mean. */
static void draw_legend(app *a, rect r, uint32_t latent, bool shaded) {
    char text[300], label[200];
    const char *words = a->mono || a->ascii ? "[ ] fires" : "weak to strong";
    static const role shades[] = {ROLE_ACT1, ROLE_ACT2, ROLE_ACT3, ROLE_ACT4};
    int legend = text_columns(words) + 1 + (a->mono || a->ascii ? 0 : 9), room = r.cols - legend - 3;
    if (!shaded) {
        grid_put(a->grid, r.y, r.x + 1, r.cols - 2, ROLE_FAINT, "no latent fires on this text");
        return;
    }
    const prompt_page_state *s = prompt_page_of(a);
    table_label(a, latent, label, sizeof label);
    snprintf(text, sizeof text, "shaded by latent %u%s, up to %.2f  ", latent,
             s->pinned < 0 && latent != app_latent(a) ? ", the strongest" : "",
             (double)scry_prompt_peak(s->result, latent));
    if (room - text_columns(text) >= LABEL_LEAST) {
        text_fit(label, room - text_columns(text), a->ascii);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s", label);
    }
    text_fit(text, room, a->ascii);
    grid_put(a->grid, r.y, r.x + 1, room, ROLE_FAINT, text);
    int x = r.x + r.cols - legend;
    for (int i = 0; i < 4 && !(a->mono || a->ascii); i++) x += grid_put(a->grid, r.y, x, 2, shades[i], "  ");
    grid_put(a->grid, r.y, x + (a->mono || a->ascii ? 0 : 1), r.cols, ROLE_FAINT, words);
}

/* "token 7 of 34: " rolls", then "."", and at the right what the numbers do not hold for. */
static void draw_token_title(app *a, rect r, uint32_t latent, bool shaded) {
    const prompt_page_state *s = prompt_page_of(a);
    const scry_prompt_result *p = s->result;
    char token[220], next[220], then[240] = "";
    token_words(a, p->id[s->token], 24, token, sizeof token);
    if (s->token + 1 < p->tokens) {
        token_words(a, p->id[s->token + 1], 16, next, sizeof next);
        snprintf(then, sizeof then, ", then %s", next);
    }
    const char *kind = s->token < p->front    ? ", BOS: not counted"
                       : p->outlier[s->token] ? ", outlier: not counted"
                                              : "";
    float h = shaded ? scry_prompt_activation(p, s->token, latent) : 0;
    char fires[48] = "";
    if (h > 0) snprintf(fires, sizeof fires, ", latent %u %.2f", latent, (double)h);
    view_title(a, r, false, "token %zu of %zu: %s%s%s%s", s->token + 1, p->tokens, token, then, kind, fires);
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* Column of the label in the list of latents. */
enum { LABEL_AT = 17 };

static void draw_latent(app *a, int y, int x, int cols, const scry_active_latent *one) {
    char text[256];
    bool in = scry_set_has(scry_session_set(a->tab->session), one->latent);
    grid_put(a->grid, y, x, 1, ROLE_IN, in ? "*" : " ");
    grid_print(a->grid, y, x + 1, 7, in ? ROLE_IN : ROLE_TEXT, "%7u", one->latent);
    grid_print(a->grid, y, x + 8, 7, ROLE_TEXT, "%7.2f", (double)one->activation);
    bool labelled = table_label(a, one->latent, text, sizeof text);
    text_fit(text, cols - LABEL_AT, a->ascii);
    grid_put(a->grid, y, x + LABEL_AT, cols - LABEL_AT, labelled ? ROLE_TEXT : ROLE_FAINT, text);
}

static void draw_latents(app *a, rect r) {
    prompt_page_state *s = prompt_page_of(a);
    size_t rows = (size_t)(r.rows - 1);
    grid_put(a->grid, r.y, r.x, r.cols, ROLE_HEADER, "  latent  activ.");
    const char *words = r.cols >= LABEL_AT + 20 ? "label, or key tokens" : "label, or keys";
    grid_put(a->grid, r.y, r.x + LABEL_AT, r.cols - LABEL_AT, ROLE_HEADER, words);
    if (!s->count) grid_put(a->grid, r.y + 1, r.x + 1, r.cols - 1, ROLE_FAINT, "no latent fires here");
    if (s->cursor >= s->count) s->cursor = s->count ? s->count - 1 : 0;
    if (s->cursor < s->list_top) s->list_top = s->cursor;
    if (s->cursor >= s->list_top + rows) s->list_top = s->cursor - rows + 1;
    if (s->list_top + rows > s->count) s->list_top = s->count > rows ? s->count - rows : 0;
    for (size_t i = 0; i < rows && s->list_top + i < s->count; i++) {
        int y = r.y + 1 + (int)i;
        draw_latent(a, y, r.x, r.cols, &s->active[s->list_top + i]);
        if (s->list_top + i == s->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
}

/* One model's: " .412  the", the text's own next token with a sign before it. */
static void draw_next(app *a, rect r, const char *title, const scry_next_probability *next, int64_t own) {
    grid_put(a->grid, r.y, r.x + 1, r.cols - 1, ROLE_HEADER, title);
    for (int i = 0; i + 1 < r.rows && (uint32_t)i < prompt_page_of(a)->result->next; i++) {
        char number[16], token[220];
        bool is_own = (int64_t)next[i].id == own;
        if (next[i].probability < 0.0005) snprintf(number, sizeof number, "<.001");
        else format_rho(next[i].probability, 3, false, number, sizeof number);
        token_words(a, next[i].id, r.cols - 8, token, sizeof token);
        if (is_own) grid_put(a->grid, r.y + 1 + i, r.x, 1, ROLE_FOUND, ">");
        grid_put_right(a->grid, r.y + 1 + i, r.x + 1, 5, is_own ? ROLE_FOUND : ROLE_FAINT, number);
        grid_put(a->grid, r.y + 1 + i, r.x + 7, r.cols - 8, is_own ? ROLE_FOUND : ROLE_TEXT, token);
    }
}

static void draw_predictions(app *a, rect r) {
    const prompt_page_state *s = prompt_page_of(a);
    const scry_prompt_result *p = s->result;
    char without[48], tuned[40];
    snprintf(without, sizeof without, r.cols >= 60 ? "without %u latents" : "without %u", p->ablated);
    const char *const titles[SCRY_NEXT_MODELS] = {[SCRY_NEXT_BASE] = "base",
                                                  [SCRY_NEXT_TUNED] = app_tuned_name(a, tuned, sizeof tuned),
                                                  [SCRY_NEXT_ABLATED] = without};
    int64_t own = s->token + 1 < p->tokens ? (int64_t)p->id[s->token + 1] : -1;
    int shown = 0, at = 0;
    for (int m = 0; m < SCRY_NEXT_MODELS; m++) shown += p->predicted[m] != NULL;
    for (int m = 0; m < SCRY_NEXT_MODELS; m++) {
        if (!p->predicted[m]) continue;
        int from = r.cols * at / shown, to = r.cols * (at + 1) / shown;
        draw_next(a, (rect){r.y, r.x + from, r.rows, to - from}, titles[m], p->predicted[m] + s->token * p->next, own);
        at++;
    }
}

/* ---- the page ------------------------------------------------------------------------------- */

/* Keeps the cursor's line in sight. */
static void scroll_text(prompt_page_state *s) {
    const token_place *p = &s->layout.place[token_layout_find(&s->layout, s->token)];
    if (p->line < s->top) s->top = p->line;
    if (p->line >= s->top + s->text_rows) s->top = p->line - s->text_rows + 1;
    if (s->top + s->text_rows > s->layout.lines) s->top = s->layout.lines - s->text_rows;
    if (s->top < 0) s->top = 0;
}

static void draw_result(app *a, rect r) {
    prompt_page_state *s = prompt_page_of(a);
    uint32_t latent;
    bool shaded = prompt_shade(a, &latent);
    prompt_lay_out(a, r.cols - 2);
    prompt_read_active(s);
    int most = (r.rows - FIXED_ROWS) / 2, rows = s->layout.lines < most ? s->layout.lines : most;
    if (r.rows - FIXED_ROWS - rows < LEAST_LIST) rows = r.rows - FIXED_ROWS - LEAST_LIST;
    s->text_rows = rows < 1 ? 1 : rows;
    s->text_y = 2;
    s->list_y = s->text_y + s->text_rows + 2;
    s->list_rows = r.rows - s->list_y;
    s->list_cols = r.cols >= 120 ? r.cols / 2 : r.cols * 2 / 5;
    scroll_text(s);
    draw_title(a, (rect){r.y, r.x, 1, r.cols});
    draw_legend(a, (rect){r.y + 1, r.x, 1, r.cols}, latent, shaded);
    prompt_text_draw(a, (rect){r.y + s->text_y, r.x + 1, s->text_rows, r.cols - 2}, s->top);
    draw_token_title(a, (rect){r.y + s->list_y - 2, r.x, 1, r.cols}, latent, shaded);
    if (s->list_rows < 1) return;
    rect lists = {r.y + s->list_y - 1, r.x + 1, s->list_rows + 1, s->list_cols};
    draw_latents(a, lists);
    draw_predictions(a, (rect){lists.y, r.x + s->list_cols + 2, lists.rows, r.cols - s->list_cols - 2});
}

void prompt_page_draw(app *a, rect r) {
    const prompt_page_state *s = prompt_page_of(a);
    if (prompt_waits(s)) draw_waiting(a, r);
    else if (prompt_has_result(s)) draw_result(a, r);
    else draw_problem(a, r);
}
