/* column_table.c: the table's columns. */
#include "explorer/table/column_table.h"
#include "base/utf8.h"
#include "columns.h"
#include "differences.h"
#include "explorer/table/table.h"
#include "labels.h"
#include "latent.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const scry_ranking *ranking(const app *a) {
    return scry_session_ranking(a->tab->session);
}

static double one(app *a, uint32_t latent, void (*values)(app *, uint32_t, uint32_t, double *)) {
    double value;
    values(a, latent, 1, &value);
    return value;
}

/* The values of an expression of the latent j and the ranking r. */
#define EACH(name, expression)                                                                                         \
    static void name(app *a, uint32_t from, uint32_t n, double *out) {                                                 \
        const scry_ranking *r = ranking(a);                                                                            \
        for (uint32_t i = 0; i < n; i++) {                                                                             \
            uint32_t j = from + i;                                                                                     \
            (void)r;                                                                                                   \
            out[i] = (expression);                                                                                     \
        }                                                                                                              \
    }

static void measure(double value, char *text, size_t size) {
    double magnitude = fabs(value);
    if (isnan(value)) snprintf(text, size, "-");
    else
        snprintf(text, size,
                 magnitude >= 100                       ? "%.0f"
                 : magnitude >= 1                       ? "%.2f"
                 : magnitude >= 0.001 || magnitude == 0 ? "%.4f"
                                                        : "%.1e",
                 value);
}

static void percent(double share, char *text, size_t size) {
    double value = 100 * share;
    snprintf(text, size, value >= 9.95 || value == 0 ? "%.0f%%" : "%.1f%%", value); /* never five columns */
}

static void tenths_of_percent(double share, char *text, size_t size) {
    snprintf(text, size, "%.1f%%", 100 * share);
}

static void whole_percent(double share, char *text, size_t size) {
    snprintf(text, size, "%.0f%%", 100 * share);
}

static void whole_number(double value, char *text, size_t size) {
    snprintf(text, size, "%.0f", value);
}

static void step_number(double value, char *text, size_t size) {
    format_rho(value, 3, true, text, size);
}

static void signed_number(double value, char *text, size_t size) {
    if (fabs(value) < 9.9995) format_rho(value, 3, true, text, size);
    else snprintf(text, size, "%+.1f", value);
}

/* ---- the selection ---------------------------------------------------------------------------- */

static bool in_top(const app *a, uint32_t latent) {
    return ranking(a)->rank[latent] < scry_session_n(a->tab->session);
}
static bool was_in_top(const app *a, uint32_t latent) {
    const scry_ranking *before = scry_session_ranking_before(a->tab->session);
    return before && before->rank[latent] < scry_session_n(a->tab->session);
}
static bool is_in(app *a, uint32_t latent) {
    return scry_set_has(scry_session_set(a->tab->session), latent);
}
static bool is_marked(app *a, uint32_t latent) {
    return scry_set_has(a->tab->table->marks, latent);
}
static bool is_named(app *a, uint32_t latent) {
    return scry_label(a->tab->index, latent) != NULL;
}
static bool is_by_hand(app *a, uint32_t latent) {
    return is_in(a, latent) != in_top(a, latent);
}
static bool is_new(app *a, uint32_t latent) {
    return scry_session_ranking_before(a->tab->session) && in_top(a, latent) && !was_in_top(a, latent);
}
static bool is_gone(app *a, uint32_t latent) {
    return scry_session_ranking_before(a->tab->session) && !in_top(a, latent) && was_in_top(a, latent);
}

const table_flag flags[] = {
    {"sel", "in", "selected", ON_RANKING | ON_SELECTION, is_in},
    {"hand", NULL, "added or removed by hand", ON_RANKING | ON_SELECTION, is_by_hand},
    {"new", NULL, "in the top N, but not under the previous ranking", ON_RANKING | ON_SELECTION, is_new},
    {"gone", NULL, "in the top N under the previous ranking, but no longer", ON_RANKING | ON_SELECTION, is_gone},
    {"marked", NULL, "marked", ON_MARKS, is_marked},
    {"named", NULL, "has a label of its own", ON_LABELS, is_named},
};
const int flag_count = sizeof flags / sizeof *flags;

/* Out, left the top N, out by hand, in, new in the top N, in by hand. */
static void in_values(app *a, uint32_t from, uint32_t n, double *out) {
    const uint32_t *rank = ranking(a)->rank, top = scry_session_n(a->tab->session);
    const scry_ranking *before = scry_session_ranking_before(a->tab->session);
    const scry_set *set = scry_session_set(a->tab->session);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t j = from + i;
        bool is = scry_set_has(set, j), ranked = rank[j] < top, was = before ? before->rank[j] < top : ranked;
        out[i] = is != ranked ? (is ? 5 : 2) : is ? (was ? 3 : 4) : was;
    }
}
static void in_text(app *a, uint32_t latent, char *text, size_t size) {
    static const char signs[] = " <-*>+";
    snprintf(text, size, "%c%c", is_marked(a, latent) ? 'm' : ' ', signs[(int)one(a, latent, in_values)]);
}

EACH(rank_values, r->rank[j] + 1.0)
EACH(latent_values, j)
EACH(shift_values, r->shift[j])
EACH(share_values, r->total > 0 ? fabs(r->shift[j]) / r->total : 0)
EACH(cumulative_values, scry_cumulative(r, r->rank[j]))
EACH(total_values, scry_cumulative(r, r->rank[j]) * r->total)

static void moved_values(app *a, uint32_t from, uint32_t n, double *out) {
    const scry_ranking *now = ranking(a), *before = scry_session_ranking_before(a->tab->session);
    for (uint32_t i = 0; i < n; i++)
        out[i] = before ? (double)before->rank[from + i] - now->rank[from + i] : (double)NAN;
}
static void moved_text(double moved, char *text, size_t size) {
    if (isnan(moved)) text[0] = 0;
    else snprintf(text, size, moved == 0 ? "=" : "%+.0f", moved);
}

/* What the engine reads of the ranking's training set and source. */
#define READ(name, measure, which)                                                                                     \
    static void name(app *a, uint32_t from, uint32_t n, double *out) {                                                 \
        const scry_ranking *r = ranking(a);                                                                            \
        scry_column_##measure(a->tab->index, r->train, r->source, which, from, n, out);                                \
    }
READ(mean_values, shifts, SCRY_MEAN)
READ(d_values, shifts, SCRY_D)
READ(base_values, means, false)
READ(after_values, means, true)
READ(rate_values, rates, false)
READ(rate_after_values, rates, true)

static void count_values(app *a, uint32_t from, uint32_t n, double *out) {
    scry_column_postings(a->tab->index, from, n, out);
}

/* What it brings to the score, summed over the domains that take part. */
static void adds_values(app *a, uint32_t from, uint32_t n, double *out) {
    const scry_score score = scry_session_score(a->tab->session);
    const scry_scope *scope = scry_session_scope(a->tab->session);
    for (uint32_t i = 0; i < n; i++) {
        const float *of = scry_contribution(a->tab->index, score, from + i);
        double sum = 0;
        for (size_t d = 0; d < scope->domains; d++)
            if (scope->use[d]) sum += (double)of[d];
        out[i] = sum;
    }
}

/* Two models' differences where the latent fires. */
static void kl_values(app *a, uint32_t from, uint32_t n, double *out) {
    scry_column_kl_lifts(a->tab->index, from, n, out);
}
static void loss_values(app *a, uint32_t from, uint32_t n, double *out) {
    scry_column_gains(a->tab->index, from, n, out);
    for (uint32_t i = 0; i < n; i++) out[i] = -out[i];
}

static void step_values(app *a, uint32_t from, uint32_t n, double *out) {
    double now = scry_session_result(a->tab->session)->fit.pearson;
    table_what_if(a, from, n, out);
    for (uint32_t i = 0; i < n; i++) out[i] -= now;
}
static void what_if_text(app *a, uint32_t latent, char *text, size_t size) {
    char rho[16], step[16];
    double value = one(a, latent, table_what_if), now = scry_session_result(a->tab->session)->fit.pearson;
    format_rho(value, 2, false, rho, sizeof rho);
    format_rho(value - now, 3, true, step, sizeof step);
    snprintf(text, size, "%s %s", rho, isnan(now) ? "" : step);
}

static void on_values(app *a, uint32_t from, uint32_t n, double *out) {
    const float *on = a->tab->table->on;
    for (uint32_t i = 0; i < n; i++) out[i] = on ? (double)on[from + i] : (double)NAN;
}

static void label_text(app *a, uint32_t latent, char *text, size_t size) {
    table_label(a, latent, text, size);
}

/* ---- how cells are drawn ---------------------------------------------------------------------- */

/* A bar as long as the shift's size relative to the largest, then the number. */
static void draw_shift(app *a, const table_cell *c, char *text, UNUSED size_t size) {
    const scry_ranking *r = ranking(a);
    double largest = fabs(r->shift[r->order[0]]);
    int bar = c->width > 8 ? c->width - 8 : 0;
    if (bar)
        grid_bar(a->grid, c->y, c->x, bar, c->look == ROLE_FAINT ? ROLE_BAR_OUT : ROLE_BAR,
                 largest > 0 ? fabs(r->shift[c->latent]) / largest : 0, a->ascii);
    grid_put_right(a->grid, c->y, bar ? c->x + bar + 1 : c->x, bar ? 7 : c->width, c->look, text);
}

/* What was searched for, marked where it stands in the label. */
static void draw_found(app *a, int y, int x, int width, const char *text) {
    const char *needle = a->tab->table->find.text, *from = text;
    size_t length;
    while (needle[0] && (from = text_find(from, needle, &length)) != NULL) {
        char before[256], found[256];
        snprintf(before, sizeof before, "%.*s", (int)(from - text), text);
        snprintf(found, sizeof found, "%.*s", (int)length, from);
        int at = text_columns(before);
        if (at < width) grid_put(a->grid, y, x + at, width - at, ROLE_FOUND, found);
        from += length;
    }
}

/* A match that would be cut off is brought into view: what stands before it gives way. */
static void show_match(const app *a, int width, char *text, size_t size) {
    const char *needle = a->tab->table->find.text;
    size_t length;
    const char *found = needle[0] ? text_find(text, needle, &length) : NULL;
    if (!found || text_columns(text) <= width) return;
    char end[256], cut[256];
    snprintf(end, sizeof end, "%.*s", (int)(found + length - text), text);
    const char *from = text;
    for (int columns_left = text_columns(end); from < found && columns_left >= width;)
        columns_left -= text_width(utf8_next(&from));
    if (from == text) return;
    utf8_next(&from); /* the mark's place */
    snprintf(cut, sizeof cut, "%s%s", a->ascii ? "~" : "\xe2\x80\xa6", from > found ? found : from);
    snprintf(text, size, "%s", cut);
}

static void draw_label(app *a, const table_cell *c, char *text, size_t size) {
    show_match(a, c->width, text, size);
    text_fit(text, c->width, a->ascii);
    grid_put(a->grid, c->y, c->x, c->width, is_named(a, c->latent) ? c->look : ROLE_FAINT, text);
    draw_found(a, c->y, c->x, c->width, text);
}

static void draw_in(app *a, const table_cell *c, char *text, UNUSED size_t size) {
    text_fit(text, c->width, a->ascii);
    grid_put(a->grid, c->y, c->x, c->width, c->look, text);
    if (text[0] == 'm') grid_put(a->grid, c->y, c->x, 1, ROLE_MARK, "m");
}

static role in_look(UNUSED bool selected, const char *text) {
    return text[1] == '-' || text[1] == '<' ? ROLE_OUT : text[1] == '>' ? ROLE_MARK : ROLE_IN;
}
static role moved_look(UNUSED bool selected, const char *text) {
    return text[0] == '+' ? ROLE_IN : text[0] == '-' ? ROLE_OUT : ROLE_FAINT;
}
static role latent_look(bool selected, UNUSED const char *text) {
    return selected ? ROLE_IN : ROLE_FAINT;
}

static bool no_ranking_before(const app *a) {
    return !scry_session_ranking_before(a->tab->session); /* nothing has moved */
}
static bool no_token(const app *a) {
    return !a->tab->table->on;
}

static bool no_differences(const app *a) {
    scry_differences_info info;
    return !scry_differences_info_of(a->tab->index, &info);
}

static bool no_domains(const app *a) {
    return !a->tab->info->domains;
}
/* The mean is what base alone is ranked by. */
static bool repeats_shift(const app *a) {
    return ranking(a)->source == SCRY_BASE && ranking(a)->metric == SCRY_MEAN;
}

/* ---- the table -------------------------------------------------------------------------------- */

/* A row: its values, the word for it, its help, then what differs from 0. */
#define COLUMN(function, word, words, ...)                                                                             \
    { .name = word, .help = words, .values = function, __VA_ARGS__ }

const table_column columns[] = {
    COLUMN(in_values, "sel", "* selected, + added by hand, - removed by hand, > new in the top N, < left it, m marked",
           .text = in_text, .alias = "in", .left = true, .width = 3, .shown = true, .keep = 9,
           .on = ON_RANKING | ON_SELECTION, .traits = COLUMN_TOGGLES, .look = in_look, .draw = draw_in),
    COLUMN(rank_values, "rank", "rank by shift", .format = whole_number, .ascending = true, .by_rank = true,
           .shown = true, .keep = 7, .on = ON_RANKING, .traits = COLUMN_FIRST_SORT),
    COLUMN(moved_values, "moved", "ranks up (+) or down (-) since the source or metric changed", .format = moved_text,
           .width = -1, .shown = true, .keep = 4, .on = ON_RANKING, .mute = no_ranking_before, .look = moved_look),
    COLUMN(latent_values, "latent", "number of the latent in the SAE", .format = whole_number, .width = 7,
           .ascending = true, .shown = true, .keep = 9, .look = latent_look),
    COLUMN(shift_values, "shift", "how far the source moves it, by the metric; by base, activation",
           .base_title = "activation", .format = measure, .width = 15, .by_rank = true, .shown = true, .keep = 9,
           .on = ON_RANKING, .traits = COLUMN_WIDENS, .draw = draw_shift),
    COLUMN(share_values, "share", "its share of the total shift", .format = tenths_of_percent, .width = 5,
           .by_rank = true, .shown = true, .keep = 3, .on = ON_RANKING),
    COLUMN(cumulative_values, "cum-share", "share of the total shift up to this rank", .format = whole_percent,
           .alias = "cum", .title = "cum.|cum. share", .width = 4, .ascending = true, .by_rank = true, .shown = true,
           .keep = 4, .on = ON_RANKING),
    COLUMN(total_values, "total", "summed shift up to this rank", .format = measure, .width = 7, .ascending = true,
           .by_rank = true, .on = ON_RANKING),
    COLUMN(mean_values, "mean", "change of its mean activation; by base, the mean", .format = signed_number, .width = 5,
           .shown = true, .keep = 2, .on = ON_RANKING, .mute = repeats_shift),
    COLUMN(d_values, "d", "change of its mean in standard deviations (Cohen's d)", .format = signed_number, .width = 5,
           .on = ON_RANKING),
    COLUMN(base_values, "base", "its mean activation in base", .format = measure, .width = 7, .on = ON_RANKING),
    COLUMN(after_values, "after", "its mean activation under the source", .format = measure, .width = 7,
           .on = ON_RANKING),
    COLUMN(rate_values, "rate", "share of base tokens on which it fires", .format = percent, .width = 4, .shown = true,
           .keep = 5, .on = ON_RANKING),
    COLUMN(rate_after_values, "rate-after", "share of the source's tokens on which it fires", .format = percent,
           .title = "r.aft", .width = 5, .on = ON_RANKING),
    COLUMN(count_values, "count", "number of its activations in all captures", .format = whole_number, .width = 7),
    COLUMN(adds_values, "adds", "what it adds to the score, summed over the domains that take part", .format = measure,
           .width = 7, .on = ON_SCORE, .mute = no_domains),
    COLUMN(table_what_if, "what-if", "rho if this latent were toggled, and how much it would change",
           .text = what_if_text, .width = 10, .shown = true, .keep = 6, .on = ON_RANKING | ON_SELECTION | ON_SCORE,
           .mute = no_domains),
    COLUMN(step_values, "step", "how much rho would change if it were toggled", .format = step_number, .width = 5,
           .on = ON_RANKING | ON_SELECTION | ON_SCORE, .mute = no_domains),
    COLUMN(kl_values, "kl", "KL lift: how much more than anywhere the two models differ where it fires",
           .format = measure, .title = "KL lift", .width = 7, .shown = true, .keep = 4, .mute = no_differences),
    COLUMN(loss_values, "loss", "change of the next token's loss where it fires, tuned minus base",
           .format = signed_number, .width = 5, .mute = no_differences),
    COLUMN(on_values, "on", "mean activation on the text of :fires-on", .format = measure, .width = 6, .keep = 6,
           .traits = COLUMN_OF_TOKEN, .mute = no_token),
    {.name = "label",
     .help = "its label, or the tokens with most of its activation",
     .left = true,
     .title = "label|label, or key tokens",
     .width = 8,
     .ascending = true,
     .shown = true,
     .keep = 8,
     .on = ON_LABELS,
     .text = label_text,
     .traits = COLUMN_FILLS,
     .draw = draw_label},
};
const int column_count = sizeof columns / sizeof *columns;
_Static_assert(sizeof columns / sizeof *columns <= COLUMNS_MOST, "more columns than there is room for");

void column_text(app *a, int column, uint32_t latent, char *text, size_t size) {
    const table_column *c = &columns[column];
    if (c->text) c->text(a, latent, text, size);
    else c->format(one(a, latent, c->values), text, size);
}

const char *column_title(const app *a, int column) {
    if (columns[column].base_title && ranking(a)->source == SCRY_BASE) return columns[column].base_title;
    return columns[column].title ? columns[column].title : columns[column].name;
}

int column_with(unsigned trait) {
    for (int i = 0; i < column_count; i++)
        if (columns[i].traits & trait) return i;
    return -1;
}

int column_names(const char *names[COLUMNS_MOST]) {
    for (int i = 0; i < column_count; i++) names[i] = columns[i].name;
    return column_count;
}

static void fires_values(app *a, size_t domain, uint32_t from, uint32_t n, double *out) {
    for (uint32_t i = 0; i < n; i++) out[i] = scry_domain_rate(a->tab->index, from + i, domain);
}
static void domain_adds_values(app *a, size_t domain, uint32_t from, uint32_t n, double *out) {
    const scry_score score = scry_session_score(a->tab->session);
    for (uint32_t i = 0; i < n; i++) out[i] = (double)scry_contribution(a->tab->index, score, from + i)[domain];
}

const domain_measure domain_measures[] = {
    {"fires", "share of the domain's base tokens on which it fires", 0, true, fires_values},
    {"adds", "what it adds to the domain's score", ON_SCORE, false, domain_adds_values},
};
const int domain_measure_count = sizeof domain_measures / sizeof *domain_measures;

static bool is_called(const char *name, const char *alias, const char *word) {
    return strcmp(name, word) == 0 || (alias && strcmp(alias, word) == 0);
}

int column_find(const char *name) {
    for (int i = 0; i < column_count; i++)
        if (is_called(columns[i].name, columns[i].alias, name)) return i;
    return -1;
}

int measure_find(const char *name) {
    for (int i = 0; i < domain_measure_count; i++)
        if (is_called(domain_measures[i].name, NULL, name)) return i;
    return -1;
}

int flag_find(const char *name) {
    for (int i = 0; i < flag_count; i++)
        if (is_called(flags[i].name, flags[i].alias, name)) return i;
    return -1;
}

bool table_label(const app *a, uint32_t latent, char *text, size_t size) {
    const char *label = scry_label(a->tab->index, latent);
    if (label) {
        text_clean(label, text, size, a->ascii);
        return true;
    }
    char *tokens = scry_key_tokens(a->tab->index, latent);
    text_clean(tokens, text, size, a->ascii);
    free(tokens);
    return false;
}
