/* latent.c: the selected latent: the tokens it fires on, in context. */
#include "draw/text.h"
#include "views/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Strongest examples, at most one a sample; kept until the latent or the capture changes. */
static void fill_examples(app *a) {
    latent_state *s = &a->tab->latent;
    uint32_t latent = app_latent(a);
    if (s->filled && s->latent == latent && s->filled_capture == s->capture) return;
    s->examples = scry_top_tokens(a->tab->index, latent, s->capture, true, EXAMPLES_MOST, s->example);
    s->top = 0;
    s->filled = true;
    s->latent = latent;
    s->filled_capture = s->capture;
}

static role shade(float activation, float strongest) {
    float share = strongest > 0 ? activation / strongest : 0;
    return share > 0.75F ? ROLE_ACT4 : share > 0.5F ? ROLE_ACT3 : share > 0.25F ? ROLE_ACT2 : ROLE_ACT1;
}

/* Writes the tokens around an example into the scratch row; returns the column of the peak. Tokens
 * on which the latent fires are shaded; the peak, and all of them where there is no colour, stand
 * in brackets. */
static int lay_out(app *a, const scry_example *e, float strongest) {
    enum { BEFORE = 60, AFTER = 80 };
    scry_sample sample = scry_sample_at(a->tab->index, e->capture, e->sample);
    uint64_t from = e->token > sample.first + BEFORE ? e->token - BEFORE : sample.first;
    uint64_t to = e->token + AFTER, end = sample.first + sample.count;
    if (to > end) to = end;
    float h[BEFORE + AFTER + 1];
    size_t count = (size_t)(to - from) > BEFORE + AFTER ? BEFORE + AFTER : (size_t)(to - from);
    scry_activations(a->tab->index, a->tab->latent.latent, e->capture, from, count, h);
    grid_clear(a->scratch);
    int x = 0, peak = 0;
    for (size_t i = 0; i < count; i++) {
        char safe[256];
        bool is_peak = from + i == e->token, fires = h[i] > 0;
        role look = fires ? shade(h[i], strongest) : ROLE_TEXT;
        bool bracket = is_peak || (fires && (a->mono || a->ascii));
        text_clean(scry_token(a->tab->index, e->capture, from + i), safe, sizeof safe, a->ascii);
        if (is_peak) peak = x;
        if (bracket) x += grid_put(a->scratch, 0, x, 1, look, "[");
        x += grid_put(a->scratch, 0, x, a->scratch->cols - x, look, safe);
        if (bracket) x += grid_put(a->scratch, 0, x, 1, look, "]");
    }
    return peak;
}

/* Copies scratch cells from column `from` on; a wide character cut in half becomes a blank. */
static void copy_cells(app *a, int y, int x, int cols, int from) {
    grid *g = a->grid;
    const grid *s = a->scratch;
    for (int i = 0; i < cols && x + i < g->cols; i++) {
        cell c = {.code = {' '}, .width = 1};
        if (from + i >= 0 && from + i < s->cols) c = s->cells[from + i];
        if ((c.width == 0 && i == 0) || (c.width == 2 && (i + 1 == cols || x + i + 1 == g->cols)))
            c = (cell){.code = {' '}, .width = 1};
        g->cells[(size_t)y * (size_t)g->cols + (size_t)(x + i)] = c;
    }
}

/* "4.61 train.icl  math-17  ...text": the peaks of all lines stand below each other. */
static void draw_example(app *a, rect r, int y, const scry_example *e, float strongest) {
    char text[96];
    int x = r.x + 1;
    const char *ellipsis = a->ascii ? "~" : "\xe2\x80\xa6";
    snprintf(text, sizeof text, e->activation >= 100 ? "%.0f" : "%.2f", (double)e->activation);
    grid_put_right(a->grid, y, x, 6, ROLE_TEXT, text);
    x += 7;
    bool wide = r.cols >= 90;
    if (a->tab->latent.capture < 0) {
        /* Sample ids mostly say which text set it is, so that the condition is enough where room is short. */
        const scry_capture_info *capture = &a->tab->info->capture[e->capture];
        int width = wide ? 16 : 4;
        text_clean(wide ? capture->name : scry_condition_name(capture->condition), text, sizeof text, a->ascii);
        text_fit(text, width, a->ascii);
        grid_put(a->grid, y, x, width, ROLE_FAINT, text);
        x += width + 1;
    }
    if (a->tab->info->capture[e->capture].has_tokens) {
        int width = wide ? 20 : 14;
        text_clean(scry_sample_at(a->tab->index, e->capture, e->sample).id, text, sizeof text, a->ascii);
        text_fit(text, width, a->ascii);
        grid_put(a->grid, y, x, width, ROLE_FAINT, text);
        x += width + 1;
    } else {
        x += grid_print(a->grid, y, x, r.cols, ROLE_FAINT, "row %llu ", (unsigned long long)e->token);
    }
    int room = r.x + r.cols - x;
    if (room < 4) return;
    int peak = lay_out(a, e, strongest), left = room * 2 / 5, from = peak - left;
    copy_cells(a, y, x, room, from);
    if (from > 0) grid_put(a->grid, y, x, 1, ROLE_FAINT, ellipsis);
}

static void draw_latent(app *a, rect r, bool focus) {
    latent_state *s = &a->tab->latent;
    fill_examples(a);
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    char label[128];
    table_label(a, s->latent, label, sizeof label);
    text_fit(label, 24, a->ascii);
    int x = view_title(a, r, focus, "latent %u  %s", s->latent, label);
    bool one_train = a->tab->info->trains == 1;
    char facts[200];
    snprintf(facts, sizeof facts, " fires on %.1f%% of %s.base, %.1f%% of .%s; c: %s ",
             100 * scry_rate_base(a->tab->index, ranking->train, ranking->source, s->latent),
             one_train ? "train" : a->tab->info->train[ranking->train].name,
             100 * scry_rate_shifted(a->tab->index, ranking->train, ranking->source, s->latent),
             scry_condition_name(ranking->source), s->capture < 0 ? "all" : a->tab->info->capture[s->capture].name);
    int room = r.x + r.cols - x;
    const char *from = s->capture < 0 ? "all" : a->tab->info->capture[s->capture].name;
    double rate = 100 * scry_rate_base(a->tab->index, ranking->train, ranking->source, s->latent);
    if (text_columns(facts) >= room) snprintf(facts, sizeof facts, " fires on %.1f%%; tokens from %s ", rate, from);
    if (text_columns(facts) >= room)
        snprintf(facts, sizeof facts, " tokens from %s ", from); /* this stays to the last */
    text_fit(facts, room, a->ascii);
    grid_put_right(a->grid, r.y, x, room, ROLE_FAINT, facts);
    s->page = r.rows - 1;
    if (s->top > (int)s->examples - 1) s->top = (int)s->examples > 0 ? (int)s->examples - 1 : 0;
    if (!s->examples) {
        bool silent = scry_postings(a->tab->index, s->latent) == 0, scored = scry_scored(a->tab->index, s->latent);
        bool domain = s->capture >= 0 && a->tab->info->capture[s->capture].group >= 0;
        grid_put(a->grid, r.y + 1, r.x + 2, r.cols - 2, ROLE_FAINT,
                 !scored && domain   ? "not encoded on the domains (--candidates); c takes the next capture"
                 : !scored && silent ? "silent in every capture of the training set; not encoded on the domains"
                 : silent            ? "this latent is silent in every capture"
                                     : "silent in this capture; c takes the next one");
        return;
    }
    for (int i = 0; i < s->page && s->top + i < (int)s->examples; i++)
        draw_example(a, r, r.y + 1 + i, &s->example[s->top + i], s->example[0].activation);
}

static void move_latent(app *a, move kind, long steps) {
    latent_state *s = &a->tab->latent;
    fill_examples(a);
    long last = (long)s->examples - s->page, top = s->top;
    if (last < 0) last = 0;
    if (kind == MOVE_STEP) top += steps;
    else if (kind == MOVE_PAGE) top += steps * (s->page > 1 ? s->page - 1 : 1);
    else top = kind == MOVE_FIRST ? 0 : last;
    s->top = (int)(top < 0 ? 0 : top > last ? last : top);
}

static bool sort_latent(app *a, const char *name, char *wrong, size_t size) {
    (void)a;
    (void)name;
    snprintf(wrong, size, "nothing: a latent's tokens are always strongest first");
    return false;
}

static void reverse_latent(app *a) {
    app_say(a, "a latent's tokens are always strongest first");
}

const view view_latent = {"latent", draw_latent, move_latent, sort_latent, reverse_latent, NULL};
