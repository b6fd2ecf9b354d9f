/* ablation_result.c: what latents do in the model. */
#include "base/mem.h"
#include "results/results.h"
#include "rho_context.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const values[] = {
#define VALUE(id, name, help) name,
    SCRY_ABLATION_VALUE_TABLE(VALUE)
#undef VALUE
};

static const char *const precisions[] = {
#define PRECISION(id, name, ...) name,
    SCRY_PRECISION_TABLE(PRECISION)
#undef PRECISION
};

char *ablation_words(const scry_ablation *how, scry_precision precision, uint32_t latents) {
    char scale[60] = "removed";
    if (how->value == SCRY_VALUE_MEAN) snprintf(scale, sizeof scale, "at their mean over the domain");
    else if (how->scale != 0) snprintf(scale, sizeof scale, "multiplied by %g", how->scale);
    return mem_format("%u latent%s %s, %s%s", latents, plural_s(latents), scale,
                      how->drop_error ? "the SAE's reconstruction in place of the stream" : "the SAE's error kept",
                      precision == SCRY_FLOAT64 ? ", in double precision" : "");
}

void ablation_add_how(cJSON *facts, const scry_ablation *how, scry_precision precision) {
    result_text(facts, "value", values[how->value]);
    result_text(facts, "error", how->drop_error ? "drop" : "keep");
    result_number(facts, "scale", how->value == SCRY_VALUE_ZERO ? how->scale : (double)NAN);
    result_text(facts, "precision", precisions[precision]);
}

/* Mean, deviation and the share that is below `own` of a value of each random set, every `step` numbers from first. */
static void spread(const double *first, size_t step, uint32_t sets, double own, double out[3], double *tail) {
    double *all = mem_new(sets + 1, sizeof *all);
    uint32_t n = 0, below = 0;
    for (uint32_t k = 0; k < sets; k++)
        if (!isnan(first[k * step])) {
            below += first[k * step] < own;
            all[n++] = first[k * step];
        }
    scry_mean_sd(all, n, &out[0], &out[1]);
    out[2] = n && !isnan(own) ? (double)below / n : (double)NAN;
    if (tail) *tail = isnan(own) ? (double)NAN : scry_tail(own, all, n);
    free(all);
}

/* The estimate of what was run (effects.h); NULL where there are no effect columns, or something else was run. */
static scry_scorer *estimate_of(const ablation_facts *a) {
    const scry_ablation *how = a->how;
    if (how->value != SCRY_VALUE_ZERO || how->scale != 0 || how->drop_error || !scry_has_score(a->of->index, SCRY_ABL))
        return NULL;
    scry_scorer *scorer = scry_scorer_new(a->of->index, SCRY_ABL);
    scry_scorer_load(scorer, a->of->set);
    return scorer;
}

/* Multiple choice: "choice", "choice_ablated", ... */
static void add_choices(cJSON *item, const scry_domain_choices *c) {
    char key[EVALUATION_KEY];
    result_number(item, "questions", (double)c->questions);
    for (int m = 0; m < SCRY_CHOICE_MEASURES; m++) {
        const char *name = scry_measures[SCRY_CHOICE + m].name;
        const scry_choice_effect *e = &c->measure[m];
        result_number(item, name, e->accuracy);
        snprintf(key, sizeof key, "%s_ablated", name);
        result_number(item, key, e->ablated);
        snprintf(key, sizeof key, "%s_difference", name);
        result_number(item, key, e->difference);
        snprintf(key, sizeof key, "%s_se", name);
        result_number(item, key, e->se);
    }
}

static void add_domain(cJSON *item, const ablation_facts *a, const scry_scorer *estimate, size_t d) {
    const scry_info *info = scry_index_info(a->of->index);
    const scry_domain_effect *e = &a->effects[d];
    const scry_causal_domain *texts = &scry_causal_domains(a->causal)[d];
    double random[3] = {NAN, NAN, NAN};
    if (a->random) spread(a->random->difference + d, a->random->domains, a->random->sets, e->difference, random, NULL);
    result_text(item, "name", info->domain[d].name);
    result_numbers(item, {"samples", (double)texts->samples}, {"tokens", (double)texts->tokens},
                   {"left_out", (double)texts->left_out}, {"loss", e->loss}, {"loss_ablated", e->loss_ablated},
                   {"difference", e->difference}, {"se", e->se}, {"accuracy", e->accuracy},
                   {"accuracy_ablated", e->accuracy_ablated}, {"change", info->domain[d].change[a->of->train]},
                   {"fitted", a->result->fitted[d]}, {"residual", a->result->residual[d]}, {"random_mean", random[0]},
                   {"random_sd", random[1]}, {"random_rank", random[2]});
    if (estimate) result_number(item, "estimate", scry_scorer_value(estimate, d));
    if (a->choices) add_choices(item, &a->choices[d]);
}

/* How the estimates follow the exact differences over the domains: exact = intercept + slope estimate. */
static void add_agreement(cJSON *facts, const ablation_facts *a, const scry_scorer *estimate) {
    size_t domains = scry_index_info(a->of->index)->domains, n = 0;
    double *x = mem_new(2 * domains + 1, sizeof *x), *y = x + domains;
    for (size_t d = 0; d < domains; d++) {
        double value = scry_scorer_value(estimate, d);
        if (isnan(value) || isnan(a->effects[d].difference)) continue;
        x[n] = value;
        y[n++] = a->effects[d].difference;
    }
    scry_fit fit = scry_fit_line(x, y, n);
    result_numbers(facts, {"estimate_pearson", fit.pearson}, {"estimate_slope", fit.slope});
    free(x);
}

/* rho of each random set without the training set's own domain: mean, deviation, and the share below the selection's.
 */
static void without_train(const ablation_facts *a, double out[3]) {
    const scry_result *r = a->result;
    const scry_random_ablation *random = a->random;
    out[0] = out[1] = out[2] = NAN;
    if (!random || r->context.train_domain < 0) return;
    double *rho = mem_new(random->sets + 1, sizeof *rho), *x = mem_new(2 * r->domains, sizeof *x), *y = x + r->domains;
    for (uint32_t k = 0; k < random->sets; k++) {
        size_t n = 0;
        for (size_t d = 0; d < r->domains; d++) {
            double difference = random->difference[k * random->domains + d];
            if (isnan(difference) || isnan(r->change[d]) || (int)d == r->context.train_domain) continue;
            x[n] = difference;
            y[n++] = r->change[d];
        }
        rho[k] = scry_fit_line(x, y, n).pearson;
    }
    spread(rho, 1, random->sets, r->context.without_train, out, NULL);
    free(rho);
    free(x);
}

cJSON *ablation_result(const ablation_facts *a) {
    const scry_info *info = scry_index_info(a->of->index);
    scry_result r = *a->result;
    cJSON *facts = cJSON_CreateObject();
    result_number(facts, "n", a->of->set->count);
    ablation_add_how(facts, a->how, scry_causal_precision(a->causal));
    cJSON *list = cJSON_AddArrayToObject(facts, "domains");
    scry_scorer *estimate = estimate_of(a);
    if (estimate) add_agreement(facts, a, estimate);
    for (size_t d = 0; d < info->domains; d++)
        if (scry_causal_domains(a->causal)[d].samples + scry_causal_domains(a->causal)[d].left_out)
            add_domain(result_row(list), a, estimate, d);
    scry_scorer_free(estimate);
    result_number(facts, "mean_difference", scry_mean_difference(a->causal, a->effects));
    if (a->random) {
        double rho[3];
        spread(a->random->pearson, 1, a->random->sets, r.fit.pearson, rho, &r.context.random_tail);
        r.random_mean = rho[0];
        r.random_sd = rho[1];
        r.random_rank = rho[2];
    }
    add_rho(facts, info, &r, NULL);
    double without[3];
    without_train(a, without);
    result_numbers(facts, {"random_without_train_mean", without[0]}, {"random_without_train_sd", without[1]},
                   {"random_without_train_rank", without[2]});
    result_number(facts, "random_sets", a->random ? a->random->sets : (double)NAN);
    result_number(facts, "random_size", a->random ? a->random->size : (double)NAN);
    result_text(facts, "match", a->random && a->match_rate ? "rate" : NULL);
    return facts;
}

void ablation_columns(bool random, bool estimate, bool choices, result_column out[ABLATION_COLUMNS]) {
    static const result_column own[] = {{"name", "domain", NULL, 0},
                                        {"loss", "loss", "%.4f", 0},
                                        {"loss_ablated", "ablated", "%.4f", 0},
                                        {"difference", "difference", "%+.5f", 0},
                                        {"se", "s.e.", "%.5f", 0},
                                        {"accuracy", "accuracy%", "%.2f", 100},
                                        {"accuracy_ablated", "ablated%", "%.2f", 100},
                                        {"change", "change", "%+.2f", 0},
                                        {0}};
    static const result_column of_random[] = {{"random_mean", "random", "%+.5f", 0},
                                              {"random_sd", "SD", "%.5f", 0},
                                              {"random_rank", "beats%", "%.1f", 100},
                                              {0}};
    static const result_column of_choices[] = {{"choice", "choice%", "%.1f", 100},
                                               {"choice_ablated", "ablated%", "%.1f", 100},
                                               {"choice_difference", "points", "%+.1f", 100},
                                               {"choice_se", "s.e.", "%.1f", 100},
                                               {0}};
    static const result_column of_estimate = {"estimate", "estimate", "%+.5f", 0};
    size_t n = 0;
    for (const result_column *c = own; c->key; c++) {
        out[n++] = *c;
        if (estimate && strcmp(c->key, "se") == 0) out[n++] = of_estimate;
        for (const result_column *k = of_choices; choices && k->key && strcmp(c->key, "accuracy_ablated") == 0; k++)
            out[n++] = *k;
    }
    for (const result_column *c = of_random; random && c->key; c++) out[n++] = *c;
    out[n] = (result_column){0};
}

static void random_lines(FILE *f, const cJSON *facts) {
    double sets = result_get_number(facts, "random_sets"), size = result_get_number(facts, "random_size");
    if (isnan(sets)) return;
    if (sets < 1) {
        fputs("no random sets: fewer latents are active on the texts than the selection has, or only candidates are "
              "known\n",
              f);
        return;
    }
    fprintf(f, "%.0f random sets of %.0f latents%s: rho %+.3f, SD %.3f", sets, size,
            result_get_text(facts, "match") ? " with like firing rates" : "", result_get_number(facts, "random_mean"),
            result_get_number(facts, "random_sd"));
    if (!isnan(result_get_number(facts, "random_rank")))
        fprintf(f, "; the selection's is above %.1f%% of them, two-sided p %.4f",
                100 * result_get_number(facts, "random_rank"), result_get_number(facts, "random_p"));
    fputc('\n', f);
    if (!isnan(result_get_number(facts, "random_without_train_mean")))
        fprintf(
            f, "without the training set's own domain: rho %+.3f, SD %.3f; the selection's is above %.1f%% of them\n",
            result_get_number(facts, "random_without_train_mean"), result_get_number(facts, "random_without_train_sd"),
            100 * result_get_number(facts, "random_without_train_rank"));
}

/* Multiple choice over all questions. */
static void question_line(FILE *f, const cJSON *facts) {
    double questions = 0, right[2] = {0};
    const cJSON *item;
    cJSON_ArrayForEach (item, result_get(facts, "domains")) {
        double n = result_get_number(item, "questions");
        if (!(n > 0)) continue;
        questions += n;
        right[0] += n * result_get_number(item, "choice");
        right[1] += n * result_get_number(item, "choice_ablated");
    }
    if (questions > 0)
        fprintf(f, "multiple choice by likelihood over %.0f questions: %.1f%% right before, %.1f%% after\n", questions,
                100 * right[0] / questions, 100 * right[1] / questions);
}

char *ablation_head(const cJSON *facts, bool is_signed) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    double samples = 0, tokens = 0, left_out = 0, rho = result_get_number(facts, "pearson");
    const cJSON *item;
    cJSON_ArrayForEach (item, result_get(facts, "domains")) {
        samples += result_get_number(item, "samples");
        tokens += result_get_number(item, "tokens");
        left_out += result_get_number(item, "left_out");
    }
    fprintf(f, "loss in nats per token over %.0f tokens of %.0f texts", tokens, samples);
    if (left_out > 0) fprintf(f, " (%.0f left out)", left_out);
    fputc('\n', f);
    question_line(f, facts);
    if (isnan(rho))
        fputs("no correlation: fewer than 3 domains have a difference and a measured change, or all are equal\n", f);
    else {
        fprintf(f,
                "rho %.4f (Pearson's r) of the differences with the %s over %.0f domains   R2 %.4f   Spearman %.4f\n"
                "permutation p %.5f   ",
                rho, change_name(is_signed), result_get_number(facts, "points"), result_get_number(facts, "r2"),
                result_get_number(facts, "spearman"), result_get_number(facts, "p_value"));
        if (isnan(result_get_number(facts, "loo_min"))) fputs("too few domains to leave one out\n", f);
        else
            fprintf(f, "leave-one-out %.4f to %.4f\n", result_get_number(facts, "loo_min"),
                    result_get_number(facts, "loo_max"));
        cJSON *own = cJSON_Duplicate(facts, true); /* random sets have lines of their own */
        cJSON_DeleteItemFromObjectCaseSensitive(own, "random_mean");
        char *context = rho_context_text(own);
        fputs(context, f);
        free(context);
        cJSON_Delete(own);
    }
    random_lines(f, facts);
    if (!isnan(result_get_number(facts, "estimate_pearson")))
        fprintf(f, "estimates (the score abl) follow the differences over the domains: r %.3f, slope %.2f\n",
                result_get_number(facts, "estimate_pearson"), result_get_number(facts, "estimate_slope"));
    mem_stream_end(f);
    return text;
}

cJSON *ablation_points_result(const scry_ablation *how, scry_precision precision, const scry_ablation_point *points,
                              size_t count) {
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "over", "n");
    ablation_add_how(facts, how, precision);
    cJSON *list = cJSON_AddArrayToObject(facts, "points");
    for (size_t i = 0; i < count; i++) {
        const scry_ablation_point *p = &points[i];
        cJSON *item = result_row(list);
        result_numbers(item, {"n", p->n}, {"difference", p->difference}, {"accuracy_change", p->accuracy},
                       {"random_mean", p->random_mean}, {"random_sd", p->random_sd}, {"random_low", p->random_low},
                       {"random_high", p->random_high}, {"random_accuracy_change", p->random_accuracy},
                       {"points", (double)p->fit.n}, {"pearson", p->fit.pearson}, {"r2", p->fit.r2},
                       {"spearman", p->spearman}, {"p_value", p->p_value});
    }
    return facts;
}

/* clang-format off */
#define BY_N {"n", "N", "%.0f", 0}, {"difference", "difference", "%+.5f", 0}, {"accuracy_change", "accuracy%", "%+.2f", 100}
#define OF_RANDOM {"random_mean", "random", "%+.5f", 0}, {"random_sd", "SD", "%.5f", 0}, {"random_accuracy_change", "accuracy%", "%+.2f", 100}
#define OF_RHO {"pearson", "rho", "%.4f", 0}, {"r2", "R2", "%.4f", 0}, {"spearman", "Spearman", "%.4f", 0}, {"p_value", "p", "%.5f", 0}, {"points", "domains", "%.0f", 0}
/* clang-format on */
const result_column ablation_points_columns[] = {BY_N, OF_RHO, {0}};
const result_column ablation_points_random_columns[] = {BY_N, OF_RANDOM, OF_RHO, {0}};
