/* sweep.c: scry sweep: rho against N, against bands of ranks, against random sets. */
#include "base/mem.h"
#include "shell/cli_context.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sweep {
    selection_context of; /* without a set */
    scry_scope scope;
    const char *over;
    uint32_t top, width;
} sweep;

static cJSON *facts_begin(const sweep *s) {
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "over", s->over);
    result_text(facts, "score", scry_score_name(s->of.score));
    result_text(facts, "train", scry_index_info(s->of.index)->train[s->of.train].name);
    result_source(facts, s->of.ranking);
    result_text(facts, "metric", scry_metric_name(s->of.ranking->metric));
    result_number(facts, "seed", SCRY_SEED);
    return facts;
}

static int head_begin(const sweep *s, char *head, size_t size) {
    return snprintf(head, size, "rho of STS %s with the %s; latents ranked by %s %s\n", scry_score_name(s->of.score),
                    change_name(s->scope.is_signed),
                    scry_source_text(s->of.ranking->source, s->of.ranking->against, (char[SCRY_SOURCE_TEXT]){""}),
                    scry_metric_name(s->of.ranking->metric));
}

static cJSON *point_facts(const scry_sweep_point *p, bool bands) {
    cJSON *item = cJSON_CreateObject();
    if (bands) {
        result_numbers(item, {"from", p->from}, {"to", p->to});
    } else {
        result_number(item, "n", p->to);
    }
    result_numbers(item, {"share", p->share}, {"points", (double)p->fit.n}, {"pearson", p->fit.pearson},
                   {"r2", p->fit.r2}, {"spearman", p->spearman}, {"p_value", p->p_value});
    return item;
}

static int print_ranks(const options *o, const sweep *s) {
    bool bands = strcmp(s->over, "bands") == 0;
    size_t count;
    scry_sweep_point *points =
        bands ? scry_sweep_bands(s->of.index, s->of.ranking, s->of.score, &s->scope, s->top, s->width, NULL, &count)
              : scry_sweep_n(s->of.index, s->of.ranking, s->of.score, &s->scope, s->top, NULL, &count);
    cJSON *facts = facts_begin(s), *list = cJSON_AddArrayToObject(facts, "points");
    for (size_t i = 0; i < count; i++) cJSON_AddItemToArray(list, point_facts(&points[i], bands));
    free(points);
    static const result_column by_n[] = {{"n", "N", "%.0f", 0},
                                         {"share", "share%", "%.1f", 100},
                                         {"pearson", "rho", "%.4f", 0},
                                         {"r2", "R2", "%.4f", 0},
                                         {"spearman", "Spearman", "%.4f", 0},
                                         {"p_value", "p", "%.5f", 0},
                                         {"points", "domains", "%.0f", 0},
                                         {0}};
    static const result_column by_band[] = {
        {"from", "from", "%.0f", 0},   {"to", "to", "%.0f", 0},          {"share", "share%", "%.1f", 100},
        {"pearson", "rho", "%.4f", 0}, {"r2", "R2", "%.4f", 0},          {"spearman", "Spearman", "%.4f", 0},
        {"p_value", "p", "%.5f", 0},   {"points", "domains", "%.0f", 0}, {0}};
    char head[300];
    int used = head_begin(s, head, sizeof head);
    snprintf(head + used, sizeof head - (size_t)used, "%s; p is of %s alone, not of the best of them (seed %d)\n\n",
             bands ? "each row is a selection of those ranks" : "each row is a selection of ranks 1 to N",
             bands ? "a band" : "an N", SCRY_SEED);
    return output_print(o, facts, "points", bands ? by_band : by_n, head);
}

/* rho of the ranking's own top latents; the change of each domain that takes part. */
static double own_rho(const sweep *s, double *change) {
    scry_scorer *scorer = scry_scorer_new(s->of.index, s->of.score);
    for (uint32_t rank = 0; rank < s->top; rank++) scry_scorer_put(scorer, s->of.ranking->order[rank], true);
    scry_result r;
    scry_result_fit(&r, s->of.index, scorer, &s->scope);
    for (size_t d = 0; d < r.domains; d++) change[d] = isnan(r.sts[d]) ? (double)NAN : r.change[d];
    double rho = r.fit.pearson;
    scry_result_free(&r);
    scry_scorer_free(scorer);
    return rho;
}

static void add_quantiles(cJSON *facts, const double *rho, uint32_t sets) {
    static const double at[] = {0, 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975, 1};
    double *sorted = mem_new(sets + 1, sizeof *sorted);
    memcpy(sorted, rho, sets * sizeof *sorted);
    scry_sort(sorted, sets);
    cJSON *list = cJSON_AddArrayToObject(facts, "quantiles");
    for (size_t i = 0; i < sizeof at / sizeof *at && sets; i++) {
        cJSON *item = result_row(list);
        result_numbers(item, {"quantile", at[i]}, {"pearson", scry_quantile(sorted, sets, at[i])});
    }
    free(sorted);
}

static int print_random(const options *o, const sweep *s) {
    size_t D = s->scope.domains;
    double *change = mem_new(D, sizeof *change), *rho = mem_new(2 * SCRY_RANDOM_SETS, sizeof *rho);
    double *spearman = rho + SCRY_RANDOM_SETS, own = own_rho(s, change), mean, sd;
    uint32_t sets =
        scry_random_rhos(s->of.index, s->of.score, change, s->top, SCRY_RANDOM_SETS, SCRY_SEED, NULL, rho, spearman);
    uint32_t below = 0;
    for (uint32_t k = 0; k < sets; k++) below += rho[k] < own;
    scry_mean_sd(rho, sets, &mean, &sd);
    double rank = sets ? (double)below / sets : (double)NAN;
    cJSON *facts = facts_begin(s);
    result_numbers(facts, {"n", s->top}, {"pearson", own}, {"random_mean", mean}, {"random_sd", sd},
                   {"random_rank", rank});
    add_quantiles(facts, rho, sets);
    cJSON *list = cJSON_AddArrayToObject(facts, "points");
    for (uint32_t k = 0; k < sets; k++) {
        cJSON *item = result_row(list);
        result_numbers(item, {"n", s->top}, {"set", k + 1}, {"pearson", rho[k]}, {"r2", rho[k] * rho[k]},
                       {"spearman", spearman[k]});
    }
    free(change);
    free(rho);
    static const result_column each[] = {
        {"n", "N", "%.0f", 0},   {"set", "set", "%.0f", 0},           {"pearson", "rho", "%.4f", 0},
        {"r2", "R2", "%.4f", 0}, {"spearman", "Spearman", "%.4f", 0}, {0}};
    static const result_column quantiles[] = {
        {"quantile", "quantile%", "%.1f", 100}, {"pearson", "rho", "%.4f", 0}, {0}};
    char head[600];
    int used = head_begin(s, head, sizeof head);
    if (!sets)
        snprintf(head + used, sizeof head - (size_t)used,
                 "no random sets: fewer than %u latents are active, or fewer than 3 domains take part\n\n", s->top);
    else
        snprintf(head + used, sizeof head - (size_t)used,
                 "the first %u: rho %.4f\n%u random sets of the same number of active latents (seed %d): mean %.4f, SD "
                 "%.4f; rho beats %.1f%% of random sets\n\n",
                 s->top, own, sets, SCRY_SEED, mean, sd, 100 * rank);
    return output_print(o, facts, o->csv ? "points" : "quantiles", o->csv ? each : quantiles, head);
}

static bool read_options(const options *o, sweep *s, scry_error *err) {
    s->over = o->over ? o->over : "n";
    bool random = strcmp(s->over, "random") == 0;
    if (strcmp(s->over, "n") != 0 && strcmp(s->over, "bands") != 0 && !random)
        return scry_misuse(err, "--over: found \"%.40s\", expected n, bands or random", s->over);
    if (o->band && strcmp(s->over, "bands") != 0) return scry_misuse(err, "--band: needs --over bands");
    return options_number("--band", o->band, 1, 100, &s->width, err) && (s->of.index = cli_open(o, err)) &&
           cli_needs_latents(s->of.index, err) && scry_require_domains(s->of.index, err) &&
           cli_top(o, s->of.index, 1, random ? 100 : 1000, &s->top, err) && cli_rank(o, &s->of, err) &&
           cli_score(o, s->of.index, &s->of.score, err) && cli_scope(o, s->of.index, s->of.train, &s->scope, err);
}

/* An index made with --candidates has the scores of the first ranks only. */
static bool candidates_reach(const sweep *s, scry_error *err) {
    uint32_t most = scry_index_info(s->of.index)->candidates;
    bool random = strcmp(s->over, "random") == 0;
    if (!most || (!random && s->top <= most)) return true;
    if (random)
        return scry_misuse(err, "--over random: this index was made with --candidates, which leaves no latents for "
                                "random sets; index again without it");
    return scry_misuse(err,
                       "--top %u: this index was made with --candidates %u, and no more of a ranking is scored; "
                       "expected at most %u",
                       s->top, most, most);
}

int shell_sweep(const options *o) {
    scry_error err = {0};
    sweep s = {0};
    bool ok = read_options(o, &s, &err);
    if (ok && s.top > s.of.ranking->latents) s.top = s.of.ranking->latents;
    ok = ok && candidates_reach(&s, &err);
    int status = !ok ? output_error(&err) : strcmp(s.over, "random") == 0 ? print_random(o, &s) : print_ranks(o, &s);
    scry_scope_free(&s.scope);
    cli_free(&s.of);
    return status;
}
