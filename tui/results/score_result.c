/* score_result.c: what is known of a selection: latents by shift, the STS of each domain, rho with its statistics. */
#include "results/results.h"
#include "effects.h"
#include "sets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void selection_fit(scry_result *r, const selection_context *s, const scry_scope *scope) {
    scry_scorer *scorer = scry_scorer_new(s->index, s->score);
    scry_scorer_set_anchor(scorer, s->anchor);
    scry_scorer_load(scorer, s->set);
    scry_result_fit(r, s->index, scorer, scope);
    scry_scorer_free(scorer);
}

static void add_context(cJSON *facts, const scry_info *info, const scry_result *r, const scry_best_baseline *baseline) {
    const scry_rho_context *c = &r->context;
    result_text(facts, "train_domain", c->train_domain < 0 ? NULL : info->domain[c->train_domain].name);
    result_number(facts, "without_train", c->without_train);
    result_text(facts, "farthest_domain", c->farthest_domain < 0 ? NULL : info->domain[c->farthest_domain].name);
    result_numbers(facts, {"without_farthest", c->without_farthest}, {"domains_ci_low", c->domains_low},
                   {"domains_ci_high", c->domains_high}, {"random_p", c->random_tail},
                   {"matched_mean", c->matched_mean}, {"matched_sd", c->matched_sd}, {"matched_p", c->matched_tail},
                   {"untouched_pearson", c->untouched}, {"switches", isnan(c->untouched) ? (double)NAN : c->switches},
                   {"search_p", c->search_p}, {"search_mean", c->search_mean}, {"cv_r2", c->cv_r2},
                   {"split_half", c->split_half}, {"change_reliability", c->reliability}, {"ceiling", c->ceiling});
    const scry_best_baseline best = baseline ? *baseline : (scry_best_baseline){.pearson = NAN};
    result_text(facts, "baseline", best.name);
    result_text(facts, "baseline_of", best.of);
    result_text(facts, "baseline_with", best.with && *best.with ? best.with : NULL);
    result_number(facts, "baseline_rho", best.name ? best.pearson : (double)NAN);
}

void add_rho(cJSON *facts, const scry_info *info, const scry_result *r, const scry_best_baseline *baseline) {
    result_numbers(facts, {"points", (double)r->fit.n}, {"pearson", r->fit.pearson}, {"r2", r->fit.r2},
                   {"spearman", r->spearman}, {"slope", r->fit.slope}, {"intercept", r->fit.intercept},
                   {"p_value", r->p_value}, {"loo_min", r->loo_min}, {"loo_max", r->loo_max}, {"ci_low", r->ci_low},
                   {"ci_high", r->ci_high}, {"random_mean", r->random_mean}, {"random_sd", r->random_sd},
                   {"random_rank", r->random_rank}, {"seed", SCRY_SEED});
    add_context(facts, info, r, baseline);
    result_text(facts, "against", scry_reference_name(info->against));
}

/* The set that was run exactly: its name among the named sets, its size and latents. */
static void add_anchor(cJSON *facts, const scry_index *index, const scry_anchor *anchor) {
    if (!anchor) {
        cJSON_AddNullToObject(facts, "anchor");
        return;
    }
    scry_error err = {0}; /* of a damaged file there are no names */
    scry_named_sets *sets = scry_named_sets_open(index, &err);
    char *latents = scry_set_text(anchor->set);
    cJSON *item = cJSON_AddObjectToObject(facts, "anchor");
    result_text(item, "name", scry_named_sets_name_of(sets, anchor->set));
    result_number(item, "n", anchor->set->count);
    result_text(item, "latents", latents);
    free(latents);
    scry_named_sets_free(sets);
}

cJSON *score_result(const selection_context *s, const scry_result *r, const scry_best_baseline *baseline) {
    const scry_info *info = scry_index_info(s->index);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "score", scry_score_name(s->score));
    result_number(facts, "n", info->d_sae ? s->set->count : (double)NAN);
    if (info->d_sae && scry_scores[s->score].is_effect) {
        cJSON_AddBoolToObject(facts, "estimate", true);
        cJSON_AddBoolToObject(facts, "anchored", r->anchored);
        add_anchor(facts, s->index, r->anchored ? s->anchor : NULL);
    }
    cJSON *list = cJSON_AddArrayToObject(facts, "domains");
    for (size_t d = 0; d < r->domains; d++) {
        cJSON *item = result_row(list);
        result_text(item, "name", info->domain[d].name);
        result_numbers(item, {"sts", r->sts[d]}, {"change", info->domain[d].change[s->train]}, {"fitted", r->fitted[d]},
                       {"residual", r->residual[d]});
        add_measured_changes(item, info, d, s->train);
    }
    add_rho(facts, info, r, baseline);
    return facts;
}

void add_differences(cJSON *item, const scry_index *index, uint32_t latent) {
    scry_differences_info info;
    double lift, gain;
    if (!scry_differences_info_of(index, &info)) return;
    scry_column_kl_lifts(index, latent, 1, &lift);
    scry_column_gains(index, latent, 1, &gain);
    result_numbers(item, {"kl_lift", lift}, {"loss_change", -gain});
}

size_t differences_columns(const scry_index *index, const result_column *columns, result_column *out) {
    static const result_column own[] = {{"kl_lift", "KL lift", "%.2f", 0}, {"loss_change", "loss", "%+.3f", 0}};
    scry_differences_info info;
    const bool there = scry_differences_info_of(index, &info);
    size_t n = 0, count = 0;
    while (columns[count].key) count++;
    for (size_t i = 0; i < count; i++) {
        const bool names = strcmp(columns[i].key, "label") == 0 || strcmp(columns[i].key, "words") == 0;
        for (size_t k = 0; names && there && k < sizeof own / sizeof *own; k++) out[n++] = own[k];
        out[n++] = columns[i];
    }
    out[n] = (result_column){0};
    return n;
}

void add_names(cJSON *item, const scry_index *index, uint32_t latent) {
    const char *tokens[SCRY_KEY_PIECES];
    size_t n = 0;
    while (n < SCRY_KEY_PIECES && (tokens[n] = scry_key_piece(index, latent, (int)n)) != NULL) n++;
    result_text(item, "label", scry_label(index, latent));
    result_texts(item, "key_tokens", tokens, n);
}

static void add_latent(cJSON *item, const scry_index *index, const scry_ranking *r, uint32_t rank) {
    uint32_t j = r->order[rank];
    result_numbers(item, {"rank", rank + 1}, {"latent", j}, {"shift", r->shift[j]},
                   {"share", r->total > 0 ? fabs(r->shift[j]) / r->total : 0}, {"cumulative", scry_cumulative(r, rank)},
                   {"mean_base", scry_mean_base(index, r->train, r->source, j)},
                   {"mean_shifted", scry_mean_shifted(index, r->train, r->source, j)},
                   {"rate_base", scry_rate_base(index, r->train, r->source, j)},
                   {"rate_shifted", scry_rate_shifted(index, r->train, r->source, j)});
    add_differences(item, index, j);
    add_names(item, index, j);
}

cJSON *rank_result(const scry_index *index, const scry_ranking *r, uint32_t top) {
    cJSON *facts = cJSON_CreateObject();
    result_source(facts, r);
    result_text(facts, "metric", scry_metric_name(r->metric));
    result_number(facts, "total", r->total);
    cJSON *list = cJSON_AddArrayToObject(facts, "latents");
    for (uint32_t rank = 0; rank < top && rank < r->latents; rank++) add_latent(result_row(list), index, r, rank);
    return facts;
}
