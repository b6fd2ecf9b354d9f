/* score.c: scry score and scry export: a selection's STS, and the selection itself. */
#include "commands/commands.h"
#include "commands/out.h"
#include "commands/subject.h"

#include <math.h>
#include <stdio.h>

/* What both commands need, from the options. */
typedef struct subject {
    scry_index *index;
    size_t train;
    scry_ranking *ranking;
    scry_set *set;
    scry_score score;
} subject;

static void subject_free(subject *s) {
    scry_set_free(s->set);
    scry_ranking_free(s->ranking);
    scry_close(s->index);
}

static bool subject_read(const options *o, subject *s, scry_error *err) {
    *s = (subject){0};
    scry_condition source;
    scry_metric metric;
    return (s->index = subject_open(o, err)) && subject_train(o, s->index, &s->train, err) &&
           subject_ranking(o, s->index, s->train, &source, &metric, err) &&
           subject_score(o, s->index, &s->score, err) &&
           (s->ranking = scry_rank(s->index, s->train, source, metric, err)) &&
           (s->set = subject_selection(o, s->index, s->ranking, err));
}

static cJSON *score_facts(const subject *s, const scry_result *r) {
    const scry_info *info = scry_about(s->index);
    cJSON *facts = cJSON_CreateObject();
    out_text(facts, "score", scry_score_name(s->score));
    out_number(facts, "n", s->set->count);
    cJSON *list = cJSON_AddArrayToObject(facts, "domains");
    for (size_t d = 0; d < r->domains; d++) {
        cJSON *item = cJSON_CreateObject();
        out_text(item, "name", info->domain[d].name);
        out_number(item, "sts", r->sts[d]);
        out_number(item, "change", info->domain[d].change[s->train]);
        out_number(item, "fitted", r->fitted[d]);
        out_number(item, "residual", r->residual[d]);
        cJSON_AddItemToArray(list, item);
    }
    out_number(facts, "points", (double)r->fit.n);
    out_number(facts, "pearson", r->fit.pearson);
    out_number(facts, "r2", r->fit.r2);
    out_number(facts, "spearman", r->spearman);
    out_number(facts, "slope", r->fit.slope);
    out_number(facts, "intercept", r->fit.intercept);
    out_number(facts, "p_value", r->p_value);
    out_number(facts, "loo_min", r->loo_min);
    out_number(facts, "loo_max", r->loo_max);
    out_number(facts, "ci_low", (double)NAN);
    out_number(facts, "ci_high", (double)NAN);
    out_number(facts, "random_mean", r->random_mean);
    out_number(facts, "random_sd", r->random_sd);
    out_number(facts, "random_rank", r->random_rank);
    out_number(facts, "seed", SCRY_SEED);
    return facts;
}

static void score_head(const subject *s, const scry_result *r, const scry_scope *scope, char *head, size_t size) {
    const char *what = scope->is_signed ? "signed change" : "size of change";
    size_t used = (size_t)snprintf(head, size, "STS %s of %u latents\n", scry_score_name(s->score), s->set->count);
    if (isnan(r->fit.pearson)) {
        snprintf(head + used, size - used, "no correlation: %s\n\n",
                 r->fit.n < 3 ? "fewer than 3 domains have a measured change"
                              : "the scores or the changes are all alike");
        return;
    }
    char left_out[80] = "too few domains to leave one out";
    if (!isnan(r->loo_min)) snprintf(left_out, sizeof left_out, "leave one out %.4f to %.4f", r->loo_min, r->loo_max);
    char random[160] = "no random sets: the selection holds nothing, or more than all active latents";
    if (scry_about(s->index)->candidates)
        snprintf(random, sizeof random, "no random sets: only the most shifted latents are scored (--candidates)");
    else if (!isnan(r->random_mean))
        snprintf(random, sizeof random, "random sets of the same size: rho %.3f, deviation %.3f; %.1f%% lie below",
                 r->random_mean, r->random_sd, 100 * r->random_rank);
    snprintf(head + used, size - used,
             "rho %.4f with the %s over %zu domains   R2 %.4f   Spearman %.4f\n"
             "permutation p %.5f   %s\n%s   (seed %d)\n\n",
             r->fit.pearson, what, r->fit.n, r->fit.r2, r->spearman, r->p_value, left_out, random, SCRY_SEED);
}

int shell_score(const options *o) {
    scry_error err = {0};
    subject s;
    scry_scope scope = {0};
    if (!subject_read(o, &s, &err) || !subject_scope(o, s.index, s.train, &scope, &err)) {
        subject_free(&s);
        return out_error(&err);
    }
    scry_scorer *scorer = scry_scorer_new(s.index, s.score);
    scry_scorer_load(scorer, s.set);
    scry_result r;
    scry_result_fit(&r, s.index, scorer, &scope);
    scry_result_company(&r, s.index, s.score, s.set->count);
    static const out_column columns[] = {{"name", "domain", NULL, 0},          {"sts", "STS", "%.6g", 0},
                                         {"change", "change", "%+.2f", 0},     {"fitted", "fitted", "%+.2f", 0},
                                         {"residual", "residual", "%+.2f", 0}, {NULL, NULL, NULL, 0}};
    char head[800];
    score_head(&s, &r, &scope, head, sizeof head);
    int status = out_print(o, score_facts(&s, &r), "domains", columns, head);
    scry_result_free(&r);
    scry_scorer_free(scorer);
    scry_scope_free(&scope);
    subject_free(&s);
    return status;
}

int shell_export(const options *o) {
    scry_error err = {0};
    subject s;
    uint32_t top = 0;
    bool ok = subject_read(o, &s, &err);
    if (ok && !o->set && !o->latents) ok = options_number("--top", o->top, 0, 100, &top, &err);
    ok = ok && scry_set_write_csv(s.set, s.index, s.ranking, top, s.score, o->out ? o->out : "-", &err);
    if (ok && o->out) fprintf(stderr, "scry: %s: %u latents\n", o->out, s.set->count);
    subject_free(&s);
    return ok ? 0 : out_error(&err);
}
