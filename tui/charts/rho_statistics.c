/* rho_statistics.c: rho's statistics as text, in as much room as there is. */
#include "text/text.h"
#include "charts/chart.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>

/* How much each part says where there is less and less room. */
typedef enum fullness { BRIEF, CLEAR, FULL } fullness;

static const char *rho_text(double rho, char out[16]) {
    format_rho(rho, 3, false, out, 16);
    return out;
}

static const char *p_text(double p, char out[16]) {
    if (isnan(p)) snprintf(out, 16, "-");
    else if (p < 0.0005) snprintf(out, 16, "<.001");
    else format_rho(p, 3, false, out, 16);
    return out;
}

/* Two numbers: "-.81 to -.63", or without "to". */
static void range(char *text, const char *name, double low, double high, bool ready, bool full) {
    char a[16], b[16];
    format_rho(low, 2, false, a, sizeof a);
    format_rho(high, 2, false, b, sizeof b);
    if (!ready) snprintf(text, RHO_STATISTIC_TEXT, "%s ..", name);
    else if (isnan(low)) snprintf(text, RHO_STATISTIC_TEXT, "%s -", name);
    else snprintf(text, RHO_STATISTIC_TEXT, "%s %s%s%s", name, a, full ? " to " : " ", b);
}

/* Each writes its part, or "" where there is nothing to say. */
static void count_part(const rho_view *v, fullness how, char *text) {
    (void)how;
    snprintf(text, RHO_STATISTIC_TEXT, "n %zu", v->result->fit.n);
}

static void p_part(const rho_view *v, fullness how, char *text) {
    char number[16];
    (void)how;
    snprintf(text, RHO_STATISTIC_TEXT, "p %s", v->ready ? p_text(v->result->p_value, number) : "..");
}

static void search_part(const rho_view *v, fullness how, char *text) {
    char number[16];
    const char *p = v->ready ? p_text(v->result->context.search_p, number) : "..";
    if (!v->switches) return;
    if (how == FULL) snprintf(text, RHO_STATISTIC_TEXT, "search-adjusted p %s", p);
    else snprintf(text, RHO_STATISTIC_TEXT, how == CLEAR ? "search-adj. p %s" : "adj. p %s", p);
}

static void untouched_part(const rho_view *v, fullness how, char *text) {
    char number[16];
    const char *rho = v->ready ? rho_text(v->result->context.untouched, number) : "..";
    if (v->switches) snprintf(text, RHO_STATISTIC_TEXT, how == FULL ? "untouched top N %s" : "untouched %s", rho);
}

static void baseline_part(const rho_view *v, fullness how, char *text) {
    char number[16];
    const scry_best_baseline *b = v->baseline;
    if (!b) snprintf(text, RHO_STATISTIC_TEXT, how == FULL ? "best baseline .." : "baseline ..");
    else if (b->name && how == FULL)
        snprintf(text, RHO_STATISTIC_TEXT, "best baseline %s, %s", rho_text(b->pearson, number), b->name);
    else if (b->name)
        snprintf(text, RHO_STATISTIC_TEXT, "%s %s", how == CLEAR ? "best baseline" : "baseline",
                 rho_text(b->pearson, number));
}

static void without(const rho_view *v, int domain, double rho, fullness how, char *text) {
    char number[16], name[40];
    if (domain < 0 || isnan(rho)) return;
    text_clean(v->info->domain[domain].name, name, sizeof name, v->ascii);
    text_fit(name, how == FULL ? 24 : 12, v->ascii);
    snprintf(text, RHO_STATISTIC_TEXT, "%s %s %s", how == BRIEF ? "w/o" : "without", name,
             v->ready ? rho_text(rho, number) : "..");
}

static void train_part(const rho_view *v, fullness how, char *text) {
    const scry_rho_context *c = &v->result->context;
    without(v, v->ready ? c->train_domain : -1, c->without_train, how, text);
}

static void farthest_part(const rho_view *v, fullness how, char *text) {
    const scry_rho_context *c = &v->result->context;
    bool said = v->ready && c->farthest_domain == c->train_domain;
    without(v, v->ready && !said ? c->farthest_domain : -1, c->without_farthest, how, text);
}

static void ceiling_part(const rho_view *v, fullness how, char *text) {
    char number[16];
    const scry_rho_context *c = &v->result->context;
    if (!v->ready || isnan(c->ceiling)) return;
    format_rho(c->ceiling, 2, false, number, sizeof number);
    if (!(c->reliability > 0)) snprintf(text, RHO_STATISTIC_TEXT, "changes within their errors");
    else if (c->reliability < 0.5 && how != BRIEF)
        snprintf(text, RHO_STATISTIC_TEXT, "changes hardly beyond errors, ceiling %s", number);
    else snprintf(text, RHO_STATISTIC_TEXT, "ceiling %s", number);
}

static void texts_part(const rho_view *v, fullness how, char *text) {
    range(text, how == BRIEF ? "texts" : "95% texts", v->result->ci_low, v->result->ci_high, v->ready, how == FULL);
}

static void domains_part(const rho_view *v, fullness how, char *text) {
    const scry_rho_context *c = &v->result->context;
    range(text, "domains", c->domains_low, c->domains_high, v->ready, how == FULL);
}

static void random_part(const rho_view *v, fullness how, char *text) {
    char number[16], p[16];
    const scry_result *r = v->result;
    if (v->of_values) return;
    if (!v->ready || isnan(r->random_mean)) snprintf(text, RHO_STATISTIC_TEXT, "random sets %s", v->ready ? "-" : "..");
    else if (how == FULL)
        snprintf(text, RHO_STATISTIC_TEXT, "random sets %s, p %s", rho_text(r->random_mean, number),
                 p_text(r->context.random_tail, p));
    else snprintf(text, RHO_STATISTIC_TEXT, "random sets p %s", p_text(r->context.random_tail, p));
}

static void matched_part(const rho_view *v, fullness how, char *text) {
    char number[16], p[16];
    const scry_rho_context *c = &v->result->context;
    if (!v->ready || isnan(c->matched_mean)) return;
    if (how == FULL)
        snprintf(text, RHO_STATISTIC_TEXT, "rate-matched %s, p %s", rho_text(c->matched_mean, number),
                 p_text(c->matched_tail, p));
    else snprintf(text, RHO_STATISTIC_TEXT, "matched p %s", p_text(c->matched_tail, p));
}

static void leave_one_out_part(const rho_view *v, fullness how, char *text) {
    range(text, how == FULL ? "leave-one-out" : "LOO", v->result->loo_min, v->result->loo_max, v->ready, how == FULL);
}

static void predicted_part(const rho_view *v, fullness how, char *text) {
    char number[16];
    if (!v->ready || isnan(v->result->context.cv_r2)) return;
    format_rho(v->result->context.cv_r2, 2, false, number, sizeof number);
    snprintf(text, RHO_STATISTIC_TEXT, how == FULL ? "cross-validated R2 %s" : "CV R2 %s", number);
}

static void r2_part(const rho_view *v, fullness how, char *text) {
    char number[16];
    (void)how;
    format_rho(v->result->fit.r2, 2, false, number, sizeof number);
    snprintf(text, RHO_STATISTIC_TEXT, "R2 %s", number);
}

static void spearman_part(const rho_view *v, fullness how, char *text) {
    char number[16];
    (void)how;
    format_rho(v->result->spearman, 2, false, number, sizeof number);
    snprintf(text, RHO_STATISTIC_TEXT, "Spearman %s", v->ready ? number : "..");
}

enum { ESSENTIAL = 8 };
/* The most important first; the last are left out first. R2 is rho squared, Spearman another rho. */
static void (*const parts[RHO_STATISTICS])(const rho_view *, fullness, char *) = {
    count_part,         p_part,         search_part,  baseline_part, train_part,   untouched_part,
    ceiling_part,       texts_part,     domains_part, random_part,   matched_part, farthest_part,
    leave_one_out_part, predicted_part, r2_part,      spearman_part};

/* Writes the first `most` parts; true when they fit into the room. */
static bool write_parts(const rho_view *v, size_t most, fullness how, rho_room room,
                        char part[RHO_STATISTICS][RHO_STATISTIC_TEXT], int *n) {
    int left = room.first, lines = 1;
    *n = 0;
    for (size_t i = 0; i < most; i++) {
        *part[*n] = 0;
        parts[i](v, how, part[*n]);
        if (!*part[*n]) continue;
        int columns = text_columns(part[(*n)++]);
        if (columns + 2 > left) left = room.columns + 2, lines++;
        left -= columns + 2;
        if (left < 0) return false;
    }
    return lines <= room.lines;
}

/* In clear words as far as those of ESSENTIAL have room, else briefly, so that more have. */
int rho_statistics_text(const rho_view *v, rho_room room, char part[RHO_STATISTICS][RHO_STATISTIC_TEXT]) {
    int n, how = CLEAR;
    size_t most = RHO_STATISTICS;
    if (!write_parts(v, ESSENTIAL, CLEAR, room, part, &n)) how = BRIEF;
    while (most > 1 && !write_parts(v, most, (fullness)how, room, part, &n)) most--;
    for (how = FULL; how >= BRIEF; how--)
        if (write_parts(v, most, (fullness)how, room, part, &n)) break;
    return n;
}
