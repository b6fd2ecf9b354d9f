/* lens_draw.c: the page of :lens: the positions above; below, of the one under the cursor, the tokens that the mean
 * difference promotes and suppresses, and the latents that it is nearest to. */
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/lens/lens_page.h"
#include "explorer/panes/text_page.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---------------------------------------------------------------------------------- */

static void place_words(const app *a, int domain, size_t train, char *out, size_t size) {
    const scry_info *info = a->tab->info;
    char text[200];
    if (domain >= 0) snprintf(text, sizeof text, "%s", info->domain[domain].name);
    else snprintf(text, sizeof text, "training set %s", info->train[train].name);
    app_fit_text(a, text, 40, out, size);
}

static void draw_waiting(app *a, rect r) {
    double done = 0;
    int bar = r.cols - 4 < 40 ? r.cols - 4 : 40;
    job_running(a, true, &done);
    view_title(a, r, true, "lens");
    grid_print(a->grid, r.y + 2, r.x + 2, r.cols - 2, ROLE_TEXT, "comparing the residuals: %.0f%%", 100 * done);
    grid_bar(a->grid, r.y + 3, r.x + 2, bar, ROLE_BAR, done, a->ascii);
}

static void draw_problem(app *a, rect r) {
    const lens_page_state *s = lens_page_of(a);
    char place[160];
    place_words(a, s->domain, scry_session_ranking(a->tab->session)->train, place, sizeof place);
    view_title(a, r, true, "lens: %s", place);
    page_draw_words(a, (rect){r.y + 2, r.x + 2, r.rows - 2, r.cols - 4},
                    s->problem[0] ? text_without_path(s->problem, a->tab->info->path) : "not looked at yet; r looks",
                    ROLE_TEXT);
}

/* ---- positions ------------------------------------------------------------------------------ */

static void draw_title(app *a, rect r) {
    const lens_page_state *s = lens_page_of(a);
    const lens_found *f = s->found;
    char place[160];
    place_words(a, f->query.domain, f->query.train, place, sizeof place);
    int x = view_title(a, r, true, "lens: %s - %s, %s, from %s", scry_condition_name(f->query.of),
                       scry_reference_name(f->query.against), place, scry_lens_source_name(f->means.source));
    const char *note = lens_page_is_old(a) ? " the session has changed: r looks again " : "";
    int width = text_columns(note);
    if (*note && r.x + r.cols - width > x + 1) grid_put(a->grid, r.y, r.x + r.cols - width, width, ROLE_MESSAGE, note);
}

/* Columns of a row of figures. */
enum { POSITION_COLS = 10, PAIRS_COLS = 8, FIGURE_COLS = 10 };

static void put_figure(app *a, int y, int *x, role as, double value, int decimals, bool share) {
    char text[40];
    if (isnan(value)) snprintf(text, sizeof text, "-");
    else if (share) format_rho(value, decimals, false, text, sizeof text);
    else snprintf(text, sizeof text, "%.*f", decimals, value);
    grid_put_right(a->grid, y, *x, FIGURE_COLS, as, text);
    *x += FIGURE_COLS;
}

/* Of a frame for the span: ten toggles among a thousand latents of width 4096. */
static const double SPAN_SECONDS = 0.05;

/* The share follows the set in this frame, unless very many latents changed. A script waits. */
static bool span_is_ready(app *a) {
    lens_page_state *s = lens_page_of(a);
    double seconds = jobs_use_threads_now(a) ? SPAN_SECONDS : 0;
    bool ready = s->span && scry_span_work(s->span, scry_session_set(a->tab->session), seconds);
    s->behind = s->span && !ready;
    return ready;
}

static void draw_position(app *a, int y, rect r, size_t row, bool ready) {
    const lens_page_state *s = lens_page_of(a);
    const scry_lens_mean *m = &s->found->means.mean[row];
    int x = r.x;
    if (m->position == SCRY_LENS_ALL) grid_put(a->grid, y, x + 1, POSITION_COLS, ROLE_TEXT, "all");
    else grid_print(a->grid, y, x + 1, POSITION_COLS, ROLE_TEXT, "%d", (int)m->position);
    x += POSITION_COLS;
    char pairs[32];
    snprintf(pairs, sizeof pairs, "%llu", (unsigned long long)m->pairs);
    grid_put_right(a->grid, y, x, PAIRS_COLS, ROLE_TEXT, pairs);
    x += PAIRS_COLS;
    put_figure(a, y, &x, ROLE_TEXT, m->norm, 3, false);
    put_figure(a, y, &x, ROLE_TEXT, m->reference_norm, 2, false);
    put_figure(a, y, &x, ROLE_TEXT, m->norm / m->reference_norm, 3, true);
    put_figure(a, y, &x, ROLE_TEXT, m->difference_norm, 3, false);
    put_figure(a, y, &x, ROLE_TEXT, m->norm / m->difference_norm, 3, true);
    if (!ready) {
        grid_put_right(a->grid, y, x, FIGURE_COLS, ROLE_FAINT, "..");
        return;
    }
    double share = m->mean ? scry_span_share(s->span, m->mean) : (double)NAN;
    put_figure(a, y, &x, ROLE_IN, share, 4, true);
    int bar = r.x + r.cols - x - 2;
    if (bar > 6 && share > 0) grid_bar(a->grid, y, x + 1, bar > 40 ? 40 : bar, ROLE_BAR, share, a->ascii);
}

static void draw_positions(app *a, rect r) {
    const lens_page_state *s = lens_page_of(a);
    static const char *const heads[] = {"norm", "residual", "ratio", "a pair's", "consist.", "share"};
    bool ready = span_is_ready(a);
    grid_put(a->grid, r.y, r.x + 1, POSITION_COLS, ROLE_HEADER, "position");
    grid_put_right(a->grid, r.y, r.x + POSITION_COLS, PAIRS_COLS, ROLE_HEADER, "pairs");
    for (int i = 0; i < 6; i++)
        grid_put_right(a->grid, r.y, r.x + POSITION_COLS + PAIRS_COLS + i * FIGURE_COLS, FIGURE_COLS, ROLE_HEADER,
                       heads[i]);
    for (size_t i = 0; i < s->found->means.count; i++) {
        int y = r.y + 1 + (int)i;
        draw_position(a, y, r, i, ready);
        if (i == s->row) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
}

/* What share is of, and what random sets of latents have of the position under the cursor. */
static void draw_share_words(app *a, rect r) {
    const lens_page_state *s = lens_page_of(a);
    const scry_set *set = scry_session_set(a->tab->session);
    uint32_t d = a->tab->info->d_model, rank = s->span ? scry_span_rank(s->span) : 0;
    const lens_found *f = s->found;
    char mean[16], sd[16], text[200];
    format_rho(f->random_mean[s->row], 3, false, mean, sizeof mean);
    format_rho(f->random_sd[s->row], 3, false, sd, sizeof sd);
    int used = snprintf(text, sizeof text, "share: span of %u %srow%s (rank %u of %u)", set->count,
                        r.cols >= 90 || set->count < 1000 ? "decoder " : "", plural_s(set->count), rank, d);
    if (f->random_size && !isnan(f->random_mean[s->row]))
        snprintf(text + used, sizeof text - (size_t)used, "; %u random: %s, SD %s", f->random_size, mean, sd);
    text_fit(text, r.cols - 2, a->ascii);
    grid_put(a->grid, r.y, r.x + 1, r.cols - 2, ROLE_FAINT, text);
}

/* ---- tokens and latents --------------------------------------------------------------------- */

static void draw_tokens(app *a, rect r, int side) {
    const lens_page_state *s = lens_page_of(a);
    grid_put(a->grid, r.y, r.x, r.cols, ROLE_HEADER, side == SCRY_PROMOTED ? " logit promotes" : " logit suppresses");
    for (int i = 0; i + 1 < r.rows && i < LENS_PAGE_TOP; i++) {
        const scry_token_logit *t = &s->found->tokens[s->row][side][i];
        char number[32], quoted[300], text[400];
        if (t->id == SCRY_NO_TOKEN) return;
        format_rho((double)t->logit, 2, true, number, sizeof number);
        snprintf(quoted, sizeof quoted, "\"%.250s\"", t->token);
        app_fit_text(a, quoted, r.cols - 8, text, sizeof text);
        grid_put_right(a->grid, r.y + 1 + i, r.x, 6, ROLE_FAINT, number);
        grid_put(a->grid, r.y + 1 + i, r.x + 7, r.cols - 8, ROLE_TEXT, text);
    }
}

static void draw_latent(app *a, int y, rect r, const scry_neighbour *n) {
    char text[256], cosine[16];
    bool in = scry_set_has(scry_session_set(a->tab->session), n->latent);
    format_rho(n->cosine, 3, true, cosine, sizeof cosine);
    grid_put(a->grid, y, r.x, 1, ROLE_IN, in ? "*" : " ");
    grid_print(a->grid, y, r.x + 1, 7, in ? ROLE_IN : ROLE_TEXT, "%7u", n->latent);
    grid_put_right(a->grid, y, r.x + 8, 7, ROLE_TEXT, cosine);
    if (r.cols < 24) return;
    bool labelled = table_label(a, n->latent, text, sizeof text);
    text_fit(text, r.cols - 17, a->ascii);
    grid_put(a->grid, y, r.x + 17, r.cols - 17, labelled ? ROLE_TEXT : ROLE_FAINT, text);
}

/* One list: the nearest, then the opposite, with the cursor in it. */
static void draw_latents(app *a, rect r) {
    lens_page_state *s = lens_page_of(a);
    size_t count = lens_latent_count(s), rows = (size_t)(r.rows - 1), near = s->found->latent_count[s->row][0];
    grid_put(a->grid, r.y, r.x, 16, ROLE_HEADER, "  latent  cosine");
    if (r.cols >= 24)
        grid_put(a->grid, r.y, r.x + 17, r.cols - 17, ROLE_HEADER,
                 s->cursor < near ? r.cols >= 40 ? "nearest: label, or key tokens" : "nearest, by label"
                 : r.cols >= 40   ? "opposite: label, or key tokens"
                                  : "opposite, by label");
    if (!count) grid_put(a->grid, r.y + 1, r.x + 1, r.cols - 1, ROLE_FAINT, "no difference");
    if (s->cursor >= count) s->cursor = count ? count - 1 : 0;
    if (s->cursor < s->top) s->top = s->cursor;
    if (rows && s->cursor >= s->top + rows) s->top = s->cursor - rows + 1;
    for (size_t i = 0; i < rows && s->top + i < count; i++) {
        int y = r.y + 1 + (int)i;
        draw_latent(a, y, r, lens_latent_at(s, s->top + i));
        if (s->top + i == s->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
    s->list_rows = (int)rows;
}

static void draw_lists(app *a, rect r) {
    lens_page_state *s = lens_page_of(a);
    int left = r.cols * 11 / 20, half = left / 2;
    char position[40] = "all positions";
    if (s->row) snprintf(position, sizeof position, "position %zu", s->row - 1);
    view_title(a, r, false,
               r.cols >= 100
                   ? "%s: tokens through the %s model's final norm and output matrix, latents by decoder cosine"
                   : "%s: tokens through %s's output, latents by decoder cosine",
               position, scry_lens_through_name(s->found->through));
    rect below = {r.y + 1, r.x + 1, r.rows - 1, r.cols - 1};
    if (s->found->no_tokens[0])
        page_draw_words(a, (rect){below.y + 1, below.x + 1, below.rows - 1, left - 4},
                        text_without_path(s->found->no_tokens, a->tab->info->path), ROLE_FAINT);
    else {
        draw_tokens(a, (rect){below.y, below.x, below.rows, half}, SCRY_PROMOTED);
        draw_tokens(a, (rect){below.y, below.x + half, below.rows, left - half}, SCRY_SUPPRESSED);
    }
    s->list_x = r.x + left + 1;
    draw_latents(a, (rect){below.y, s->list_x, below.rows, r.x + r.cols - s->list_x});
}

void lens_page_draw(app *a, rect r) {
    lens_page_state *s = lens_page_of(a);
    if (s->waits) draw_waiting(a, r);
    else if (!s->found || s->problem[0]) draw_problem(a, r);
    else {
        int rows = (int)s->found->means.count + 2;
        s->list_y = rows + 3;
        draw_title(a, r);
        draw_positions(a, (rect){r.y + 1, r.x, rows - 1, r.cols});
        draw_share_words(a, (rect){r.y + rows, r.x, 1, r.cols});
        if (r.rows > rows + 3) draw_lists(a, (rect){r.y + rows + 1, r.x, r.rows - rows - 1, r.cols});
    }
}
