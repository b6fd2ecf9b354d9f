/* page_sources.c: the same latent under each source of its training set, and in every open index that has as many
 * latents: its rank, its shift, and what it was before and after. */
#include "base/mem.h"
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 12, SOURCES_MOST = 100 };

typedef struct sources_state {
    int top;
} sources_state;

static sources_state *sources_of(const app *a) {
    return latent_page_state(a, &page_sources);
}

/* A source of an open index, for one latent. */
typedef struct line {
    const tab *of;
    scry_condition source;
    bool first; /* of its index */
} line;

static size_t train_of(const tab *t) {
    return scry_session_ranking(t->session)->train;
}

/* This index first, then the others of the same width, in their order. */
static size_t lines_of(app *a, line out[SOURCES_MOST]) {
    size_t n = 0;
    for (size_t i = 0; i <= a->tab_count; i++) {
        const tab *t = i ? a->tabs[i - 1] : a->tab;
        scry_condition source[SCRY_CONDITIONS];
        if ((i && t == a->tab) || t->info->d_sae != a->tab->info->d_sae) continue;
        int sources = scry_train_sources(t->index, train_of(t), source);
        if (!sources || scry_session_ranking(t->session)->source == SCRY_BASE) source[sources++] = SCRY_BASE;
        for (int k = 0; k < sources && n < SOURCES_MOST; k++) out[n++] = (line){t, source[k], k == 0};
    }
    return n;
}

/* The rank, from 1, that the latent has by a source, as the table's ranking would say it; and its share. 0: the source
 * has no such metric. */
static uint32_t rank_by(const tab *t, scry_condition source, scry_metric metric, uint32_t latent, double *share) {
    const double *shift = scry_shift(t->index, train_of(t), source, metric);
    *share = NAN;
    if (!shift) return 0;
    double mine = fabs(shift[latent]), total = 0;
    uint32_t rank = 1, F = t->info->d_sae;
    for (uint32_t j = 0; j < F; j++) total += fabs(shift[j]);
    for (uint32_t j = 0; j < latent; j++) rank += fabs(shift[j]) >= mine; /* of those alike the lower number is first */
    for (uint32_t j = latent + 1; j < F; j++) rank += fabs(shift[j]) > mine;
    *share = total > 0 ? mine / total : 0;
    return rank;
}

static const char *tab_name(const app *a, const tab *t, char *out, size_t size) {
    char name[400];
    app_tab_name(a, t, name, sizeof name);
    text_clean(name, out, size, a->ascii);
    text_fit_middle(out, NAME, a->ascii);
    return out;
}

enum { COLUMNS = 8 };

static const struct {
    const char *head;
    int cols;
} column[COLUMNS] = {{"rank", 8},  {"shift", 9},  {"share", 7}, {"mean", 7},
                     {"after", 7}, {"change", 7}, {"fires", 7}, {"after", 7}};

static void draw_heads(app *a, rect r, bool named) {
    int x = r.x + 1 + (named ? NAME + 1 : 0);
    if (named) grid_put(a->grid, r.y, r.x + 1, NAME, ROLE_HEADER, "index");
    const int source = latent_condition_cols(a) + 2; /* with the star */
    grid_put(a->grid, r.y, x, source, ROLE_HEADER, " by");
    x += source;
    for (int i = 0; i < COLUMNS; x += column[i++].cols)
        grid_put_right(a->grid, r.y, x, column[i].cols, ROLE_HEADER, column[i].head);
}

enum { CELL = 32 };

static void shift_text(double value, char text[CELL]) {
    snprintf(text, CELL, isnan(value) ? "-" : "%.3g", value);
}
static void percent_text(double share, char text[CELL]) {
    snprintf(text, CELL, isnan(share) ? "-" : "%.1f%%", 100 * share);
}

static void draw_line(app *a, rect r, int y, const line *l, bool named) {
    const uint32_t latent = app_latent(a);
    const scry_index *index = l->of->index;
    const size_t train = train_of(l->of);
    const scry_metric metric = scry_session_ranking(a->tab->session)->metric;
    char text[COLUMNS][CELL], name[64];
    double share;
    uint32_t rank = rank_by(l->of, l->source, metric, latent, &share);
    double base = scry_mean_base(index, train, l->source, latent);
    double after = scry_mean_shifted(index, train, l->source, latent);
    bool now = l->of == a->tab && l->source == scry_session_ranking(a->tab->session)->source;
    snprintf(text[0], sizeof text[0], rank ? "%u" : "-", rank);
    shift_text(scry_shift_of(index, train, l->source, metric, latent), text[1]);
    percent_text(share, text[2]);
    latent_number(base, false, text[3], sizeof text[3]);
    latent_number(after, false, text[4], sizeof text[4]);
    latent_number(after - base, true, text[5], sizeof text[5]);
    percent_text(scry_rate_base(index, train, l->source, latent), text[6]);
    percent_text(scry_rate_shifted(index, train, l->source, latent), text[7]);
    int x = r.x + 1;
    if (named && l->first) grid_put(a->grid, y, x, NAME, ROLE_HEADER, tab_name(a, l->of, name, sizeof name));
    x += named ? NAME + 1 : 0;
    grid_put(a->grid, y, x, 1, ROLE_IN, rank && rank <= scry_session_n(l->of->session) ? "*" : " ");
    const int source = latent_condition_cols(a) + 2; /* with the star */
    grid_put(a->grid, y, x + 1, source - 1, now ? ROLE_HEADER : ROLE_TEXT, scry_condition_name(l->source));
    x += source;
    for (int i = 0; i < COLUMNS; x += column[i++].cols)
        grid_put_right(a->grid, y, x, column[i].cols, ROLE_TEXT, text[i]);
}

/* Of the decoder rows; NaN where one of them is not known, or zero. */
static double cosine(const scry_index *x, const scry_index *y, uint32_t latent) {
    uint32_t d = scry_index_info(x)->d_model;
    if (!d || scry_index_info(y)->d_model != d) return NAN;
    float *rows = mem_new(2 * (size_t)d, sizeof *rows);
    double dot = 0, first = 0, second = 0;
    bool known = scry_decoder_row(x, latent, rows) && scry_decoder_row(y, latent, rows + d);
    for (uint32_t i = 0; known && i < d; i++) {
        dot += (double)rows[i] * (double)rows[d + i];
        first += (double)rows[i] * (double)rows[i];
        second += (double)rows[d + i] * (double)rows[d + i];
    }
    free(rows);
    return known && first > 0 && second > 0 ? dot / sqrt(first * second) : (double)NAN;
}

/* Whether the number means the same direction in another index, or nothing at all. */
static int draw_likeness(app *a, rect r, int y) {
    for (size_t i = 0; i < a->tab_count && y < r.y + r.rows; i++) {
        const tab *t = a->tabs[i];
        char whole[160], name[160], number[16];
        if (t == a->tab) continue;
        app_tab_name(a, t, whole, sizeof whole);
        text_clean(whole, name, sizeof name, a->ascii);
        text_fit_middle(name, 26, a->ascii);
        format_rho(cosine(a->tab->index, t->index, app_latent(a)), 3, true, number, sizeof number);
        int x = r.x + 1;
        if (t->info->d_sae != a->tab->info->d_sae)
            grid_print(a->grid, y++, x, r.cols - 1, ROLE_FAINT, "%s has %u latents, so its numbers mean other latents",
                       name, t->info->d_sae);
        else
            grid_print(a->grid, y++, x, r.cols - 1, ROLE_FAINT, "%s: cosine of the decoder rows %s%s", name, number,
                       strcmp(number, "-") == 0 ? " (one has none)" : "");
    }
    return y;
}

static void draw(app *a, rect r) {
    line lines[SOURCES_MOST];
    size_t n = lines_of(a, lines);
    sources_state *s = sources_of(a);
    bool named = a->tab_count > 1;
    draw_heads(a, r, named);
    int rows = r.rows - 1, over = (int)n - rows;
    if (s->top > over) s->top = over > 0 ? over : 0;
    int y = r.y + 1;
    for (size_t i = (size_t)s->top; i < n && y < r.y + r.rows; i++) draw_line(a, r, y++, &lines[i], named);
    if (named) y = draw_likeness(a, r, y + (r.rows > 6));
    if (y + 1 < r.y + r.rows)
        grid_print(a->grid, y + 1, r.x + 1, r.cols - 1, ROLE_FAINT,
                   "* in its top N; mean activation and firing rate in %s, then %sthe source",
                   scry_reference_name(a->tab->info->against),
                   a->tab->info->against == SCRY_AGAINST_BASE ? "under " : "");
}

static void move_sources(app *a, move kind, long steps) {
    sources_state *s = sources_of(a);
    s->top = (int)view_moved(s->top, kind, steps, 1, SOURCES_MOST);
}

static void note_sources(app *a, char *text, size_t size) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    bool told = r->against != SCRY_AGAINST_BASE;
    snprintf(text, size, "metric %s%s%s", scry_metric_name(r->metric), told ? ", against " : "",
             told ? scry_reference_name(r->against) : "");
}

const latent_page page_sources = {.name = "sources",
                                  .brief = "src",
                                  .note = note_sources,
                                  .draw = draw,
                                  .move = move_sources,
                                  .state_size = sizeof(sources_state)};
