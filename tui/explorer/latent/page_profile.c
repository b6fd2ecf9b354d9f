/* page_profile.c: a latent's part in each domain: mean, firing rate, what demonstrations change,
 * and its share of the domain's score. */
#include "base/mem.h"
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sorts[] = {"file", "mean", "fires", "icl", "adds", "share", "name"};
enum { SORTS = sizeof sorts / sizeof *sorts, MEAN = 1, RATE, ICL, CONTRIBUTION, SHARE, NAME };

typedef struct profile_state {
    int top, rows, sort;
    bool reversed;
} profile_state;

static profile_state *profile_of(const app *a) {
    return latent_page_state(a, &page_profile);
}

typedef struct profile_row {
    size_t domain;
    const char *name;
    scry_profile p;
    double contribution, share; /* to the score in force; share NaN while the latent is out */
} profile_row;

/* The latent's contribution, and its share of the domain's STS. */
static void add_score(app *a, profile_row *row, uint32_t latent) {
    scry_score score = scry_session_score(a->tab->session);
    const float *all = scry_contribution(a->tab->index, score, latent);
    const scry_set *set = scry_session_set(a->tab->session);
    double sts = scry_session_result(a->tab->session)->sts[row->domain];
    bool there = all && !isnan(sts);
    row->contribution = there ? (double)all[row->domain] : (double)NAN;
    double part = scry_score_part(score, row->contribution, set, latent);
    row->share = there && scry_set_has(set, latent) && sts > 0 ? part / sts : (double)NAN;
}

static double key_of(const profile_row *row, int sort) {
    const double keys[SORTS] = {[MEAN] = row->p.mean,
                                [RATE] = row->p.rate,
                                [ICL] = row->p.difference,
                                [CONTRIBUTION] = row->contribution,
                                [SHARE] = row->share};
    return sort < MEAN || sort == NAME ? -(double)row->domain : keys[sort];
}

static int compare(const void *x, const void *y, void *context) {
    const profile_row *m = x, *n = y;
    const profile_state *s = context;
    double a = key_of(m, s->sort), b = key_of(n, s->sort);
    int order = 0;
    if (s->sort == NAME) order = strcmp(m->name, n->name);
    else if (isnan(a) != isnan(b)) return isnan(a) ? 1 : -1;
    else if (a != b && !isnan(a)) order = a > b ? -1 : 1;
    if (s->reversed) order = -order;
    return order ? order : (m->domain > n->domain) - (m->domain < n->domain);
}

/* Caller frees. */
static profile_row *make(app *a) {
    size_t D = a->tab->info->domains;
    scry_profile *all = mem_new(D, sizeof *all);
    profile_row *rows = mem_new(D, sizeof *rows);
    const scry_latent_activations *fires = latent_activations(a);
    scry_profile_of(a->tab->index, latent_pairing(a), fires, all);
    for (size_t d = 0; d < D; d++) {
        rows[d] = (profile_row){.domain = d, .name = a->tab->info->domain[d].name, .p = all[d]};
        add_score(a, &rows[d], fires->latent);
    }
    free(all);
    qsort_r(rows, D, sizeof *rows, compare, profile_of(a));
    return rows;
}

/* Numbers after the name and the bar; those with less room to go to are left out from the right. */
static const struct {
    const char *title;
    int width;
} columns[] = {{"mean", 7}, {"fires", 7}, {"icl", 8}, {"adds", 7}, {"share", 7}};
enum { COLUMNS = sizeof columns / sizeof *columns };

typedef struct plan {
    int name, bar, columns;
} plan;

static plan plan_columns(app *a, int cols) {
    plan p = {.name = 6};
    for (size_t d = 0; d < a->tab->info->domains; d++) {
        int width = text_columns(a->tab->info->domain[d].name);
        if (width > p.name) p.name = width;
    }
    int most = cols >= 76 ? 22 : cols / 4;
    if (p.name > most) p.name = most;
    int left = cols - p.name - 3;
    while (p.columns < COLUMNS && left >= columns[p.columns].width) left -= columns[p.columns++].width;
    p.bar = left > 40 ? 40 : left >= 6 ? left - 1 : 0;
    return p;
}

static void cell_text(const profile_row *row, int column, char *text, size_t size) {
    const int sort = column + 1; /* the columns are sorts[] from MEAN on */
    const double value = key_of(row, sort);
    if (sort != RATE && sort != SHARE) latent_number(value, sort == ICL, text, size);
    else if (isnan(value)) snprintf(text, size, "-");
    else snprintf(text, size, value >= 0.0995 ? "%.0f%%" : "%.1f%%", 100 * value);
}

static void draw_head(app *a, rect r, const plan *p) {
    int x = r.x + 1 + p->name + 1 + p->bar;
    grid_put(a->grid, r.y, r.x + 1, p->name, ROLE_HEADER, "domain");
    for (int c = 0; c < p->columns; c++) {
        grid_put_right(a->grid, r.y, x, columns[c].width, ROLE_HEADER, columns[c].title);
        x += columns[c].width;
    }
}

static void draw_row(app *a, rect r, int y, const plan *p, const profile_row *row, double longest) {
    char text[128];
    int x = r.x + 1;
    app_fit_text(a, row->name, p->name, text, sizeof text);
    grid_put(a->grid, y, x, p->name, ROLE_TEXT, text);
    x += p->name + 1;
    grid_bar(a->grid, y, x, p->bar, ROLE_BAR, longest > 0 ? row->p.mean / longest : 0, a->ascii);
    x += p->bar;
    for (int c = 0; c < p->columns; c++) {
        cell_text(row, c, text, sizeof text);
        grid_put_right(a->grid, y, x, columns[c].width, c == 0 ? ROLE_TEXT : ROLE_FAINT, text);
        x += columns[c].width;
    }
}

static void draw_profile(app *a, rect r) {
    profile_state *s = profile_of(a);
    int D = (int)a->tab->info->domains;
    if (!D) {
        grid_put(a->grid, r.y, r.x + 1, r.cols - 2, ROLE_FAINT, "the study has no domains; [hist] has its captures");
        return;
    }
    plan p = plan_columns(a, r.cols);
    profile_row *rows = make(a);
    double longest = 0;
    for (int d = 0; d < D; d++) longest = fmax(longest, rows[d].p.mean);
    draw_head(a, r, &p);
    s->rows = r.rows - 1;
    if (s->top > D - s->rows) s->top = D - s->rows;
    if (s->top < 0) s->top = 0;
    int i = 0;
    for (; i < s->rows && s->top + i < D; i++) draw_row(a, r, r.y + 1 + i, &p, &rows[s->top + i], longest);
    free(rows);
    if (i + 3 > s->rows) return;
    char words[2][120];
    snprintf(words[0], sizeof words[0], "icl: mean change from %s to icl on the same tokens",
             scry_reference_name(a->tab->info->against));
    scry_score score = scry_session_score(a->tab->session);
    bool in = scry_set_has(scry_session_set(a->tab->session), app_latent(a));
    snprintf(words[1], sizeof words[1], "adds: %s STS %s; share: its part of that STS%s",
             scry_scores[score].is_mean     ? "E[h^2], of which the mean is"
             : scry_scores[score].is_effect ? "alone to"
                                            : "to",
             scry_score_text(score, a->tab->info->against, (char[SCRY_SOURCE_TEXT]){""}), in ? "" : ", once selected");
    for (int k = 0; k < 2; k++) {
        text_fit(words[k], r.cols - 2, a->ascii);
        grid_put(a->grid, r.y + 2 + i + k, r.x + 1, r.cols - 2, ROLE_FAINT, words[k]);
    }
}

static void move_profile(app *a, move kind, long steps) {
    profile_state *s = profile_of(a);
    int last = (int)a->tab->info->domains - s->rows;
    if (last < 0) last = 0;
    s->top = (int)view_moved(s->top, kind, steps, s->rows - 1, last);
}

static void note_profile(app *a, char *text, size_t size) {
    int sort = profile_of(a)->sort;
    snprintf(text, size, "score %s%s%s", scry_score_name(scry_session_score(a->tab->session)),
             sort ? ", sorted by " : "", sort ? sorts[sort] : "");
}

static bool sort_profile(app *a, const char *name, char *wrong, size_t size) {
    if (name && strcmp(name, "rate") == 0) name = "fires"; /* names of before, in macros and kept sessions */
    if (name && strcmp(name, "contribution") == 0) name = "adds";
    int next = latent_choose(sorts, SORTS, profile_of(a)->sort, name, wrong, size);
    if (next < 0) return false;
    profile_of(a)->sort = next;
    profile_of(a)->reversed = false;
    profile_of(a)->top = 0;
    app_say(a, next ? "profile sorted by %s" : "profile in the order of the %s", next ? sorts[next] : "study");
    return true;
}

static void reverse_profile(app *a) {
    profile_of(a)->reversed = !profile_of(a)->reversed;
}

static void write_profile(const app *a, FILE *f) {
    const profile_state *s = profile_of(a);
    if (s->sort) fprintf(f, "profile %s\n", sorts[s->sort]);
    if (s->reversed) fprintf(f, "page profile\npane latent\nreverse\n");
}

const latent_page page_profile = {.name = "profile",
                                  .brief = "prof",
                                  .note = note_profile,
                                  .draw = draw_profile,
                                  .move = move_profile,
                                  .sort = sort_profile,
                                  .reverse = reverse_profile,
                                  .state_size = sizeof(profile_state),
                                  .write = write_profile};
